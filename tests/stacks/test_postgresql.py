"""What a PostgreSQL can be told, and what is refused with which reason."""

from __future__ import annotations

import pytest

from stacks import quantities
from stacks.services import postgresql
from tests.stacks import samples

LOCAL = {"vendor": "local"}
WITH_STORE = samples.EKS | {"backups": {"retentionDays": 7}}


def told(cluster=LOCAL, **service):
    return samples.told(cluster, services={"pg": {"service": "postgresql", **service}})


def of(**overrides):
    return postgresql.Postgresql(service="postgresql", overrides=postgresql.PostgresqlOverrides(**overrides))


def test_by_default_it_is_small_and_single_with_one_database_and_its_owner():
    found = postgresql.Postgresql(service="postgresql")
    assert (found.servers, found.asked("memory"), found.database, found.owner) == (1, "2Gi", "app", "app")
    assert (found.wal, found.connections, found.confirmations) == ("4Gi", 100, 0)
    assert told() == []


@pytest.mark.parametrize("size", sorted(postgresql.SIZES))
def test_every_size_keeps_its_own_rules(size):
    server = postgresql.SIZES[size]
    assert quantities.value(server.cpu) >= quantities.value(postgresql.LEAST_CPU)
    assert quantities.value(server.memory) >= quantities.value(postgresql.LEAST_MEMORY)
    assert quantities.value(server.storage) >= quantities.value(postgresql.LEAST_STORAGE)
    assert quantities.value(server.wal) >= quantities.value(postgresql.LEAST_WAL)
    assert told(size=size, availability="zonal") == []


def test_each_size_is_larger_than_the_one_before():
    for resource in ("cpu", "memory", "storage", "wal", "connections"):
        worth = [quantities.value(getattr(postgresql.SIZES[size], resource)) for size in ("small", "medium", "large")]
        assert worth == sorted(set(worth))


@pytest.mark.parametrize(("servers", "confirmations"), [(3, 1), (5, 2), (7, 3), (9, 4)])
def test_half_of_the_standbys_of_a_zonal_one_confirm_a_commit(servers, confirmations):
    overrides = postgresql.PostgresqlOverrides(replicas=servers)
    found = postgresql.Postgresql(service="postgresql", availability="zonal", overrides=overrides)
    assert found.confirmations == confirmations
    assert told(availability="zonal", overrides={"replicas": servers}) == []


@pytest.mark.parametrize("servers", [3, 5, 7, 9])
def test_the_loss_of_any_of_three_zones_leaves_enough_to_go_on_and_to_know_every_commit(servers):
    """With R standbys that can be asked, W that confirm and N in all, R + W > N finds every commit."""
    overrides = postgresql.PostgresqlOverrides(replicas=servers)
    confirmations = postgresql.Postgresql(service="postgresql", availability="zonal", overrides=overrides).confirmations
    most_in_a_zone, standbys = -(-servers // 3), servers - 1
    left = standbys - (most_in_a_zone - 1)
    assert left + confirmations > standbys
    assert standbys - most_in_a_zone >= confirmations


@pytest.mark.parametrize("servers", [1, 2, 3, 4])
def test_servers_of_a_single_one_confirm_nothing_and_may_be_of_any_number(servers):
    assert of(replicas=servers).confirmations == 0
    assert told(overrides={"replicas": servers}) == []


def test_an_even_number_of_servers_is_refused_where_zones_may_fail():
    assert told(availability="zonal", overrides={"replicas": 4}) == [
        (
            "`paasport:services.pg.overrides.replicas` is 4, an even number of servers, and the service is `zonal`\n"
            "  two of them share a zone, at whose loss either writes stop or nobody is sure to have all commits\n"
            "  next: write 5"
        )
    ]


def test_more_servers_than_a_primary_can_serve_are_refused():
    (found,) = told(overrides={"replicas": 10})
    assert found.startswith("`paasport:services.pg.overrides.replicas` is 10; 9 servers are the most\n")


def test_zonal_needs_three_zones():
    (found,) = told({"vendor": "local", "nodes": {"zones": ["a", "b"]}}, availability="zonal")
    assert found.startswith("`paasport:services.pg.availability` is `zonal`, but the cluster has 3 nodes in 2 zones\n")


@pytest.mark.parametrize("version", ["15.14", "16.10", "17.6", "18.0", "18.4"])
def test_versions_that_can_be_had(version):
    assert told(overrides={"version": version}) == []


@pytest.mark.parametrize("version", ["14.22", "19.0", "9.6"])
def test_other_majors_are_refused(version):
    assert told(overrides={"version": version}) == [
        (
            f"`paasport:services.pg.overrides.version` is {version}; PostgreSQL 15, 16, 17, 18 can be had\n"
            "  older ones get no fixes any more, and newer ones the operator 1.30.0 does not know\n"
            "  next: leave `version` out"
        )
    ]


def test_a_release_from_before_the_images_is_refused():
    (found,) = told(overrides={"version": "17.5"})
    assert found.startswith("`paasport:services.pg.overrides.version` is 17.5; 17.6 is the first that can be had\n")


@pytest.mark.parametrize("version", ["18.4.0", "18", "v18.4", "18.4-bookworm", 18.4])
def test_what_is_no_version_of_postgresql_is_told_by_its_form(version):
    (found,) = told(overrides={"version": version})
    assert "`paasport:services.pg.overrides.version`" in found


@pytest.mark.parametrize(
    ("resource", "too_little", "least"),
    [("cpu", "50m", "100m"), ("memory", "511Mi", "512Mi"), ("storage", "2G", "2Gi"), ("wal", "1Gi", "2Gi")],
)
def test_too_little_of_anything_is_refused(resource, too_little, least):
    (found,) = told(overrides={resource: too_little})
    assert found.startswith(f"`paasport:services.pg.overrides.{resource}` is {too_little}; {least} is the least\n")
    assert told(overrides={resource: least}) == []


@pytest.mark.parametrize(
    ("key", "name"),
    [("database", "postgres"), ("database", "template1"), ("owner", "postgres"), ("owner", "streaming_replica")],
)
def test_names_that_are_taken_are_refused(key, name):
    assert told(**{key: name}) == [
        (
            f"`paasport:services.pg.{key}` is {name}, a name that is taken\n"
            "  PostgreSQL and the operator have it for themselves\n"
            "  next: write another name, or leave it out for `app`"
        )
    ]


def test_roles_that_begin_with_pg_are_postgresqls_own_and_databases_are_not():
    (found,) = told(owner="pg_reader")
    assert found.startswith("`paasport:services.pg.owner` is pg_reader, a name that is taken\n")
    assert told(database="pg_data") == []


@pytest.mark.parametrize("name", ["Orders", "order-items", "1st", "a" * 64, ""])
def test_what_would_need_quotes_in_sql_is_no_name(name):
    (found,) = told(database=name)
    assert "`paasport:services.pg.database`" in found


def test_another_instances_backup_can_be_restored_with_and_without_backups_of_its_own():
    assert told(WITH_STORE, restore={"instance": "other"}) == []
    assert told(WITH_STORE, restore={"instance": "other", "at": "2026-03-01T12:00:00Z"}, backups={}) == []


def test_an_instance_is_restored_from_its_own_backup_into_another_folder_only():
    restore = {"instance": "pg"}
    assert told(WITH_STORE, restore=restore, backups={}) == [
        (
            "`paasport:services.pg` is restored from `pg` of the object store and would write there too\n"
            "  the operator refuses it: two histories in one folder, and neither could be restored\n"
            "  next: write `archive: pg-2`, or another name that is new in the object store"
        )
    ]
    assert told(WITH_STORE, restore=restore, backups={}, archive="pg-2") == []
    assert told(WITH_STORE, restore=restore) == []


def test_a_folder_that_is_read_is_not_written_under_whatever_name():
    (found,) = told(WITH_STORE, restore={"instance": "old"}, backups={}, archive="old")
    assert found.startswith("`paasport:services.pg` is restored from `old` of the object store and would write there")


@pytest.mark.parametrize("key", ["backups", "restore"])
def test_backups_need_an_object_store(key):
    (found,) = told(**{key: {"instance": "other"} if key == "restore" else {}})
    assert found.startswith(f"`paasport:services.pg.{key}` needs an object store")


def test_what_writes_backups_has_to_fit_beside_the_server():
    cluster = samples.pools(WITH_STORE, general=samples.GENERAL)
    (found,) = told(cluster, overrides={"memory": "13Gi"}, backups={})
    assert found.startswith("`paasport:services.pg` asks for 13Gi of memory, what writes its backups for 512Mi more")
    assert told(cluster, overrides={"memory": "13Gi"}) == []
    assert told(cluster, overrides={"memory": "12Gi"}, backups={}) == []
