"""The cluster's entrance for HTTP: one Gateway, behind the vendor's load balancer as its facts say to ask for it.

A namespace may attach routes to it by the label `paasport.dev/ingress: "true"`, so that its owner decides.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

import pulumi

from components import contracts, isolation, registration
from components.clusters import provider
from components.operators import contour

NAME: Final = "ingress"
"""Of its namespace, its Gateway and all that belongs to it."""
MEMBERSHIP: Final = "paasport.dev/ingress"
_REPLICAS: Final = 2
_HTTP: Final = {"ports": [{"protocol": "TCP", "port": 8080}, {"protocol": "TCP", "port": 8443}]}
"""Where Envoy listens behind its Service."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class IngressArgs:
    """Who may reach it, on which cluster, and after what."""

    cluster: contracts.ClusterFacts
    controller: pulumi.Resource
    """The installed operator that makes Gateways real."""
    scheme: contracts.Scheme
    source_ranges: Sequence[str] = ()
    """Networks that may reach it; none means all."""


class Ingress(pulumi.ComponentResource):
    """The Gateway, registered.

    Nothing waits for its address: that comes from the vendor's load balancer minutes later, and no service needs it.
    """

    def __init__(self, name: str, args: IngressArgs, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("paasport:index:Ingress", name, None, provider.with_provider(args.cluster, opts))
        registration.group(
            name,
            manifests(args.cluster.load_balancer.service(args.scheme, source_ranges=args.source_ranges)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.cluster.ready, args.controller]),
        )
        self.register_outputs({"gateway": f"{NAME}/{NAME}"})


def manifests(exposure: contracts.Exposure) -> list[contracts.Manifest]:
    """All objects of the entrance. Pure.

    A load-balancer class can't be given, because Contour has no setting for it: where the vendor has several
    controllers for Services, its default one is asked by the annotations.
    """
    return [_namespace(), _network_policy(), _deployment(exposure), _class(), _gateway()]


def _namespace() -> contracts.Manifest:
    manifest = isolation.namespace(NAME)
    # What Contour provisions here names no seccomp profile and drops no capability, so `restricted` would refuse it.
    manifest["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "baseline"
    return manifest


def _network_policy() -> contracts.Manifest:
    return isolation.network_policy(
        NAME,
        namespace=NAME,
        pods={},
        ingress=[_HTTP, {"from": [{"podSelector": {}}]}],
        # To wherever routes lead: other namespaces' pods, whose own policies decide.
        egress=[{}],
    )


def _deployment(exposure: contracts.Exposure) -> contracts.Manifest:
    return {
        "apiVersion": "projectcontour.io/v1alpha1",
        "kind": "ContourDeployment",
        "metadata": _metadata(namespace=NAME),
        "spec": {
            "contour": {"deployment": {"replicas": _REPLICAS}},
            "envoy": {
                "workloadType": "Deployment",
                "deployment": {"replicas": _REPLICAS},
                "networkPublishing": {
                    "type": "LoadBalancerService",
                    "serviceAnnotations": dict(exposure.annotations),
                },
            },
        },
    }


def _class() -> contracts.Manifest:
    return {
        "apiVersion": contour.GATEWAY.api_version,
        "kind": "GatewayClass",
        "metadata": _metadata(),
        "spec": {
            "controllerName": contour.CONTROLLER,
            "parametersRef": {
                "group": "projectcontour.io",
                "kind": "ContourDeployment",
                "namespace": NAME,
                "name": NAME,
            },
        },
    }


def _gateway() -> contracts.Manifest:
    members = {"from": "Selector", "selector": {"matchLabels": {MEMBERSHIP: "true"}}}
    return {
        "apiVersion": contour.GATEWAY.api_version,
        "kind": contour.GATEWAY.kind,
        "metadata": _metadata(namespace=NAME),
        "spec": {
            "gatewayClassName": NAME,
            "listeners": [
                {"name": "http", "protocol": "HTTP", "port": 80, "allowedRoutes": {"namespaces": members}},
            ],
        },
    }


def _metadata(*, namespace: str = "") -> dict[str, object]:
    labels = {isolation.PART_OF: "paasport"}
    return {"name": NAME, **({"namespace": namespace} if namespace else {}), "labels": labels}
