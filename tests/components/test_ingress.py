"""The cluster's entrance: what its objects say, whatever the vendor's load balancer wants to be told."""

from __future__ import annotations

from components import contracts, ingress
from components.operators import bundles, contour


def by_kind(manifests):
    return {manifest["kind"]: manifest for manifest in manifests}


def test_the_load_balancer_is_asked_for_as_the_cluster_s_facts_say():
    exposure = contracts.Exposure(annotations={"example.com/internal": "true"})
    objects = by_kind(ingress.manifests(exposure))
    assert objects["ContourDeployment"]["spec"]["envoy"]["networkPublishing"] == {
        "type": "LoadBalancerService",
        "serviceAnnotations": {"example.com/internal": "true"},
    }


def test_source_ranges_reach_the_load_balancer():
    facts = contracts.LoadBalancerFacts(public=contracts.Exposure(annotations={"example.com/public": "true"}))
    exposure = facts.service(contracts.Scheme.PUBLIC, source_ranges=("192.0.2.0/24", "198.51.100.0/24"))
    objects = by_kind(ingress.manifests(exposure))
    annotations = objects["ContourDeployment"]["spec"]["envoy"]["networkPublishing"]["serviceAnnotations"]
    assert annotations == {
        "example.com/public": "true",
        "service.beta.kubernetes.io/load-balancer-source-ranges": "192.0.2.0/24,198.51.100.0/24",
    }


def test_only_namespaces_that_ask_for_it_may_attach_routes():
    gateway = by_kind(ingress.manifests(contracts.Exposure()))["Gateway"]
    assert gateway["spec"]["listeners"] == [
        {
            "name": "http",
            "protocol": "HTTP",
            "port": 80,
            "allowedRoutes": {
                "namespaces": {"from": "Selector", "selector": {"matchLabels": {"paasport.dev/ingress": "true"}}}
            },
        }
    ]


def test_the_gateway_is_served_by_the_controller_that_is_installed():
    objects = by_kind(ingress.manifests(contracts.Exposure()))
    assert objects["GatewayClass"]["spec"]["controllerName"] == "projectcontour.io/gateway-controller"
    assert objects["Gateway"]["spec"]["gatewayClassName"] == objects["GatewayClass"]["metadata"]["name"] == "ingress"
    assert objects["GatewayClass"]["spec"]["parametersRef"] == {
        "group": "projectcontour.io",
        "kind": "ContourDeployment",
        "namespace": "ingress",
        "name": "ingress",
    }


RELEASE = """
apiVersion: v1
kind: Namespace
metadata: {name: projectcontour}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: contour-gateway-provisioner, namespace: projectcontour}
spec:
  template:
    spec:
      containers:
        - {name: contour-gateway-provisioner, image: contour, resources: {requests: {cpu: 100m}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: contour-gateway-provisioner}
subjects: [{kind: ServiceAccount, name: contour-gateway-provisioner, namespace: projectcontour}]
"""


def test_the_controller_lives_in_its_operator_s_namespace_and_passes_its_pod_security():
    objects = by_kind(contour.manifests(bundles.objects(RELEASE)))
    assert "Namespace" not in objects
    assert objects["ClusterRoleBinding"]["subjects"][0]["namespace"] == "contour"
    deployment = objects["Deployment"]
    assert deployment["metadata"]["namespace"] == "contour"
    pod = deployment["spec"]["template"]["spec"]
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65534,
        "runAsGroup": 65534,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
