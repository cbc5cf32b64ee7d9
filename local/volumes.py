"""Volumes for claims whose storage class names the simulated provisioner: no byte is stored, everything else is real.

Follows what an external provisioner and an external resizer do:
https://github.com/kubernetes-sigs/external-provisioner, https://github.com/kubernetes-sigs/external-resizer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from local import reconciling
from stacks import quantities

PROVISIONER: Final = "paasport.dev/simulated"
CLAIMS: Final = reconciling.Kind("v1", "PersistentVolumeClaim")
VOLUMES: Final = reconciling.Kind("v1", "PersistentVolume")
CLASSES: Final = reconciling.Kind("storage.k8s.io/v1", "StorageClass")

_RESIZER: Final = f"{reconciling.FIELD_MANAGER}-resizer"
_DRIVER: Final = "simulated.paasport.dev"
_PROVISIONED_BY: Final = "pv.kubernetes.io/provisioned-by"
_SELECTED_NODE: Final = "volume.kubernetes.io/selected-node"

CSI_DRIVER: Final[dict[str, Any]] = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "CSIDriver",
    "metadata": {"name": _DRIVER},
    # Without this object the controller manager would wait for every volume to be attached to its node.
    "spec": {"attachRequired": False},
}


def plan(
    claims: Sequence[Mapping[str, Any]], volumes: Sequence[Mapping[str, Any]], classes: Sequence[Mapping[str, Any]]
) -> list[reconciling.Action]:
    """Volumes to make, to grow and to delete."""
    ours = {item["metadata"]["name"]: item for item in classes if item["provisioner"] == PROVISIONER}
    by_name = {item["metadata"]["name"]: item for item in volumes if _is_ours(item)}
    actions: list[reconciling.Action] = []
    for claim in claims:
        storage_class = ours.get(claim["spec"].get("storageClassName", ""))
        bound = by_name.get(claim["spec"].get("volumeName", ""))
        if bound is not None:
            actions += _grow(claim, bound)
        elif storage_class is not None and _is_due(claim, storage_class) and _name(claim) not in by_name:
            actions.append(reconciling.Apply(manifest=_volume(claim, storage_class)))
    return actions + [
        reconciling.Delete(api_version="v1", kind="PersistentVolume", name=name, uid=volume["metadata"]["uid"])
        for name, volume in by_name.items()
        if _is_abandoned(volume)
    ]


def _is_due(claim: Mapping[str, Any], storage_class: Mapping[str, Any]) -> bool:
    """Whether the claim waits for a volume, and may have one now."""
    if claim["spec"].get("volumeName") or claim["metadata"].get("deletionTimestamp"):
        return False
    if storage_class.get("volumeBindingMode") != "WaitForFirstConsumer":
        return True
    # The scheduler writes it once it knows where the first pod will run.
    return bool(claim["metadata"].get("annotations", {}).get(_SELECTED_NODE))


def _is_ours(volume: Mapping[str, Any]) -> bool:
    return bool(volume["metadata"].get("annotations", {}).get(_PROVISIONED_BY) == PROVISIONER)


def _is_abandoned(volume: Mapping[str, Any]) -> bool:
    return (
        volume.get("status", {}).get("phase") == "Released"
        and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
        and not volume["metadata"].get("deletionTimestamp")
    )


def _grow(claim: Mapping[str, Any], volume: Mapping[str, Any]) -> list[reconciling.Action]:
    """First the volume, then what the claim says it has, each by an event of its own."""
    asked = claim["spec"]["resources"]["requests"]["storage"]
    given = volume["spec"]["capacity"]["storage"]
    told = claim.get("status", {}).get("capacity", {}).get("storage")
    if quantities.value(asked) > quantities.value(given):
        return [_with_capacity(VOLUMES, volume, {"spec": {"capacity": {"storage": asked}}})]
    if told is not None and quantities.value(told) < quantities.value(given):
        return [_with_capacity(CLAIMS, claim, {"status": {"capacity": {"storage": given}}}, subresource="status")]
    return []


def _with_capacity(
    kind: reconciling.Kind, item: Mapping[str, Any], fields: Mapping[str, Any], *, subresource: str = ""
) -> reconciling.Action:
    metadata = {key: item["metadata"][key] for key in ("name", "namespace") if key in item["metadata"]}
    manifest = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **fields}
    return reconciling.Apply(manifest=manifest, subresource=subresource, manager=_RESIZER)


def _name(claim: Mapping[str, Any]) -> str:
    """As external provisioners call it: with its uid a claim gets one volume, however often it is tried."""
    return f"pvc-{claim['metadata']['uid']}"


def _volume(claim: Mapping[str, Any], storage_class: Mapping[str, Any]) -> dict[str, Any]:
    metadata = claim["metadata"]
    reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    reference |= {key: metadata[key] for key in ("name", "namespace", "uid")}
    spec = {
        "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
        "accessModes": claim["spec"]["accessModes"],
        "volumeMode": claim["spec"].get("volumeMode", "Filesystem"),
        "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
        "storageClassName": storage_class["metadata"]["name"],
        "mountOptions": storage_class.get("mountOptions", []),
        "claimRef": reference,
        "csi": {"driver": _DRIVER, "volumeHandle": metadata["uid"]},
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": _name(claim), "annotations": {_PROVISIONED_BY: PROVISIONER}},
        "spec": spec,
    }
