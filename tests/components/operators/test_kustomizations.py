"""Plain files of an operator, put together as its kustomization would; and what two operators add to that."""

from __future__ import annotations

import copy

import pytest
import yaml

from components.operators import cass_operator, k8ssandra_operator, kustomizations

FILES = """
apiVersion: v1
kind: Namespace
metadata: {name: system}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: controller-manager}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: manager-role, namespace: elsewhere}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: manager-rolebinding}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: manager-role}
subjects: [{kind: ServiceAccount, name: controller-manager}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: leader-election-role}
rules: []
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: my-operator, namespace: system}
spec:
  template:
    spec:
      serviceAccountName: controller-manager
      containers: [{name: manager, image: "controller:latest", args: [--leader-elect]}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: validating-webhook-configuration}
webhooks: [{name: v, clientConfig: {service: {name: webhook-service, namespace: system, path: /v}}}]
---
apiVersion: v1
kind: Service
metadata: {name: webhook-service, namespace: system}
spec: {ports: [{port: 443, targetPort: 9443}]}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: serving-cert, namespace: system}
spec:
  dnsNames: [SERVICE_NAME.SERVICE_NAMESPACE.svc, $(SERVICE_NAME_K8S).$(SERVICE_NAMESPACE_K8S).svc.cluster.local]
  issuerRef: {kind: Issuer, name: selfsigned-issuer}
  secretName: webhook-server-cert
"""
RELEASE = list(yaml.safe_load_all(FILES))


@pytest.fixture
def made():
    return kustomizations.composed(RELEASE, name="my-operator")


def one(manifests, kind, name):
    (found,) = [item for item in manifests if (item["kind"], item["metadata"]["name"]) == (kind, name)]
    return found


def test_names_begin_with_the_operators_and_are_not_given_twice(made):
    assert [(item["kind"], item["metadata"]["name"]) for item in made] == [
        ("ServiceAccount", "my-operator-controller-manager"),
        ("Role", "my-operator-manager-role"),
        ("RoleBinding", "my-operator-manager-rolebinding"),
        ("Role", "my-operator-leader-election-role"),
        ("Deployment", "my-operator"),
        ("ValidatingWebhookConfiguration", "my-operator-validating-webhook-configuration"),
        ("Service", "my-operator-webhook-service"),
        ("Certificate", "my-operator-serving-cert"),
    ]


def test_everything_refers_to_the_names_that_there_are(made):
    binding = one(made, "RoleBinding", "my-operator-manager-rolebinding")
    assert binding["roleRef"]["name"] == "my-operator-manager-role"
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "my-operator-controller-manager", "namespace": "my-operator"}
    ]
    pod = one(made, "Deployment", "my-operator")["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "my-operator-controller-manager"
    certificate = one(made, "Certificate", "my-operator-serving-cert")["spec"]
    assert certificate["issuerRef"]["name"] == "my-operator-selfsigned-issuer"
    assert certificate["secretName"] == "webhook-server-cert"


def test_webhooks_are_served_by_the_operators_service_under_the_names_of_its_certificate(made):
    configuration = one(made, "ValidatingWebhookConfiguration", "my-operator-validating-webhook-configuration")
    (hook,) = configuration["webhooks"]
    assert hook["clientConfig"]["service"] == {
        "name": "my-operator-webhook-service",
        "namespace": "my-operator",
        "path": "/v",
    }
    assert configuration["metadata"]["annotations"] == {
        "cert-manager.io/inject-ca-from": "my-operator/my-operator-serving-cert"
    }
    assert one(made, "Certificate", "my-operator-serving-cert")["spec"]["dnsNames"] == [
        "my-operator-webhook-service.my-operator.svc",
        "my-operator-webhook-service.my-operator.svc.cluster.local",
    ]


def test_rights_for_all_namespaces_are_those_of_one_role_and_no_others(made):
    kustomizations.for_all_namespaces(made, role="my-operator-manager-role", granted="my-operator-everywhere")
    role = one(made, "ClusterRole", "my-operator-everywhere")
    assert role["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    binding = one(made, "ClusterRoleBinding", "my-operator-manager-rolebinding")
    assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == ("ClusterRole", "my-operator-everywhere")
    assert "namespace" not in role["metadata"] | binding["metadata"]
    assert one(made, "Role", "my-operator-leader-election-role")["metadata"]["namespace"] == "my-operator"


def test_a_container_finds_the_certificate_where_its_port_is(made):
    deployment = one(made, "Deployment", "my-operator")
    kustomizations.with_webhooks(deployment, secret="webhook-server-cert")
    pod = deployment["spec"]["template"]["spec"]
    assert pod["volumes"] == [{"name": "webhook-certs", "secret": {"secretName": "webhook-server-cert"}}]
    (container,) = pod["containers"]
    assert container["volumeMounts"] == [
        {"name": "webhook-certs", "mountPath": "/tmp/k8s-webhook-server/serving-certs", "readOnly": True}
    ]
    assert container["ports"] == [{"name": "webhook-server", "containerPort": 9443, "protocol": "TCP"}]


def test_files_are_copied_and_not_changed():
    before = copy.deepcopy(RELEASE)
    kustomizations.composed(RELEASE, name="my-operator")
    assert before == RELEASE


@pytest.mark.parametrize(
    ("operator", "images"),
    [
        (cass_operator, {"docker.io/k8ssandra/system-logger:v1.30.3", "docker.io/k8ssandra/k8ssandra-client:v0.8.14"}),
        (
            k8ssandra_operator,
            {
                "docker.io/k8ssandra/k8ssandra-client:v0.8.14",
                "docker.io/k8ssandra/medusa:0.29.1",
                "docker.io/thelastpickle/cassandra-reaper:5.0.0",
            },
        ),
    ],
)
def test_operators_of_cassandra_start_the_images_that_are_listed(operator, images):
    (registry,) = [item for item in operator.manifests([]) if item["kind"] == "ConfigMap"]
    assert registry["metadata"]["labels"]["k8ssandra.io/config"] == "image"
    config = yaml.safe_load(registry["data"]["image_config.yaml"])
    own = config["images"].values()
    assert {f"{config['defaults']['registry']}/{one['repository']}/{one['name']}:{one['tag']}" for one in own} == images


def test_no_webhook_stands_between_a_node_of_cassandra_and_its_pod():
    """It fails closed, so that nodes could not be made again while k8ssandra-operator is away."""
    release = [
        {"apiVersion": "v1", "kind": kind, "metadata": {"name": kind.lower()}, "webhooks": []}
        for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
    ]
    kinds = [item["kind"] for item in k8ssandra_operator.manifests(release)]
    assert "MutatingWebhookConfiguration" not in kinds
    assert "ValidatingWebhookConfiguration" in kinds
