"""How a RabbitMQ is connected to, when it is ready, and what holds whatever its settings are."""

from __future__ import annotations

import copy

import hypothesis
import pulumi
import pytest
from hypothesis import strategies

from components import contracts
from components.clusters import storage
from components.services import rabbitmq
from runner.kubernetes import readiness as engine
from stacks.services import rabbitmq as settings
from tests.components.rabbitmq_objects import build, everything
from tests.components.service_objects import one, spec


def test_where_it_answers_and_how_an_application_is_told():
    built = build(name="team-a")
    assert built.endpoint.url == "amqps://team-a.team-a.svc:5671"
    assert built.version == "4.2.8"
    assert built.connection == {
        "type": "rabbitmq",
        "host": "team-a.team-a.svc",
        "port": "5671",
        "virtual-host": "/",
        "username": "app",
        "password": "secret",
        "uri": "amqps://app:secret@team-a.team-a.svc:5671/%2F",
    }


def test_what_is_made_of_a_password_stays_secret(run):
    def made():
        args = contracts.ServiceArgs(
            name="mq",
            options=settings.Rabbitmq(service="rabbitmq"),
            storage=storage.facts("paasport.dev/simulated", zone_redundant=False, with_snapshots=False),
            load_balancer=contracts.LoadBalancerFacts(),
            passwords={"app": pulumi.Output.secret("secret")},
        )
        built = rabbitmq.build(args)
        (user,) = built.secrets
        secret = [built.connection["uri"], built.connection["password"], user["data"]["default_user.conf"]]
        return pulumi.Output.all(*[each.is_secret() for each in secret])

    assert run(made).result == [True, True, True]


def status(**changed):
    (found,) = build(availability="zonal").custom_resources
    holding = {"AllReplicasReady": "True", "ClusterAvailable": "True", "ReconcileSuccess": "True"}
    conditions = [{"type": name, "status": value} for name, value in (holding | changed).items() if name in holding]
    observed = changed.get("observed", 2)
    return {
        **found,
        "metadata": {**found["metadata"], "generation": 2},
        "status": {"observedGeneration": observed, "conditions": conditions},
    }


@pytest.mark.parametrize(
    ("changed", "ready"),
    [
        ({}, True),
        ({"AllReplicasReady": "False"}, False),
        ({"ClusterAvailable": "Unknown"}, False),
        ({"ReconcileSuccess": "False"}, False),
        ({"observed": 1}, False),
    ],
)
def test_it_is_ready_when_all_nodes_are_and_the_operator_is_done_with_this_very_change(changed, ready):
    assert engine.assess(status(**changed)).ready is ready


@hypothesis.given(
    name=strategies.from_regex(r"[a-z]([-a-z0-9]{0,28}[a-z0-9])?", fullmatch=True),
    size=strategies.sampled_from(["small", "medium", "large"]),
    availability=strategies.sampled_from(["single", "zonal"]),
    protocols=strategies.lists(strategies.sampled_from(["mqtt", "stomp", "stream"]), unique=True),
    overrides=strategies.builds(
        settings.RabbitmqOverrides,
        replicas=strategies.sampled_from([None, 3, 5]),
        memory=strategies.sampled_from([None, "1Gi", "1200M"]),
        storage=strategies.sampled_from([None, "5G", "0.5Ti"]),
        version=strategies.sampled_from([None, "4.3.2"]),
    ),
)
def test_whatever_is_overridden_the_parts_fit_each_other(name, size, availability, protocols, overrides):
    built = build(
        name=name,
        size=size,
        availability=availability,
        protocols=protocols,
        overrides=overrides,
        monitored_by="metrics",
    )
    namespace, *others = everything(built)
    assert (namespace["kind"], namespace["metadata"]["name"]) == ("Namespace", name)
    assert {item["metadata"]["namespace"] for item in others} == {name}
    assert len({(item["kind"], item["metadata"]["name"]) for item in others}) == len(others)
    resources = spec(built)["resources"]
    assert resources["requests"]["memory"] == resources["limits"]["memory"]
    several = spec(built)["replicas"] > 1
    assert ("override" in spec(built)) is several
    assert ("PodDisruptionBudget" in [item["kind"] for item in others]) is several
    assert built.version in spec(built)["image"]
    secrets = {item["metadata"]["name"] for item in built.secrets}
    assert spec(built)["secretBackend"]["externalSecret"]["name"] in secrets


def test_the_same_arguments_give_objects_that_share_nothing():
    """A policy or a transform that changes one must not change another."""
    first, second = (everything(build(availability="zonal", monitored_by="metrics")) for _ in range(2))
    untouched = copy.deepcopy(second)
    one(first, "RabbitmqCluster")["spec"]["override"]["statefulSet"]["spec"]["template"]["spec"].clear()
    one(first, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"].clear()
    one(first, "NetworkPolicy", "rabbitmq")["spec"]["ingress"][1]["from"][0]["podSelector"]["matchLabels"].clear()
    assert second == untouched == everything(build(availability="zonal", monitored_by="metrics"))
