"""What volumes on a GKE cluster are made of. Pure."""

from __future__ import annotations

from typing import Final

import pulumi

from components import contracts
from components.clusters import storage
from components.clusters.gke import machines, pools, project

DRIVER: Final = "pd.csi.storage.gke.io"


def classes(wanted: project.Wanted, *, key: pulumi.Input[str] | None) -> list[contracts.Manifest]:
    """The storage classes, for disks that every node of the cluster can attach."""
    disk = disk_type(wanted)
    parameters: dict[str, pulumi.Input[str]] = dict(_redundant(disk) if is_redundant(wanted) else {"type": disk})
    if key is not None:
        parameters["disk-encryption-kms-key"] = key
    return storage.classes(DRIVER, parameters=parameters, is_default=True)


def snapshot_class(wanted: project.Wanted) -> contracts.Manifest:
    """The class of snapshots, for the kinds that the driver's add-on brings.

    In the cluster's own region: Google's default is the nearest multi-region, which may leave the country.
    https://cloud.google.com/kubernetes-engine/docs/how-to/persistent-volumes/backup-pd-volume-snapshots
    """
    return storage.snapshot_class(DRIVER, parameters={"storage-locations": wanted.region})


def facts(wanted: project.Wanted) -> contracts.StorageFacts:
    """What the layers above are told of volumes."""
    return storage.facts(DRIVER, zone_redundant=is_redundant(wanted), with_snapshots=True)


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
