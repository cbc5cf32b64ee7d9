"""Backups of what no operator backs up itself: a dump, made at night and copied to the cluster's object store. Pure.

The service's own tool writes the dump to a volume that lives as long as the job; rclone, which speaks the API of every
vendor's store and takes the pod's identity, copies it. What is old the store deletes itself. Rejected: a stream from
one program into the other, because half a dump would look like a whole one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from components import contracts, isolation

IMAGE: Final = "docker.io/rclone/rclone:1.70.3"
FOLDER: Final = "/backup"
"""Where the dump is written: everything in it is copied."""
_USER: Final = 65534
ACCOUNT: Final = "backup"
"""The ServiceAccount of the pods that copy; the catalogue entry's `backup_account`."""
HOURS: Final = 6
"""How long one backup may take."""
TO_STORE: Final[tuple[dict[str, Any], ...]] = (
    {"ports": [{"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 80}]},
    {"ports": [{"protocol": "TCP", "port": 988}]},
)
"""Egress to the object store, and to whoever hands out the vendor's tokens: 80, and 988 on GKE."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dump:
    """What writes a dump."""

    image: str
    script: str = ""
    """For `/bin/sh -ceu`; it writes into FOLDER."""
    command: Sequence[str] = ()
    """Instead of a script, for an image that has no shell."""
    environment: Sequence[Mapping[str, Any]] = ()
    """As in a container; passwords by `secretKeyRef` only."""
    mounts: Sequence[Mapping[str, Any]] = ()
    volumes: Sequence[Mapping[str, Any]] = ()
    user: int = _USER


def objects(
    instance: str,
    *,
    dump: Dump,
    schedule: str,
    target: contracts.BackupTarget,
    storage: contracts.StorageFacts,
    size: str,
) -> list[contracts.Manifest]:
    """The ServiceAccount that may write to the store, the CronJob, and what lets its pods out."""
    return [
        _service_account(instance, target),
        _cron_job(instance, dump=dump, schedule=schedule, target=target, storage=storage, size=size),
        isolation.network_policy(
            ACCOUNT,
            namespace=instance,
            pods=pods(instance),
            ingress=(),
            # To the instance itself, too.
            egress=[isolation.DNS, {"to": [{"podSelector": {}}]}, *TO_STORE],
        ),
    ]


def pods(instance: str) -> dict[str, str]:
    """Labels of the job's pods."""
    return {"app.kubernetes.io/name": ACCOUNT, "app.kubernetes.io/instance": instance}


def _service_account(instance: str, target: contracts.BackupTarget) -> contracts.Manifest:
    annotations = dict(target.binding.service_account_annotations)
    metadata = {"name": ACCOUNT, "namespace": instance, "labels": {isolation.PART_OF: "paasport"}}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {**metadata, **({"annotations": annotations} if annotations else {})},
        "automountServiceAccountToken": False,
    }


def _cron_job(
    instance: str,
    *,
    dump: Dump,
    schedule: str,
    target: contracts.BackupTarget,
    storage: contracts.StorageFacts,
    size: str,
) -> contracts.Manifest:
    labels = {**pods(instance), isolation.PART_OF: "paasport"}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": ACCOUNT, "namespace": instance, "labels": labels},
        "spec": {
            "schedule": schedule,
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 3600,
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "spec": {
                    "backoffLimit": 2,
                    "activeDeadlineSeconds": HOURS * 3600,
                    "template": {
                        "metadata": {"labels": {**labels, **target.binding.pod_labels}},
                        "spec": _pod(instance, dump=dump, target=target, storage=storage, size=size),
                    },
                }
            },
        },
    }


def _pod(
    instance: str, *, dump: Dump, target: contracts.BackupTarget, storage: contracts.StorageFacts, size: str
) -> dict[str, Any]:
    mount = {"name": ACCOUNT, "mountPath": FOLDER}
    scratch = {"name": ACCOUNT, "ephemeral": {"volumeClaimTemplate": {"spec": _claim(storage, size)}}}
    return {
        "restartPolicy": "Never",
        "serviceAccountName": ACCOUNT,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": dump.user,
            "runAsGroup": dump.user,
            "fsGroup": dump.user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [
            {
                **_container("dump", dump.image, dump.command or ["/bin/sh", "-ceu", dump.script], memory="512Mi"),
                "env": [dict(item) for item in dump.environment],
                "volumeMounts": [mount, *(dict(item) for item in dump.mounts)],
            }
        ],
        "containers": [
            {
                **_container("copy", IMAGE, _copy(instance, target.store), memory="256Mi"),
                "env": _store(target.store),
                "volumeMounts": [mount],
            }
        ],
        "volumes": [scratch, *(dict(item) for item in dump.volumes)],
    }


def _claim(storage: contracts.StorageFacts, size: str) -> dict[str, Any]:
    return {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage.default_class,
        "resources": {"requests": {"storage": size}},
    }


def _container(name: str, image: str, command: Sequence[Any], *, memory: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "command": list(command),
        "resources": {"requests": {"cpu": "100m", "memory": memory}, "limits": {"memory": memory}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _copy(instance: str, store: contracts.ObjectStore) -> list[pulumi.Input[str]]:
    """Under `<instance>/<moment>`; the newest one is the last by name."""
    place = pulumi.Output.concat(store.root, f"/{instance}/")
    script = pulumi.Output.concat(
        f"rclone copy {FOLDER} ", 'store:"', place, '$(date -u +%Y-%m-%dT%H:%M:%SZ)" --immutable'
    )
    return ["/bin/sh", "-ceu", script]


def _store(store: contracts.ObjectStore) -> list[dict[str, Any]]:
    """Rclone's settings of the remote `store`, whose credentials come from the pod's identity.

    https://rclone.org/docs/#environment-variables
    """
    settings: dict[str, pulumi.Input[str]] = {"ENV_AUTH": "true", "TYPE": _TYPES[store.protocol]}
    if store.protocol == "s3":
        settings |= {"PROVIDER": "AWS", "REGION": store.region, "NO_CHECK_BUCKET": "true"}
    elif store.protocol == "gcs":
        # Access is decided for the bucket as a whole, never for one object.
        settings |= {"BUCKET_POLICY_ONLY": "true", "NO_CHECK_BUCKET": "true"}
    elif store.account is not None:
        settings |= {"ACCOUNT": store.account, "NO_CHECK_CONTAINER": "true"}
    found = [{"name": f"RCLONE_CONFIG_STORE_{key}", "value": value} for key, value in sorted(settings.items())]
    return [*found, {"name": "RCLONE_CONFIG", "value": "/dev/null"}]


_TYPES: Final = {"s3": "s3", "gcs": "google cloud storage", "azure": "azureblob"}
