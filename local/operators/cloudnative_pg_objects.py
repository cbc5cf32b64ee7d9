"""The pods, claims, Services and disruption budgets that CloudNativePG makes of a Cluster. Pure.

As pkg/specs and pkg/reconciler/persistentvolumeclaim of version 1.30.0 have them. Left out is what nothing here would
look at: probes, environment, most volumes, RBAC, and the containers that plugins put beside a server.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from local.operators import ownership

CLUSTER: Final = "cnpg.io/cluster"
INSTANCE: Final = "cnpg.io/instanceName"
ROLE: Final = "cnpg.io/instanceRole"
PVC_ROLE: Final = "cnpg.io/pvcRole"
PVC_STATUS: Final = "cnpg.io/pvcStatus"
"""Annotation of a claim: `initializing` until a job has filled it, then `ready`."""
SPEC: Final = "paasport.dev/played-from"
"""Annotation of a pod: digest of what it was made from. The operator's own annotation has all of it."""
PORT: Final = 5432
_MANAGER_IMAGE: Final = "ghcr.io/cloudnative-pg/cloudnative-pg:1.30.0"
_DATA: Final = "/var/lib/postgresql/data"
_WAL: Final = "/var/lib/postgresql/wal"
_USER: Final = 26
_STOP_SECONDS: Final = 1800
_SEVERAL: Final = 3
"""Servers from which on standbys have a budget: with two of them one may go."""
_SECURITY: Final = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}

Json = dict[str, Any]


def instance(cluster: Mapping[str, Any], serial: int) -> str:
    """Name of a server: of its pod, and what its claims' names begin with."""
    return f"{cluster['metadata']['name']}-{serial}"


def pod(cluster: Mapping[str, Any], serial: int) -> Json:
    """One server."""
    name = instance(cluster, serial)
    spec = _pod_spec(cluster, name)
    labels = {**_labels(cluster), INSTANCE: name, "cnpg.io/podRole": "instance"}
    annotations = {"cnpg.io/nodeSerial": str(serial), SPEC: _digest(spec)}
    metadata = {"name": name, "labels": labels, "annotations": annotations}
    return _owned(cluster, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


def is_current(found: Mapping[str, Any], cluster: Mapping[str, Any]) -> bool:
    """Whether a server's pod is as the Cluster wants it now."""
    wanted = _digest(_pod_spec(cluster, found["metadata"]["name"]))
    return bool((found["metadata"].get("annotations") or {}).get(SPEC) == wanted)


def claims(cluster: Mapping[str, Any], serial: int, *, status: str) -> list[Json]:
    """The volumes of one server."""
    name, spec = instance(cluster, serial), cluster["spec"]
    wanted = [_claim(cluster, name, storage=spec["storage"], role="PG_DATA", serial=serial, status=status)]
    if "walStorage" in spec:
        name = f"{name}-wal"
        wanted.append(_claim(cluster, name, storage=spec["walStorage"], role="PG_WAL", serial=serial, status=status))
    return wanted


def services(cluster: Mapping[str, Any]) -> list[Json]:
    """For the primary, for all servers, and for the standbys."""
    any_server = {CLUSTER: cluster["metadata"]["name"], "cnpg.io/podRole": "instance"}
    by_role = {CLUSTER: cluster["metadata"]["name"]}
    return [
        _service(cluster, "rw", selector={**by_role, ROLE: "primary"}),
        _service(cluster, "r", selector=any_server),
        _service(cluster, "ro", selector={**by_role, ROLE: "replica"}),
    ]


def disruption_budgets(cluster: Mapping[str, Any]) -> list[Json]:
    """The primary stays until another one is; of three standbys or more one may go."""
    if not cluster["spec"].get("enablePDB", True):
        return []
    name, servers = cluster["metadata"]["name"], cluster["spec"]["instances"]
    budgets = [_budget(cluster, f"{name}-primary", role="primary", available=1)]
    several = servers >= _SEVERAL
    return [*budgets, *([_budget(cluster, name, role="replica", available=servers - 2)] if several else [])]


def service_account(cluster: Mapping[str, Any]) -> Json:
    """Who the pods are."""
    template = (cluster["spec"].get("serviceAccountTemplate") or {}).get("metadata") or {}
    metadata = {
        "name": cluster["metadata"]["name"],
        "labels": {**_labels(cluster), **(template.get("labels") or {})},
        **({"annotations": dict(template["annotations"])} if template.get("annotations") else {}),
    }
    return _owned(cluster, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})


def _pod_spec(cluster: Mapping[str, Any], name: str) -> Json:
    spec = cluster["spec"]
    mounts = [{"name": "pgdata", "mountPath": _DATA}, {"name": "scratch-data", "mountPath": "/controller"}]
    volumes: list[Json] = [
        {"name": "pgdata", "persistentVolumeClaim": {"claimName": name}},
        {"name": "scratch-data", "emptyDir": {}},
    ]
    if "walStorage" in spec:
        mounts.append({"name": "pg-wal", "mountPath": _WAL})
        volumes.append({"name": "pg-wal", "persistentVolumeClaim": {"claimName": f"{name}-wal"}})
    container = {"resources": spec.get("resources") or {}, "securityContext": _SECURITY, "volumeMounts": mounts}
    spread = spec.get("topologySpreadConstraints")
    return {
        "hostname": name,
        "serviceAccountName": spec.get("serviceAccountName") or cluster["metadata"]["name"],
        "terminationGracePeriodSeconds": spec.get("stopDelay", _STOP_SECONDS),
        "securityContext": {
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **({"affinity": _affinity(cluster)} if (spec.get("affinity") or {}).get("enablePodAntiAffinity", True) else {}),
        **({"topologySpreadConstraints": spread} if spread else {}),
        "initContainers": [{"name": "bootstrap-controller", "image": _MANAGER_IMAGE, **container}],
        "containers": [{"name": "postgres", "image": spec["imageName"], "ports": _ports(), **container}],
        "volumes": volumes,
    }


def _ports() -> list[Json]:
    ports = {"postgresql": PORT, "metrics": 9187, "status": 8000}
    return [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports.items()]


def _affinity(cluster: Mapping[str, Any]) -> Json:
    """Rather not two servers on one node, or surely not."""
    wanted = cluster["spec"].get("affinity") or {}
    term = {
        "labelSelector": {"matchLabels": {CLUSTER: cluster["metadata"]["name"], "cnpg.io/podRole": "instance"}},
        "topologyKey": wanted.get("topologyKey") or "kubernetes.io/hostname",
    }
    if wanted.get("podAntiAffinityType") == "required":
        return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}


def _claim(
    cluster: Mapping[str, Any], name: str, *, storage: Mapping[str, Any], role: str, serial: int, status: str
) -> Json:
    labels = {**_labels(cluster), INSTANCE: instance(cluster, serial), PVC_ROLE: role}
    manifest = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": name,
            "labels": labels,
            "annotations": {"cnpg.io/nodeSerial": str(serial), PVC_STATUS: status},
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": storage["size"]}},
            **({"storageClassName": storage["storageClass"]} if storage.get("storageClass") else {}),
        },
    }
    return _owned(cluster, manifest)


def _service(cluster: Mapping[str, Any], which: str, *, selector: Mapping[str, str]) -> Json:
    manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"{cluster['metadata']['name']}-{which}", "labels": _labels(cluster)},
        "spec": {
            "type": "ClusterIP",
            "selector": dict(selector),
            "ports": [{"name": "postgres", "port": PORT, "targetPort": PORT, "protocol": "TCP"}],
        },
    }
    return _owned(cluster, manifest)


def _budget(cluster: Mapping[str, Any], name: str, *, role: str, available: int) -> Json:
    selector = {"matchLabels": {CLUSTER: cluster["metadata"]["name"], ROLE: role}}
    manifest = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "labels": _labels(cluster)},
        "spec": {"minAvailable": available, "selector": selector},
    }
    return _owned(cluster, manifest)


def _labels(cluster: Mapping[str, Any]) -> dict[str, str]:
    name, inherited = cluster["metadata"]["name"], cluster["spec"].get("inheritedMetadata") or {}
    return {
        **(inherited.get("labels") or {}),
        CLUSTER: name,
        "app.kubernetes.io/name": "postgresql",
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/component": "database",
        "app.kubernetes.io/managed-by": "cloudnative-pg",
    }


def _owned(cluster: Mapping[str, Any], manifest: Mapping[str, Any]) -> Json:
    return ownership.owned(cluster, manifest)


def _digest(spec: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:32]
