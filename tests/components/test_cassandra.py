"""What becomes of a Cassandra in a stack file: the exact objects, written by hand in `expected/`."""

from __future__ import annotations

import base64

import pytest

from components.operators import cass_operator, k8ssandra_operator
from stacks.services import cassandra as settings
from tests.components import service_objects
from tests.components.cassandra_objects import (
    CASS_OPERATOR,
    CLIENTS,
    NODES,
    OPERATOR,
    REAPER,
    alerts,
    build,
    datacenter,
    everything,
    let_in,
    overridden,
    saved,
)
from tests.components.service_objects import PROMETHEUS, one, spec


def test_small_and_single():
    assert everything(build()) == service_objects.expected("cassandra-small-single.yaml")


def test_large_and_zonal_has_three_racks_that_keep_to_zones_of_their_own():
    built = build(size="large", availability="zonal")
    assert datacenter(built)["size"] == 3
    assert [rack["name"] for rack in datacenter(built)["racks"]] == ["r1", "r2", "r3"]
    assert datacenter(built)["racks"][1] == {
        "name": "r2",
        "affinity": {
            "podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "topologyKey": "topology.kubernetes.io/zone",
                        "labelSelector": {
                            "matchLabels": {"cassandra.datastax.com/cluster": "db"},
                            "matchExpressions": [
                                {"key": "cassandra.datastax.com/rack", "operator": "NotIn", "values": ["r2"]}
                            ],
                        },
                    }
                ]
            }
        },
    }
    of_nodes = spec(built)["cassandra"]
    assert of_nodes["resources"] == {"requests": {"cpu": "4", "memory": "16Gi"}, "limits": {"memory": "16Gi"}}
    assert of_nodes["config"]["jvmOptions"] == {"heap_initial_size": "8192Mi", "heap_max_size": "8192Mi"}
    claim = of_nodes["storageConfig"]["cassandraDataVolumeClaimSpec"]
    assert claim["resources"]["requests"]["storage"] == "500Gi"
    assert built.custom_resources[0]["metadata"]["annotations"]["pulumi.com/timeoutSeconds"] == "2400"


@pytest.mark.parametrize(
    ("override", "found", "value"),
    [
        ({"replicas": 4}, lambda built: datacenter(built)["size"], 4),
        ({"replicas": 4}, lambda built: datacenter(built)["racks"], [{"name": "r1"}]),
        ({"version": "4.1.12"}, lambda built: spec(built)["cassandra"]["serverVersion"], "4.1.12"),
        (
            {"version": "4.1.12"},
            lambda built: spec(built)["cassandra"]["serverImage"],
            "docker.io/k8ssandra/cass-management-api:4.1.12-ubi-v0.1.125",
        ),
        ({"cpu": "3"}, lambda built: spec(built)["cassandra"]["resources"]["requests"]["cpu"], "3"),
        ({"memory": "6Gi"}, lambda built: spec(built)["cassandra"]["resources"]["limits"], {"memory": "6Gi"}),
        ({"memory": "6Gi"}, lambda built: spec(built)["cassandra"]["config"]["jvmOptions"]["heap_max_size"], "3072Mi"),
        (
            {"memory": "64Gi"},
            lambda built: spec(built)["cassandra"]["config"]["jvmOptions"]["heap_max_size"],
            "16384Mi",
        ),
        (
            {"storage": "50G"},
            lambda built: spec(built)["cassandra"]["storageConfig"]["cassandraDataVolumeClaimSpec"]["resources"],
            {"requests": {"storage": "50G"}},
        ),
    ],
)
def test_an_override_takes_the_place_of_the_sizes_own(override, found, value):
    assert found(overridden(**override)) == value


def test_several_nodes_are_repaired_and_a_single_one_is_not():
    assert "reaper" not in spec(build())
    for built in (build(availability="zonal"), overridden(replicas=2)):
        assert spec(built)["reaper"]["autoScheduling"] == {"enabled": True}
        assert spec(built)["reaper"]["httpManagement"] == {"enabled": True, "keystores": {"name": "db-management"}}


def test_reaper_keeps_a_file_and_needs_no_rights_in_the_database():
    reaper = spec(build(availability="zonal"))["reaper"]
    assert (reaper["storageType"], reaper["deploymentMode"]) == ("local", "SINGLE")
    assert reaper["storageConfig"]["storageClassName"] == "paasport-ssd"


def test_only_who_has_to_gets_in():
    built = build(availability="zonal")
    assert let_in(built.shared, 7000) == [NODES]
    assert let_in(built.shared, 8080) == [CASS_OPERATOR, OPERATOR, REAPER]
    assert let_in(built.shared, 9042) == [CLIENTS]
    assert let_in(built.shared, 9000) == [REAPER]
    assert let_in(built.shared, 50051) == []
    assert let_in(built.shared, 8080, policy="reaper") == [OPERATOR]


def test_reaper_talks_to_nodes_alone():
    rules = one(build(availability="zonal").shared, "NetworkPolicy", "reaper")["spec"]["egress"]
    (rule,) = [rule for rule in rules if "to" in rule]
    assert rule["to"] == [NODES]
    assert [port["port"] for port in rule["ports"]] == [8080, 9000]


@pytest.mark.parametrize("operator", [cass_operator, k8ssandra_operator])
def test_the_operators_may_go_out_to_what_nodes_let_them_into(operator):
    policy = operator._network_policy()
    open_to = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
    assert 8080 in open_to
    assert (50051 in open_to) is (operator is k8ssandra_operator)
    expected = CASS_OPERATOR if operator is cass_operator else OPERATOR
    assert policy["spec"]["podSelector"] == expected["podSelector"]


@pytest.mark.parametrize("option", ["client_encryption_options", "server_encryption_options"])
def test_nothing_is_served_without_tls(option):
    found = spec(build())["cassandra"]["config"]["cassandraYaml"][option]
    assert found.get("optional", False) is False
    assert found.get("enabled", True) is True
    assert found.get("internode_encryption", "all") == "all"


def test_clients_that_know_no_authority_are_let_in_where_the_settings_say_so():
    found = spec(build(unencrypted=True))["cassandra"]["config"]["cassandraYaml"]
    assert found["client_encryption_options"] == {"enabled": True, "optional": True, "require_client_auth": False}
    assert found["server_encryption_options"]["internode_encryption"] == "all"


def test_whoever_is_not_a_node_cannot_pretend_to_be_one():
    found = spec(build())["cassandra"]["config"]["cassandraYaml"]
    assert found["server_encryption_options"]["require_client_auth"] is True


def test_the_management_api_asks_everybody_for_a_certificate():
    assert spec(build())["cassandra"]["managementApiAuth"] == {
        "manual": {"clientSecretName": "db-management", "serverSecretName": "db-management"}
    }


def test_reaper_opens_its_keys_with_the_password_that_is_in_its_source():
    certificate = one(build().shared, "Certificate", "db-management")["spec"]["keystores"]["jks"]
    assert certificate == {"create": True, "password": "changeit"}


def test_nodes_open_theirs_with_the_password_that_the_operator_is_told():
    built = build()
    certificate = one(built.shared, "Certificate", "db-tls")["spec"]["keystores"]["jks"]
    encoded = one(built.shared, "Secret", "db-keystore")["data"]["password"]
    assert base64.b64decode(encoded).decode() == certificate["password"]


def test_claims_on_volumes_outlive_a_custom_resource_that_is_deleted_by_mistake_and_can_grow():
    assert spec(build())["cassandra"]["metadata"]["annotations"] == {
        "cassandra.datastax.com/allow-storage-changes": "true",
        "cassandra.datastax.com/delete-pvc": "false",
    }


def test_nothing_is_told_where_nobody_watches():
    assert {"PodMonitor", "PrometheusRule"}.isdisjoint(item["kind"] for item in build().shared)


def test_metrics_are_read_from_every_node():
    built = build(monitored_by="metrics")
    assert let_in(built.shared, 9000) == [PROMETHEUS]
    assert one(built.shared, "PodMonitor")["spec"] == {
        "selector": {"matchLabels": {"cassandra.datastax.com/cluster": "db"}},
        "podMetricsEndpoints": [{"port": "metrics"}],
    }


@pytest.mark.parametrize(
    ("options", "missing", "down"),
    [
        ({}, 1, None),
        ({"overrides": settings.CassandraOverrides(replicas=2)}, 2, None),
        ({"availability": "zonal"}, 2, 3),
        ({"availability": "zonal", "overrides": settings.CassandraOverrides(replicas=6)}, 4, 6),
    ],
)
def test_a_whole_rack_may_be_away_before_somebody_gets_up(options, missing, down):
    found = alerts(**options)
    assert found["CassandraNodesMissing"] == f'(sum(up{{job="db/db"}}) or vector(0)) < {missing}'
    told = f'(sum(up{{job="db/db"}}) or vector(0)) < {down}' if down else None
    assert found.get("CassandraNodeDown") == told


def test_a_disk_is_told_of_while_compaction_still_has_room():
    assert alerts()["CassandraDiskAlmostFull"].endswith(f"> {12 * 2**30}")


def test_backups_are_whole_and_made_when_they_are_asked_for():
    assert one(saved(), "MedusaBackupSchedule")["spec"] == {
        "backupSpec": {"cassandraDatacenter": "dc1", "backupType": "full"},
        "cronSchedule": "30 1 * * *",
        "operationType": "backup",
    }


def test_medusa_uses_the_store_by_the_nodes_identity():
    found = saved()
    cluster = one(found, "K8ssandraCluster")["spec"]
    assert cluster["medusa"]["storageProperties"] == {
        "storageProvider": "s3",
        "bucketName": "b",
        "prefix": "db",
        "credentialsType": "role-based",
        "secure": True,
        "sslVerify": True,
        "region": "eu-central-1",
    }
    assert "storageSecretRef" not in cluster["medusa"]["storageProperties"]
    assert cluster["medusa"]["purgeBackups"] is False
    assert one(found, "ServiceAccount", "db")["metadata"]["annotations"] == {"role": "s3"}
    assert cluster["cassandra"]["metadata"]["pods"]["labels"]["identity"] == "s3"
    assert let_in(found, 50051) == [OPERATOR]
    ports = [
        port["port"]
        for rule in one(found, "NetworkPolicy", "cassandra")["spec"]["egress"]
        if "to" not in rule
        for port in rule["ports"]
    ]
    assert ports == [53, 53, 443, 80, 988]


def test_medusa_logs_in_with_the_nodes_authority():
    assert one(saved(), "K8ssandraCluster")["spec"]["medusa"]["clientEncryptionStores"] == {
        "keystoreSecretRef": {"name": "db-tls", "key": "ca.crt"},
        "truststoreSecretRef": {"name": "db-tls", "key": "tls.crt"},
        "truststorePasswordSecretRef": {"name": "db-tls", "key": "tls.key"},
    }


def leaves(value, path=""):
    """Every plain value with the path to it."""
    if isinstance(value, dict):
        return {key: leaf for name, item in value.items() for key, leaf in leaves(item, f"{path}/{name}").items()}
    if isinstance(value, list):
        return {key: leaf for at, item in enumerate(value) for key, leaf in leaves(item, f"{path}/{at}").items()}
    return {path: value}


def test_vendors_differ_in_who_may_write_where_and_in_nothing_else():
    s3, gcs = (saved(protocol=protocol, availability="zonal", monitored_by="metrics") for protocol in ("s3", "gcs"))
    here, there = leaves(s3), leaves(gcs)
    differing = {path.partition("/spec")[2] for path in here.keys() | there.keys() if here.get(path) != there.get(path)}
    assert differing == {
        "",  # of the ServiceAccount, its annotation
        "/medusa/storageProperties/storageProvider",
        "/medusa/storageProperties/region",
        "/cassandra/metadata/pods/labels/identity",
    }
