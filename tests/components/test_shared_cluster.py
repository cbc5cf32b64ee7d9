"""A stack on a cluster that others use too: what is there is neither made nor waited for, and still relied on."""

from __future__ import annotations

import pytest

from components import platform
from components.operators import catalogue
from stacks import settings, shared
from stacks.services import cassandra, etcd, mongodb, postgresql, prometheus, rabbitmq, scylla

GROUP = "kubernetes:yaml/v2:ConfigGroup"
PROMETHEUS = "kubernetes:monitoring.coreos.com/v1:Prometheus"
POSTGRESQL = "kubernetes:postgresql.cnpg.io/v1:Cluster"
RABBITMQ = "kubernetes:rabbitmq.com/v1beta1:RabbitmqCluster"

ALL = tuple(sorted(catalogue.OPERATORS))
METRICS = prometheus.Prometheus(service="prometheus")


def deployed(*, services, operators=ALL, **has):
    contents = shared.Contents(operators=operators, **has)
    wanted = settings.Settings(cluster=settings.LocalCluster(vendor="local", has=contents), services=services)
    return lambda: platform.Platform("paasport", wanted).outputs()


def objects(program, name):
    return {(item["kind"], item["metadata"]["name"]): item for item in program.one(GROUP, name).inputs["objs"]}


def test_operators_that_are_there_are_not_installed_and_nothing_waits_for_them(run, control_plane_file):
    program = run(deployed(services={"metrics": METRICS}))
    assert [item.type for item in program.registrations if "operators" in item.type] == []
    group = program.one(GROUP, "metrics")
    assert group.dependencies == {
        item.urn for item in program.registrations if item.type == "pulumi:providers:kubernetes"
    } | {program.one(GROUP, "local-dev-storage").urn}
    assert program.one(PROMETHEUS, "metrics").dependencies >= {group.urn}


def test_others_are_installed_beside_them(run, control_plane_file):
    program = run(deployed(services={"metrics": METRICS}, operators=("cert-manager",)))
    assert [item.name for item in program.registrations if item.type == "paasport:operators:Operator"] == [
        "prometheus-operator"
    ]


@pytest.mark.parametrize("there", [False, True])
def test_storage_classes_are_made_unless_they_are_there(run, control_plane_file, there):
    program = run(deployed(services={"metrics": METRICS}, storage_classes=there))
    assert [item.name for item in program.registrations if item.type == GROUP] == (
        ["metrics"] if there else ["local-dev-storage", "metrics"]
    )
    claim = program.one(PROMETHEUS, "metrics").inputs["spec"]["storage"]["volumeClaimTemplate"]
    assert claim["spec"]["storageClassName"] == "paasport-ssd-retain"


def test_a_prometheus_needs_nothing_that_only_our_own_operator_brings(run, control_plane_file):
    program = run(deployed(services={"metrics": METRICS, "docs": mongodb.Mongodb(service="mongodb")}))
    for instance, name in (("metrics", "prometheus"), ("docs", "metrics-scrape")):
        made = objects(program, instance)
        assert made["RoleBinding", name]["roleRef"] == {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "Role",
            "name": name,
        }
        assert made["Role", name]["rules"][0]["resources"] == ["pods", "services"]


@pytest.mark.parametrize(
    ("options", "operator", "usual"),
    [
        (cassandra.Cassandra(service="cassandra"), "cass-operator", "cass-operator"),
        (cassandra.Cassandra(service="cassandra"), "k8ssandra-operator", "k8ssandra-operator"),
        (etcd.Etcd(service="etcd"), "etcd-operator", "etcd-operator"),
        (postgresql.Postgresql(service="postgresql"), "cloudnative-pg", "cnpg-system"),
        (rabbitmq.Rabbitmq(service="rabbitmq"), "rabbitmq-cluster-operator", "rabbitmq-system"),
        (scylla.Scylla(service="scylla", nodes="shared"), "scylla-operator", "scylla-operator"),
    ],
    ids=["cass-operator", "k8ssandra-operator", "etcd", "postgresql", "rabbitmq", "scylla"],
)
def test_an_operator_is_let_in_from_where_it_lives(run, control_plane_file, options, operator, usual):
    def namespaces(program):
        return {
            peer["namespaceSelector"]["matchLabels"].get("kubernetes.io/metadata.name")
            for (kind, _), item in objects(program, "shop").items()
            if kind == "NetworkPolicy"
            for rule in item["spec"].get("ingress", ())
            for peer in rule.get("from", ())
            if "namespaceSelector" in peer
        }

    moved = run(deployed(services={"shop": options}, operator_namespaces={operator: "ops"}))
    assert "ops" in namespaces(moved)
    assert usual not in namespaces(moved)
    assert usual in namespaces(run(deployed(services={"shop": options})))


def test_two_instances_of_each_service_share_nothing_but_operators_and_classes(run, control_plane_file):
    services = {
        "shop": postgresql.Postgresql(service="postgresql", monitored_by="eyes"),
        "stock": postgresql.Postgresql(service="postgresql", monitored_by="ears"),
        "orders": rabbitmq.Rabbitmq(service="rabbitmq", monitored_by="eyes"),
        "mails": rabbitmq.Rabbitmq(service="rabbitmq", monitored_by="ears"),
        "eyes": METRICS,
        "ears": METRICS,
    }
    program = run(deployed(services=services))
    assert sorted(item.name for item in program.registrations if item.type == POSTGRESQL) == ["shop", "stock"]
    assert sorted(item.name for item in program.registrations if item.type == RABBITMQ) == ["mails", "orders"]
    assert sorted(item.name for item in program.registrations if item.type == PROMETHEUS) == ["ears", "eyes"]
    owners = {}
    for name in services:
        for item in program.one(GROUP, name).inputs["objs"]:
            namespace = item["metadata"].get("namespace", item["metadata"]["name"])
            assert namespace == name
            identity = (item["kind"], namespace, item["metadata"]["name"])
            assert identity not in owners, identity
            owners[identity] = name


def test_each_prometheus_watches_what_names_it_and_nothing_else(run, control_plane_file):
    services = {
        "shop": postgresql.Postgresql(service="postgresql", monitored_by="eyes"),
        "stock": postgresql.Postgresql(service="postgresql", monitored_by="ears"),
        "eyes": METRICS,
        "ears": METRICS,
    }
    program = run(deployed(services=services))
    label = "paasport.dev/monitored-by"
    labels = {name: objects(program, name)["Namespace", name]["metadata"]["labels"][label] for name in services}
    assert labels == {"shop": "eyes", "stock": "ears", "eyes": "eyes", "ears": "ears"}
    for name in ("eyes", "ears"):
        spec = program.one(PROMETHEUS, name).inputs["spec"]
        assert spec["podMonitorNamespaceSelector"] == {"matchLabels": {label: name}}
        assert spec["ruleNamespaceSelector"] == {"matchLabels": {label: name}}
    assert ("RoleBinding", "eyes-scrape") in objects(program, "shop")
    assert ("RoleBinding", "ears-scrape") not in objects(program, "shop")
