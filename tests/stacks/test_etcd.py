"""What an etcd can be told, and what is refused with which reason."""

from __future__ import annotations

import pytest

from stacks.services import etcd
from tests.stacks import samples

LOCAL = {"vendor": "local"}


def told(cluster=LOCAL, **service):
    return samples.told(cluster, services={"kv": {"service": "etcd", **service}})


def test_by_default_it_is_small_and_single():
    found = etcd.Etcd(service="etcd")
    assert (found.servers, found.quorum, found.asked("memory")) == (1, 1, "1Gi")


@pytest.mark.parametrize(("members", "quorum"), [(1, 1), (3, 2), (5, 3), (7, 4)])
def test_a_majority_must_agree(members, quorum):
    assert etcd.Etcd(service="etcd", overrides=etcd.EtcdOverrides(replicas=members)).quorum == quorum
    assert told(overrides={"replicas": members}) == []


def test_an_even_number_of_members_is_refused():
    assert told(overrides={"replicas": 4}) == [
        (
            "`paasport:services.kv.overrides.replicas` is 4, an even number of members\n"
            "  a majority of 4 is 3, so no more may fail than with 3\n"
            "  next: write 5"
        )
    ]


def test_more_members_than_etcd_recommends_are_refused():
    (found,) = told(overrides={"replicas": 9})
    assert found.startswith("`paasport:services.kv.overrides.replicas` is 9; 7 members are the most\n")


def test_fewer_members_than_zonal_promises_are_refused():
    assert told(availability="zonal", overrides={"replicas": 1}) == [
        (
            "`paasport:services.kv.overrides.replicas` is 1, but the service is `zonal`\n"
            "  it takes three servers or more to go on when a zone fails\n"
            "  next: leave `replicas` out, or set `availability: single`"
        )
    ]


def test_zonal_needs_three_zones_because_one_of_two_may_have_the_majority():
    (found,) = told({"vendor": "local", "nodes": {"zones": ["a", "b"]}}, availability="zonal")
    assert found.startswith("`paasport:services.kv.availability` is `zonal`, but the cluster has 3 nodes in 2 zones\n")
    assert found.endswith("or give the cluster three zones and three nodes or more")


@pytest.mark.parametrize("version", ["3.5.21", "3.6.8"])
def test_versions_that_the_operator_is_tested_with_can_be_had(version):
    assert told(overrides={"version": version}) == []


@pytest.mark.parametrize("version", ["3.4.37", "3.7.0", "4.0.0"])
def test_other_versions_are_refused(version):
    assert told(overrides={"version": version}) == [
        (
            f"`paasport:services.kv.overrides.version` is {version}; etcd 3.5 and 3.6 can be had\n"
            "  etcd-operator 0.2.0 is tested with these, and refuses steps between others\n"
            "  next: leave `version` out for the newest that is tested"
        )
    ]


@pytest.mark.parametrize(("storage", "refused"), [("2Gi", False), ("1Gi", True), ("2G", True), ("1Ti", False)])
def test_a_volume_has_room_beside_the_database(storage, refused):
    assert bool(told(overrides={"storage": storage})) is refused


def test_a_restore_is_refused_with_the_way_by_hand():
    found = told(samples.EKS | {"backups": {"retentionDays": 7}}, restore={"instance": "kv"})
    assert found == [
        (
            "`paasport:services.kv.restore` cannot be had for an etcd\n"
            "  etcd-operator 0.2.0 always begins with an empty database\n"
            "  next: leave it out, and restore by hand: docs/services/etcd.md has the steps"
        )
    ]


@pytest.mark.parametrize("size", sorted(etcd.SIZES))
def test_every_size_keeps_its_own_rules(size):
    assert told(size=size, availability="zonal") == []


def test_the_database_may_have_half_of_the_volume():
    assert [etcd.Etcd(service="etcd", size=size).quota // 2**30 for size in ("small", "medium", "large")] == [2, 4, 8]


@pytest.mark.parametrize(
    ("resource", "asked", "amount", "instead"),
    [
        ("memory", "1", "little", "1Gi"),
        ("memory", "512m", "little", "1Gi"),
        ("storage", "10", "little", "4Gi"),
        ("storage", "999999999999999Ei", "much", "4Gi"),
        ("storage", "1e30", "much", "4Gi"),
    ],
)
def test_an_amount_whose_unit_is_missing_or_wrong_is_refused_and_told_once(resource, asked, amount, instead):
    assert told(overrides={resource: asked}) == [
        (
            f"`paasport:services.kv.overrides.{resource}` is {asked}, in bytes, and no server has so {amount}\n"
            "  a unit is missing or another one is meant: `Mi`, `Gi` or `Ti`; `m` is a thousandth\n"
            f"  next: write for example `{instead}`"
        )
    ]
