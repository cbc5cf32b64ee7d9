"""What users leave behind on a cluster without telling its stack: made by hand in a namespace of their own. Pure.

It tolerates the taints of all pools, so that it runs wherever there is a node.
"""

from __future__ import annotations

from typing import Any, Final

from stacks import resolution

NAMESPACE: Final = "made-by-hand"
NAME: Final = "entrance"

_LABELS: Final = {"app.kubernetes.io/name": NAME}


def workload(*, storage_class: str) -> list[dict[str, Any]]:
    """A Deployment with a volume, behind a load balancer."""
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {
            **_head("v1", "PersistentVolumeClaim"),
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": storage_class,
                "resources": {"requests": {"storage": "1Gi"}},
            },
        },
        {
            **_head("apps/v1", "Deployment"),
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": _LABELS},
                "template": {"metadata": {"labels": _LABELS}, "spec": _pod()},
            },
        },
        {
            **_head("v1", "Service"),
            "spec": {"type": "LoadBalancer", "selector": _LABELS, "ports": [{"port": 80, "targetPort": 8080}]},
        },
    ]


def budget() -> dict[str, Any]:
    """A disruption budget that allows none: a node with the workload's pod on it can't be emptied."""
    return {
        **_head("policy/v1", "PodDisruptionBudget"),
        "spec": {"maxUnavailable": 0, "selector": {"matchLabels": _LABELS}},
    }


def _head(api_version: str, kind: str) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": NAME, "namespace": NAMESPACE}}


def _pod() -> dict[str, Any]:
    return {
        "tolerations": [{"key": key, "operator": "Exists"} for key in (resolution.SYSTEM, resolution.SPOT)],
        "containers": [{"name": NAME, "image": "registry.invalid/entrance:1", "volumeMounts": [_mount()]}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": NAME}}],
    }


def _mount() -> dict[str, str]:
    return {"name": "data", "mountPath": "/data"}
