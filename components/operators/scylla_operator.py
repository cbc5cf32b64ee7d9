"""The scylla-operator: ScyllaDB. Its catalogue entry, and what of its release is applied how. Pure.

What its NodeConfig prepares nodes with runs as root, in a namespace of its own that the operator makes. There is one
NodeConfig for the nodes of all instances: its sysctls are set by a job that is named after the node alone
(pkg/naming/names.go at tag v1.21.1), so two of them would take each other's away.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final, Literal

from components import contracts, isolation
from components.operators import bundles, cert_manager, workloads
from components.services import readiness
from stacks import lifecycle
from stacks.services import scylla

NAME: Final = "scylla-operator"
"""Also its namespace: the operator works in this one only."""

VERSION: Final = "1.21.1"

IMAGE: Final = f"docker.io/scylladb/scylla-operator:{VERSION}"

PODS: Final = {"app.kubernetes.io/name": NAME}
"""Labels of the operator's own pods."""
_WEBHOOK: Final = {"app.kubernetes.io/name": "webhook-server"}
_SERVING: Final = (("Service", "scylla-operator-webhook"), ("Deployment", "webhook-server"))
"""What the webhook answers by."""
_WEBHOOK_PORT: Final = 9443
_USER: Final = 65534
"""The image's own user is root, and nothing in it needs that: OpenShift runs it under a number of its choice."""
_AGENT: Final = 10001
"""Where ScyllaDB Manager's agent in every database pod, in whatever namespace, is asked about the node."""


def manifests(release: Sequence[contracts.Manifest]) -> list[contracts.Manifest]:
    """The release at its exact version, its pods as restricted as the namespace demands, with network policies."""
    own = [manifest for manifest in release if manifest["kind"] != "Namespace"]
    moved = bundles.moved(own, namespace=NAME)
    for manifest in moved:
        if manifest["kind"] == "Deployment":
            workloads.restrict(manifest, user=_USER)
            workloads.limit(manifest, requests={"cpu": "10m", "memory": "20Mi"}, memory="512Mi")
            _pin(manifest)
        if (manifest["kind"], manifest["metadata"]["name"]) in _SERVING:
            _serve(manifest)
    return [*moved, *_network_policies()]


def _serve(manifest: contracts.Manifest) -> None:
    """The webhook by a port that vendors' firewalls open to the control plane: the release's own, 5000, none does."""
    for port in manifest["spec"].get("ports", ()):
        port["targetPort"] = _WEBHOOK_PORT
    for container in workloads.containers(manifest) if manifest["kind"] == "Deployment" else ():
        container["args"] = [
            f"--port={_WEBHOOK_PORT}" if argument.startswith("--port=") else argument for argument in container["args"]
        ]
        container["ports"] = [{**port, "containerPort": _WEBHOOK_PORT} for port in container["ports"]]
        for probe in ("livenessProbe", "readinessProbe"):
            container[probe]["httpGet"]["port"] = _WEBHOOK_PORT


def _pin(deployment: contracts.Manifest) -> None:
    """The release names the newest patch of its minor, which is another image tomorrow.

    The operator starts sidecars from the image in its environment, which upstream demands to be its own.
    """
    for container in workloads.containers(deployment):
        container["image"] = IMAGE
    if any(variable["name"] == "SCYLLA_OPERATOR_IMAGE" for variable in _variables(deployment)):
        workloads.environment(deployment, values={"SCYLLA_OPERATOR_IMAGE": IMAGE})


def _variables(deployment: contracts.Manifest) -> list[dict[str, str]]:
    return [variable for container in workloads.containers(deployment) for variable in container.get("env", ())]


def _network_policies() -> list[contracts.Manifest]:
    return [
        isolation.network_policy(
            NAME,
            namespace=NAME,
            pods=PODS,
            ingress=[],
            egress=[isolation.DNS, isolation.API_SERVER, isolation.to(_AGENT)],
        ),
        isolation.network_policy(
            f"{NAME}-webhook",
            namespace=NAME,
            pods=_WEBHOOK,
            ingress=[isolation.webhook("webhook-server")],
            egress=[isolation.DNS, isolation.API_SERVER],
        ),
    ]


RULES: Final = lifecycle.Rules(
    # ValidateScyllaClusterSpecUpdate in pkg/api/scylla/validation/cluster_validation.go.
    volumes=(
        lifecycle.Volume(
            path=".spec.datacenter.racks[*].storage.capacity",
            growth=lifecycle.Growth.BEFOREHAND,
            setting="overrides.storage",
            how='docs/services/scylla.md, "Grow"',
        ),
    ),
    fixed=(
        lifecycle.Fixed(
            path=".spec.datacenter.racks[*].storage.storageClassName",
            why="volumes of dedicated nodes and of shared ones are on different file systems",
        ),
        lifecycle.Fixed(path=".spec.datacenter.name", why="data is placed by it"),
    ),
    kept=(lifecycle.Kept(path=".spec.datacenter.racks", noun="rack", why="the operator removes none that has nodes"),),
    # docs/source/upgrade/upgrade-scylladb.md: no minor may be skipped.
    version=lifecycle.Version(
        path=".spec.version",
        software="ScyllaDB",
        order=("2025.1", "2025.2", "2025.3", "2025.4", "2026.1"),
        within="one node at a time",
        between="one node at a time, and no way back",
    ),
)


def _kind(api_version: str, kind: str, *, scope: Literal["Namespaced", "Cluster"] = "Namespaced") -> contracts.Kind:
    """All of them report the same three conditions."""
    return contracts.Kind(
        api_version=f"scylla.scylladb.com/{api_version}",
        kind=kind,
        ready_when=("condition=Available", "condition=Progressing=False", "condition=Degraded=False"),
        # Also for a moment, when two of its controllers write at once.
        failures=(contracts.Failure(when="condition=Degraded=True", patience=60),),
        observes_generation=True,
        volumes_when_deleted="kept",
        scope=scope,
    )


CLUSTER: Final = dataclasses.replace(
    _kind("v1", "ScyllaCluster"), loses="keyspaces with their tables, and roles", rules=RULES
)
DATACENTER: Final = _kind("v1alpha1", "ScyllaDBDatacenter")
NODE_CONFIG: Final = _kind("v1alpha1", "NodeConfig", scope="Cluster")
MONITORING: Final = _kind("v1alpha1", "ScyllaDBMonitoring")

_SYSCTLS: Final = {
    "fs.aio-max-nr": "30000000",
    "fs.file-max": "9223372036854775807",
    "fs.nr_open": "1073741816",
    "fs.inotify.max_user_instances": "1200",
    "vm.swappiness": "1",
    "vm.vfs_cache_pressure": "2000",
}
"""docs/source/deploy-scylladb/before-you-deploy/configure-nodes.md at tag v1.21.1."""
_TUNING_SECONDS: Final = 900
"""How long nodes may take to be tuned: an image of the database is pulled first."""

TUNING: Final[contracts.Manifest] = {
    "apiVersion": NODE_CONFIG.api_version,
    "kind": NODE_CONFIG.kind,
    "metadata": {
        "name": "paasport",
        "labels": {isolation.PART_OF: "paasport"},
        "annotations": readiness.awaited(NODE_CONFIG, timeout_seconds=_TUNING_SECONDS),
    },
    # Without local disks: data lies on volumes that outlive their node.
    "spec": {
        "placement": {
            "nodeSelector": dict(scylla.NODES.labels),
            "tolerations": [taint.toleration for taint in scylla.NODES.taints],
        },
        "sysctls": [{"name": name, "value": value} for name, value in _SYSCTLS.items()],
    },
}
"""Tunes every node that is labelled for ScyllaDB; where there is none, it is ready and does nothing."""

OPERATOR: Final = contracts.Operator(
    name=NAME,
    version=VERSION,
    one_minor_at_a_time=True,
    crds=(
        "nodeconfigs.scylla.scylladb.com",
        "remotekubernetesclusters.scylla.scylladb.com",
        "remoteowners.scylla.scylladb.com",
        "scyllaclusters.scylla.scylladb.com",
        "scylladbclusters.scylla.scylladb.com",
        "scylladbdatacenternodesstatusreports.scylla.scylladb.com",
        "scylladbdatacenters.scylla.scylladb.com",
        "scylladbmanagerclusterregistrations.scylla.scylladb.com",
        "scylladbmanagertasks.scylla.scylladb.com",
        "scylladbmonitorings.scylla.scylladb.com",
        "scyllaoperatorconfigs.scylla.scylladb.com",
    ),
    kinds=(CLUSTER, DATACENTER, NODE_CONFIG, MONITORING),
    manifests=manifests,
    requires=(cert_manager.NAME,),
    resources=(TUNING,),
)
