"""How an instance is watched by a Prometheus of its stack: what lets it in, what it scrapes, when it alarms. Pure.

The namespace of an instance joins by a label, and grants the Prometheus the right to find targets there, so that access
is always given by who owns the namespace.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

from components import contracts, isolation
from components.operators import prometheus_operator
from components.services import readiness

MEMBERSHIP: Final = "paasport.dev/monitored-by"
"""Label of a namespace: which Prometheus reads its monitors and rules, and scrapes its pods."""
ACCOUNT: Final = "prometheus"
"""The ServiceAccount of every Prometheus, in the namespace of its name."""
_GROUP: Final = "monitoring.coreos.com/v1"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Alert:
    """When somebody is to be told."""

    name: str
    """As people read it, in CamelCase: `PostgresqlDown`."""
    expression: str
    """PromQL; it holds while something is wrong."""
    minutes: int
    """How long it must hold."""
    severity: str
    """`critical`: somebody gets up. `warning`: somebody looks tomorrow."""
    summary: str
    """One sentence that says what is wrong and for whom."""


def labels(monitored_by: str) -> dict[str, str]:
    """What the instance's namespace is labelled with."""
    return {MEMBERSHIP: monitored_by} if monitored_by else {}


def ingress(monitored_by: str, *, port: int | str) -> list[dict[str, Any]]:
    """The rule of a network policy that lets the Prometheus scrape this port."""
    if not monitored_by:
        return []
    own = {"matchLabels": {"kubernetes.io/metadata.name": monitored_by}}
    return [{"from": [{"namespaceSelector": own}], "ports": [{"protocol": "TCP", "port": port}]}]


def objects(
    instance: str,
    *,
    monitored_by: str,
    pods: Mapping[str, str],
    endpoint: Mapping[str, Any],
    alerts: Sequence[Alert],
) -> list[contracts.Manifest]:
    """All that makes the Prometheus watch pods with these labels; nothing where there is no Prometheus.

    `endpoint` is an entry of a PodMonitor's `podMetricsEndpoints`.
    """
    if not monitored_by:
        return []
    return [
        *access(_metadata(instance, name=f"{monitored_by}-scrape"), monitored_by=monitored_by),
        {
            "apiVersion": _GROUP,
            "kind": "PodMonitor",
            "metadata": _metadata(instance),
            "spec": {"selector": {"matchLabels": dict(pods)}, "podMetricsEndpoints": [dict(endpoint)]},
        },
        rule(instance, name=instance, alerts=alerts),
    ]


def answering(
    metadata: Mapping[str, Any], *, pods: Mapping[str, str], port: int, port_name: str
) -> tuple[contracts.Manifest, contracts.Manifest]:
    """The Service of what itself watches or tells, and the ServiceMonitor by which it is watched too.

    The Service is not awaited: its pods come from a custom resource, which comes later and is waited for itself.
    """
    named = {"name": port_name, "port": port, "targetPort": port_name, "protocol": "TCP"}
    return (
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {**metadata, "annotations": dict(readiness.NOT_AWAITED)},
            "spec": {"type": "ClusterIP", "selector": dict(pods), "ports": [named]},
        },
        {
            "apiVersion": _GROUP,
            "kind": "ServiceMonitor",
            "metadata": dict(metadata),
            "spec": {"selector": {"matchLabels": dict(pods)}, "endpoints": [{"port": port_name}]},
        },
    )


def rule(instance: str, *, name: str, alerts: Sequence[Alert]) -> contracts.Manifest:
    """The PrometheusRule of this name in the instance's namespace."""
    return {
        "apiVersion": _GROUP,
        "kind": "PrometheusRule",
        "metadata": _metadata(instance, name=name),
        "spec": {"groups": [{"name": name, "rules": [_rule(alert, instance=instance) for alert in alerts]}]},
    }


def _rule(alert: Alert, *, instance: str) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expression,
        "for": f"{alert.minutes}m",
        "labels": {"severity": alert.severity, "service": instance},
        "annotations": {"summary": alert.summary},
    }


def access(metadata: Mapping[str, Any], *, monitored_by: str) -> list[contracts.Manifest]:
    """What lets the Prometheus find targets in the namespace of `metadata`, which a Role and its binding share.

    Not the operator's ClusterRole: an operator that somebody else has installed has none.
    """
    group = "rbac.authorization.k8s.io"
    return [
        {
            "apiVersion": f"{group}/v1",
            "kind": "Role",
            "metadata": dict(metadata),
            "rules": copy.deepcopy(list(prometheus_operator.SCRAPE_RULES)),
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": dict(metadata),
            "roleRef": {"apiGroup": group, "kind": "Role", "name": metadata["name"]},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": monitored_by}],
        },
    ]


def _metadata(instance: str, *, name: str = "") -> dict[str, Any]:
    return {"name": name or instance, "namespace": instance, "labels": {isolation.PART_OF: "paasport"}}
