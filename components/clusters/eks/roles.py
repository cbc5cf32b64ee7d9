"""IAM roles: who may take one on, and what it may do."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from components import registration
from components.clusters.eks import account

TAGGED: Final = ("sts:AssumeRole", "sts:TagSession")
"""What EKS needs for Auto Mode and for pods: their sessions carry tags that say which cluster they belong to."""

PODS: Final = "pods.eks.amazonaws.com"
"""The service by which pods get a role (EKS Pod Identity)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Role:
    """A role with its permissions."""

    arn: pulumi.Output[str]
    permissions: tuple[registration.Resource, ...]
    """What must exist before the role is used, and must still exist while what it made is taken down."""


def document(*statements: Mapping[str, Any]) -> str:
    """A policy as AWS takes it."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(service: str, *, actions: Sequence[str] = ("sts:AssumeRole",), condition: Any = None) -> str:
    """The policy that lets an AWS service take the role on."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}
    return document({**statement, **({"Condition": condition} if condition else {})})


def register(
    target: account.Account,
    part: str,
    *,
    trusted: str,
    policies: Sequence[str] = (),
    own_policy: pulumi.Input[str] | None = None,
    name: str | None = None,
) -> Role:
    """Register a role. `policies` are names of Amazon's, `own_policy` is one of this role's alone."""
    role = target.register(
        "iam/role:Role",
        part,
        {
            "name": name or target.place.role_name(part),
            "assumeRolePolicy": trusted,
            # Auto Mode lets go of its role only after the cluster is gone (aws/containers-roadmap#2531).
            "forceDetachPolicies": True,
        },
        outputs=("arn",),
    )
    permissions = [
        target.register(
            "iam/rolePolicyAttachment:RolePolicyAttachment",
            f"{part}-{policy.rpartition('/')[2]}",
            {"role": role.output("name"), "policyArn": target.place.policy_arn(policy)},
        )
        for policy in policies
    ]
    if own_policy is not None:
        properties = {"role": role.output("name"), "policy": own_policy}
        permissions.append(target.register("iam/rolePolicy:RolePolicy", part, properties))
    return Role(arn=role.output("arn"), permissions=tuple(permissions))
