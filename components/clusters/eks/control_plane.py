"""The EKS cluster itself, its log group and its role."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

import pulumi

from components import registration
from components.clusters.eks import account, automode, encryption, firewall, logs, network, places, roles
from stacks import managed, resolution

STANDARD_LOGS: Final = ("api", "audit", "authenticator")
FULL_LOGS: Final = (*STANDARD_LOGS, "controllerManager", "scheduler")

ONLY_AT_CREATION: Final = ("accessConfig.bootstrapClusterCreatorAdminPermissions", "bootstrapSelfManagedAddons")
"""EKS reads these once; a difference found later would replace the cluster. Nested paths are camelCase, because Pulumi
passes them on as they are, and one that names nothing is silently ignored."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a control plane stands on, as far as it is made by other modules."""

    network: network.Network
    groups: firewall.Groups
    key: encryption.Key | None


def create(
    target: account.Account,
    wanted: resolution.Managed[managed.EksOptions],
    surroundings: Surroundings,
    *,
    depends_on: Sequence[pulumi.Resource] = (),
) -> registration.Resource:
    """Register the cluster. `depends_on` is what must be there before it, and must outlive it, besides its own role."""
    group = logs.group(target, wanted, "logs", name=target.place.control_plane_logs, key=surroundings.key)
    role = cluster_role(target, wanted, key=surroundings.key)
    return target.register(
        "eks/cluster:Cluster",
        "cluster",
        properties(
            wanted,
            place=target.place,
            role=role.arn,
            subnet_ids=surroundings.network.control_plane,
            security_groups=[surroundings.groups.control_plane.id],
            key=surroundings.key.arn if surroundings.key else None,
        ),
        outputs=("endpoint", "certificateAuthority", "identities"),
        opts=pulumi.ResourceOptions(
            protect=wanted.protection != "off",
            # The log group, or EKS makes one that never ends; the permissions, or EKS can't delete what it has made.
            depends_on=[group, *role.permissions, *surroundings.groups.rules, *depends_on],
            ignore_changes=list(ONLY_AT_CREATION),
            custom_timeouts=account.SLOW,
        ),
    )


def cluster_role(
    target: account.Account, wanted: resolution.Managed[managed.EksOptions], *, key: encryption.Key | None
) -> roles.Role:
    """Register the control plane's role."""
    own: pulumi.Input[str] | None = None
    is_auto = wanted.compute == "auto"
    if key is not None or is_auto:
        arn: pulumi.Input[str] | None = key.arn if key else None
        own = pulumi.Output.from_input(arn).apply(lambda found: own_policy(target.place, key=found, auto=is_auto))
    return roles.register(
        target,
        "cluster",
        # With tags in any case: so a later change to Auto Mode finds them.
        trusted=roles.trust("eks.amazonaws.com", actions=roles.TAGGED),
        policies=("AmazonEKSClusterPolicy", *(automode.CLUSTER_POLICIES if is_auto else ())),
        own_policy=own,
    )


def own_policy(place: places.Place, *, key: str | None, auto: bool) -> str:
    """What the role needs besides Amazon's policies: the key, and in Auto Mode the right to tag what it makes."""
    actions = ["kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey"]
    return roles.document(
        *([encryption.use(key, actions=actions)] if key else []),
        *(automode.tagging(place) if auto else []),
    )


def properties(
    wanted: resolution.Managed[managed.EksOptions],
    *,
    place: places.Place,
    role: pulumi.Input[str],
    subnet_ids: Sequence[pulumi.Input[str]],
    security_groups: Sequence[pulumi.Input[str]],
    key: pulumi.Input[str] | None,
) -> dict[str, Any]:
    """The cluster. Nothing is left to a default of AWS that is unsafe or that AWS changes."""
    is_auto = wanted.compute == "auto"
    return {
        "name": wanted.name,
        "version": wanted.minor,
        "roleArn": role,
        "accessConfig": {
            "authenticationMode": "API",
            # Whoever creates the cluster has no right to it for that: the deployer's own entry can be taken away
            # again, and the two would collide (pulumi-eks#2373).
            "bootstrapClusterCreatorAdminPermissions": False,
        },
        "vpcConfig": {
            "subnetIds": list(subnet_ids),
            "securityGroupIds": list(security_groups),
            **endpoint(wanted.access),
        },
        "kubernetesNetworkConfig": {
            "ipFamily": "ipv4",
            "serviceIpv4Cidr": wanted.network.services,
            "elasticLoadBalancing": {"enabled": is_auto},
        },
        **automode.properties(place, is_enabled=is_auto),
        "encryptionConfig": {"provider": {"keyArn": key}, "resources": ["secrets"]} if key is not None else None,
        "enabledClusterLogTypes": list(FULL_LOGS if wanted.audit.categories == "full" else STANDARD_LOGS),
        "upgradePolicy": {"supportType": wanted.options.support.upper()},
        "zonalShiftConfig": {"enabled": True},
        "deletionProtection": wanted.protection == "locked",
        "bootstrapSelfManagedAddons": False,
    }


def endpoint(access: resolution.Access) -> dict[str, Any]:
    """Where the API answers: always inside of the network, so that nodes never need the public address.

    The public one is on for networks that are named; without any it is off, because AWS takes none for everybody. EKS
    has no endpoint that asks for an identity first, so `identity` is as narrow as `allowlist`.
    """
    is_public = access.api != "private" and bool(access.cidrs)
    return {
        "endpointPrivateAccess": True,
        "endpointPublicAccess": is_public,
        **({"publicAccessCidrs": list(access.cidrs)} if is_public else {}),
    }
