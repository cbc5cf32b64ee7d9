"""What becomes of a RabbitMQ in a stack file: the exact objects, written by hand in `expected/`."""

from __future__ import annotations

import base64

import pytest

from components.operators import rabbitmq_cluster_operator
from tests.components.rabbitmq_objects import (
    CLIENTS,
    EXPORTS,
    LABELS,
    NIGHTLY,
    NODES,
    OPERATOR,
    alerts,
    build,
    everything,
    let_in,
    overridden,
)
from tests.components.service_objects import PROMETHEUS, expected, one, spec


@pytest.fixture
def saved(run):
    """All objects of an instance with backups."""

    def made(**options):
        return run(lambda: everything(build(backups=NIGHTLY, **options))).result

    return made


def test_small_and_single():
    assert everything(build()) == expected("rabbitmq-small-single.yaml")


def test_large_and_zonal():
    budget, annotations, of_spec = expected("rabbitmq-large-zonal.yaml")
    *shared, user, wanted = expected("rabbitmq-small-single.yaml")
    wanted["metadata"]["annotations"] = annotations
    wanted["spec"] |= of_spec
    assert everything(build(size="large", availability="zonal")) == [*shared, budget, user, wanted]


@pytest.mark.parametrize(
    ("override", "found", "value"),
    [
        ({"replicas": 5}, lambda of: of["replicas"], 5),
        ({"version": "4.3.2"}, lambda of: of["image"], "docker.io/library/rabbitmq:4.3.2-management"),
        (
            {"cpu": "2"},
            lambda of: of["resources"],
            {"requests": {"cpu": "2", "memory": "2Gi"}, "limits": {"memory": "2Gi"}},
        ),
        ({"memory": "4Gi"}, lambda of: of["resources"]["limits"], {"memory": "4Gi"}),
        ({"memory": "4Gi"}, lambda of: of["resources"]["requests"]["memory"], "4Gi"),
        ({"storage": "50G"}, lambda of: of["persistence"]["storage"], "50G"),
    ],
)
def test_an_override_takes_the_place_of_the_sizes_own(override, found, value):
    assert found(spec(overridden(**override))) == value


@pytest.mark.parametrize(("memory", "free"), [("1Gi", 2**30), ("1500M", 1_500_000_000), ("1.5Gi", 3 * 2**29)])
def test_as_much_as_the_memory_stays_free_on_disk(memory, free):
    configuration = spec(overridden(memory=memory))["rabbitmq"]["additionalConfig"]
    assert f"disk_free_limit.absolute = {free}\n" in configuration


def test_a_node_that_is_alone_does_not_wait_for_others_before_it_stops():
    assert spec(build())["terminationGracePeriodSeconds"] == 60
    assert spec(overridden(replicas=3))["terminationGracePeriodSeconds"] == 900
    assert spec(build(availability="zonal"))["terminationGracePeriodSeconds"] == 900


def test_several_nodes_without_zones_are_spread_over_hosts_and_get_a_budget():
    built = overridden(replicas=3)
    pod = spec(built)["override"]["statefulSet"]["spec"]["template"]["spec"]
    (constraint,) = pod["topologySpreadConstraints"]
    assert (constraint["topologyKey"], constraint["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "ScheduleAnyway")
    assert one(built.shared, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def test_a_single_node_has_no_budget_that_would_block_a_hosts_upgrade():
    assert "PodDisruptionBudget" not in [item["kind"] for item in build().shared]
    assert "override" not in spec(build())


def test_protocols_are_a_plugin_and_a_port_each():
    built = build(protocols=("mqtt", "stream"))
    assert spec(built)["rabbitmq"]["additionalPlugins"] == ["rabbitmq_mqtt", "rabbitmq_stream"]
    assert let_in(built.shared, 8883) == let_in(built.shared, 5551) == [CLIENTS]
    assert let_in(built.shared, 61614) == []
    assert (built.connection["mqtt-port"], built.connection["stream-port"]) == ("8883", "5551")


def test_without_protocols_amqp_alone_is_spoken():
    assert "additionalPlugins" not in spec(build())["rabbitmq"]
    assert let_in(build().shared, 8883) == []


@pytest.mark.parametrize("port", [1883, 5672, 15672, 15692, 61613])
def test_nothing_is_served_without_tls(port):
    built = build(protocols=("mqtt", "stomp", "stream"), monitored_by="metrics")
    assert spec(built)["tls"]["disableNonTLSListeners"] is True
    assert let_in(built.shared, port) == []


def test_unencrypted_lets_clients_speak_amqp_without_tls_besides_and_nothing_else():
    built = build(unencrypted=True, protocols=("mqtt",), monitored_by="metrics")
    assert spec(built)["tls"]["disableNonTLSListeners"] is False
    assert let_in(built.shared, 5672) == let_in(built.shared, 5671) == [CLIENTS]
    assert [let_in(built.shared, port) for port in (1883, 15672, 15692, 61613)] == [[], [], [], []]


def test_clients_and_who_has_to_administrate_get_in_and_nobody_else():
    built = build()
    assert let_in(built.shared, 5671) == [CLIENTS]
    assert let_in(built.shared, 15671) == [OPERATOR, CLIENTS]
    assert let_in(built.shared, 25672) == [NODES]
    assert let_in(built.shared, 15691) == []


def test_the_operator_may_go_out_to_what_nodes_let_it_into():
    """Else each change would take minutes: the operator's client has no time limit of its own."""
    (policy,) = [item for item in rabbitmq_cluster_operator.manifests([]) if item["kind"] == "NetworkPolicy"]
    assert {"ports": [{"protocol": "TCP", "port": 15671}]} in policy["spec"]["egress"]
    assert policy["spec"]["podSelector"]["matchLabels"] == OPERATOR["podSelector"]["matchLabels"]
    assert policy["metadata"]["namespace"] == "rabbitmq-system"


@pytest.mark.parametrize(
    "asked",
    [
        "mq.mq.svc",  # clients, exports of definitions, Prometheus
        "*.mq-nodes.mq.svc",  # the operator, node by node
        "*.mq-nodes.mq",  # clients of streams, which nodes tell their own names
        "localhost",  # a person's forwarded port
    ],
)
def test_the_certificate_has_every_name_that_nodes_are_asked_by(asked):
    assert asked in one(build(availability="zonal").shared, "Certificate", "mq-tls")["spec"]["dnsNames"]


def test_the_operator_can_trust_the_nodes_certificate():
    """It takes the authority from `caSecretName` alone: client.go at tag v2.22.3."""
    assert spec(build())["tls"]["caSecretName"] == "mq-tls"


def test_the_user_is_kept_where_the_operator_looks_for_it():
    """By a fixed name, whatever `externalSecret` says; without its labels it would write them: same tag."""
    built = build(name="broker")
    (user,) = built.secrets
    assert user["metadata"]["name"] == "broker-default-user"
    assert spec(built)["secretBackend"] == {"externalSecret": {"name": "broker-default-user"}}
    assert user["metadata"]["labels"]["app.kubernetes.io/part-of"] == "rabbitmq"


def test_metrics_are_read_encrypted_from_every_node():
    built = build(monitored_by="metrics")
    assert let_in(built.shared, 15691) == [PROMETHEUS]
    monitor = one(built.shared, "PodMonitor")["spec"]
    assert monitor == {
        "selector": {"matchLabels": LABELS},
        "podMetricsEndpoints": [
            {
                "port": "prometheus-tls",
                "scheme": "https",
                "tlsConfig": {"ca": {"secret": {"name": "mq-tls", "key": "ca.crt"}}, "serverName": "mq.mq.svc"},
            }
        ],
    }


def test_nothing_is_told_where_nobody_watches():
    assert {"PodMonitor", "PrometheusRule"}.isdisjoint(item["kind"] for item in build().shared)


def test_alerts_know_how_many_nodes_there_are_and_how_many_must_agree():
    of_three, of_one = alerts(availability="zonal"), alerts()
    assert of_three["RabbitmqQuorumLost"] == '(sum(up{job="mq/mq"}) or vector(0)) < 2'
    assert of_three["RabbitmqNodeDown"] == '(sum(up{job="mq/mq"}) or vector(0)) < 3'
    assert of_one["RabbitmqQuorumLost"] == '(sum(up{job="mq/mq"}) or vector(0)) < 1'
    assert {*of_three} - {*of_one} == {"RabbitmqNodeDown", "RabbitmqNodesApart"}


def test_a_disk_is_told_of_before_publishers_are_stopped():
    assert alerts()["RabbitmqDiskAlmostFull"] == (
        'rabbitmq_disk_space_available_bytes{job="mq/mq"} < 1.5 * rabbitmq_disk_space_available_limit_bytes{job="mq/mq"}'
    )


def test_definitions_are_exported_through_the_management_api(saved):
    found = saved()
    job = one(found, "CronJob")["spec"]
    assert job["schedule"] == "30 1 * * *"
    (dump,) = job["jobTemplate"]["spec"]["template"]["spec"]["initContainers"]
    assert dump["image"] == "docker.io/curlimages/curl:8.18.0"
    assert dump["command"] == [
        "curl",
        "--config",
        "/settings/curl.conf",
        "--cacert",
        "/authority/ca.crt",
        "--fail",
        "--silent",
        "--show-error",
        "--retry",
        "5",
        "--retry-connrefused",
        "--output",
        "/backup/definitions.json",
        "https://mq.mq.svc:15671/api/definitions",
    ]
    assert let_in(found, 15671) == [OPERATOR, EXPORTS, CLIENTS]


def test_an_export_has_no_password_in_its_command_and_no_nodes_key(saved):
    found = saved()
    template = one(found, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    volumes = {item["name"]: item["secret"] for item in template["volumes"] if "secret" in item}
    assert volumes == {
        "settings": {"secretName": "mq-backup", "items": [{"key": "curl.conf", "path": "curl.conf"}]},
        "authority": {"secretName": "mq-tls", "items": [{"key": "ca.crt", "path": "ca.crt"}]},
    }
    encoded = one(found, "Secret", "mq-backup")["data"]["curl.conf"]
    assert base64.b64decode(encoded).decode() == 'user = "app:secret"\n'


def test_pods_that_export_are_not_taken_for_nodes(saved):
    """The operator's Services and StatefulSet select by the instance's name alone."""
    labels = one(saved(), "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
    assert labels["app.kubernetes.io/name"] == "backup"
    assert not LABELS.items() <= labels.items()


def leaves(value, path=""):
    """Every plain value with the path to it."""
    if isinstance(value, dict):
        return {key: leaf for name, item in value.items() for key, leaf in leaves(item, f"{path}/{name}").items()}
    if isinstance(value, list):
        return {key: leaf for at, item in enumerate(value) for key, leaf in leaves(item, f"{path}/{at}").items()}
    return {path: value}


@pytest.mark.parametrize("protocol", ["gcs", "azure"])
def test_vendors_differ_in_who_may_write_where_and_in_nothing_else(saved, protocol):
    """The copying container's settings and the marks of its identity: all that a store's protocol changes."""
    s3, other = saved(monitored_by="metrics"), saved(protocol=protocol, monitored_by="metrics")

    def differing(kinds):
        here, there = (leaves([item for item in found if item["kind"] in kinds]) for found in (s3, other))
        return {path for path in here.keys() | there.keys() if here.get(path) != there.get(path)}

    assert differing({item["kind"] for item in s3} - {"ServiceAccount", "CronJob"}) == set()
    assert differing({"ServiceAccount"}) == {"/0/metadata/annotations/role"}
    pods = "/0/spec/jobTemplate/spec/template"
    of_job = {path for path in differing({"CronJob"}) if not path.startswith(f"{pods}/spec/containers/0/env/")}
    assert of_job == {f"{pods}/metadata/labels/identity"}
