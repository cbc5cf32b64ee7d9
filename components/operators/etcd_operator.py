"""The etcd-operator: key-value stores. Its catalogue entry, and what of its release is applied how. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components import contracts, isolation
from components.operators import bundles, workloads
from stacks import lifecycle

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


_BY_HAND: Final = "members that run are rolled by hand: docs/services/etcd.md"

RULES: Final = lifecycle.Rules(
    volumes=(
        lifecycle.Volume(
            path=".spec.storageSpec.volumeSizeRequest",
            growth=lifecycle.Growth.NEVER,
            setting="overrides.storage",
            how="make a larger instance and restore into it: docs/services/etcd.md",
        ),
    ),
    fixed=(
        lifecycle.Fixed(
            path=".spec.storageSpec.storageClassName", why="Kubernetes refuses another one in the StatefulSet"
        ),
    ),
    # One minor: validateEtcdUpgradePath in internal/controller/utils.go.
    version=lifecycle.Version(path=".spec.version", software="etcd", within=_BY_HAND),
)

ETCD_CLUSTER: Final = contracts.Kind(
    api_version="operator.etcd.io/v1alpha1",
    kind="EtcdCluster",
    # This version never writes a status. An instance is waited for by its disruption budget, which counts its pods.
    ready_when=(),
    failed_when="never said; the operator's log tells",
    observes_generation=False,
    volumes_when_deleted="kept",
    loses="keys and values",
    rules=RULES,
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
