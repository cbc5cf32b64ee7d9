"""What becomes of a Cassandra in a stack file: the exact objects, written by hand in `expected/`."""

from __future__ import annotations

import base64
import copy
import pathlib

import hypothesis
import pytest
import yaml
from hypothesis import strategies

from components import contracts
from components.clusters import storage
from components.operators import cass_operator, k8ssandra_operator
from components.services import cassandra
from runner.kubernetes import readiness as engine
from stacks import lifecycle
from stacks.services import cassandra as settings
from stacks.services import instance

EXPECTED = pathlib.Path(__file__).parent / "expected"
NIGHTLY = instance.Backups(schedule="30 1 * * *")


def target(protocol="s3"):
    more = {"s3": {"region": "eu-central-1"}, "gcs": {}}
    store = contracts.ObjectStore(protocol=protocol, bucket="b", url="b", root="b", **more[protocol])
    binding = contracts.Binding(service_account_annotations={"role": protocol}, pod_labels={"identity": protocol})
    return contracts.BackupTarget(store=store, binding=binding)


def build(name="db", *, protocol="s3", monitored_by="", **options):
    return cassandra.build(
        contracts.ServiceArgs(
            name=name,
            options=settings.Cassandra(service="cassandra", **options),
            storage=storage.facts("paasport.dev/simulated", zone_redundant=False, with_snapshots=False),
            load_balancer=contracts.LoadBalancerFacts(),
            passwords={"admin": "secret"},
            backups=target(protocol) if options.get("backups") else None,
            monitored_by=monitored_by,
        )
    )


def overridden(**overrides):
    return build(overrides=settings.CassandraOverrides(**overrides))


def everything(built):
    return [*built.shared, *built.secrets, *built.custom_resources, *built.witnesses]


def one(objects, kind, name=None):
    (found,) = [item for item in objects if item["kind"] == kind and name in (None, item["metadata"]["name"])]
    return found


def spec(built):
    return built.custom_resources[0]["spec"]


def datacenter(built):
    (found,) = spec(built)["cassandra"]["datacenters"]
    return found


def let_in(objects, port, *, policy="cassandra"):
    """Who may reach this port."""
    rules = one(objects, "NetworkPolicy", policy)["spec"]["ingress"]
    return [peer for rule in rules for peer in rule["from"] if port in [allowed["port"] for allowed in rule["ports"]]]


def alerts(**options):
    (group,) = one(build(monitored_by="metrics", **options).shared, "PrometheusRule")["spec"]["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


def saved(**options):
    """All objects of an instance with backups."""
    return everything(build(backups=NIGHTLY, **options))


NODES = {"podSelector": {"matchLabels": {"cassandra.datastax.com/cluster": "db"}}}
CASS_OPERATOR = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "cass-operator"}},
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "cass-operator"}},
}
OPERATOR = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "k8ssandra-operator"}},
    "podSelector": {"matchLabels": {"control-plane": "k8ssandra-operator"}},
}
REAPER = {"podSelector": {"matchLabels": {"k8ssandra.io/reaper": "db-dc1-reaper"}}}
CLIENTS = {"namespaceSelector": {"matchLabels": {"client-of.paasport.dev/db": "true"}}}
PROMETHEUS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "metrics"}}}


def test_small_and_single():
    assert everything(build()) == list(yaml.safe_load_all((EXPECTED / "cassandra-small-single.yaml").read_text()))


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


def test_where_it_answers_and_how_an_application_is_told():
    built = build(name="team-a")
    assert built.endpoint.url == "cassandra://team-a-dc1-service.team-a.svc:9042"
    assert built.version == "5.0.9"
    assert built.connection == {
        "type": "cassandra",
        "host": "team-a-dc1-service.team-a.svc",
        "port": "9042",
        "username": "admin",
        "password": "secret",
        "datacenter": "dc1",
        "tls": "true",
    }


@pytest.mark.parametrize("asked", ["db-dc1-service.db.svc", "db-dc1-service", "localhost"])
def test_the_certificate_has_every_name_that_clients_ask_for(asked):
    assert asked in one(build().shared, "Certificate", "db-tls")["spec"]["dnsNames"]


def status(**changed):
    (found,) = build(availability="zonal").custom_resources
    progress = changed.get("progress", "Ready")
    told = {
        "conditions": [{"type": "CassandraInitialized", "status": changed.get("initialized", "True")}],
        "datacenters": {"dc1": {"cassandra": {"cassandraOperatorProgress": progress}}},
        "error": changed.get("error", "None"),
        "observedGeneration": changed.get("observed", 2),
    }
    return {**found, "metadata": {**found["metadata"], "generation": 2}, "status": told}


@pytest.mark.parametrize(
    ("changed", "ready"),
    [
        ({}, True),
        ({"initialized": "False"}, False),
        ({"progress": "Updating"}, False),
        ({"error": 'secrets "db-keystore" not found'}, False),
        ({"observed": 1}, False),
        ({"observed": None}, False),
    ],
)
def test_it_is_ready_when_nodes_and_reaper_are_and_the_operator_is_done_with_this_very_change(changed, ready):
    assert engine.assess(status(**changed)).ready is ready


def verdict(before, after):
    kind = k8ssandra_operator.CLUSTER
    pair = [overridden(**overrides).custom_resources[0] for overrides in (before, after)]
    return lifecycle.judged(kind.rules, instance="db", before=pair[0], after=pair[1])


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"storage": "50Gi"}, {"storage": "20Gi"}, "50Gi"),
        ({"version": "5.0.9"}, {"version": "4.1.12"}, "Cassandra does not go back to an older series"),
    ],
)
def test_what_the_operator_cannot_undo_is_refused(before, after, told):
    (problem,) = verdict(before, after).problems
    assert told in f"{problem.what} {problem.why}"


def test_zones_are_never_given_up():
    zonal, single = (build(availability=each).custom_resources[0] for each in ("zonal", "single"))
    rules = k8ssandra_operator.CLUSTER.rules
    gone = lifecycle.judged(rules, instance="db", before=zonal, after=single).problems
    assert [problem.what for problem in gone] == [
        "db has the rack r2, which is to go",
        "db has the rack r3, which is to go",
    ]
    assert lifecycle.judged(rules, instance="db", before=single, after=zonal).problems == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"storage": "50Gi"}),
        ({"replicas": 3}, {"replicas": 2}),
        ({"version": "4.1.12"}, {"version": "5.0.9"}),
        ({"version": "5.0.9"}, {"version": "5.0.8"}),
    ],
)
def test_what_the_operator_can_do_is_not(before, after):
    assert verdict(before, after).problems == ()


@hypothesis.given(
    name=strategies.from_regex(r"[a-z]([-a-z0-9]{0,28}[a-z0-9])?", fullmatch=True),
    size=strategies.sampled_from(["small", "medium", "large"]),
    availability=strategies.sampled_from(["single", "zonal"]),
    overrides=strategies.builds(
        settings.CassandraOverrides,
        replicas=strategies.sampled_from([None, 3, 6]),
        memory=strategies.sampled_from([None, "2Gi", "3000M"]),
        storage=strategies.sampled_from([None, "50G", "0.5Ti"]),
        version=strategies.sampled_from([None, "4.1.12"]),
    ),
)
def test_whatever_is_overridden_the_parts_fit_each_other(name, size, availability, overrides):
    built = build(name=name, size=size, availability=availability, overrides=overrides, monitored_by="metrics")
    namespace, *others = everything(built)
    assert (namespace["kind"], namespace["metadata"]["name"]) == ("Namespace", name)
    assert {item["metadata"]["namespace"] for item in others} == {name}
    assert len({(item["kind"], item["metadata"]["name"]) for item in others}) == len(others)
    resources = spec(built)["cassandra"]["resources"]
    assert resources["requests"]["memory"] == resources["limits"]["memory"]
    assert datacenter(built)["size"] >= len(datacenter(built)["racks"])
    assert ("reaper" in spec(built)) is (datacenter(built)["size"] > 1)
    assert f":{built.version}-" in spec(built)["cassandra"]["serverImage"]
    secrets = {item["metadata"]["name"] for item in everything(built) if item["kind"] in ("Secret", "Certificate")}
    stores = spec(built)["cassandra"]["clientEncryptionStores"].values()
    assert {item["name"] for item in stores} <= secrets
    # Names that the operator makes of the instance's: labels and Services end at 63 characters.
    assert len(f"{name}-dc1-additional-seed-service") <= 63


def test_the_same_arguments_give_objects_that_share_nothing():
    """A policy or a transform that changes one must not change another."""
    first, second = (everything(build(availability="zonal", monitored_by="metrics")) for _ in range(2))
    untouched = copy.deepcopy(second)
    cluster = one(first, "K8ssandraCluster")["spec"]["cassandra"]
    cluster["metadata"]["annotations"].clear()
    cluster["containers"][0]["securityContext"].clear()
    cluster["clientEncryptionStores"]["keystorePasswordSecretRef"].clear()
    one(first, "NetworkPolicy", "cassandra")["spec"]["ingress"][1]["from"][0]["podSelector"]["matchLabels"].clear()
    assert cluster["initContainers"][0]["securityContext"] != {}
    assert cluster["serverEncryptionStores"]["keystorePasswordSecretRef"] != {}
    assert second == untouched == everything(build(availability="zonal", monitored_by="metrics"))
