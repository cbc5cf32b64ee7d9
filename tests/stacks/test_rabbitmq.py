"""What a RabbitMQ can be told, and what is refused with which reason."""

from __future__ import annotations

import pytest

from stacks.services import rabbitmq
from tests.stacks import samples

LOCAL = {"vendor": "local"}


def told(cluster=LOCAL, name="mq", **service):
    return samples.told(cluster, services={name: {"service": "rabbitmq", **service}})


def test_by_default_it_is_small_and_single_and_speaks_amqp_alone():
    found = rabbitmq.Rabbitmq(service="rabbitmq")
    assert (found.servers, found.quorum, found.asked("memory"), found.protocols) == (1, 1, "2Gi", ())


@pytest.mark.parametrize(("nodes", "quorum"), [(1, 1), (3, 2), (5, 3)])
def test_a_majority_must_agree(nodes, quorum):
    overrides = rabbitmq.RabbitmqOverrides(replicas=nodes)
    assert rabbitmq.Rabbitmq(service="rabbitmq", overrides=overrides).quorum == quorum
    assert told(overrides={"replicas": nodes}) == []


@pytest.mark.parametrize(("nodes", "better"), [(2, 3), (4, 5)])
def test_an_even_number_of_nodes_is_refused(nodes, better):
    (found,) = told(overrides={"replicas": nodes})
    assert found.startswith(f"`paasport:services.mq.overrides.replicas` is {nodes}, an even number of nodes\n")
    assert found.endswith(f"\n  next: write {better}")


@pytest.mark.parametrize("nodes", [6, 7])
def test_more_nodes_than_the_operator_is_tested_with_are_refused(nodes):
    (found,) = told(overrides={"replicas": nodes})
    assert found.startswith(f"`paasport:services.mq.overrides.replicas` is {nodes}; 5 nodes are the most\n")


def test_fewer_nodes_than_zonal_promises_are_refused():
    (found,) = told(availability="zonal", overrides={"replicas": 1})
    assert found.startswith("`paasport:services.mq.overrides.replicas` is 1, but the service is `zonal`\n")


def test_zonal_needs_three_zones_because_one_of_two_may_have_the_majority():
    (found,) = told({"vendor": "local", "nodes": {"zones": ["a", "b"]}}, availability="zonal")
    assert found.startswith("`paasport:services.mq.availability` is `zonal`, but the cluster has 3 nodes in 2 zones\n")


@pytest.mark.parametrize("version", ["4.2.0", "4.2.8", "4.3.2"])
def test_versions_of_series_that_get_fixes_can_be_had(version):
    assert told(overrides={"version": version}) == []


@pytest.mark.parametrize("version", ["3.13.7", "4.1.8", "4.4.0", "5.0.0"])
def test_other_versions_are_refused(version):
    assert told(overrides={"version": version}) == [
        (
            f"`paasport:services.mq.overrides.version` is {version}; RabbitMQ 4.2 and 4.3 can be had\n"
            "  older series get no fixes any more, and the operator 2.22.3 is older than newer ones\n"
            "  next: leave `version` out for 4.2.8"
        )
    ]


@pytest.mark.parametrize(("memory", "refused"), [("1Gi", False), ("1G", True), ("512Mi", True), ("4Gi", False)])
def test_a_node_has_memory_for_itself_and_some_messages(memory, refused):
    assert bool(told(overrides={"memory": memory})) is refused


def test_a_volume_has_room_besides_what_stays_free():
    assert told(overrides={"storage": "4Gi"}) == [
        (
            "`paasport:services.mq` has 4Gi of storage for 2Gi of memory\n"
            "  as much as the memory stays free, and publishers are stopped when less is: little would be left\n"
            "  next: ask for more than twice as much storage as memory"
        )
    ]
    assert told(overrides={"storage": "4.1Gi"}) == []
    assert told(overrides={"memory": "5Gi"}) != []
    assert told(overrides={"memory": "5Gi", "storage": "11Gi"}) == []


def test_protocols_are_known_and_named_once():
    assert told(protocols=["mqtt", "stomp", "stream"]) == []
    (unknown,) = told(protocols=["amqp"])
    assert "`paasport:services.mq.protocols[0]`" in unknown
    (twice,) = told(protocols=["mqtt", "mqtt"])
    assert twice.startswith("`paasport:services.mq.protocols[1]` names mqtt again\n")


def test_the_name_of_the_pods_that_back_up_is_refused():
    (found,) = told(name="backup")
    assert found.startswith("a RabbitMQ cannot be called `backup`\n")


def test_a_restore_is_refused_with_the_way_by_hand():
    assert told(samples.EKS | {"backups": {"retentionDays": 7}}, restore={"instance": "mq"}) == [
        (
            "`paasport:services.mq.restore` cannot be had for a RabbitMQ\n"
            "  definitions that a node loads at its start undo at every later start what has changed since\n"
            "  next: leave it out, and import the definitions by hand: docs/services/rabbitmq.md has the steps"
        )
    ]


@pytest.mark.parametrize("size", sorted(rabbitmq.SIZES))
def test_every_size_keeps_its_own_rules(size):
    assert told(size=size, availability="zonal") == []
