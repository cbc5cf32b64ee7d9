"""What volumes on a GKE cluster are made of. Pure."""

from __future__ import annotations

from typing import Final

import pulumi

from components import contracts
from components.clusters import storage
from components.clusters.gke import machines, pools, project

_PROVISIONER: Final = "pd.csi.storage.gke.io"


def classes(wanted: project.Wanted, *, key: pulumi.Input[str] | None) -> list[contracts.Manifest]:
    """The storage classes, for disks that every node of the cluster can attach."""
    disk = disk_type(wanted)
    parameters: dict[str, pulumi.Input[str]] = dict(_redundant(disk) if is_redundant(wanted) else {"type": disk})
    if key is not None:
        parameters["disk-encryption-kms-key"] = key
    return storage.classes(_PROVISIONER, parameters=parameters, is_default=True)


def disk_type(wanted: project.Wanted) -> machines.Disk:
    """The kind of disk. System nodes don't count where there are others: no volume of a service is used there."""
    if wanted.compute == "auto":
        return machines.AUTOMATIC
    used = [pool for pool in wanted.pools if pool.role == "user"] or wanted.pools
    return machines.volume(pools.machine(pool) for pool in used)


def is_redundant(wanted: project.Wanted) -> bool:
    """Whether a volume has a copy in a second zone, which takes two."""
    return wanted.zone_redundant_storage and len(wanted.network.zones) > 1


def _redundant(disk: machines.Disk) -> dict[str, str]:
    if disk == "hyperdisk-balanced":
        return {"type": "hyperdisk-balanced-high-availability"}
    return {"type": disk, "replication-type": "regional-pd"}
