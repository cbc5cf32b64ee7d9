"""Volumes of a simulated cluster: the disks that its claims make in the account, and when they go.

The volumes themselves are planned as those of a local control plane are (`local/volumes.py`), for the provisioners that
the vendor's driver has; a disk is there as long as its volume. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from local import reconciling, volumes
from local.simulated import clusters, values
from stacks import quantities

KINDS: Final = (volumes.CLAIMS, volumes.VOLUMES, volumes.CLASSES)
CLAIM: Final = "kubernetes-claim"
"""Input of a disk: the `namespace/name` that it was made for."""
RECLAIM: Final = "kubernetes-reclaim-policy"
"""Input of a disk: what happens to it when its claim is deleted."""

PROVISIONERS: Final[Mapping[clusters.Vendor, frozenset[str]]] = {
    "eks": frozenset({"ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com"}),
    "gke": frozenset({"pd.csi.storage.gke.io"}),
    "aks": frozenset({"disk.csi.azure.com"}),
}
_GIB: Final = 2**30


def plan(
    claims: Sequence[Mapping[str, Any]],
    live: Sequence[Mapping[str, Any]],
    classes: Sequence[Mapping[str, Any]],
    *,
    provisioners: frozenset[str] | None,
) -> list[reconciling.Action]:
    """Volumes to make, to grow and to delete. `provisioners` are those that work here; None means all."""
    played = [
        {**item, "provisioner": volumes.PROVISIONER}
        for item in classes
        if provisioners is None or item["provisioner"] in provisioners
    ]
    return volumes.plan(claims, live, played)


def disks(
    live: Sequence[Mapping[str, Any]], classes: Sequence[Mapping[str, Any]], cluster: clusters.Cluster
) -> dict[str, values.Resource]:
    """The disks that the volumes stand for, by their names, which stay when the storage class is gone."""
    parameters = {item["metadata"]["name"]: item.get("parameters") or {} for item in classes}
    found = (
        _disk(volume, parameters.get(volume["spec"].get("storageClassName"), {}), cluster)
        for volume in live
        if volume["spec"].get("csi")
    )
    return {disk.name: disk for disk in found}


def _disk(volume: Mapping[str, Any], parameters: Mapping[str, str], cluster: clusters.Cluster) -> values.Resource:
    name = f"pv-{volume['spec']['csi']['volumeHandle']}"
    size = math.ceil(quantities.value(volume["spec"]["capacity"]["storage"]) / _GIB)
    reference = volume["spec"].get("claimRef") or {}
    owner = {
        CLAIM: f"{reference.get('namespace', '')}/{reference.get('name', '')}",
        RECLAIM: volume["spec"].get("persistentVolumeReclaimPolicy", "Delete"),
    }
    match cluster.vendor:
        case "eks":
            token, made = "aws:ebs/volume:Volume", f"vol-{name.replace('-', '')[2:19]}"
            inputs = {"size": size, "type": "gp3", "encrypted": True}
        case "gke":
            project = cluster.resource.value("project") or cluster.resource.provider.get("project") or ""
            token, made = "gcp:compute/disk:Disk", f"projects/{project}/zones/{cluster.region}/disks/{name}"
            inputs = {"name": name, "size": size, "type": "pd-balanced"}
        case "aks":
            # Elsewhere than in the cluster's own group it outlives the cluster.
            group = parameters.get("resourceGroup") or clusters.node_group(cluster)
            base = cluster.resource.id.partition("/resourceGroups/")[0]
            made = f"{base}/resourceGroups/{group}/providers/Microsoft.Compute/disks/{name}"
            token, inputs = "azure-native:compute:Disk", {"resourceGroupName": group, "diskSizeGB": size}
    described = {**inputs, **owner}
    return values.Resource(
        token=token, name=name, id=made, inputs=described, outputs=described, provider=cluster.resource.provider
    )
