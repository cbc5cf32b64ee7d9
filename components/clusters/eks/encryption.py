"""A key of the customer's own, for Kubernetes Secrets, disks, logs and backups."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import pulumi

from components.clusters.eks import account, places, roles
from stacks import managed, resolution

_USE: Final = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Key:
    """The key."""

    arn: pulumi.Output[str]


def create(target: account.Account, wanted: resolution.Managed[managed.EksOptions]) -> Key | None:
    """Register the key and its alias; None where Amazon's own key is used.

    It outlives the stack: without it neither volumes nor backups that were kept could be read again.
    """
    if wanted.encryption == "provider":
        return None
    key = target.register(
        "kms/key:Key",
        "key",
        properties(target.place),
        outputs=("arn", "keyId"),
        opts=pulumi.ResourceOptions(protect=wanted.protection != "off", retain_on_delete=True),
    )
    alias = {"name": target.place.key_alias, "targetKeyId": key.output("keyId")}
    target.register("kms/alias:Alias", "key", alias)
    return Key(arn=key.output("arn"))


def properties(place: places.Place) -> dict[str, Any]:
    """The key: rotated every year, and with the longest time to think again when somebody deletes it."""
    return {
        "description": f"Secrets, disks, logs and backups of EKS cluster {place.cluster}",
        "enableKeyRotation": True,
        "deletionWindowInDays": 30,
        "policy": policy(place),
    }


def policy(place: places.Place) -> str:
    """Who may use the key.

    The second statement is that of Amazon's own EBS key: whoever may use EC2 or EKS in this account uses the key
    through them. It names no role, because a key policy that names one which does not exist yet is refused, and the
    role of EC2 Auto Scaling exists in an account only after its first use.
    """
    groups = [place.control_plane_logs, place.flow_logs]
    return roles.document(
        {
            "Sid": "IamPoliciesOfTheAccount",
            "Effect": "Allow",
            "Principal": {"AWS": place.root},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "ThroughEc2AndEks",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [*_USE, "kms:CreateGrant"],
            "Resource": "*",
            "Condition": {
                "StringEquals": {
                    "kms:CallerAccount": place.account,
                    "kms:ViaService": [place.endpoint("ec2"), place.endpoint("eks")],
                }
            },
        },
        {
            "Sid": "LogGroupsOfThisCluster",
            "Effect": "Allow",
            "Principal": {"Service": place.endpoint("logs")},
            "Action": _USE,
            "Resource": "*",
            "Condition": {
                "ArnEquals": {"kms:EncryptionContext:aws:logs:arn": [place.log_group_arn(name) for name in groups]}
            },
        },
    )


def use(key: pulumi.Input[str], *, actions: list[str]) -> dict[str, Any]:
    """The statement of a role's policy that lets it use the key of this ARN."""
    return {"Effect": "Allow", "Action": actions, "Resource": key}
