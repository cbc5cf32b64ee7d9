"""The etcd-operator: key-value stores. Its catalogue entry, and what of its release is applied how. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components import contracts, isolation
from components.operators import bundles, workloads

NAME: Final = "etcd-operator"

PODS: Final = {"control-plane": "controller-manager"}
"""Labels of the operator's pods."""
_CLIENTS: Final = 2379
"""Where every member, in whatever namespace, is asked about its health and told of new members."""


def manifests(release: Sequence[contracts.Manifest]) -> list[contracts.Manifest]:
    """The release in our namespace, its pod as restricted as the namespace demands, with its network policy."""
    own = [manifest for manifest in release if manifest["kind"] != "Namespace"]
    moved = bundles.moved(own, namespace=NAME)
    for manifest in moved:
        if manifest["kind"] == "Deployment":
            workloads.restrict(manifest)
    return [*moved, _network_policy()]


def _network_policy() -> contracts.Manifest:
    return isolation.network_policy(
        NAME,
        namespace=NAME,
        pods=PODS,
        ingress=[isolation.scraped(8443)],
        egress=[isolation.DNS, isolation.API_SERVER, isolation.to(_CLIENTS)],
    )


ETCD_CLUSTER: Final = contracts.Kind(
    api_version="operator.etcd.io/v1alpha1",
    kind="EtcdCluster",
    # This version never writes a status. An instance is waited for by its disruption budget, which counts its pods.
    ready_when=(),
    failed_when="never said; the operator's log tells",
    observes_generation=False,
    volumes_when_deleted="kept",
)

OPERATOR: Final = contracts.Operator(
    name=NAME,
    version="0.2.0",
    crds=("etcdclusters.operator.etcd.io",),
    kinds=(ETCD_CLUSTER,),
    manifests=manifests,
    preview=(
        "etcd-operator 0.2.0 reports no status, serves without TLS whatever is set, makes no backups, gives its pods "
        "no resources, probes, placement or disruption budget, and changes nothing of members that run: neither their "
        "version nor their options"
    ),
)
