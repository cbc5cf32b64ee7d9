"""What volumes and load balancers are on AKS, in the words that all vendors share. Pure, but for ids."""

from __future__ import annotations

from typing import Final

import pulumi

from components import contracts
from components.clusters import storage
from components.clusters.aks import scope

DRIVER: Final = "disk.csi.azure.com"

LOAD_BALANCER: Final = contracts.LoadBalancerFacts(
    internal=contracts.Exposure(annotations={"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}),
    public=contracts.Exposure(),
    address="ip",
    # Azure probes HTTP services at / and drops those that do not answer 200 there (Azure/AKS#3210).
    health_path_annotation="service.beta.kubernetes.io/azure-load-balancer-health-probe-request-path",
)


def classes(
    settings: scope.Settings, *, group: pulumi.Input[str], disk_encryption: pulumi.Input[str] | None
) -> list[contracts.Manifest]:
    """Both storage classes, `group` being the resource group of their disks.

    AKS has default classes itself, and two are one too many, so ours is not marked.
    """
    found = storage.classes(DRIVER, parameters=parameters(settings, group=group), is_default=False)
    if disk_encryption is not None:
        for item in found:
            item["parameters"]["diskEncryptionSetID"] = disk_encryption
    return found


def snapshot_class() -> contracts.Manifest:
    """The class of snapshots, for the kinds that AKS' own snapshot controller brings.

    Without parameters they lie in the resource group of their volume, which is not that of the nodes
    (kubernetes-sigs/azuredisk-csi-driver, docs/driver-parameters.md).
    """
    return storage.snapshot_class(DRIVER)


def facts(settings: scope.Settings) -> contracts.StorageFacts:
    """What the layers above are told of volumes."""
    return storage.facts(DRIVER, zone_redundant=settings.zone_redundant_storage, with_snapshots=True)


def parameters(settings: scope.Settings, *, group: pulumi.Input[str]) -> dict[str, pulumi.Input[str]]:
    """Of both classes: SSDs, in one zone or, where a volume is to outlive its zone, in three.

    They lie in a resource group of their own: AKS deletes the group of its nodes with the cluster, and all disks in it,
    so a claim that `destroy` leaves alone would lose its volume there.
    """
    return {
        "skuName": "Premium_ZRS" if settings.zone_redundant_storage else "Premium_LRS",
        "cachingMode": "ReadOnly",
        "resourceGroup": group,
    }
