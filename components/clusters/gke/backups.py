"""The bucket that services on a GKE cluster write their backups to."""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components import contracts, registration
from components.clusters.gke import encryption, project
from stacks import managed

_DAY: Final = 24 * 60 * 60
_NONCURRENT_DAYS: Final = 7
"""How long what was overwritten or deleted can be brought back."""


def create(
    wanted: project.Wanted,
    *,
    key: encryption.Key | None,
    opts: pulumi.ResourceOptions,
    depends_on: tuple[pulumi.Resource, ...],
) -> contracts.ObjectStore | None:
    """Register the bucket where the stack asks for one."""
    if wanted.backups is None:
        return None
    made = registration.resource(
        "gcp:storage/bucket:Bucket",
        f"{wanted.name}-backups",
        bucket(wanted, wanted.backups, key=key.name if key else None),
        outputs=("name",),
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                protect=project.is_protected(wanted),
                # As with volumes: what a service has stored goes only where the stack says so.
                retain_on_delete=not wanted.drain.volumes,
                depends_on=[*depends_on, *(key.grants if key else ())],
            ),
        ),
    )
    name = made.output("name")
    return contracts.ObjectStore(protocol="gcs", bucket=name, url=pulumi.Output.concat("gs://", name), root=name)


def bucket(wanted: project.Wanted, backups: managed.Backups, *, key: pulumi.Input[str] | None) -> dict[str, Any]:
    """The bucket. Google makes up the rest of its name, as names of buckets are shared by the whole world."""
    is_locked = wanted.protection == "locked"
    return {
        "project": wanted.options.project,
        "location": wanted.region,
        "storageClass": "STANDARD",
        "uniformBucketLevelAccess": True,
        "publicAccessPrevention": "enforced",
        # Where nothing can be overwritten there is nothing to keep versions of; Google takes only one of the two.
        "versioning": {"enabled": not is_locked},
        "retentionPolicy": _retention(backups) if is_locked else None,
        "softDeletePolicy": {"retentionDurationSeconds": _NONCURRENT_DAYS * _DAY},
        "lifecycleRules": _lifecycle(backups, is_versioned=not is_locked),
        "encryption": {"defaultKmsKeyName": key} if key is not None else None,
        # With backups in it, a bucket of a stack that keeps no data goes all the same.
        "forceDestroy": wanted.protection == "off" and wanted.drain.volumes,
        "labels": dict(wanted.tags),
    }


def _retention(backups: managed.Backups) -> dict[str, Any]:
    """Nothing is deleted or overwritten before its time, as long as nobody who may takes the policy away.

    Not locked for good (`isLocked`): nobody could undo that, whoever mistyped the days would pay for all of them, and a
    stack that is locked no more would have to replace the bucket, because such a lock can't be taken off in place.
    """
    return {"retentionPeriod": str(backups.retention_days * _DAY), "isLocked": False}


def _lifecycle(backups: managed.Backups, *, is_versioned: bool) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = [
        {"action": {"type": "Delete"}, "condition": {"age": backups.retention_days, "withState": "LIVE"}},
        {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": _NONCURRENT_DAYS}},
    ]
    if is_versioned:
        old = {"daysSinceNoncurrentTime": _NONCURRENT_DAYS, "withState": "ARCHIVED"}
        rules.append({"action": {"type": "Delete"}, "condition": old})
    return rules
