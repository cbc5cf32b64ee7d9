"""What becomes of a MongoDB in a stack file: the exact objects, written by hand in `expected/`."""

from __future__ import annotations

import base64
import copy
import pathlib

import hypothesis
import pulumi
import pytest
import yaml
from hypothesis import strategies

from components import contracts
from components.clusters import storage
from components.operators import mongodb_kubernetes, sources
from components.services import mongodb, mongodb_backups
from runner.kubernetes import readiness as engine
from stacks import quantities
from stacks.services import instance
from stacks.services import mongodb as settings

EXPECTED = pathlib.Path(__file__).parent / "expected"
PASSWORDS = {"owner": "secret-of-owner", "metrics": "secret-of-metrics", "backup": "secret-of-backup"}
NIGHTLY = instance.Backups(schedule="30 1 * * *")
STORES = {
    "s3": {"region": "eu-central-1"},
    "gcs": {},
    "azure": {"account": "account"},
}


def target(protocol="s3"):
    bucket, more = pulumi.Output.from_input("b"), dict(STORES[protocol])
    if "account" in more:
        more["account"] = pulumi.Output.from_input(more["account"])
    store = contracts.ObjectStore(protocol=protocol, bucket=bucket, url=bucket, root=bucket, **more)
    binding = contracts.Binding(service_account_annotations={"role": protocol}, pod_labels={"identity": protocol})
    return contracts.BackupTarget(store=store, binding=binding)


def build(name="db", *, protocol="s3", monitored_by="", **options):
    """Within a program only, where there are backups or the connection is looked at."""
    return mongodb.build(
        contracts.ServiceArgs(
            name=name,
            options=settings.Mongodb(service="mongodb", **options),
            storage=storage.facts("paasport.dev/simulated", zone_redundant=False, with_snapshots=False),
            load_balancer=contracts.LoadBalancerFacts(),
            passwords=PASSWORDS,
            backups=target(protocol) if options.get("backups") else None,
            monitored_by=monitored_by,
        )
    )


def overridden(**overrides):
    return build(overrides=settings.MongodbOverrides(**overrides))


def everything(built):
    return [*built.shared, *built.secrets, *built.custom_resources]


def one(objects, kind, name=None):
    (found,) = [item for item in objects if item["kind"] == kind and name in (None, item["metadata"]["name"])]
    return found


def spec(built):
    return built.custom_resources[0]["spec"]


def pod(built):
    return spec(built)["statefulSet"]["spec"]["template"]["spec"]


def container(built, name="mongod"):
    (found,) = [item for item in pod(built)["containers"] if item["name"] == name]
    return found


def readable(secret):
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def let_in(objects, port):
    """Who may reach this port of the members."""
    rules = one(objects, "NetworkPolicy", "mongodb")["spec"]["ingress"]
    return [peer for rule in rules for peer in rule["from"] if port in [allowed["port"] for allowed in rule["ports"]]]


def rules(**options):
    (group,) = one(build(monitored_by="metrics", **options).shared, "PrometheusRule")["spec"]["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


@pytest.fixture
def dumped(run):
    """All objects of an instance with backups."""

    def made(**options):
        return run(lambda: everything(build(backups=NIGHTLY, **options))).result

    return made


def expected(name):
    return list(yaml.safe_load_all((EXPECTED / name).read_text()))


MEMBERS = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "mongodb", "app.kubernetes.io/instance": "db"}}}
DUMPS = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "backup", "app.kubernetes.io/instance": "db"}}}
CLIENTS = {"namespaceSelector": {"matchLabels": {"client-of.paasport.dev/db": "true"}}}
PROMETHEUS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "metrics"}}}
PASSWORD_OF_OWNER = {"name": "db-owner", "key": "password"}


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


def test_where_it_answers_and_how_an_application_is_told(run):
    built = build(name="team-a")
    assert built.endpoint.url == "mongodb://team-a-svc.team-a.svc:27017"
    assert built.version == "8.0.32"
    connection = run(lambda: dict(build(name="shop", database="orders", availability="zonal").connection)).result
    members = ",".join(f"shop-{number}.shop-svc.shop.svc.cluster.local:27017" for number in range(3))
    assert connection == {
        "type": "mongodb",
        "host": "shop-svc.shop.svc.cluster.local",
        "port": "27017",
        "database": "orders",
        "username": "app",
        "password": "secret-of-owner",
        "uri": f"mongodb://app:secret-of-owner@{members}/orders?authSource=admin&replicaSet=shop&tls=true",
    }


def status(**changed):
    (found,) = build(availability="zonal").custom_resources
    running = {"phase": "Running", "currentMongoDBMembers": 3, "version": "8.0.32"}
    return {**found, "metadata": {**found["metadata"], "generation": 2}, "status": running | changed}


@pytest.mark.parametrize(
    ("changed", "ready"),
    [
        ({}, True),
        ({"phase": "Pending"}, False),
        ({"currentMongoDBMembers": 1}, False),
        ({"version": "8.0.17"}, False),
    ],
)
def test_it_is_ready_when_the_status_is_that_of_these_members_and_this_version(changed, ready):
    """A phase alone may be that of before the change: its status never says which generation it is about."""
    assert engine.assess(status(**changed)).ready is ready


@hypothesis.given(
    name=strategies.from_regex(r"[a-z]([-a-z0-9]{0,28}[a-z0-9])?", fullmatch=True),
    size=strategies.sampled_from(["small", "medium", "large"]),
    overrides=strategies.builds(
        settings.MongodbOverrides,
        replicas=strategies.sampled_from([None, 1, 3, 5, 7]),
        cpu=strategies.sampled_from([None, "250m", "0.5", "16"]),
        memory=strategies.sampled_from([None, "1Gi", "1200M", "0.5Ti"]),
        storage=strategies.sampled_from([None, "5Gi", "50G", "0.5Ti"]),
    ),
)
def test_whatever_is_overridden_the_parts_fit_each_other(name, size, overrides):
    options = settings.Mongodb(service="mongodb", size=size, overrides=overrides)
    built = build(name=name, size=size, overrides=overrides, monitored_by="metrics")
    namespace, *others = everything(built)
    assert (namespace["kind"], namespace["metadata"]["name"]) == ("Namespace", name)
    assert {item["metadata"]["namespace"] for item in others} == {name}
    assert len({(item["kind"], item["metadata"]["name"]) for item in others}) == len(others)
    labels = spec(built)["statefulSet"]["spec"]["template"]["metadata"]["labels"].items()
    selectors = [one(built.shared, "PodMonitor")["spec"]["selector"]["matchLabels"]]
    selectors += [one(built.shared, "NetworkPolicy", "mongodb")["spec"]["podSelector"]["matchLabels"]]
    assert all(selector.items() <= labels for selector in selectors)
    for resource in ("cpu", "memory"):
        asked = sum(quantities.value(item["resources"]["requests"][resource]) for item in pod(built)["containers"])
        rounded = quantities.value("1m" if resource == "cpu" else "1Mi")
        assert 0 <= quantities.value(options.asked(resource)) - asked < rounded
    assert quantities.value(container(built)["resources"]["requests"]["cpu"]) > 0
    cache = spec(built)["additionalMongodConfig"]["storage.wiredTiger.engineConfig.cacheSizeGB"]
    assert cache * 2**30 < quantities.value(container(built)["resources"]["limits"]["memory"]) * 3 / 4


def test_the_same_arguments_give_objects_that_share_nothing():
    """A policy or a transform that changes one must not change another."""
    first, second = (everything(build(availability="zonal", monitored_by="metrics")) for _ in range(2))
    untouched = copy.deepcopy(second)
    spec_of_first = one(first, "MongoDBCommunity")["spec"]
    spec_of_first["statefulSet"]["spec"]["template"]["metadata"]["labels"].clear()
    for item in spec_of_first["statefulSet"]["spec"]["template"]["spec"]["initContainers"]:
        item["resources"]["requests"].clear()
    one(first, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"].clear()
    assert second == untouched == everything(build(availability="zonal", monitored_by="metrics"))
