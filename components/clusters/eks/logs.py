"""Log groups: made before anybody writes to them, because AWS would make them without an end and without a key."""

from __future__ import annotations

import pulumi

from components import registration
from components.clusters.eks import account, encryption, roles
from stacks import managed, resolution

_RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""Days that CloudWatch knows; anything else it refuses."""


def retention(days: int) -> int:
    """The days that CloudWatch knows and that are not fewer than asked for."""
    return next((known for known in _RETENTIONS if known >= days), _RETENTIONS[-1])


def group(
    target: account.Account,
    wanted: resolution.Managed[managed.EksOptions],
    part: str,
    *,
    name: str,
    key: encryption.Key | None,
) -> registration.Resource:
    """Register a log group. In a locked stack it outlives the cluster: it holds the audit."""
    is_locked = wanted.protection == "locked"
    return target.register(
        "cloudwatch/logGroup:LogGroup",
        part,
        {
            "name": name,
            "retentionInDays": retention(wanted.audit.retention_days),
            "kmsKeyId": key.arn if key else None,
            "deletionProtectionEnabled": is_locked,
        },
        outputs=("arn",),
        opts=pulumi.ResourceOptions(retain_on_delete=is_locked),
    )


def writer(group_arn: str) -> str:
    """The policy of a role that writes to the log group."""
    return roles.document(
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": [group_arn, f"{group_arn}:*"],
        },
        {"Effect": "Allow", "Action": "logs:DescribeLogGroups", "Resource": "*"},
    )
