"""How a PostgreSQL is connected to, when it is ready, and what holds whatever its settings are."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from runner.kubernetes import readiness as engine
from stacks import quantities
from stacks.services import postgresql as settings
from tests.components.postgresql_objects import build, everything
from tests.components.service_objects import one, spec


def test_where_it_answers_and_how_an_application_is_told():
    built = build(name="team-a", database="orders", owner="shop")
    assert built.endpoint.url == "postgresql://team-a-rw.team-a.svc:5432"
    assert built.version == "18.4"
    assert built.connection == {
        "type": "postgresql",
        "host": "team-a-rw.team-a.svc",
        "port": "5432",
        "database": "orders",
        "username": "shop",
        "password": "secret-of-owner",
        "uri": "postgresql://shop:secret-of-owner@team-a-rw.team-a.svc:5432/orders?sslmode=verify-full",
    }
    assert built.connection["host"] in one(built.shared, "Certificate", "team-a-server")["spec"]["dnsNames"]


def status(**changed):
    (found,) = build(availability="zonal").custom_resources
    running = {
        "phase": "Cluster in healthy state",
        "readyInstances": 3,
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    return {**found, "metadata": {**found["metadata"], "generation": 2}, "status": running | changed}


@pytest.mark.parametrize(
    ("changed", "ready"),
    [
        ({}, True),
        ({"phase": "Creating a new replica"}, False),
        ({"readyInstances": 1}, False),
        ({"conditions": [{"type": "Ready", "status": "False"}]}, False),
    ],
)
def test_it_is_ready_when_all_servers_are_and_the_operator_is_done(changed, ready):
    assert engine.assess(status(**changed)).ready is ready


@hypothesis.given(
    name=strategies.from_regex(r"[a-z]([-a-z0-9]{0,28}[a-z0-9])?", fullmatch=True),
    size=strategies.sampled_from(["small", "medium", "large"]),
    overrides=strategies.builds(
        settings.PostgresqlOverrides,
        replicas=strategies.sampled_from([None, 1, 2, 3, 9]),
        cpu=strategies.sampled_from([None, "100m", "0.5", "16"]),
        memory=strategies.sampled_from([None, "512Mi", "1200M", "0.5Ti"]),
        storage=strategies.sampled_from([None, "2Gi", "50G", "0.5Ti"]),
        wal=strategies.sampled_from([None, "2Gi", "50G"]),
        connections=strategies.sampled_from([None, 10, 5000]),
    ),
)
def test_whatever_is_overridden_the_parts_fit_each_other(name, size, overrides):
    built = build(name=name, size=size, overrides=overrides, monitored_by="metrics")
    namespace, *others = everything(built)
    assert (namespace["kind"], namespace["metadata"]["name"]) == ("Namespace", name)
    assert {item["metadata"]["namespace"] for item in others} == {name}
    assert len({(item["kind"], item["metadata"]["name"]) for item in others}) == len(others)
    found, parameters = spec(built), spec(built)["postgresql"]["parameters"]
    memory, wal = found["resources"]["requests"]["memory"], found["walStorage"]["size"]
    assert _bytes(parameters["shared_buffers"]) <= quantities.value(memory) / 4
    assert _bytes(parameters["max_wal_size"]) + _bytes(parameters["max_slot_wal_keep_size"]) < quantities.value(wal)
    # PostgreSQL's least: two segments of 16 MB.
    assert _bytes(parameters["max_wal_size"]) >= 2 * 16 * 2**20
    assert all(isinstance(value, str) for value in parameters.values())
    assert found["enablePDB"] is (found["instances"] > 1)


def _bytes(parameter):
    return int(parameter.removesuffix("MB")) * 2**20


def test_the_same_arguments_give_objects_that_share_nothing():
    """A policy or a transform that changes one must not change another."""
    first, second = build(), build()
    one(first.shared, "NetworkPolicy", "postgresql")["spec"]["ingress"].clear()
    spec(first)["postgresql"]["pg_hba"].clear()
    one(first.shared, "Certificate", "pg-server")["spec"]["secretTemplate"]["labels"].clear()
    assert second == build()
