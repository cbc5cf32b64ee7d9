"""What becomes of a PostgreSQL in a stack file: the exact objects, written by hand in `expected/`."""

from __future__ import annotations

import base64

import pytest

from components.services import postgresql
from stacks.services import instance
from stacks.services import postgresql as settings
from tests.components.postgresql_objects import (
    CLIENTS,
    MARCH,
    NIGHTLY,
    OPERATOR,
    SERVERS,
    build,
    everything,
    let_in,
    overridden,
    ports_out,
    rules,
)
from tests.components.service_objects import PROMETHEUS, expected, one, spec


@pytest.fixture
def stored(run):
    """All objects of an instance that has to do with an object store."""

    def made(**options):
        return run(lambda: everything(build(**options))).result

    return made


def test_small_and_single():
    assert everything(build()) == expected("postgresql-small-single.yaml")


def test_large_and_zonal():
    annotations, of_spec = expected("postgresql-large-zonal.yaml")
    *others, wanted = expected("postgresql-small-single.yaml")
    wanted["metadata"]["annotations"] = annotations
    wanted["spec"] |= of_spec
    assert everything(build(size="large", availability="zonal")) == [*others, wanted]


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ({"replicas": 2}, ("instances",), 2),
        ({"version": "17.6"}, ("imageName",), "ghcr.io/cloudnative-pg/postgresql:17.6-standard-trixie"),
        ({"storage": "50G"}, ("storage", "size"), "50G"),
        ({"wal": "6Gi"}, ("walStorage", "size"), "6Gi"),
        ({"wal": "6Gi"}, ("postgresql", "parameters", "max_slot_wal_keep_size"), "3072MB"),
        ({"cpu": "1500m"}, ("resources", "requests", "cpu"), "1500m"),
        ({"memory": "3Gi"}, ("resources", "requests", "memory"), "3Gi"),
        ({"memory": "3Gi"}, ("resources", "limits", "memory"), "3Gi"),
        ({"memory": "3Gi"}, ("postgresql", "parameters", "shared_buffers"), "768MB"),
        ({"connections": 50}, ("postgresql", "parameters", "max_connections"), "50"),
    ],
)
def test_an_override_takes_the_place_of_the_sizes_own(override, path, value):
    found = spec(overridden(**override))
    for key in path:
        found = found[key]
    assert found == value


def test_the_database_and_its_owner_are_those_that_were_asked_for():
    built = build(database="orders", owner="shop")
    assert spec(built)["bootstrap"]["initdb"]["database"] == "orders"
    assert spec(built)["bootstrap"]["initdb"]["owner"] == "shop"
    data = {key: base64.b64decode(value).decode() for key, value in one(built.secrets, "Secret")["data"].items()}
    assert data == {"username": "shop", "password": "secret-of-owner"}


def test_half_of_the_standbys_of_a_zonal_one_confirm_each_commit():
    built = build(availability="zonal", overrides=settings.PostgresqlOverrides(replicas=5))
    assert spec(built)["postgresql"]["synchronous"]["number"] == 2


def test_standbys_without_zones_confirm_nothing_and_are_spread_over_nodes_where_it_can_be():
    found = spec(overridden(replicas=2))
    assert "synchronous" not in found["postgresql"]
    assert [each["topologyKey"] for each in found["topologySpreadConstraints"]] == ["kubernetes.io/hostname"]
    assert (found["enablePDB"], found["primaryUpdateMethod"]) == (True, "switchover")


def test_jobs_that_fill_volumes_are_spread_as_the_servers_are():
    """They have the label of the cluster and not that of the role; what they leave decides where the server may be."""
    for constraint in spec(build(availability="zonal"))["topologySpreadConstraints"]:
        assert constraint["labelSelector"] == {"matchLabels": {"cnpg.io/cluster": "pg"}}


def test_servers_are_reached_by_each_other_by_clients_and_by_the_operator_where_each_needs_it():
    found = everything(build(monitored_by="metrics"))
    assert let_in(found, 5432) == [SERVERS, CLIENTS]
    assert let_in(found, 8000) == [SERVERS, OPERATOR]
    assert let_in(found, 9187) == [PROMETHEUS]
    assert let_in(everything(build()), 9187) == []


def test_servers_reach_the_internet_only_for_an_object_store(stored):
    assert ports_out(everything(build())) == {53, 443, 6443}
    assert ports_out(stored(backups=NIGHTLY)) == {53, 80, 443, 988, 6443}
    assert ports_out(stored(restore=MARCH)) == {53, 80, 443, 988, 6443}


def test_nobody_connects_without_tls():
    assert spec(build())["postgresql"]["pg_hba"] == ["hostnossl all all all reject"]


def test_the_certificates_are_those_that_the_cluster_names():
    built = build()
    names = {item["spec"]["secretName"] for item in built.shared if item["kind"] == "Certificate"}
    assert set(spec(built)["certificates"].values()) == names - {"pg-ca"}


def test_a_certificate_that_logs_in_as_a_standby_is_no_servers():
    found = one(build().shared, "Certificate", "pg-replication")["spec"]
    assert found["commonName"] == "streaming_replica"
    assert "server auth" not in found["usages"]
    assert "client auth" not in one(build().shared, "Certificate", "pg-server")["spec"]["usages"]


def test_renewed_certificates_and_another_password_are_taken_without_a_restart():
    built = build()
    secrets = [
        one(built.shared, "Certificate", name)["spec"]["secretTemplate"] for name in ("pg-server", "pg-replication")
    ]
    labels = [each["labels"] for each in secrets] + [one(built.secrets, "Secret")["metadata"]["labels"]]
    assert all(each["cnpg.io/reload"] == "true" for each in labels)


def test_metrics_are_read_encrypted_and_by_a_name_that_certificates_have():
    built = build(monitored_by="metrics")
    assert spec(built)["monitoring"] == {"tls": {"enabled": True}}
    (endpoint,) = one(built.shared, "PodMonitor")["spec"]["podMetricsEndpoints"]
    assert (endpoint["port"], endpoint["scheme"]) == ("metrics", "https")
    assert endpoint["tlsConfig"]["serverName"] in one(built.shared, "Certificate", "pg-server")["spec"]["dnsNames"]
    assert endpoint["tlsConfig"]["ca"]["secret"]["name"] == spec(built)["certificates"]["serverCASecret"]


def test_alerts_know_what_was_asked_for():
    found = rules(
        build(monitored_by="metrics", availability="zonal", overrides=settings.PostgresqlOverrides(wal="2Gi"))
    )
    assert found["PostgresqlServerDown"] == '(sum(cnpg_collector_up{job="pg/pg"}) or vector(0)) < 3'
    assert found["PostgresqlWalAlmostFull"] == 'cnpg_collector_pg_wal{job="pg/pg",value="size"} > 1825361100'
    assert found["PostgresqlDiskAlmostFull"].endswith(" > 9126805504")


def test_of_a_single_server_nobody_is_behind_and_without_backups_none_fails(stored):
    single, zonal = (rules(build(monitored_by="metrics", availability=each)) for each in ("single", "zonal"))
    assert {*zonal} - {*single} == {"PostgresqlServerDown", "PostgresqlStandbyBehind"}
    with_backups = rules(stored(monitored_by="metrics", backups=NIGHTLY))
    assert {*with_backups} - {*single} == {"PostgresqlWalNotArchived", "PostgresqlBackupFailed"}


def test_backups_are_made_by_the_plugin_at_once_and_by_six_fields_of_cron(stored):
    found = stored(backups=NIGHTLY)
    assert one(found, "ScheduledBackup")["spec"] == {
        "cluster": {"name": "pg"},
        "schedule": "0 30 1 * * *",
        "immediate": True,
        "backupOwnerReference": "self",
        "method": "plugin",
        "pluginConfiguration": {"name": "barman-cloud.cloudnative-pg.io"},
    }
    assert one(found, "Cluster")["spec"]["plugins"] == [
        {
            "name": "barman-cloud.cloudnative-pg.io",
            "isWALArchiver": True,
            "parameters": {"barmanObjectName": "pg", "serverName": "pg"},
        }
    ]
    assert one(found, "ObjectStore")["spec"] == {
        "configuration": {
            "destinationPath": "s3://b",
            "s3Credentials": {"inheritFromIAMRole": True},
            "wal": {"compression": "gzip", "maxParallel": 4},
            "data": {"compression": "gzip", "jobs": 2},
        },
        "instanceSidecarConfiguration": {
            "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}}
        },
    }


def test_a_schedule_comes_after_what_it_makes_backups_of(run):
    """The first backup is made at once, and fails where there is no cluster."""
    kinds = run(lambda: [item["kind"] for item in build(backups=NIGHTLY).witnesses]).result
    assert kinds == ["ScheduledBackup"]


def test_pods_write_to_the_store_by_an_identity_of_their_own(stored):
    found = one(stored(backups=NIGHTLY), "Cluster")["spec"]
    assert found["serviceAccountTemplate"] == {"metadata": {"annotations": {"role": "s3"}}}
    assert found["inheritedMetadata"]["labels"]["identity"] == "s3"
    # The plugin gives its rights to the ServiceAccount of the cluster's name and to no other.
    assert "serviceAccountName" not in found
    assert postgresql.SERVICE.backup_account == ""


def test_without_backups_and_restore_nothing_names_the_plugin():
    built = build()
    assert {"plugins", "externalClusters", "serviceAccountTemplate"}.isdisjoint(spec(built))
    assert {"ObjectStore", "ScheduledBackup"}.isdisjoint(item["kind"] for item in everything(built))


def test_an_instance_begins_with_the_backup_of_a_moment(stored):
    found = one(stored(restore=MARCH, database="orders", owner="shop"), "Cluster")["spec"]
    assert found["bootstrap"] == {
        "recovery": {
            "source": "backup",
            "recoveryTarget": {"targetTime": "2026-03-01T12:00:00Z"},
            "database": "orders",
            "owner": "shop",
            "secret": {"name": "pg-owner"},
        }
    }
    assert found["externalClusters"] == [
        {
            "name": "backup",
            "plugin": {
                "name": "barman-cloud.cloudnative-pg.io",
                "parameters": {"barmanObjectName": "pg", "serverName": "old"},
            },
        }
    ]


def test_the_newest_backup_is_restored_where_no_moment_is_named(stored):
    found = one(stored(restore=instance.Restore(instance="old")), "Cluster")["spec"]
    assert "recoveryTarget" not in found["bootstrap"]["recovery"]


def test_what_is_restored_writes_only_where_it_is_asked_to_and_to_its_own_folder(stored):
    found = stored(restore=MARCH)
    assert "plugins" not in one(found, "Cluster")["spec"]
    assert "ScheduledBackup" not in [item["kind"] for item in found]
    (plugin,) = one(stored(restore=MARCH, backups=NIGHTLY, archive="new"), "Cluster")["spec"]["plugins"]
    assert plugin["parameters"] == {"barmanObjectName": "pg", "serverName": "new"}


def leaves(value, path=""):
    """Every plain value with the path to it."""
    if isinstance(value, dict):
        return {key: leaf for name, item in value.items() for key, leaf in leaves(item, f"{path}/{name}").items()}
    if isinstance(value, list):
        return {key: leaf for at, item in enumerate(value) for key, leaf in leaves(item, f"{path}/{at}").items()}
    return {path: value}


@pytest.mark.parametrize("protocol", ["gcs", "azure"])
def test_vendors_differ_in_who_may_write_where_and_in_nothing_else(stored, protocol):
    def made(which):
        objects = stored(backups=NIGHTLY, monitored_by="metrics", availability="zonal", protocol=which)
        return {path: leaf for item in objects for path, leaf in leaves(item, f"/{item['kind']}").items()}

    s3, other = made("s3"), made(protocol)
    key = {"gcs": "googleCredentials/gkeEnvironment", "azure": "azureCredentials/inheritFromAzureAD"}[protocol]
    assert {path for path in s3.keys() | other.keys() if s3.get(path) != other.get(path)} == {
        "/ObjectStore/spec/configuration/destinationPath",
        "/ObjectStore/spec/configuration/s3Credentials/inheritFromIAMRole",
        f"/ObjectStore/spec/configuration/{key}",
        "/Cluster/spec/serviceAccountTemplate/metadata/annotations/role",
        "/Cluster/spec/inheritedMetadata/labels/identity",
    }
