"""The objects that draining looks at: their kinds, what identifies one, and which ones are the vendor's own. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from components import contracts

Manifest = contracts.Manifest


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of object in whatever version the cluster serves; where it serves none, there are no such objects."""

    group: str
    """Empty for the core group."""
    name: str


Snapshot = Mapping[Kind, Sequence[Manifest]]
"""All objects of each kind, with `apiVersion` and `kind`, as the cluster had them at about the same time."""

SERVICE: Final = Kind(group="", name="Service")
INGRESS: Final = Kind(group="networking.k8s.io", name="Ingress")
GATEWAY: Final = Kind(group="gateway.networking.k8s.io", name="Gateway")
ENDPOINT_GROUP: Final = Kind(group="networking.gke.io", name="ServiceNetworkEndpointGroup")
NODE_POOL: Final = Kind(group="karpenter.sh", name="NodePool")
NODE_CLAIM: Final = Kind(group="karpenter.sh", name="NodeClaim")
NODE_CLASSES: Final = (
    Kind(group="karpenter.k8s.aws", name="EC2NodeClass"),
    Kind(group="eks.amazonaws.com", name="NodeClass"),
    Kind(group="karpenter.azure.com", name="AKSNodeClass"),
    Kind(group="karpenter.k8s.gcp", name="GCENodeClass"),
)
CLAIM: Final = Kind(group="", name="PersistentVolumeClaim")
VOLUME: Final = Kind(group="", name="PersistentVolume")
SNAPSHOT_CONTENT: Final = Kind(group="snapshot.storage.k8s.io", name="VolumeSnapshotContent")
STORAGE_CLASS: Final = Kind(group="storage.k8s.io", name="StorageClass")
BUDGET: Final = Kind(group="policy", name="PodDisruptionBudget")
NAMESPACE: Final = Kind(group="", name="Namespace")
POD: Final = Kind(group="", name="Pod")
WORKLOADS: Final = (
    Kind(group="apps", name="StatefulSet"),
    Kind(group="apps", name="Deployment"),
    Kind(group="apps", name="ReplicaSet"),
    Kind(group="apps", name="DaemonSet"),
    Kind(group="batch", name="Job"),
    Kind(group="batch", name="CronJob"),
    Kind(group="", name="ReplicationController"),
)

_VENDORS_LABELS: Final = {
    "addonmanager.kubernetes.io/mode": {"Reconcile", "EnsureExists"},
    "kubernetes.azure.com/managedby": {"aks"},
    "app.kubernetes.io/managed-by": {"eks", "aks-app-routing-operator"},
}
"""What GKE, AKS and EKS write on what they put into a cluster, and make again when it is deleted."""
_VENDORS_NAMESPACES: Final = ("gke-managed-", "gke-gmp-", "gmp-system", "aks-istio-")
_BUILT_IN_POOLS: Final = {
    "eks.amazonaws.com": {"general-purpose", "system"},
    "karpenter.azure.com": {"default", "system-surge"},
}
"""Node pools of EKS Auto Mode and of AKS node auto provisioning that cannot be changed from inside the cluster, by the
group of their node class. Source: docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html,
learn.microsoft.com/azure/aks/node-auto-provisioning-node-pools."""
_BUILT_IN_CLASSES: Final = {
    "eks.amazonaws.com": {"default"},
    "karpenter.azure.com": {"default", "system-surge"},
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reference:
    """One object and no other of its name: `uid` is part of it."""

    api_version: str
    kind: str
    namespace: str
    """Empty where it is in none."""
    name: str
    uid: str

    @property
    def label(self) -> str:
        """How messages call it: `Service shop/web`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def command(self) -> str:
        """What shows why it is still there."""
        group, _, _ = self.api_version.rpartition("/")
        resource = f"{self.kind.lower()}.{group}" if "." in group else self.kind.lower()
        return f"kubectl describe {resource} {self.name}" + (f" -n {self.namespace}" if self.namespace else "")


def reference(manifest: Manifest) -> Reference:
    """What identifies the object."""
    metadata = manifest["metadata"]
    return Reference(
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        namespace=metadata.get("namespace", ""),
        name=metadata["name"],
        uid=metadata["uid"],
    )


def of(seen: Snapshot, *kinds: Kind) -> Iterator[Manifest]:
    """The objects of these kinds."""
    for kind in kinds:
        yield from seen.get(kind, ())


def key(manifest: Manifest) -> tuple[str, str]:
    """Namespace and name."""
    return manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]


def is_being_deleted(manifest: Manifest) -> bool:
    """Whether somebody has deleted it already."""
    return "deletionTimestamp" in manifest["metadata"]


def is_vendors_own(manifest: Manifest, seen: Snapshot) -> bool:
    """Whether the vendor has put it there, would make it again, and removes it together with the cluster."""
    namespace = manifest["metadata"].get("namespace", "")
    homes = [home for home in of(seen, NAMESPACE) if home["metadata"]["name"] == namespace]
    return (
        namespace.startswith(_VENDORS_NAMESPACES)
        or any(_is_labelled(item) for item in (manifest, *homes))
        or _is_built_in(manifest)
        or _is_of_built_in_pool(manifest, seen)
    )


def _is_labelled(manifest: Manifest) -> bool:
    labels = manifest["metadata"].get("labels") or {}
    return any(labels.get(name) in values for name, values in _VENDORS_LABELS.items())


def _is_built_in(manifest: Manifest) -> bool:
    group = str(manifest["apiVersion"]).rpartition("/")[0]
    name = manifest["metadata"]["name"]
    if manifest["kind"] == NODE_POOL.name and group == NODE_POOL.group:
        template = manifest.get("spec", {}).get("template", {}).get("spec", {})
        return name in _BUILT_IN_POOLS.get(template.get("nodeClassRef", {}).get("group", ""), ())
    return manifest["kind"].endswith("NodeClass") and name in _BUILT_IN_CLASSES.get(group, ())


def _is_of_built_in_pool(manifest: Manifest, seen: Snapshot) -> bool:
    if manifest["kind"] != NODE_CLAIM.name:
        return False
    pool = (manifest["metadata"].get("labels") or {}).get("karpenter.sh/nodepool")
    return any(
        other["metadata"]["name"] == pool and (_is_built_in(other) or _is_labelled(other))
        for other in of(seen, NODE_POOL)
    )
