"""How a MongoDB is connected to, when it is ready, and what holds whatever its settings are."""

from __future__ import annotations

import copy

import hypothesis
import pytest
from hypothesis import strategies

from runner.kubernetes import readiness as engine
from stacks import quantities
from stacks.services import mongodb as settings
from tests.components.mongodb_objects import build, container, everything, pod
from tests.components.service_objects import one, spec


def test_where_it_answers_and_how_an_application_is_told(run):
    built = build(name="team-a")
    assert built.endpoint.url == "mongodb://team-a-svc.team-a.svc:27017"
    assert built.version == "8.0.32"
    connection = run(lambda: dict(build(name="shop", database="orders", availability="zonal").connection)).result
    members = ",".join(f"shop-{number}.shop-svc.shop.svc.cluster.local:27017" for number in range(3))
    assert connection == {
        "type": "mongodb",
        "host": "shop-svc.shop.svc.cluster.local",
        "port": "27017",
        "database": "orders",
        "username": "app",
        "password": "secret-of-owner",
        "uri": f"mongodb://app:secret-of-owner@{members}/orders?authSource=admin&replicaSet=shop&tls=true",
    }


def status(**changed):
    (found,) = build(availability="zonal").custom_resources
    running = {"phase": "Running", "currentMongoDBMembers": 3, "version": "8.0.32"}
    return {**found, "metadata": {**found["metadata"], "generation": 2}, "status": running | changed}


@pytest.mark.parametrize(
    ("changed", "ready"),
    [
        ({}, True),
        ({"phase": "Pending"}, False),
        ({"currentMongoDBMembers": 1}, False),
        ({"version": "8.0.17"}, False),
    ],
)
def test_it_is_ready_when_the_status_is_that_of_these_members_and_this_version(changed, ready):
    """A phase alone may be that of before the change: its status never says which generation it is about."""
    assert engine.assess(status(**changed)).ready is ready


@hypothesis.given(
    name=strategies.from_regex(r"[a-z]([-a-z0-9]{0,28}[a-z0-9])?", fullmatch=True),
    size=strategies.sampled_from(["small", "medium", "large"]),
    overrides=strategies.builds(
        settings.MongodbOverrides,
        replicas=strategies.sampled_from([None, 1, 3, 5, 7]),
        cpu=strategies.sampled_from([None, "250m", "0.5", "16"]),
        memory=strategies.sampled_from([None, "1Gi", "1200M", "0.5Ti"]),
        storage=strategies.sampled_from([None, "5Gi", "50G", "0.5Ti"]),
    ),
)
def test_whatever_is_overridden_the_parts_fit_each_other(name, size, overrides):
    options = settings.Mongodb(service="mongodb", size=size, overrides=overrides)
    built = build(name=name, size=size, overrides=overrides, monitored_by="metrics")
    namespace, *others = everything(built)
    assert (namespace["kind"], namespace["metadata"]["name"]) == ("Namespace", name)
    assert {item["metadata"]["namespace"] for item in others} == {name}
    assert len({(item["kind"], item["metadata"]["name"]) for item in others}) == len(others)
    labels = spec(built)["statefulSet"]["spec"]["template"]["metadata"]["labels"].items()
    selectors = [one(built.shared, "PodMonitor")["spec"]["selector"]["matchLabels"]]
    selectors += [one(built.shared, "NetworkPolicy", "mongodb")["spec"]["podSelector"]["matchLabels"]]
    assert all(selector.items() <= labels for selector in selectors)
    for resource in ("cpu", "memory"):
        asked = sum(quantities.value(item["resources"]["requests"][resource]) for item in pod(built)["containers"])
        rounded = quantities.value("1m" if resource == "cpu" else "1Mi")
        assert 0 <= quantities.value(options.asked(resource)) - asked < rounded
    assert quantities.value(container(built)["resources"]["requests"]["cpu"]) > 0
    cache = spec(built)["additionalMongodConfig"]["storage.wiredTiger.engineConfig.cacheSizeGB"]
    assert cache * 2**30 < quantities.value(container(built)["resources"]["limits"]["memory"]) * 3 / 4


def test_the_same_arguments_give_objects_that_share_nothing():
    """A policy or a transform that changes one must not change another."""
    first, second = (everything(build(availability="zonal", monitored_by="metrics")) for _ in range(2))
    untouched = copy.deepcopy(second)
    spec_of_first = one(first, "MongoDBCommunity")["spec"]
    spec_of_first["statefulSet"]["spec"]["template"]["metadata"]["labels"].clear()
    for item in spec_of_first["statefulSet"]["spec"]["template"]["spec"]["initContainers"]:
        item["resources"]["requests"].clear()
    one(first, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"].clear()
    assert second == untouched == everything(build(availability="zonal", monitored_by="metrics"))
