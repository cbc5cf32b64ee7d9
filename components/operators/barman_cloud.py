"""The Barman Cloud plugin of CloudNativePG: backups of PostgreSQL into object stores. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components import contracts, isolation
from components.operators import bundles, cert_manager, cloudnative_pg, workloads

NAME: Final = "barman-cloud"

PLUGIN: Final = "barman-cloud.cloudnative-pg.io"
"""What a Cluster's `spec.plugins` and a backup's `pluginConfiguration` call it."""

_PODS: Final = {"app": "barman-cloud"}


def manifests(release: Sequence[contracts.Manifest]) -> list[contracts.Manifest]:
    """The release beside its operator, with limits and its network policy.

    Backups themselves are written by a sidecar in every database's pod: only its image is named here.
    """
    moved = bundles.moved(release, namespace=cloudnative_pg.NAMESPACE)
    for manifest in moved:
        if manifest["kind"] == "Deployment":
            workloads.restrict(manifest)
            _limit(manifest)
    return [*moved, _network_policy()]


def _limit(deployment: contracts.Manifest) -> None:
    """The release writes empty resources, which say nothing."""
    for container in workloads.containers(deployment):
        container.pop("resources", None)
    workloads.limit(deployment, requests={"cpu": "10m", "memory": "64Mi"}, memory="256Mi")


def _network_policy() -> contracts.Manifest:
    return isolation.network_policy(
        NAME,
        namespace=cloudnative_pg.NAMESPACE,
        pods=_PODS,
        # Only the operator speaks to it, from the same namespace.
        ingress=[{"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 9090}]}],
        egress=[isolation.DNS, isolation.API_SERVER],
    )


OBJECT_STORE: Final = contracts.Kind(
    api_version="barmancloud.cnpg.io/v1",
    kind="ObjectStore",
    # Its status tells of the databases that have used it, so there is none before the first backup.
    ready_when=(),
    failed_when="never said; the Cluster's condition ContinuousArchiving is False",
    observes_generation=False,
    volumes_when_deleted="kept",
)

_FOUND_BY: Final[contracts.Manifest] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {
        "name": "barman-cloud",
        "namespace": cloudnative_pg.NAMESPACE,
        "labels": {**_PODS, "cnpg.io/pluginName": PLUGIN},
    },
    "spec": {"selector": dict(_PODS), "ports": [{"port": 9090, "protocol": "TCP", "targetPort": 9090}]},
}
"""The operator looks for plugins among the Services of its own namespace (internal/cmd/plugin of CloudNativePG)."""

OPERATOR: Final = contracts.Operator(
    name=NAME,
    version="0.14.0",
    namespace=cloudnative_pg.NAMESPACE,
    guest=True,
    crds=("objectstores.barmancloud.cnpg.io",),
    kinds=(OBJECT_STORE,),
    manifests=manifests,
    requires=(cert_manager.NAME, cloudnative_pg.NAME),
    found_by=(_FOUND_BY,),
)
