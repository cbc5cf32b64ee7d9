"""The node pools of a GKE cluster, and the nodes that GKE makes by itself."""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components import registration
from components.clusters import naming
from components.clusters.gke import encryption, identity, machines, project
from stacks import managed, resolution

_SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
"""All of them: what a node may do is decided by the roles of its service account."""

_MANAGED: Final = "components.gke.io/gke-managed-components"
"""The taint that all of GKE's own pods tolerate; `CriticalAddonsOnly` only some of them do."""

IMAGES: Final = {"cos": "COS_CONTAINERD", "ubuntu": "UBUNTU_CONTAINERD"}
"""What GKE calls the nodes' systems: cloud.google.com/kubernetes-engine/docs/concepts/node-images."""
_EFFECTS: Final = {
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}
_SLOW: Final = pulumi.CustomTimeouts(create="1h", update="6h", delete="3h")
"""Nodes change one after the other, up to ten minutes each, and each waits up to an hour for disruption budgets. The
provider's own limit is shorter, moves with its releases, and would leave an upgrade half done."""
_LIMITS: Final = {"cpu": 256, "memory": 1024}
"""Most CPUs and GiB of all nodes together where GKE makes them by itself: what a mistake may cost."""


def create(
    wanted: project.Wanted,
    *,
    cluster: registration.Resource,
    nodes: identity.Nodes,
    key: encryption.Key | None,
    opts: pulumi.ResourceOptions,
) -> tuple[pulumi.Resource, ...]:
    """Register the node pools. Protected like the cluster, as GKE's own protection leaves them out.

    (terraform-google-modules/terraform-google-kubernetes-engine#1866: a destroy took the pools and then failed.)
    """
    return tuple(
        registration.resource(
            "gcp:container/nodePool:NodePool",
            f"{wanted.name}-{pool.name}",
            node_pool(
                wanted,
                pool,
                cluster=cluster.id,
                version=cluster.output("masterVersion"),
                service_account=nodes.email,
                key=key.name if key else None,
            ),
            opts=pulumi.ResourceOptions.merge(
                opts,
                pulumi.ResourceOptions(
                    protect=project.is_protected(wanted),
                    ignore_changes=["initialNodeCount"],
                    depends_on=nodes.grants,
                    custom_timeouts=_SLOW,
                ),
            ),
        )
        for pool in wanted.pools
    )


def node_pool(
    wanted: project.Wanted,
    pool: resolution.Pool,
    *,
    cluster: pulumi.Input[str],
    version: pulumi.Input[str],
    service_account: pulumi.Input[str],
    key: pulumi.Input[str] | None,
) -> dict[str, Any]:
    """One pool. Its name has a hash of what can't be changed, so that a successor is there before it goes."""
    return {
        "project": wanted.options.project,
        "cluster": cluster,
        "location": wanted.region,
        "name": name(wanted, pool),
        "nodeLocations": list(pool.zones),
        "initialNodeCount": first_nodes(pool),
        "autoscaling": {
            # Not minNodeCount and maxNodeCount, which are for each zone.
            "totalMinNodeCount": pool.min,
            "totalMaxNodeCount": pool.max,
            "locationPolicy": "ANY" if pool.spot else "BALANCED",
        },
        # Under a channel GKE moves the nodes itself. A pin keeps it from doing so, and then the nodes follow here.
        "version": version if wanted.upgrades == "pinned" else None,
        "maxPodsPerNode": wanted.options.pods_per_node,
        "networkConfig": {"enablePrivateNodes": True},
        "management": {"autoRepair": True, "autoUpgrade": True},
        "upgradeSettings": upgrade(),
        # GKE waits at most an hour for a disruption budget.
        "nodeDrainConfigs": [{"respectPdbDuringNodePoolDeletion": True, "pdbTimeoutDuration": "3600s"}],
        "nodeConfig": _node(wanted, pool, service_account=service_account, key=key),
        "deletionPolicy": "PREVENT" if wanted.protection == "locked" else "DELETE",
    }


def name(wanted: project.Wanted, pool: resolution.Pool) -> str:
    """The pool's name at Google, another one for each set of what can't be changed."""
    immutable = {
        "machine": machine(pool),
        "spot": pool.spot,
        "disk": pool.disk,
        "pods": wanted.options.pods_per_node,
        "encryption": wanted.encryption,
    }
    return naming.replaceable(pool.name, immutable, separator="-")


def machine(pool: resolution.Pool) -> str:
    """The machine type: a pool of GKE's has one. Empty where the stack names none, which the checks report."""
    return pool.instance_types[0] if pool.instance_types else ""


def first_nodes(pool: resolution.Pool) -> int:
    """How many nodes each zone begins with, so that together they are at least `min` and at most `max`."""
    zones = max(len(pool.zones), 1)
    enough = -(-pool.min // zones)
    return enough if enough * zones <= pool.max else pool.max // zones


def upgrade() -> dict[str, Any]:
    """One node more, then one node less: no capacity is lost while nodes change."""
    return {"strategy": "SURGE", "maxSurge": 1, "maxUnavailable": 0}


def _node(
    wanted: project.Wanted,
    pool: resolution.Pool,
    *,
    service_account: pulumi.Input[str],
    key: pulumi.Input[str] | None,
) -> dict[str, Any]:
    return {
        **hardened(service_account=service_account, key=key),
        "machineType": machine(pool),
        "spot": pool.spot,
        "imageType": IMAGES[wanted.options.node_image],
        "diskType": machines.boot_disk(machine(pool)),
        "diskSizeGb": pool.disk,
        "workloadMetadataConfig": {"mode": "GKE_METADATA"},
        # Set as a whole: a part of it is a difference that never goes
        # (terraform-google-modules/terraform-google-kubernetes-engine#2014).
        "kubeletConfig": {
            "cpuManagerPolicy": "none",
            "cpuCfsQuota": True,
            "insecureKubeletReadonlyPortEnabled": "FALSE",
            "podPidsLimit": 4096,
        },
        "metadata": {"disable-legacy-endpoints": "true"},
        "labels": dict(pool.labels),
        "resourceLabels": dict(wanted.tags),
        "taints": [taint(each) for each in pool.taints],
        # Ours is among the taints, as at every vendor; a second one of GKE's would be a difference that never goes.
        **({"taintConfig": {"architectureTaintBehavior": "NONE"}} if pool.arch == "arm64" else {}),
    }


def hardened(*, service_account: pulumi.Input[str], key: pulumi.Input[str] | None) -> dict[str, Any]:
    """What every node has, also those of the pool that GKE makes first and that is removed at once."""
    return {
        "serviceAccount": service_account,
        "oauthScopes": list(_SCOPES),
        "shieldedInstanceConfig": {"enableSecureBoot": True, "enableIntegrityMonitoring": True},
        **({"bootDiskKmsKey": key} if key is not None else {}),
    }


def taint(wanted: managed.Taint) -> dict[str, str]:
    """A taint as GKE spells it."""
    key = _MANAGED if wanted.key == resolution.SYSTEM else wanted.key
    return {"key": key, "value": wanted.value, "effect": _EFFECTS[wanted.effect]}


def autoscaling(
    wanted: project.Wanted, *, service_account: pulumi.Input[str], key: pulumi.Input[str] | None
) -> dict[str, Any]:
    """Whether and how GKE makes pools by itself. Nodes with little on them go sooner than by default."""
    profile = {"autoscalingProfile": "OPTIMIZE_UTILIZATION"}
    if wanted.compute != "auto":
        return {**profile, "enabled": False, "defaultComputeClassEnabled": False}
    return {
        **profile,
        "enabled": True,
        # The ComputeClass `default`, once somebody writes one, decides about machines; GKE brings none.
        "defaultComputeClassEnabled": True,
        "resourceLimits": [{"resourceType": name, "minimum": 0, "maximum": most} for name, most in _LIMITS.items()],
        "autoProvisioningLocations": list(wanted.network.zones),
        "autoProvisioningDefaults": {
            **hardened(service_account=service_account, key=key),
            "imageType": IMAGES[wanted.options.node_image],
            "diskType": machines.AUTOMATIC,
            "diskSize": 100,
            "management": {"autoRepair": True, "autoUpgrade": True},
            "upgradeSettings": upgrade(),
        },
    }
