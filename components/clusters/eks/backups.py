"""The bucket that services write their backups to: encrypted, versioned, private, and deleted from only by age."""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components import contracts, registration
from components.clusters.eks import account, encryption, roles
from stacks import managed, resolution

_DAYS_TO_UNDELETE: Final = 7
"""How long an overwritten or deleted object can be had back; in a locked stack the lock holds it longer."""
_DAYS_OF_AN_UPLOAD: Final = 7


def create(
    target: account.Account, wanted: resolution.Managed[managed.EksOptions], *, key: encryption.Key | None
) -> contracts.ObjectStore | None:
    """Register the bucket and all that makes it safe; None where the stack asks for none."""
    if wanted.backups is None:
        return None
    # As with volumes: what a service has stored goes only where the stack says so.
    keep = not wanted.drain.volumes
    bucket = target.register(
        "s3/bucket:Bucket",
        "backups",
        # No name: names of buckets are the whole world's, and that of a bucket that was kept can't be had again.
        # The lock is a resource of its own: as the bucket's `objectLockEnabled` it could only be taken off by replacing
        # the bucket, and all that is in it.
        {"forceDestroy": wanted.protection == "off" and not keep},
        outputs=("bucket", "arn"),
        opts=pulumi.ResourceOptions(protect=wanted.protection != "off", retain_on_delete=keep),
    )
    _secure(target, bucket, key=key, keep=keep)
    _age(target, bucket, days=wanted.backups.retention_days, is_locked=wanted.protection == "locked", keep=keep)
    name = bucket.output("bucket")
    return contracts.ObjectStore(
        protocol="s3", bucket=name, url=pulumi.Output.format("s3://{0}", name), root=name, region=wanted.region
    )


def _secure(target: account.Account, bucket: registration.Resource, *, key: encryption.Key | None, keep: bool) -> None:
    name = {"bucket": bucket.output("bucket")}
    opts = pulumi.ResourceOptions(retain_on_delete=keep)
    closed = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    block = target.register(
        "s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "backups",
        {**name, **dict.fromkeys(closed, True)},
        opts=opts,
    )
    target.register(
        "s3/bucketOwnershipControls:BucketOwnershipControls",
        "backups",
        {**name, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        opts=opts,
    )
    target.register(
        "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "backups",
        {**name, "rules": [encrypted(key.arn if key else None)]},
        opts=opts,
    )
    # S3 takes one change of these at a time; the policy after the block, or it might be judged before it.
    after = pulumi.ResourceOptions(depends_on=[block], retain_on_delete=keep)
    policy = bucket.output("arn").apply(only_by_tls)
    target.register("s3/bucketPolicy:BucketPolicy", "backups", {**name, "policy": policy}, opts=after)


def _age(target: account.Account, bucket: registration.Resource, *, days: int, is_locked: bool, keep: bool) -> None:
    name = {"bucket": bucket.output("bucket")}
    versions = target.register(
        "s3/bucketVersioning:BucketVersioning",
        "backups",
        {**name, "versioningConfiguration": {"status": "Enabled"}},
        opts=pulumi.ResourceOptions(retain_on_delete=keep),
    )
    opts = pulumi.ResourceOptions(depends_on=[versions], retain_on_delete=keep)
    target.register(
        "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "backups",
        {**name, "rules": lifecycle(days)},
        opts=opts,
    )
    if is_locked:
        target.register(
            "s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
            "backups",
            {**name, "rule": {"defaultRetention": lock(days)}},
            # Not kept like the rest: it leaves the program when the stack is unlocked, and the lock is to go then.
            opts=pulumi.ResourceOptions(depends_on=[versions]),
        )


def encrypted(key: pulumi.Input[str] | None) -> dict[str, Any]:
    """How objects are encrypted: by the key, asked once for many objects, or by Amazon's own."""
    if key is None:
        return {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    by_key = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}
    return {"applyServerSideEncryptionByDefault": by_key, "bucketKeyEnabled": True}


def lifecycle(days: int) -> list[dict[str, Any]]:
    """Rules by which objects go after `days`, and what is left of deleted ones and of broken uploads soon after."""
    return [
        {
            "id": "retention",
            "status": "Enabled",
            "filter": {},
            "expiration": {"days": days},
            "noncurrentVersionExpiration": {"noncurrentDays": min(days, _DAYS_TO_UNDELETE)},
            "abortIncompleteMultipartUpload": {"daysAfterInitiation": _DAYS_OF_AN_UPLOAD},
        },
        {"id": "markers", "status": "Enabled", "filter": {}, "expiration": {"expiredObjectDeleteMarker": True}},
    ]


def lock(days: int) -> dict[str, Any]:
    """Nobody deletes or overwrites a backup before its time, short of a principal with `s3:BypassGovernanceRetention`.

    Not `COMPLIANCE`: from that there is no way back for anybody, and a retention mistyped as 3650 costs ten years.
    """
    return {"mode": "GOVERNANCE", "days": days}


def only_by_tls(arn: str) -> str:
    """The policy of the bucket of this ARN."""
    return roles.document(
        {
            "Sid": "OnlyByTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )
