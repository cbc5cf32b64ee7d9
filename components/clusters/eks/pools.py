"""Managed node groups and what they are started from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from components import registration
from components.clusters.eks import account, autoscaler, encryption, network, roles
from stacks import managed, resolution

POLICIES: Final = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
"""Not the network add-on's: that has a role of its own."""
AUTO_POLICIES: Final = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")

IMAGES: Final = {
    ("al2023", "amd64"): "AL2023_x86_64_STANDARD",
    ("al2023", "arm64"): "AL2023_ARM_64_STANDARD",
    ("bottlerocket", "amd64"): "BOTTLEROCKET_x86_64",
    ("bottlerocket", "arm64"): "BOTTLEROCKET_ARM_64",
}
EFFECTS: Final = {
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}
"""Kubernetes' effects of taints, and what EKS calls them."""

_ROOT: Final = "/dev/xvda"
_BOTTLEROCKET_DATA: Final = "/dev/xvdb"
"""Bottlerocket keeps images and pods' files on a second disk, and its read-only system on the first."""
_SCALED: Final = "scalingConfig.desiredSize"
"""An autoscaler's, once the group exists. Nested paths are camelCase, or they are silently ignored."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Foundation:
    """What all pools of a cluster have in common."""

    cluster: registration.Resource
    role: roles.Role
    group: registration.Resource
    """Security group of the nodes."""
    network: network.Network
    key: encryption.Key | None


def role(target: account.Account, wanted: resolution.Managed[managed.EksOptions]) -> roles.Role:
    """Register the nodes' role. Whatever runs on a node could use it, so it may do no more than a node must."""
    return roles.register(
        target,
        "nodes",
        trusted=roles.trust("ec2.amazonaws.com"),
        policies=AUTO_POLICIES if wanted.compute == "auto" else POLICIES,
    )


def create(
    target: account.Account,
    wanted: resolution.Managed[managed.EksOptions],
    foundation: Foundation,
    *,
    depends_on: Sequence[pulumi.Resource],
) -> tuple[registration.Resource, ...]:
    """Register a launch template and a node group for each pool."""
    return tuple(_create(target, wanted, pool, foundation, depends_on=depends_on) for pool in wanted.pools)


def _create(
    target: account.Account,
    wanted: resolution.Managed[managed.EksOptions],
    pool: resolution.Pool,
    foundation: Foundation,
    *,
    depends_on: Sequence[pulumi.Resource],
) -> registration.Resource:
    template = target.register(
        "ec2/launchTemplate:LaunchTemplate",
        f"pool-{pool.name}",
        template_properties(
            pool,
            cluster=wanted.name,
            image=wanted.options.node_image,
            patch_level=wanted.options.patch_level,
            tags=wanted.tags,
            security_group=foundation.group.id,
            key=foundation.key.arn if foundation.key else None,
        ),
        outputs=("latestVersion",),
    )
    return target.register(
        "eks/nodeGroup:NodeGroup",
        f"pool-{pool.name}",
        properties(
            pool,
            wanted=wanted,
            cluster=foundation.cluster.output("name"),
            role=foundation.role.arn,
            subnet_ids=[foundation.network.nodes[zone] for zone in pool.zones if zone in foundation.network.nodes],
            template={"id": template.id, "version": template.output("latestVersion").apply(version)},
        ),
        opts=pulumi.ResourceOptions(
            protect=wanted.protection != "off" and holds_data(pool),
            depends_on=[*foundation.role.permissions, *depends_on],
            ignore_changes=[_SCALED],
            custom_timeouts=account.SLOW,
        ),
    )


def version(number: float) -> str:
    """A template's version as a node group takes it: numbers are all floating on Pulumi's wire, `1.0` is no version."""
    return str(int(number))


def holds_data(pool: resolution.Pool) -> bool:
    """Whether services with data run there: not on the system's own nodes, and not where nodes are taken away."""
    return pool.role == "user" and not pool.spot


def properties(
    pool: resolution.Pool,
    *,
    wanted: resolution.Managed[managed.EksOptions],
    cluster: pulumi.Input[str],
    role: pulumi.Input[str],
    subnet_ids: Sequence[pulumi.Input[str]],
    template: Mapping[str, pulumi.Input[str]],
) -> dict[str, Any]:
    """The node group: without a name, so that a new one can stand beside it before it goes (pulumi-eks#294)."""
    return {
        "clusterName": cluster,
        "version": wanted.minor,
        "nodeRoleArn": role,
        "subnetIds": list(subnet_ids),
        "amiType": IMAGES[wanted.options.node_image, pool.arch],
        "capacityType": "SPOT" if pool.spot else "ON_DEMAND",
        "instanceTypes": list(pool.instance_types),
        "scalingConfig": {"minSize": pool.min, "maxSize": pool.max, "desiredSize": pool.min},
        "updateConfig": {"maxUnavailablePercentage": 33},
        "nodeRepairConfig": {"enabled": True},
        "launchTemplate": dict(template),
        "labels": dict(pool.labels),
        "taints": [{"key": taint.key, "value": taint.value, "effect": EFFECTS[taint.effect]} for taint in pool.taints],
        "tags": {"Name": f"{wanted.name}-{pool.name}", **autoscaler.group_tags(pool)},
    }


def template_properties(
    pool: resolution.Pool,
    *,
    cluster: str,
    image: str,
    patch_level: str,
    tags: Mapping[str, str],
    security_group: pulumi.Input[str],
    key: pulumi.Input[str] | None,
) -> dict[str, Any]:
    """What instances are started from. They get the stack's tags here, because no default tags reach them.

    The patch level makes another version of it, and with that EKS replaces the nodes by such of the newest image. The
    image's release is not named (`releaseVersion`): EKS takes the newest in any case when a template changes, and never
    goes back to an older one, so that a name would soon be another's than the nodes' (API UpdateNodegroupVersion).
    """
    own = {**tags, "Name": f"{cluster}-{pool.name}"}
    level = f", patch level {patch_level}" if patch_level else ""
    return {
        "description": f"Nodes {pool.name} of EKS cluster {cluster}{level}",
        "updateDefaultVersion": True,
        "vpcSecurityGroupIds": [security_group],
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            # One hop: a pod, which is one further, can't take its node's role.
            "httpPutResponseHopLimit": 1,
        },
        "blockDeviceMappings": disks(image, size=pool.disk, key=key),
        "tagSpecifications": [
            {"resourceType": kind, "tags": own} for kind in ("instance", "volume", "network-interface")
        ],
        "tags": {"Name": f"{cluster}-{pool.name}"},
    }


def disks(image: str, *, size: int, key: pulumi.Input[str] | None) -> list[dict[str, Any]]:
    """The node's disks, all encrypted. `size` is in GiB."""
    if image == "bottlerocket":
        return [_disk(_ROOT, size=None, key=key), _disk(_BOTTLEROCKET_DATA, size=size, key=key)]
    return [_disk(_ROOT, size=size, key=key)]


def _disk(device: str, *, size: int | None, key: pulumi.Input[str] | None) -> dict[str, Any]:
    """One disk. These two flags are texts in the provider's schema."""
    disk = {
        "volumeType": "gp3",
        "volumeSize": size,
        "encrypted": "true",
        "deleteOnTermination": "true",
        "kmsKeyId": key,
    }
    return {"deviceName": device, "ebs": {name: value for name, value in disk.items() if value is not None}}
