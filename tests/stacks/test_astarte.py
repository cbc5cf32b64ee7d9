"""Settings of an Astarte, alone and beside what it uses."""

from __future__ import annotations

import pytest

from stacks import errors, service_checks, settings
from stacks.services import astarte, cassandra, rabbitmq, scylla

PATH = ("paasport:services",)
BROKER = rabbitmq.Rabbitmq(service="rabbitmq", unencrypted=True)
STORE = scylla.Scylla(service="scylla", nodes="shared")
CHAIN = {"messages": BROKER, "telemetry": STORE}


def iot(**more):
    return astarte.Astarte.model_validate({"service": "astarte", "host": "iot.example.com", **more})


def told(services):
    found = service_checks.of_stack(services, cluster=settings.LocalCluster(vendor="local"), path=PATH)
    return [(finding.path[1:], finding.what) for finding in found]


def alone(service):
    found = [one for check in service_checks.CHECKS for one in check(service, None, (*PATH, "iot"))]
    return [(finding.path[2:], finding.what) for finding in found]


def test_a_whole_chain_is_right():
    assert told({"iot": iot(), **CHAIN}) == []
    assert alone(iot(realm="test", broker="public")) == []


def test_what_it_needs_must_be_there():
    assert [path for path, _ in told({"iot": iot()})] == [("iot",), ("iot",)]


def test_a_broker_without_a_port_for_it_is_told():
    services = {"iot": iot(), **CHAIN, "messages": rabbitmq.Rabbitmq(service="rabbitmq")}
    ((path, what),) = told(services)
    assert path == ("iot",)
    assert "`paasport:services.messages.unencrypted` is not `true`" in what


@pytest.mark.parametrize(("unencrypted", "problems"), [(True, []), (False, ["store"])])
def test_a_cassandra_must_take_clients_without_tls(unencrypted, problems):
    store = cassandra.Cassandra(service="cassandra", unencrypted=unencrypted)
    found = told({"iot": iot(), "messages": BROKER, "store": store})
    assert [name for _, what in found for name in ("store", "messages") if f"uses `{name}`" in what] == problems


def test_more_copies_than_nodes_are_told():
    ((path, what),) = told({"iot": iot(replication=3), **CHAIN})
    assert path == ("iot", "replication")
    assert what.endswith("is 3, and `telemetry` has fewer nodes: 1")


def test_two_whose_names_would_be_one_keyspace_are_told():
    services = {"a-b": iot(), "ab": iot(host="other.example.com"), **CHAIN}
    assert told(services) == [(("ab",), "the Astartes `a-b` and `ab` differ by hyphens alone")]


def test_two_that_would_answer_to_the_same_names_are_told():
    services = {"iot": iot(), "more": iot(), "other": iot(host="more.example.com"), **CHAIN}
    assert told(services) == [(("more", "host"), "the Astartes `iot` and `more` have the same `host`: iot.example.com")]


@pytest.mark.parametrize("version", ["1.2.1", "1.4.0"])
def test_another_line_of_astarte_is_refused(version):
    ((path, what),) = alone(iot(overrides={"version": version}))
    assert path == ("overrides", "version")
    assert what.endswith(f"is {version}; only Astarte 1.3 can be had")


def test_no_more_brokers_than_zones():
    ((path, _),) = alone(iot(availability="zonal", overrides={"replicas": 4}))
    assert path == ("overrides", "replicas")


@pytest.mark.parametrize("key", ["backups", "restore"])
def test_backups_are_those_of_its_database(key):
    value = {} if key == "backups" else {"instance": "iot"}
    ((path, what),) = alone(iot(**{key: value}))
    assert path == (key,)
    assert "cannot be had for an astarte" in what


@pytest.mark.parametrize("wrong", [{"host": "iot"}, {"realm": "Test"}, {"broker": "everywhere"}, {"replication": 2}])
def test_what_it_cannot_be_is_an_error(wrong):
    config = {
        settings.CLUSTER_KEY: {"vendor": "local"},
        settings.SERVICES_KEY: {"iot": {"service": "astarte", "host": "iot.example.com", **wrong}},
    }
    with pytest.raises(errors.StackFileError, match=next(iter(wrong))):
        settings.parse(config)


@pytest.mark.parametrize(("nodes", "copies"), [(1, 1), (2, 1), (3, 3), (6, 3)])
def test_copies_are_an_odd_number_that_fits(nodes, copies):
    assert iot().copies(nodes) == copies
