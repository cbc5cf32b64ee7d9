"""EKS add-ons: what makes nodes work before there are nodes, and what needs nodes after them.

The control plane does not upgrade them. A new minor brings new versions of them in the same `up`, before the nodes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from components import registration
from components.clusters.eks import account, roles, versions
from stacks import managed, resolution

_TOLERATIONS: Final = [{"key": resolution.SYSTEM, "operator": "Exists"}]
"""System nodes have this taint; an add-on that does not tolerate it would have nowhere to run in a small cluster."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Addon:
    """An add-on and how it is set up."""

    name: str
    configuration: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    service_account: str = ""
    """The one that gets a role, by Pod Identity; empty where none needs one."""
    policy: str = ""
    """Amazon's policy for that role."""


def first() -> tuple[Addon, ...]:
    """What hands other add-ons their roles; built into Auto Mode."""
    return (Addon(name="eks-pod-identity-agent"),)


def before_nodes() -> tuple[Addon, ...]:
    """What a node needs to become ready."""
    return (
        Addon(
            name="vpc-cni",
            configuration={"enableNetworkPolicy": "true"},
            service_account="aws-node",
            policy="AmazonEKS_CNI_Policy",
        ),
        Addon(name="kube-proxy"),
    )


def after_nodes(tags: Mapping[str, str]) -> tuple[Addon, ...]:
    """What runs on nodes, and would be degraded without them (pulumi-eks#1819). `tags` are those of volumes."""
    return (
        # From two replicas on, by nodes and cores: docs.aws.amazon.com/eks/latest/userguide/coredns-autoscaling.html.
        Addon(name="coredns", configuration={"autoScaling": {"enabled": True}, "tolerations": _TOLERATIONS}),
        Addon(
            name="aws-ebs-csi-driver",
            configuration={"controller": {"extraVolumeTags": dict(tags), "tolerations": _TOLERATIONS}},
            service_account="ebs-csi-controller-sa",
            # The newer one of the two: it touches only volumes that the driver has made.
            policy="AmazonEBSCSIDriverPolicyV2",
        ),
        Addon(name="eks-node-monitoring-agent"),
        *in_any_case(),
    )


def in_any_case() -> tuple[Addon, ...]:
    """What Auto Mode does not bring either."""
    return (
        Addon(name="metrics-server", configuration={"tolerations": _TOLERATIONS}),
        Addon(name="snapshot-controller"),
    )


def create(
    target: account.Account,
    wanted: resolution.Managed[managed.EksOptions],
    addons: Sequence[Addon],
    *,
    cluster: registration.Resource,
    depends_on: Sequence[pulumi.Resource] = (),
) -> tuple[registration.Resource, ...]:
    """Register add-ons, side by side; AWS takes one change after the other by itself."""
    return tuple(_create(target, wanted, addon, cluster=cluster, depends_on=depends_on) for addon in addons)


def _create(
    target: account.Account,
    wanted: resolution.Managed[managed.EksOptions],
    addon: Addon,
    *,
    cluster: registration.Resource,
    depends_on: Sequence[pulumi.Resource],
) -> registration.Resource:
    role = _role(target, addon)
    return target.register(
        "eks/addon:Addon",
        addon.name,
        properties(
            addon,
            cluster=cluster.output("name"),
            version=versions.of(target, wanted, addon.name),
            role=role.arn if role else None,
        ),
        opts=pulumi.ResourceOptions(
            depends_on=[cluster, *(role.permissions if role else ()), *depends_on], custom_timeouts=account.SLOW
        ),
    )


def properties(
    addon: Addon, *, cluster: pulumi.Input[str], version: pulumi.Input[str], role: pulumi.Input[str] | None
) -> dict[str, Any]:
    """The add-on."""
    return {
        "clusterName": cluster,
        "addonName": addon.name,
        "addonVersion": version,
        "configurationValues": json.dumps(addon.configuration, sort_keys=True) if addon.configuration else None,
        "podIdentityAssociations": [{"roleArn": role, "serviceAccount": addon.service_account}] if role else None,
        "resolveConflictsOnCreate": "OVERWRITE",
        "resolveConflictsOnUpdate": "PRESERVE",
        "preserve": False,
    }


def _role(target: account.Account, addon: Addon) -> roles.Role | None:
    if not addon.policy:
        return None
    return roles.register(
        target,
        addon.name.removeprefix("aws-").removesuffix("-driver"),
        trusted=roles.trust(roles.PODS, actions=roles.TAGGED),
        policies=(addon.policy,),
    )
