"""Node pools as AKS knows them: the system pool inside the cluster, the others as resources of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from components import registration
from components.clusters import naming
from components.clusters.aks import deployments, names, scope
from stacks import managed, resolution

_SPOT: Final = "kubernetes.azure.com/scalesetpriority"
"""Label and taint that AKS itself adds to spot nodes: said here too, or each preview would take them away."""
_PODS: Final = 110
_SURGE: Final = "33%"
_DRAIN_MINUTES: Final = 30
_GIGABYTES_PER_CPU: Final = 37.5
"""Of the temporary disk that machines of the families below have."""
_WITH_TEMPORARY_DISK: Final = re.compile(r"^Standard_[DE](\d+)(?:a|p|l|pl)?ds_v5$")
_API_VERSION: Final = "2025-09-01"
"""Of AKS, as azure-native 3.29 uses it."""


def system(settings: scope.Settings, pool: resolution.Pool, *, subnet: pulumi.Input[str]) -> dict[str, Any]:
    """The pool that comes with the cluster, as its `agentPoolProfiles` has it.

    Without a version: when the cluster is changed later, AKS takes versions of all its pools or of none
    (Azure/AKS#4765), and this list has one of them only.
    """
    return {"name": pool.name, **_properties(settings, pool, subnet=subnet), "count": max(1, pool.min)}


def user(
    place: scope.Scope,
    pool: resolution.Pool,
    *,
    subnet: pulumi.Input[str],
    group: pulumi.Input[str],
    cluster: pulumi.Input[str],
    after: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    """Register any other pool. `after`: the control plane's version comes first, and so does the system pool."""
    settings = place.settings
    return registration.resource(
        "azure-native:containerservice:AgentPool",
        f"{settings.name}-{pool.name}",
        {
            "resourceGroupName": group,
            "resourceName": cluster,
            "agentPoolName": naming.replaceable(pool.name, immutable(settings, pool)),
            **_properties(settings, pool, subnet=subnet),
            "count": pool.min,
            "orchestratorVersion": version(settings),
        },
        # How many nodes there are is the autoscaler's business.
        opts=place.options(depends_on=after, ignore=["count"]),
    )


def follow(
    place: scope.Scope,
    pool: resolution.Pool,
    *,
    subnet: pulumi.Input[str],
    group: pulumi.Input[str],
    cluster: pulumi.Input[str],
    after: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    """Register the step that brings changes to the system pool, a new minor above all.

    The cluster resource ignores its pool after creation, since editing it there scales every pool
    (pulumi-azure-native#4264) and refreshing puts foreign pools into it. An AgentPool resource would be no way out: the
    last system pool can't be deleted (pulumi-azure-native#1575). So a template of Azure's writes it through AKS's own
    API for pools, as Microsoft advises for a cluster's first pool (learn.microsoft.com/azure/aks, manage node pools).

    What Azure can't change is in the deployment's name. Such a change is a replacement in every plan, and is told as
    one before Azure would refuse it halfway.
    """
    settings, name = place.settings, f"{place.settings.name}-{pool.name}"
    return deployments.write(
        place,
        name,
        written(settings, pool),
        deployment=naming.replaceable(name, immutable(settings, pool), separator="-"),
        group=group,
        parameters={"subnet": subnet, "cluster": cluster},
        after=after,
    )


def written(settings: scope.Settings, pool: resolution.Pool) -> dict[str, Any]:
    """The system pool as templates have it, with the minor where the stack pins it."""
    return {
        "type": "Microsoft.ContainerService/managedClusters/agentPools",
        "apiVersion": _API_VERSION,
        "name": f"[concat(parameters('cluster'), '/{pool.name}')]",
        "properties": {
            **_properties(settings, pool, subnet="[parameters('subnet')]"),
            "orchestratorVersion": version(settings),
            # The autoscaler has the say about how many, and Azure asks for no number then (Azure/AKS#1627); without it
            # there is nobody else.
            "count": None if _scales(settings) else max(1, pool.min),
        },
    }


def version(settings: scope.Settings) -> str | None:
    """The version that pools are told; None where AKS moves them, because an older one would be a downgrade."""
    return settings.minor if settings.upgrades == "pinned" else None


def immutable(settings: scope.Settings, pool: resolution.Pool) -> Mapping[str, Any]:
    """What can't be changed on a pool: another value means another pool, under another name."""
    return {
        "machine": pool.instance_types[:1],
        "disk": pool.disk,
        "spot": pool.spot,
        "zones": pool.zones,
        "network": _where(settings),
    }


def _where(settings: scope.Settings) -> str:
    existing = settings.options.network
    return names.group(settings) if existing is None else existing.node_subnet


def disk_type(machine: str, *, gigabytes: int) -> str:
    """`Ephemeral`, the machine's own disk, free and fast, where the machine is known to have one that is large enough.

    A node keeps nothing that matters on its disk.
    """
    found = _WITH_TEMPORARY_DISK.match(machine)
    fits = found is not None and gigabytes <= int(found[1]) * _GIGABYTES_PER_CPU
    return "Ephemeral" if fits else "Managed"


def _scales(settings: scope.Settings) -> bool:
    """Node auto provisioning and the cluster autoscaler exclude each other."""
    return settings.compute == "pools"


def _properties(settings: scope.Settings, pool: resolution.Pool, *, subnet: pulumi.Input[str]) -> dict[str, Any]:
    """What is the same wherever a pool is written."""
    machine = pool.instance_types[0] if pool.instance_types else ""
    return {
        "mode": "System" if pool.role == "system" else "User",
        "type": "VirtualMachineScaleSets",
        "vmSize": machine,
        "osType": "Linux",
        "osSKU": "AzureLinux3",
        "osDiskType": disk_type(machine, gigabytes=pool.disk),
        "osDiskSizeGB": pool.disk,
        "kubeletDiskType": "OS",
        "maxPods": _PODS,
        "vnetSubnetID": subnet,
        "availabilityZones": list(pool.zones) or None,
        "enableNodePublicIP": False,
        "enableEncryptionAtHost": True,
        "enableFIPS": False,
        "enableUltraSSD": False,
        # Trusted launch is not to be had on arm64.
        "securityProfile": {
            "sshAccess": "Disabled",
            "enableSecureBoot": pool.arch == "amd64",
            "enableVTPM": pool.arch == "amd64",
        },
        "nodeLabels": {**pool.labels, **({_SPOT: "spot"} if pool.spot else {})},
        "nodeTaints": [_taint(taint) for taint in _taints(pool)],
        "tags": dict(settings.tags),
        **_scaling(settings, pool),
        **_priority(pool),
    }


def _scaling(settings: scope.Settings, pool: resolution.Pool) -> dict[str, Any]:
    if not _scales(settings):
        return {"enableAutoScaling": False}
    least = max(1, pool.min) if pool.role == "system" else pool.min
    return {"enableAutoScaling": True, "minCount": least, "maxCount": pool.max, "scaleDownMode": "Delete"}


def _priority(pool: resolution.Pool) -> dict[str, Any]:
    """Spot pools know no surge (hashicorp/terraform-provider-azurerm#19355): Azure takes the nodes back anyway."""
    if pool.spot:
        # At most the price of a machine that stays: evicted for want of capacity only, never for the price.
        return {"scaleSetPriority": "Spot", "scaleSetEvictionPolicy": "Delete", "spotMaxPrice": -1.0}
    return {
        "scaleSetPriority": "Regular",
        "upgradeSettings": {
            "maxSurge": _SURGE,
            "drainTimeoutInMinutes": _DRAIN_MINUTES,
            "nodeSoakDurationInMinutes": 0,
            # A node whose pods may not be disturbed is left for later, instead of stopping the upgrade halfway.
            "undrainableNodeBehavior": "Cordon",
        },
    }


def _taints(pool: resolution.Pool) -> tuple[managed.Taint, ...]:
    return (*pool.taints, *((managed.Taint(key=_SPOT, value="spot"),) if pool.spot else ()))


def _taint(taint: managed.Taint) -> str:
    return f"{taint.key}={taint.value}:{taint.effect}"
