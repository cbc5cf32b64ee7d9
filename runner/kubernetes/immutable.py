"""Which changes cannot be made to an existing object, so that it must be replaced. Pure.

The table is that of Pulumi's Kubernetes provider, so that both engines replace in the same cases.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from runner.engine import model
from runner.kubernetes import objects, rejections

_POD: Final = tuple(
    f"spec.{field}"
    for field in (
        *("affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases"),
        *("hostIPC", "hostNetwork", "hostPID", "hostname", "imagePullSecrets", "nodeName", "nodeSelector", "overhead"),
        *("preemptionPolicy", "priority", "priorityClassName", "readinessGates", "restartPolicy", "runtimeClassName"),
        *("schedulerName", "securityContext", "serviceAccount", "serviceAccountName", "shareProcessNamespace"),
        *("subdomain", "terminationGracePeriodSeconds", "volumes", "containers", "initContainers"),
    )
)
_NOT_VOLUME_SOURCE: Final = frozenset(
    {"accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy"}
    | {"storageClassName", "volumeMode", "volumeAttributesClassName"}
)
_TABLE: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "StatefulSet"): (
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    ("batch", "Job"): ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    ("", "Pod"): _POD,
    ("", "PersistentVolumeClaim"): (
        "spec.accessModes",
        "spec.selector",
        "spec.storageClassName",
        "spec.volumeName",
    ),
    ("", "Service"): ("spec.clusterIP",),
    ("", "ResourceQuota"): ("spec.scopes",),
    ("", "Secret"): ("type",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner"),
}
_ALWAYS: Final = ("apiVersion", "kind", "metadata.name", "metadata.namespace")
_HOLDS_DATA: Final = frozenset({"PersistentVolumeClaim", "PersistentVolume", "VolumeSnapshot", "VolumeSnapshotContent"})
_WORDS = re.compile(r"immutable|may not (be )?change|cannot change roleRef|updates to .* forbidden", re.IGNORECASE)


def forcing(
    manifest: Mapping[str, Any],
    changes: tuple[model.FieldChange, ...],
    *,
    config_map_mutable: bool = False,
    secret_mutable: bool = False,
    extra: tuple[str, ...] = (),
) -> tuple[model.FieldChange, ...]:
    """The changes that force a replacement; `extra` are the program's own `replace_on_changes`."""
    key = (objects.group_of(str(manifest["apiVersion"])), str(manifest["kind"]))
    data_fixed = {
        ("", "ConfigMap"): ("data", "binaryData") if manifest.get("immutable") or not config_map_mutable else (),
        ("", "Secret"): ("data", "stringData") if manifest.get("immutable") or not secret_mutable else (),
    }
    paths = (*_ALWAYS, *_TABLE.get(key, ()), *data_fixed.get(key, ()), *extra)
    return tuple(
        change
        for change in changes
        if any(touches(change.path, path) for path in paths)
        or (key == ("", "PersistentVolume") and _volume_source(change.path))
    )


def touches(changed: str, path: str) -> bool:
    """Whether a changed path lies at, below or above a path; `*` in the latter stands for any key or position."""
    if path == "*":
        return True
    mine, other = objects.steps(changed), objects.steps(path)
    return all(b in ("*", a) for a, b in zip(mine, other, strict=False))


def refused_as_immutable(error: rejections.ApiRejected, *, manifest: Mapping[str, Any]) -> bool:
    """Whether the API server refused a change because the field cannot change.

    Only for kinds of Kubernetes itself that hold no data beyond the table above. A custom resource often stands for a
    database: its operator's refusal is an error, and who wants the replacement says so with `replace_on_changes`.
    """
    group = objects.group_of(str(manifest["apiVersion"]))
    builtin = ("." not in group or group.endswith(".k8s.io")) and manifest["kind"] not in _HOLDS_DATA
    told = [error.message, *(cause.message for cause in error.causes)]
    return builtin and error.code == 422 and any(_WORDS.search(text) for text in told)  # noqa: PLR2004 - HTTP's number


def _volume_source(path: str) -> bool:
    steps = objects.steps(path)
    return len(steps) > 1 and steps[0] == "spec" and steps[1] not in _NOT_VOLUME_SOURCE
