"""The classes that every cluster has under the same names, whatever its disks are made by. Pure.

Storage classes on all of them. A class for snapshots where the vendor brings the snapshot controller and its kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import pulumi

from components import contracts

DEFAULT: Final = "paasport-ssd"
RETAIN: Final = "paasport-ssd-retain"
XFS: Final = "paasport-ssd-retain-xfs"
SNAPSHOT: Final = "paasport-snapshot"

_LABELS: Final = {"app.kubernetes.io/part-of": "paasport"}

_FILE_SYSTEM: Final = "csi.storage.k8s.io/fstype"
"""The parameter that the provisioner beside every CSI driver reads (kubernetes-csi/external-provisioner, README)."""
_OLD_FILE_SYSTEM: Final = "fstype"
"""What some drivers call it themselves, in whatever case; two words for it are refused."""

_IS_DEFAULT: Final = {"storageclass.kubernetes.io/is-default-class": "true"}


def facts(driver: str, *, zone_redundant: bool | None, with_snapshots: bool) -> contracts.StorageFacts:
    """What the layers above are told about the classes of this driver."""
    return contracts.StorageFacts(
        default_class=DEFAULT,
        retain_class=RETAIN,
        xfs_class=XFS,
        driver=driver,
        zone_redundant=zone_redundant,
        snapshot_class=SNAPSHOT if with_snapshots else None,
    )


def classes(
    provisioner: str, *, parameters: Mapping[str, pulumi.Input[str]] | None = None, is_default: bool
) -> list[contracts.Manifest]:
    """All three. `is_default` makes the first one the cluster's default, for claims that name no class."""
    given = parameters or {}
    of_xfs = {key: value for key, value in given.items() if key.lower() != _OLD_FILE_SYSTEM} | {_FILE_SYSTEM: "xfs"}
    return [
        _storage_class(
            DEFAULT,
            provisioner=provisioner,
            parameters=given,
            reclaim="Delete",
            annotations=_IS_DEFAULT if is_default else {},
        ),
        _storage_class(RETAIN, provisioner=provisioner, parameters=given, reclaim="Retain", annotations={}),
        _storage_class(XFS, provisioner=provisioner, parameters=of_xfs, reclaim="Retain", annotations={}),
    ]


def snapshot_class(driver: str, *, parameters: Mapping[str, str] | None = None) -> contracts.Manifest:
    """The class of snapshots.

    A snapshot goes with its VolumeSnapshot, as backup tools expect that clear up after themselves. It is not marked as
    the driver's default: vendors bring a class of their own that may be, and of two defaults the
    controller takes none.
    """
    return {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshotClass",
        "metadata": {"name": SNAPSHOT, "labels": dict(_LABELS)},
        "driver": driver,
        "deletionPolicy": "Delete",
        **({"parameters": dict(parameters)} if parameters else {}),
    }


def _storage_class(
    name: str,
    *,
    provisioner: str,
    parameters: Mapping[str, pulumi.Input[str]],
    reclaim: Literal["Delete", "Retain"],
    annotations: Mapping[str, str],
) -> contracts.Manifest:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": name,
            "labels": dict(_LABELS),
            **({"annotations": dict(annotations)} if annotations else {}),
        },
        "provisioner": provisioner,
        **({"parameters": dict(parameters)} if parameters else {}),
        "reclaimPolicy": reclaim,
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }
