"""Who may do what in the cluster: access entries of EKS, and no ConfigMap."""

from __future__ import annotations

import dataclasses
from typing import Final, Literal

import pulumi

from components import registration
from components.clusters.eks import account
from stacks import resolution

Right = Literal["admin", "viewer"]

POLICIES: Final[dict[Right, str]] = {"admin": "AmazonEKSClusterAdminPolicy", "viewer": "AmazonEKSViewPolicy"}
"""`AmazonEKSAdminViewPolicy` would show Secrets too."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One principal and its right."""

    part: str
    principal: str
    right: Right


def entries(access: resolution.Access) -> tuple[Entry, ...]:
    """Each principal once, with the greater of its rights: a second entry for one is refused (terraform-aws-eks#2968).

    They are named by principal rather than by position, so that taking one off the list touches no other.
    """
    admins = dict.fromkeys(principal for principal in access.admins if principal != access.deployer)
    viewers = dict.fromkeys(
        principal for principal in access.viewers if principal not in admins and principal != access.deployer
    )
    return (
        Entry(part="deployer", principal=access.deployer, right="admin"),
        *(Entry(part=f"admin-{_name(principal)}", principal=principal, right="admin") for principal in admins),
        *(Entry(part=f"viewer-{_name(principal)}", principal=principal, right="viewer") for principal in viewers),
    )


def create(
    target: account.Account, access: resolution.Access, *, cluster: registration.Resource
) -> tuple[registration.Resource, ...]:
    """Register the entries; the deployer's grant comes first, for everything on the cluster to depend on."""
    return tuple(_grant(target, entry, cluster=cluster) for entry in entries(access))


def _grant(target: account.Account, entry: Entry, *, cluster: registration.Resource) -> registration.Resource:
    principal = {"clusterName": cluster.output("name"), "principalArn": entry.principal}
    registered = target.register("eks/accessEntry:AccessEntry", entry.part, {**principal, "type": "STANDARD"})
    return target.register(
        "eks/accessPolicyAssociation:AccessPolicyAssociation",
        entry.part,
        {
            **principal,
            "policyArn": target.place.access_policy_arn(POLICIES[entry.right]),
            "accessScope": {"type": "cluster"},
        },
        opts=pulumi.ResourceOptions(depends_on=[registered]),
    )


def _name(principal: str) -> str:
    """A principal's own account and name: `444455556666-platform-oncall`."""
    _, _, _, _, owner, name = principal.split(":", 5)
    return f"{owner}-{name.partition('/')[2] or name}".replace("/", "-")
