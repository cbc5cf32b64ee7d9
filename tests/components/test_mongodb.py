"""What becomes of a MongoDB in a stack file: the exact objects, written by hand in `expected/`."""

from __future__ import annotations

import pytest

from components.operators import mongodb_kubernetes, sources
from components.services import mongodb_backups
from tests.components.mongodb_objects import (
    CLIENTS,
    DUMPS,
    MEMBERS,
    NIGHTLY,
    PASSWORD_OF_OWNER,
    build,
    container,
    everything,
    let_in,
    overridden,
    pod,
    readable,
    rules,
)
from tests.components.service_objects import PROMETHEUS, expected, one, spec


@pytest.fixture
def dumped(run):
    """All objects of an instance with backups."""

    def made(**options):
        return run(lambda: everything(build(backups=NIGHTLY, **options))).result

    return made


def test_small_and_single():
    assert everything(build()) == expected("mongodb-small-single.yaml")


def test_large_and_zonal():
    budget, annotations, of_spec, of_pods, of_mongod, of_data = expected("mongodb-large-zonal.yaml")
    *others, wanted = expected("mongodb-small-single.yaml")
    wanted["metadata"]["annotations"] = annotations
    wanted["spec"] |= of_spec
    template = wanted["spec"]["statefulSet"]["spec"]["template"]["spec"]
    template |= of_pods
    template["containers"][0] |= of_mongod
    wanted["spec"]["statefulSet"]["spec"]["volumeClaimTemplates"][0]["spec"] |= of_data
    built = build(size="large", availability="zonal")
    assert built.custom_resources == (wanted,)
    assert list(built.shared) == [*others[:-1], budget]


@pytest.mark.parametrize(
    ("override", "found", "value"),
    [
        ({"replicas": 5}, lambda built: spec(built)["members"], 5),
        ({"version": "7.0.30"}, lambda built: spec(built)["version"], "7.0.30"),
        (
            {"version": "7.0.30"},
            lambda built: container(built)["image"],
            "quay.io/mongodb/mongodb-community-server:7.0.30-ubi9",
        ),
        ({"feature_compatibility_version": "7.0"}, lambda built: spec(built)["featureCompatibilityVersion"], "7.0"),
        ({"cpu": "2"}, lambda built: container(built)["resources"]["requests"]["cpu"], "1900m"),
        ({"memory": "4Gi"}, lambda built: container(built)["resources"]["requests"]["memory"], "3596Mi"),
        ({"memory": "4Gi"}, lambda built: container(built)["resources"]["limits"]["memory"], "3596Mi"),
        (
            {"storage": "50G"},
            lambda built: spec(built)["statefulSet"]["spec"]["volumeClaimTemplates"][0]["spec"]["resources"],
            {"requests": {"storage": "50G"}},
        ),
    ],
)
def test_an_override_takes_the_place_of_the_sizes_own(override, found, value):
    assert found(overridden(**override)) == value


def test_compatibility_is_left_to_the_operator_which_keeps_it_through_an_upgrade():
    assert "featureCompatibilityVersion" not in spec(build())


@pytest.mark.parametrize(("memory", "gigabytes"), [("1Gi", 0.25), ("2Gi", 0.26), ("8Gi", 3.26), ("64Gi", 31.26)])
def test_the_cache_follows_mongodbs_own_rule_for_what_mongod_may_have(memory, gigabytes):
    found = spec(overridden(memory=memory))["additionalMongodConfig"]
    assert found == {"storage.wiredTiger.engineConfig.cacheSizeGB": gigabytes}


def test_containers_are_those_that_the_operator_makes_because_others_would_be_added():
    """It merges by name; its names are in mongodbstatefulset.go of the tag."""
    assert [item["name"] for item in pod(build())["containers"]] == ["mongod", "mongodb-agent"]
    assert [item["name"] for item in pod(build())["initContainers"]] == [
        "mongod-posthook",
        "mongodb-agent-readinessprobe",
    ]
    claims = spec(build())["statefulSet"]["spec"]["volumeClaimTemplates"]
    assert [item["metadata"]["name"] for item in claims] == ["data-volume", "logs-volume"]


def test_data_outlives_everything_and_logs_do_not():
    claims = spec(build())["statefulSet"]["spec"]["volumeClaimTemplates"]
    assert [item["spec"]["storageClassName"] for item in claims] == ["paasport-ssd-retain", "paasport-ssd"]


def test_pods_run_as_an_account_that_may_read_their_goal_and_no_other_secret():
    built = build()
    assert pod(built)["serviceAccountName"] == "mongodb-database"
    assert one(built.shared, "Role")["rules"][0] == {
        "apiGroups": [""],
        "resources": ["secrets"],
        "resourceNames": ["db-config"],
        "verbs": ["get"],
    }


def test_several_members_without_zones_are_spread_over_nodes_and_get_a_budget():
    built = overridden(replicas=3)
    (constraint,) = pod(built)["topologySpreadConstraints"]
    assert (constraint["topologyKey"], constraint["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "ScheduleAnyway")
    assert one(built.shared, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def test_a_single_member_has_no_budget_that_would_block_a_nodes_upgrade():
    assert "PodDisruptionBudget" not in [item["kind"] for item in build().shared]


def test_nobody_but_members_and_clients_reaches_the_database():
    assert let_in(build().shared, 27017) == [MEMBERS, CLIENTS]
    assert let_in(build(monitored_by="metrics").shared, 27017) == [MEMBERS, CLIENTS]
    assert let_in(build().shared, 9216) == []


def test_members_are_encrypted_by_a_certificate_that_has_every_name_they_are_asked_by():
    certificate = one(build(availability="zonal").shared, "Certificate", "db-tls")["spec"]
    assert "*.db-svc.db.svc.cluster.local" in certificate["dnsNames"]
    assert {"server auth", "client auth"} <= {*certificate["usages"]}
    assert spec(build())["security"]["tls"] == {
        "enabled": True,
        "certificateKeySecretRef": {"name": "db-tls"},
        "caCertificateSecretRef": {"name": "db-tls"},
    }


def test_the_owner_may_use_its_database_and_nothing_else():
    (user,) = spec(build(database="orders", owner="shop"))["users"]
    assert user == {
        "name": "shop",
        "db": "admin",
        "passwordSecretRef": PASSWORD_OF_OWNER,
        "roles": [{"name": "readWrite", "db": "orders"}, {"name": "dbAdmin", "db": "orders"}],
        "scramCredentialsSecretName": "db-owner",
        "connectionStringSecretName": "db-owner-connection",
    }


def test_metrics_are_read_encrypted_with_a_password_that_a_secret_has():
    built = build(monitored_by="metrics")
    assert let_in(built.shared, 9216) == [PROMETHEUS]
    assert spec(built)["prometheus"] == {
        "username": "metrics",
        "passwordSecretRef": {"name": "db-metrics", "key": "password"},
        "port": 9216,
        "tlsSecretKeyRef": {"name": "db-tls"},
    }
    assert readable(one(built.secrets, "Secret", "db-metrics")) == {
        "username": "metrics",
        "password": "secret-of-metrics",
    }
    (endpoint,) = one(built.shared, "PodMonitor")["spec"]["podMetricsEndpoints"]
    assert endpoint == {
        "port": "metrics",
        "scheme": "https",
        "basicAuth": {
            "username": {"name": "db-metrics", "key": "username"},
            "password": {"name": "db-metrics", "key": "password"},
        },
        "tlsConfig": {
            "ca": {"secret": {"name": "db-tls", "key": "ca.crt"}},
            "serverName": "db-svc.db.svc.cluster.local",
        },
    }
    assert endpoint["tlsConfig"]["serverName"] in one(built.shared, "Certificate", "db-tls")["spec"]["dnsNames"]
    (port,) = container(built, "mongodb-agent")["ports"]
    assert (port["name"], port["containerPort"]) == (endpoint["port"], 9216)


def test_nothing_is_told_where_nobody_watches():
    built = build()
    assert "prometheus" not in spec(built)
    assert [item["metadata"]["name"] for item in built.secrets] == ["db-owner"]
    assert {"PodMonitor", "PrometheusRule"}.isdisjoint(item["kind"] for item in built.shared)


def test_alerts_know_how_many_members_there_are():
    assert rules(availability="zonal")["MongodbMemberDown"] == (
        '(count(mongodb_uptimeMillis{job="db/db",rs_state=~"1|2"}) or vector(0)) < 3'
    )
    assert rules()["MongodbNoPrimary"] == '(count(mongodb_uptimeMillis{job="db/db",rs_state="1"}) or vector(0)) < 1'
    assert {*rules(availability="zonal")} - {*rules()} == {"MongodbMemberDown", "MongodbMemberBehind"}


def test_a_dump_is_taken_by_a_user_who_may_do_nothing_else(dumped):
    found = dumped()
    owner, backup = one(found, "MongoDBCommunity")["spec"]["users"]
    assert (owner["name"], backup["name"], backup["roles"]) == ("app", "backup", [{"name": "backup", "db": "admin"}])
    assert readable(one(found, "Secret", "db-backup")) == {
        "username": "backup",
        "password": "secret-of-backup",
        "mongodump.yaml": (
            'uri: "mongodb://backup:secret-of-backup@db-0.db-svc.db.svc.cluster.local:27017'
            '/?authSource=admin&replicaSet=db&tls=true&readPreference=secondaryPreferred"\n'
        ),
    }
    assert let_in(found, 27017) == [MEMBERS, DUMPS, CLIENTS]


def test_a_dump_has_no_password_in_its_command_and_no_members_key(dumped):
    job = one(dumped(), "CronJob")["spec"]
    assert job["schedule"] == "30 1 * * *"
    template = job["jobTemplate"]["spec"]["template"]["spec"]
    (dump,) = template["initContainers"]
    assert dump["command"] == [
        "/tools/mongodump",
        "--config=/settings/mongodump.yaml",
        "--sslCAFile=/authority/ca.crt",
        "--oplog",
        "--gzip",
        "--archive=/backup/mongodb.archive.gz",
    ]
    volumes = {item["name"]: item["secret"] for item in template["volumes"] if "secret" in item}
    assert volumes == {
        "settings": {"secretName": "db-backup", "items": [{"key": "mongodump.yaml", "path": "mongodump.yaml"}]},
        "authority": {"secretName": "db-tls", "items": [{"key": "ca.crt", "path": "ca.crt"}]},
    }
    assert template["securityContext"]["runAsUser"] == 2000


def test_dumps_are_taken_by_the_image_of_the_agent_that_the_operator_brings():
    assert mongodb_backups.IMAGE in sources.images(mongodb_kubernetes.OPERATOR)


def leaves(value, path=""):
    """Every plain value with the path to it."""
    if isinstance(value, dict):
        return {key: leaf for name, item in value.items() for key, leaf in leaves(item, f"{path}/{name}").items()}
    if isinstance(value, list):
        return {key: leaf for at, item in enumerate(value) for key, leaf in leaves(item, f"{path}/{at}").items()}
    return {path: value}


@pytest.mark.parametrize("protocol", ["gcs", "azure"])
def test_vendors_differ_in_who_may_write_where_and_in_nothing_else(run, protocol):
    """The copying container's settings and the marks of its identity: all that a store's protocol changes."""

    def made(which):
        return run(lambda: everything(build(backups=NIGHTLY, protocol=which, monitored_by="metrics"))).result

    def differing(kinds):
        here, there = (leaves([item for item in found if item["kind"] in kinds]) for found in (s3, other))
        return {path for path in here.keys() | there.keys() if here.get(path) != there.get(path)}

    s3, other = made("s3"), made(protocol)
    kinds = {item["kind"] for item in s3}
    assert differing(kinds - {"ServiceAccount", "CronJob"}) == set()
    assert differing({"ServiceAccount"}) == {"/1/metadata/annotations/role"}
    pods = "/0/spec/jobTemplate/spec/template"
    of_job = {path for path in differing({"CronJob"}) if not path.startswith(f"{pods}/spec/containers/0/env/")}
    assert of_job == {f"{pods}/metadata/labels/identity"}
