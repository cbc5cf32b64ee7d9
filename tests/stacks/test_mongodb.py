"""What a MongoDB can be told, and what is refused with which reason."""

from __future__ import annotations

import pytest

from stacks import quantities
from stacks.services import mongodb
from tests.stacks import samples

LOCAL = {"vendor": "local"}


def told(cluster=LOCAL, **service):
    return samples.told(cluster, services={"db": {"service": "mongodb", **service}})


def test_by_default_it_is_small_and_single_with_one_database_and_its_owner():
    found = mongodb.Mongodb(service="mongodb")
    assert (found.servers, found.asked("memory"), found.database, found.owner) == (1, "2Gi", "app", "app")
    assert told() == []


@pytest.mark.parametrize("size", sorted(mongodb.SIZES))
def test_every_size_is_enough(size):
    server = mongodb.SIZES[size]
    assert quantities.value(server.cpu) >= quantities.value(mongodb.LEAST_CPU)
    assert quantities.value(server.memory) >= quantities.value(mongodb.LEAST_MEMORY)
    assert quantities.value(server.storage) >= quantities.value(mongodb.LEAST_STORAGE)


@pytest.mark.parametrize(("members", "majority"), [(1, 1), (3, 2), (5, 3), (7, 4)])
def test_a_majority_elects_the_primary(members, majority):
    overrides = mongodb.MongodbOverrides(replicas=members)
    assert mongodb.Mongodb(service="mongodb", overrides=overrides).majority == majority
    assert told(overrides={"replicas": members}) == []


def test_an_even_number_of_members_is_refused():
    assert told(overrides={"replicas": 4}) == [
        (
            "`paasport:services.db.overrides.replicas` is 4, an even number of members\n"
            "  a majority of 4 is 3, so no more may fail than with 3\n"
            "  next: write 5"
        )
    ]


@pytest.mark.parametrize("members", [8, 9])
def test_more_members_than_may_vote_are_refused(members):
    (found,) = told(overrides={"replicas": members})
    assert found.startswith(f"`paasport:services.db.overrides.replicas` is {members}; 7 members are the most\n")


def test_zonal_needs_three_zones_because_one_of_two_may_have_the_majority():
    (found,) = told({"vendor": "local", "nodes": {"zones": ["a", "b"]}}, availability="zonal")
    assert found.startswith("`paasport:services.db.availability` is `zonal`, but the cluster has 3 nodes in 2 zones\n")


@pytest.mark.parametrize("version", ["7.0.28", "7.0.43", "8.0.17", "8.0.32"])
def test_versions_that_are_maintained_can_be_had(version):
    assert told(overrides={"version": version}) == []


@pytest.mark.parametrize("version", ["6.0.27", "8.2.3", "9.0.0"])
def test_other_series_are_refused(version):
    assert told(overrides={"version": version}) == [
        (
            f"`paasport:services.db.overrides.version` is {version}; MongoDB 7.0 and 8.0 can be had\n"
            "  older series get no fixes any more, and with newer ones the operator 1.10.0 is not tested\n"
            "  next: leave `version` out"
        )
    ]


@pytest.mark.parametrize(("version", "fixed"), [("8.0.16", "8.0.17"), ("7.0.27", "7.0.28")])
def test_versions_that_show_their_memory_are_refused(version, fixed):
    assert told(overrides={"version": version}) == [
        (
            f"`paasport:services.db.overrides.version` is {version}, which shows its memory to whoever can connect "
            "(CVE-2025-14847)\n"
            "  no password is needed for it, and memory holds other people's data\n"
            f"  next: write {fixed} or later, or leave `version` out"
        )
    ]


@pytest.mark.parametrize(
    ("version", "compatibility", "refused"),
    [
        ("8.0.32", "7.0", False),
        ("8.0.32", "8.0", False),
        ("7.0.43", "6.0", False),
        (None, "8.0", False),
        ("8.0.32", "6.0", True),
        ("7.0.43", "8.0", True),
        (None, "6.0", True),
    ],
)
def test_data_is_compatible_with_the_series_or_the_one_before(version, compatibility, refused):
    overrides = {"featureCompatibilityVersion": compatibility, **({"version": version} if version else {})}
    found = told(overrides=overrides)
    assert bool(found) is refused
    assert all("overrides.featureCompatibilityVersion` is" in one for one in found)


@pytest.mark.parametrize(
    ("resource", "value", "refused"),
    [
        ("cpu", "250m", False),
        ("cpu", "0.2", True),
        ("memory", "1Gi", False),
        ("memory", "1G", True),
        ("storage", "5Gi", False),
        ("storage", "5G", True),
    ],
)
def test_a_pod_has_room_for_mongod_and_its_agent(resource, value, refused):
    found = told(overrides={resource: value})
    assert bool(found) is refused
    assert all(one.startswith(f"`paasport:services.db.overrides.{resource}` is {value}; ") for one in found)


@pytest.mark.parametrize(
    ("key", "name"), [("database", "admin"), ("database", "local"), ("owner", "backup"), ("owner", "mms-automation")]
)
def test_names_that_are_taken_are_refused(key, name):
    (found,) = told(**{key: name})
    assert found.startswith(f"`paasport:services.db.{key}`")


@pytest.mark.parametrize("name", ["Orders", "or-ders", "1st", "a" * 64, ""])
def test_names_that_would_need_escaping_are_refused(name):
    (found,) = told(database=name)
    assert "`paasport:services.db.database`" in found


def test_a_restore_is_refused_with_the_way_by_hand():
    cluster = samples.having(samples.EKS, backups={"retentionDays": 30}, tier="dev")
    found = told(cluster, restore={"instance": "db"})
    assert found == [
        (
            "`paasport:services.db.restore` cannot be had for a MongoDB\n"
            "  the operator 1.10.0 always begins with an empty replica set\n"
            "  next: leave it out, and load the dump by hand: docs/services/mongodb.md has the steps"
        )
    ]
