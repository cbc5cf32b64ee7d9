"""What an Astarte is made of."""

from __future__ import annotations

import base64
import json

import pytest

from components import contracts
from components.operators import astarte_operator
from components.services import astarte
from stacks import lifecycle
from stacks.services import astarte as settings
from stacks.services import scylla
from tests.components.every_service import rendering, vendors

LOCAL = next(each for each in vendors.VENDORS if each.name == "local")


def used(name, port, **connection):
    return contracts.Used(
        name=name,
        service="any",
        options=scylla.Scylla(service="scylla", availability="zonal"),
        endpoint=contracts.Endpoint(namespace=name, service=name, port=port),
        connection={"host": f"{name}.{name}.svc", "username": "app", "password": f"p-{name}", **connection},
        authority="PEM",
    )


def build(*, entrance=False, watched="", **options):
    """All objects, by kind and name, with every value known."""
    args = contracts.ServiceArgs(
        name="my-iot",
        options=settings.Astarte.model_validate({"service": "astarte", "host": "iot.example.com", **options}),
        storage=LOCAL.storage,
        load_balancer=contracts.LoadBalancerFacts(
            public=contracts.Exposure(annotations={"who": "all"}, load_balancer_class="lb")
        ),
        keys=dict.fromkeys(("housekeeping", "realm", "devices-ca"), rendering.KEYS),
        entrance=entrance,
        uses={"rabbitmq": used("mq", 5671), "cassandra": used("db", 9042, datacenter="dc1")},
        monitored_by=watched,
    )

    def made():
        found = astarte.build(args)
        return [[*found.shared, *found.secrets, *found.custom_resources, *found.witnesses], found.connection]

    objects, connection = rendering.known(made)
    return {(item["kind"], item["metadata"]["name"]): item for item in objects}, connection


def decoded(secret):
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def test_the_operator_is_told_of_both_instances_that_it_uses():
    objects, _ = build()
    spec = objects["Astarte", "my-iot"]["spec"]
    assert spec["rabbitmq"]["connection"] == {
        "host": "mq.mq.svc",
        "port": 5671,
        "virtualHost": "/",
        "credentialsSecret": {"name": "my-iot-rabbitmq", "usernameKey": "username", "passwordKey": "password"},
        "sslConfiguration": {"enable": True, "customCASecret": {"name": "my-iot-rabbitmq-ca"}},
    }
    assert spec["cassandra"] == {
        "astarteSystemKeyspace": {
            "replicationStrategy": "NetworkTopologyStrategy",
            "dataCenterReplication": "dc1:3",
        },
        "connection": {
            "nodes": [{"host": "db.db.svc", "port": 9042}],
            "poolSize": 4,
            "enableKeepalive": True,
            "credentialsSecret": {"name": "my-iot-cassandra", "usernameKey": "username", "passwordKey": "password"},
        },
    }
    assert decoded(objects["Secret", "my-iot-rabbitmq"]) == {"username": "app", "password": "p-mq"}
    assert decoded(objects["Secret", "my-iot-cassandra"]) == {"username": "app", "password": "p-db"}
    assert decoded(objects["Secret", "my-iot-rabbitmq-ca"]) == {"ca.crt": "PEM"}


def test_no_other_astarte_of_the_cluster_has_its_id_or_its_priorities():
    spec = build()[0]["Astarte", "my-iot"]["spec"]
    assert spec["astarteInstanceID"] == "myiot"
    assert spec["features"]["astartePodPriorities"] == {"enable": False}


def test_housekeeping_makes_virtual_hosts_with_tls_and_the_broker_of_devices_goes_without():
    spec = build()[0]["Astarte", "my-iot"]["spec"]
    housekeeping = {item["name"]: item.get("value") for item in spec["components"]["housekeeping"]["additionalEnv"]}
    assert housekeeping["ASTARTE_EVENTS_AMQP_MANAGEMENT_PORT"] == "15671"
    assert housekeeping["ASTARTE_EVENTS_AMQP_MANAGEMENT_SSL_ENABLED"] == "true"
    assert housekeeping["ASTARTE_EVENTS_AMQP_MANAGEMENT_SSL_CA_FILE"] == "/rabbitmq-ssl/ca.crt"
    assert spec["vernemq"]["additionalEnv"] == [
        {"name": "DOCKER_VERNEMQ_ASTARTE_VMQ_PLUGIN__AMQP__SSL_ENABLED", "value": "false"},
        {"name": "DOCKER_VERNEMQ_ASTARTE_VMQ_PLUGIN__AMQP__PORT", "value": "5672"},
        {"name": "RPC_AMQP_CONNECTION_SSL_ENABLED", "value": "false"},
        {"name": "RPC_AMQP_CONNECTION_PORT", "value": "5672"},
    ]


def test_it_is_waited_for_by_health_phase_and_version():
    annotations = build()[0]["Astarte", "my-iot"]["metadata"]["annotations"]
    assert json.loads(annotations["pulumi.com/waitFor"]) == [
        "jsonpath={.status.health}=green",
        "jsonpath={.status.phase}=Reconciled",
        "jsonpath={.status.astarteVersion}=1.3.3",
    ]


def test_its_namespace_is_a_client_of_both():
    labels = build()[0]["Namespace", "my-iot"]["metadata"]["labels"]
    assert {key: value for key, value in labels.items() if key.startswith("client-of")} == {
        "client-of.paasport.dev/mq": "true",
        "client-of.paasport.dev/db": "true",
    }
    assert "paasport.dev/ingress" not in labels
    assert labels["pod-security.kubernetes.io/enforce"] == "baseline"


def test_it_reaches_what_it_uses_and_the_network_of_nobody_else():
    egress = build()[0]["NetworkPolicy", "my-iot"]["spec"]["egress"]
    named = [
        (rule["to"][0]["namespaceSelector"]["matchLabels"], [port["port"] for port in rule["ports"]])
        for rule in egress
        if "namespaceSelector" in rule.get("to", [{}])[0]
    ]
    assert named == [
        ({"kubernetes.io/metadata.name": "mq"}, [5671, 5672, 15671]),
        ({"kubernetes.io/metadata.name": "db"}, [9042]),
    ]


def test_several_are_in_zones_and_one_goes_before_another_comes():
    objects, _ = build(availability="zonal")
    spec = objects["Astarte", "my-iot"]["spec"]
    assert spec["deploymentStrategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    assert spec["vernemq"]["replicas"] == spec["components"]["appengineApi"]["replicas"] == 3
    assert spec["components"]["triggerEngine"] == {"replicas": 1}
    (term,) = spec["components"]["appengineApi"]["customAffinity"]["podAntiAffinity"][
        "requiredDuringSchedulingIgnoredDuringExecution"
    ]
    assert term == {
        "labelSelector": {"matchLabels": {"app": "my-iot-appengine-api"}},
        "topologyKey": "topology.kubernetes.io/zone",
    }
    assert len([name for kind, name in objects if kind == "PodDisruptionBudget"]) == 6
    assert not [name for kind, name in build()[0] if kind == "PodDisruptionBudget"]


def test_the_entrance_leads_to_apis_with_the_first_part_of_the_path_cut_off():
    objects, connection = build(entrance=True)
    route = objects["HTTPRoute", "api"]["spec"]
    assert route["hostnames"] == ["api.iot.example.com"]
    assert [
        (rule["matches"][0]["path"]["value"], rule["backendRefs"][0]["name"], rule["backendRefs"][0]["port"])
        for rule in route["rules"]
    ] == [
        ("/appengine", "my-iot-appengine-api", 4000),
        ("/housekeeping", "my-iot-housekeeping", 4000),
        ("/pairing", "my-iot-pairing", 4000),
        ("/realmmanagement", "my-iot-realm-management", 4000),
    ]
    assert objects["Namespace", "my-iot"]["metadata"]["labels"]["paasport.dev/ingress"] == "true"
    assert connection["api"] == "http://api.iot.example.com"
    assert ("HTTPRoute", "dashboard") not in build(entrance=True, dashboard=False)[0]


def test_without_an_entrance_it_is_inside_the_cluster_only():
    objects, connection = build()
    assert not [name for kind, name in objects if kind == "HTTPRoute"]
    assert connection["api"] == "http://my-iot-appengine-api.my-iot.svc:4000"
    assert objects["Service", "my-iot-broker"]["spec"]["type"] == "ClusterIP"
    assert ("NetworkPolicy", "devices") not in objects


def test_a_broker_for_everybody_has_a_load_balancer_as_the_vendor_wants_it_asked_for():
    objects, _ = build(broker="public")
    service = objects["Service", "my-iot-broker"]
    assert service["metadata"]["annotations"] == {"who": "all"}
    assert service["spec"]["type"] == "LoadBalancer"
    assert service["spec"]["loadBalancerClass"] == "lb"
    policy = objects["NetworkPolicy", "devices"]["spec"]
    assert policy["podSelector"] == {"matchLabels": {"app": "my-iot-vernemq"}}
    assert policy["ingress"] == [{"ports": [{"protocol": "TCP", "port": 8883}]}]


def test_keys_are_there_in_both_halves_before_the_operator_looks():
    objects, _ = build()
    assert decoded(objects["Secret", "my-iot-housekeeping-private-key"]) == {"private-key": rendering.KEYS.private}
    assert decoded(objects["Secret", "my-iot-housekeeping-public-key"]) == {"public-key": "public half"}
    authority = objects["Secret", "my-iot-devices-ca"]
    assert (authority["type"], decoded(authority)["tls.crt"]) == ("kubernetes.io/tls", "public half")


def test_the_first_realm_is_asked_for_with_copies_as_the_database_has_nodes():
    objects, connection = build(realm="test")
    request = decoded(objects["Secret", "my-iot-realm-test"])
    assert json.loads(request["realm.json"]) == {
        "data": {
            "realm_name": "test",
            "jwt_public_key_pem": "public half",
            "replication_class": "NetworkTopologyStrategy",
            "datacenter_replication_factors": {"dc1": 3},
        }
    }
    assert request["curl.conf"].startswith('header = "Authorization: Bearer ey')
    pod = objects["Job", "my-iot-realm-test"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "docker.io/curlimages/curl:8.18.0"
    assert (connection["realm"], connection["realm-private-key"]) == ("test", rendering.KEYS.private)
    assert not [name for kind, name in build()[0] if kind == "Job"]


@pytest.mark.parametrize("watched", ["", "metrics"])
def test_a_prometheus_is_let_in_where_one_watches(watched):
    objects, _ = build(watched=watched)
    assert (("PodMonitor", "my-iot") in objects) is bool(watched)


def with_realm(name):
    return build(realm=name)[0]["Astarte", "my-iot"]


@pytest.mark.parametrize(("before", "after"), [(None, "fleet"), ("fleet", "fleet"), ("fleet", None)])
def test_a_realm_can_be_asked_for_and_be_left_out(before, after):
    rules = astarte_operator.ASTARTE.rules
    verdict = lifecycle.judged(rules, instance="iot", before=with_realm(before), after=with_realm(after))
    assert verdict.problems == ()


def test_another_name_for_the_realm_is_refused_because_it_would_be_a_second_one():
    rules = astarte_operator.ASTARTE.rules
    verdict = lifecycle.judged(rules, instance="iot", before=with_realm("test"), after=with_realm("fleet"))
    (problem,) = verdict.problems
    assert problem.what == "the realm of iot is test, and fleet is asked for"
    assert "a second one would come beside it" in problem.why
    assert "astartectl housekeeping realms create" in problem.next


def test_what_is_lost_and_what_never_changes_is_known():
    kind = astarte_operator.ASTARTE
    assert kind.volumes_when_deleted == "deleted"
    assert kind.loses
    assert {rule.path for rule in kind.rules.fixed} == {
        '.metadata.annotations["paasport.dev/realm"]',
        ".spec.astarteInstanceID",
        ".spec.cassandra.astarteSystemKeyspace.dataCenterReplication",
        ".spec.vernemq.storage.className",
    }
