"""cert-manager: issues the certificates that other operators' webhooks and services' TLS are made with. Pure.

Its definitions come from its Go module, file by file, and its workload from the published `cert-manager.yaml`, whose
own copies of the definitions (the same but for labels) are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components import contracts, isolation
from components.operators import bundles, workloads

NAME: Final = "cert-manager"

_CONTROLLER: Final = {"app.kubernetes.io/component": "controller", "app.kubernetes.io/instance": NAME}
_INJECTOR: Final = {"app.kubernetes.io/component": "cainjector", "app.kubernetes.io/instance": NAME}
_WEBHOOK: Final = {"app.kubernetes.io/component": "webhook", "app.kubernetes.io/instance": NAME}
_REQUESTS: Final = {"cpu": "10m", "memory": "64Mi"}
_MEMORY: Final = "512Mi"
"""The controller and the injector keep every Secret, certificate and definition of the cluster in memory."""


def manifests(release: Sequence[contracts.Manifest]) -> list[contracts.Manifest]:
    """The release with its leases in its own namespace, with limits and network policies."""
    own = [manifest for manifest in release if manifest["kind"] != "Namespace"]
    moved = bundles.moved(own, namespace=NAME)
    for manifest in moved:
        if manifest["kind"] == "Deployment":
            workloads.restrict(manifest)
            workloads.limit(manifest, requests=_REQUESTS, memory=_MEMORY)
            _elect_here(manifest)
    return [*moved, *_network_policies()]


def _elect_here(deployment: contracts.Manifest) -> None:
    """Leases in the own namespace, like the Roles that `bundles.moved` has moved: GKE Autopilot closes kube-system."""
    for container in workloads.containers(deployment):
        container["args"] = [
            f"--leader-election-namespace={NAME}" if argument.startswith("--leader-election-namespace=") else argument
            for argument in container["args"]
        ]


def _network_policies() -> list[contracts.Manifest]:
    return [
        isolation.network_policy(
            NAME,
            namespace=NAME,
            pods=_CONTROLLER,
            ingress=[isolation.scraped(9402)],
            # Port 80: it asks for an ACME challenge's answer itself before it lets the ACME server ask.
            egress=[isolation.DNS, isolation.API_SERVER, isolation.to(80)],
        ),
        isolation.network_policy(
            f"{NAME}-cainjector",
            namespace=NAME,
            pods=_INJECTOR,
            ingress=[isolation.scraped(9402)],
            egress=[isolation.DNS, isolation.API_SERVER],
        ),
        isolation.network_policy(
            f"{NAME}-webhook",
            namespace=NAME,
            pods=_WEBHOOK,
            ingress=[isolation.webhook(10250), isolation.scraped(9402)],
            egress=[isolation.DNS, isolation.API_SERVER],
        ),
    ]


REQUEST: Final = contracts.Kind(
    api_version="cert-manager.io/v1",
    kind="CertificateRequest",
    # Made by the operator; what keeps a Certificate waiting is said here alone.
    ready_when=("condition=Ready",),
    observes_generation=False,
    volumes_when_deleted="kept",
    short_names=("cr", "crs"),
)

CERTIFICATE: Final = contracts.Kind(
    api_version="cert-manager.io/v1",
    kind="Certificate",
    ready_when=("condition=Ready",),
    failures=(
        # It is tried again, after an hour at the earliest.
        contracts.Failure(when="condition=Issuing=False", saying="Failed"),
        # Its own status says for ever that it is being issued.
        contracts.Failure(
            when="condition=Ready=False", saying="not found", patience=30, child=f"{REQUEST.api_version}/{REQUEST.kind}"
        ),
    ),
    observes_generation=True,
    volumes_when_deleted="kept",
    short_names=("cert", "certs"),
)

ISSUER: Final = contracts.Kind(
    api_version="cert-manager.io/v1",
    kind="Issuer",
    ready_when=("condition=Ready",),
    # The Secret of an authority may be that of a Certificate of the same run.
    failures=(contracts.Failure(when="condition=Ready=False", patience=30),),
    observes_generation=True,
    volumes_when_deleted="kept",
    short_names=("iss",),
)

CLUSTER_ISSUER: Final = contracts.Kind(
    api_version="cert-manager.io/v1",
    kind="ClusterIssuer",
    ready_when=("condition=Ready",),
    # The Secret of an authority may be that of a Certificate of the same run.
    failures=(contracts.Failure(when="condition=Ready=False", patience=30),),
    observes_generation=True,
    volumes_when_deleted="kept",
    scope="Cluster",
    short_names=("ciss",),
)

OPERATOR: Final = contracts.Operator(
    name=NAME,
    version="1.21.2",
    one_minor_at_a_time=True,
    crds=(
        "certificaterequests.cert-manager.io",
        "certificates.cert-manager.io",
        "challenges.acme.cert-manager.io",
        "clusterissuers.cert-manager.io",
        "issuers.cert-manager.io",
        "orders.acme.cert-manager.io",
    ),
    kinds=(CERTIFICATE, REQUEST, ISSUER, CLUSTER_ISSUER),
    manifests=manifests,
)
