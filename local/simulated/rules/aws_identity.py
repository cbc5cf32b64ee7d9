"""What AWS refuses about identities, keys, logs and buckets.

Sources: the API references of IAM (MalformedPolicyDocument, DeleteConflict), KMS (ScheduleKeyDeletion: 7 to 30 days),
CloudWatch Logs (PutRetentionPolicy; CreateLogGroup with a key that the service may not use) and EKS (control plane
logging creates the log group where there is none).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from local.simulated import checking
from local.simulated.rules import judging

_ROLE: Final = "aws:iam/role:Role"
_LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
_KEY: Final = "aws:kms/key:Key"
_RETENTIONS: Final = (
    *(0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
_LONGEST_POLICY: Final = 6144
_FEWEST_ROTATION_DAYS, _MOST_ROTATION_DAYS = 90, 2560


def document(text: object) -> dict[str, Any] | None:
    """A policy document, given as JSON text or as an object; None where it is neither."""
    if isinstance(text, dict):
        return text
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def trusts(role: Any, service: str, *actions: str) -> bool:
    """Whether a role's trust policy lets a service assume it, with all of these actions."""
    found = document(role.inputs.get("assumeRolePolicy")) or {}
    statements = found.get("Statement", [])
    granted = [
        statement
        for statement in (statements if isinstance(statements, list) else [statements])
        if isinstance(statement, dict) and service in json.dumps(statement.get("Principal", {}))
    ]
    allowed = json.dumps([statement.get("Action") for statement in granted])
    return bool(granted) and all(action in allowed for action in actions)


def attached(case: judging.Case, role: Any) -> set[str]:
    """The managed policies of a role, by the last part of their ARNs."""
    name = role.inputs.get("name")
    arns = [
        one.inputs.get("policyArn")
        for one in case.every("aws:iam/rolePolicyAttachment:RolePolicyAttachment", role=name)
    ]
    arns += role.inputs.get("managedPolicyArns") or []
    return {str(arn).rpartition("/")[2] for arn in arns}


def _policy(path: str) -> judging.Rule:
    def rule(case: judging.Case) -> Iterator[checking.Finding]:
        text = case.value(path)
        if isinstance(text, str) and (document(text) is None or "Statement" not in (document(text) or {})):
            yield checking.Finding(path, "is no policy document: JSON with a Statement (MalformedPolicyDocument)")
        elif isinstance(text, str) and len("".join(text.split())) > _LONGEST_POLICY:
            yield checking.Finding(path, f"is longer than {_LONGEST_POLICY} characters without white space")

    return rule


def _retention(case: judging.Case) -> Iterator[checking.Finding]:
    days = case.number("retentionInDays")
    if days is not None and days not in _RETENTIONS:
        yield checking.Finding(
            "retentionInDays", f"is {days:g}, and the API takes only {', '.join(map(str, _RETENTIONS))}"
        )


def _key_for_logs(case: judging.Case) -> Iterator[checking.Finding]:
    key = case.named("kmsKeyId", _KEY)
    if case.text("kmsKeyId") and not case.text("kmsKeyId").startswith("arn:"):
        yield checking.Finding("kmsKeyId", "must be the key's ARN")
    elif key is not None and "logs." not in json.dumps(key.inputs.get("policy", "")):
        yield checking.Finding("kmsKeyId", f"names {key.id}, whose policy does not let CloudWatch Logs use it")


def _made_by_cluster(case: judging.Case) -> Iterator[checking.Finding]:
    clusters = [one for one in case.every("aws:eks/cluster:Cluster") if one.inputs.get("enabledClusterLogTypes")]
    if case.text("name") in {f"/aws/eks/{one.inputs.get('name')}/cluster" for one in clusters}:
        yield checking.Finding(
            "name",
            f"is {case.text('name')}, which the cluster made itself (ResourceAlreadyExistsException)",
            "create the log group before the cluster",
        )


def _rotation(case: judging.Case) -> Iterator[checking.Finding]:
    if case.given("rotationPeriodInDays") and case.flag("enableKeyRotation") is not True:
        yield checking.Finding("rotationPeriodInDays", "needs enableKeyRotation")


def _protected(case: judging.Case) -> Iterator[checking.Finding]:
    if case.flag("deletionProtectionEnabled"):
        yield checking.Finding("deletionProtectionEnabled", "is on", "turn it off with an update before")


def _lock_needs_versions(case: judging.Case) -> Iterator[checking.Finding]:
    bucket = case.named("bucket", "aws:s3/bucket:Bucket")
    if bucket is None:
        return
    versions = case.every("aws:s3/bucketVersioning:BucketVersioning", bucket=bucket.id)
    on = bucket.inputs.get("objectLockEnabled") is True or any(
        one.value("versioningConfiguration.status") == "Enabled" for one in versions
    )
    if not on:
        yield checking.Finding("bucket", "has no versioning, which object lock needs", "enable versioning before")


CHECKS: Final = {
    _ROLE: (_policy("assumeRolePolicy"), judging.between("maxSessionDuration", 3600, 43200)),
    "aws:iam/policy:Policy": (_policy("policy"),),
    "aws:iam/rolePolicy:RolePolicy": (_policy("policy"),),
    "aws:s3/bucketPolicy:BucketPolicy": (_policy("policy"),),
    _KEY: (
        _policy("policy"),
        _rotation,
        judging.between("deletionWindowInDays", 7, 30),
        judging.between("rotationPeriodInDays", _FEWEST_ROTATION_DAYS, _MOST_ROTATION_DAYS),
    ),
    _LOG_GROUP: (_retention, judging.one_of("logGroupClass", "STANDARD", "INFREQUENT_ACCESS", "DELIVERY")),
    "aws:s3/bucketVersioning:BucketVersioning": (
        judging.one_of("versioningConfiguration.status", "Enabled", "Suspended", "Disabled"),
    ),
}
CREATIONS: Final = {
    _LOG_GROUP: (_made_by_cluster, _key_for_logs),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": (_lock_needs_versions,),
}
UPDATES: Final = {_LOG_GROUP: (_key_for_logs,)}
DELETIONS: Final = {_LOG_GROUP: (_protected,)}
