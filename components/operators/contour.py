"""Contour's gateway provisioner: makes a Gateway real, the same on every cluster. Pure.

The vendors' own Gateway controllers differ in class, features and how they are switched on, and two of the three can't
be with the pinned SDKs. This one brings the Gateway API's definitions too, so a vendor's own must be switched off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components import contracts, isolation
from components.operators import bundles

NAME: Final = "contour"

CONTROLLER: Final = "projectcontour.io/gateway-controller"
"""What a GatewayClass names to be served."""

_PODS: Final = {"control-plane": "contour-gateway-provisioner"}


def manifests(release: Sequence[contracts.Manifest]) -> list[contracts.Manifest]:
    """The release in our namespace, its pod as restricted as the namespace demands, with its network policy."""
    own = [manifest for manifest in release if manifest["kind"] != "Namespace"]
    moved = bundles.moved(own, namespace=NAME)
    return [
        *(_restricted(manifest) if manifest["kind"] == "Deployment" else manifest for manifest in moved),
        isolation.network_policy(
            NAME, namespace=NAME, pods=_PODS, ingress=(), egress=[isolation.DNS, isolation.API_SERVER]
        ),
    ]


def _restricted(deployment: contracts.Manifest) -> contracts.Manifest:
    """The Deployment as the restricted pod security standard wants it; the release says nothing about it."""
    pod = deployment["spec"]["template"]["spec"]
    pod["securityContext"] = {
        "runAsNonRoot": True,
        # The image's own user is root; upstream runs what it provisions under this number.
        "runAsUser": 65534,
        "runAsGroup": 65534,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    for container in pod["containers"]:
        container["securityContext"] = {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        container["resources"]["limits"] = {"memory": "256Mi"}
    return deployment


GATEWAY: Final = contracts.Kind(
    api_version="gateway.networking.k8s.io/v1",
    kind="Gateway",
    ready_when=("condition=Programmed",),
    failures=(contracts.Failure(when="condition=Accepted=False", patience=30),),
    observes_generation=True,
    volumes_when_deleted="kept",
    short_names=("gtw",),
)

GATEWAY_CLASS: Final = contracts.Kind(
    api_version="gateway.networking.k8s.io/v1",
    kind="GatewayClass",
    ready_when=("condition=Accepted",),
    failures=(contracts.Failure(when="condition=Accepted=False", patience=30),),
    observes_generation=True,
    volumes_when_deleted="kept",
    plural="gatewayclasses",
    scope="Cluster",
    short_names=("gc",),
)

HTTP_ROUTE: Final = contracts.Kind(
    api_version="gateway.networking.k8s.io/v1",
    kind="HTTPRoute",
    # Its conditions are told for each parent, where a term can't say which parent is meant.
    ready_when=(),
    failed_when="status.parents: condition Accepted is False",
    observes_generation=True,
    volumes_when_deleted="kept",
)

CONTOUR_DEPLOYMENT: Final = contracts.Kind(
    api_version="projectcontour.io/v1alpha1",
    kind="ContourDeployment",
    ready_when=(),
    failed_when="never said; the GatewayClass that names it is not Accepted",
    observes_generation=False,
    volumes_when_deleted="kept",
    short_names=("contourdeploy",),
)

OPERATOR: Final = contracts.Operator(
    name=NAME,
    version="1.33.8",
    crds=(
        "backendtlspolicies.gateway.networking.k8s.io",
        "contourconfigurations.projectcontour.io",
        "contourdeployments.projectcontour.io",
        "extensionservices.projectcontour.io",
        "gatewayclasses.gateway.networking.k8s.io",
        "gateways.gateway.networking.k8s.io",
        "grpcroutes.gateway.networking.k8s.io",
        "httpproxies.projectcontour.io",
        "httproutes.gateway.networking.k8s.io",
        "referencegrants.gateway.networking.k8s.io",
        "tcproutes.gateway.networking.k8s.io",
        "tlscertificatedelegations.projectcontour.io",
        "tlsroutes.gateway.networking.k8s.io",
        "udproutes.gateway.networking.k8s.io",
        "xbackendtrafficpolicies.gateway.networking.x-k8s.io",
        "xlistenersets.gateway.networking.x-k8s.io",
    ),
    kinds=(GATEWAY, GATEWAY_CLASS, HTTP_ROUTE, CONTOUR_DEPLOYMENT),
    manifests=manifests,
)
