"""How a Cassandra is connected to, when it is ready, and what holds whatever its settings are."""

from __future__ import annotations

import copy

import hypothesis
import pytest
from hypothesis import strategies

from components.operators import k8ssandra_operator
from runner.kubernetes import readiness as engine
from stacks import lifecycle
from stacks.services import cassandra as settings
from tests.components.cassandra_objects import build, datacenter, everything, overridden
from tests.components.service_objects import one, spec


def test_where_it_answers_and_how_an_application_is_told():
    built = build(name="team-a")
    assert built.endpoint.url == "cassandra://team-a-dc1-service.team-a.svc:9042"
    assert built.version == "5.0.9"
    assert built.connection == {
        "type": "cassandra",
        "host": "team-a-dc1-service.team-a.svc",
        "port": "9042",
        "username": "admin",
        "password": "secret",
        "datacenter": "dc1",
        "tls": "true",
    }


@pytest.mark.parametrize("asked", ["db-dc1-service.db.svc", "db-dc1-service", "localhost"])
def test_the_certificate_has_every_name_that_clients_ask_for(asked):
    assert asked in one(build().shared, "Certificate", "db-tls")["spec"]["dnsNames"]


def status(**changed):
    (found,) = build(availability="zonal").custom_resources
    progress = changed.get("progress", "Ready")
    told = {
        "conditions": [{"type": "CassandraInitialized", "status": changed.get("initialized", "True")}],
        "datacenters": {"dc1": {"cassandra": {"cassandraOperatorProgress": progress}}},
        "error": changed.get("error", "None"),
        "observedGeneration": changed.get("observed", 2),
    }
    return {**found, "metadata": {**found["metadata"], "generation": 2}, "status": told}


@pytest.mark.parametrize(
    ("changed", "ready"),
    [
        ({}, True),
        ({"initialized": "False"}, False),
        ({"progress": "Updating"}, False),
        ({"error": 'secrets "db-keystore" not found'}, False),
        ({"observed": 1}, False),
        ({"observed": None}, False),
    ],
)
def test_it_is_ready_when_nodes_and_reaper_are_and_the_operator_is_done_with_this_very_change(changed, ready):
    assert engine.assess(status(**changed)).ready is ready


def verdict(before, after):
    kind = k8ssandra_operator.CLUSTER
    pair = [overridden(**overrides).custom_resources[0] for overrides in (before, after)]
    return lifecycle.judged(kind.rules, instance="db", before=pair[0], after=pair[1])


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"storage": "50Gi"}, {"storage": "20Gi"}, "50Gi"),
        ({"version": "5.0.9"}, {"version": "4.1.12"}, "Cassandra does not go back to an older series"),
    ],
)
def test_what_the_operator_cannot_undo_is_refused(before, after, told):
    (problem,) = verdict(before, after).problems
    assert told in f"{problem.what} {problem.why}"


def test_zones_are_never_given_up():
    zonal, single = (build(availability=each).custom_resources[0] for each in ("zonal", "single"))
    rules = k8ssandra_operator.CLUSTER.rules
    gone = lifecycle.judged(rules, instance="db", before=zonal, after=single).problems
    assert [problem.what for problem in gone] == [
        "db has the rack r2, which is to go",
        "db has the rack r3, which is to go",
    ]
    assert lifecycle.judged(rules, instance="db", before=single, after=zonal).problems == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"storage": "50Gi"}),
        ({"replicas": 3}, {"replicas": 2}),
        ({"version": "4.1.12"}, {"version": "5.0.9"}),
        ({"version": "5.0.9"}, {"version": "5.0.8"}),
    ],
)
def test_what_the_operator_can_do_is_not(before, after):
    assert verdict(before, after).problems == ()


@hypothesis.given(
    name=strategies.from_regex(r"[a-z]([-a-z0-9]{0,28}[a-z0-9])?", fullmatch=True),
    size=strategies.sampled_from(["small", "medium", "large"]),
    availability=strategies.sampled_from(["single", "zonal"]),
    overrides=strategies.builds(
        settings.CassandraOverrides,
        replicas=strategies.sampled_from([None, 3, 6]),
        memory=strategies.sampled_from([None, "2Gi", "3000M"]),
        storage=strategies.sampled_from([None, "50G", "0.5Ti"]),
        version=strategies.sampled_from([None, "4.1.12"]),
    ),
)
def test_whatever_is_overridden_the_parts_fit_each_other(name, size, availability, overrides):
    built = build(name=name, size=size, availability=availability, overrides=overrides, monitored_by="metrics")
    namespace, *others = everything(built)
    assert (namespace["kind"], namespace["metadata"]["name"]) == ("Namespace", name)
    assert {item["metadata"]["namespace"] for item in others} == {name}
    assert len({(item["kind"], item["metadata"]["name"]) for item in others}) == len(others)
    resources = spec(built)["cassandra"]["resources"]
    assert resources["requests"]["memory"] == resources["limits"]["memory"]
    assert datacenter(built)["size"] >= len(datacenter(built)["racks"])
    assert ("reaper" in spec(built)) is (datacenter(built)["size"] > 1)
    assert f":{built.version}-" in spec(built)["cassandra"]["serverImage"]
    secrets = {item["metadata"]["name"] for item in everything(built) if item["kind"] in ("Secret", "Certificate")}
    stores = spec(built)["cassandra"]["clientEncryptionStores"].values()
    assert {item["name"] for item in stores} <= secrets
    # Names that the operator makes of the instance's: labels and Services end at 63 characters.
    assert len(f"{name}-dc1-additional-seed-service") <= 63


def test_the_same_arguments_give_objects_that_share_nothing():
    """A policy or a transform that changes one must not change another."""
    first, second = (everything(build(availability="zonal", monitored_by="metrics")) for _ in range(2))
    untouched = copy.deepcopy(second)
    cluster = one(first, "K8ssandraCluster")["spec"]["cassandra"]
    cluster["metadata"]["annotations"].clear()
    cluster["containers"][0]["securityContext"].clear()
    cluster["clientEncryptionStores"]["keystorePasswordSecretRef"].clear()
    one(first, "NetworkPolicy", "cassandra")["spec"]["ingress"][1]["from"][0]["podSelector"]["matchLabels"].clear()
    assert cluster["initContainers"][0]["securityContext"] != {}
    assert cluster["serverEncryptionStores"]["keystorePasswordSecretRef"] != {}
    assert second == untouched == everything(build(availability="zonal", monitored_by="metrics"))
