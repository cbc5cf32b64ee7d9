"""Alertmanager, beside a Prometheus in its namespace: who is told of alerts. From settings to manifests. Pure.

The receivers are a Secret that the stack never sees: it holds tokens, and whoever is on call changes it without a
deployment. The operator takes an empty configuration where that Secret or its key is missing, and would so drop every
alert in silence; so the pods also mount the key itself and do not start without it.
"""

from __future__ import annotations

from typing import Any, Final

from components import contracts, isolation
from components.operators import prometheus_operator
from components.services import monitoring, placement, readiness
from stacks.services import prometheus as settings

VERSION: Final = "0.28.1"
"""The one that prometheus-operator 0.85.0 is tested with."""
PORT: Final = 9093
SERVICE: Final = "alertmanager"
PORT_NAME: Final = "web"
CONFIGURATION: Final = "alertmanager.yaml"
"""Key of the Secret."""
_MESH: Final = 9094
_RECEIVERS: Final = "receivers"
_OUTSIDE: Final = (443, 465, 587)
"""Where receivers are: HTTPS, and mail over TLS."""

Args = contracts.ServiceArgs[settings.Prometheus]


def shared(args: Args) -> list[contracts.Manifest]:
    """All but the custom resource; nothing where nobody is to be told."""
    if args.options.alertmanager is None:
        return []
    return [
        _network_policy(args),
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": _metadata(args),
            "automountServiceAccountToken": False,
        },
        *_answering(args),
        monitoring.rule(args.name, name=f"{args.name}-own", alerts=_alerts(args)),
        *_disruption_budgets(args),
    ]


def custom_resources(args: Args) -> list[contracts.Manifest]:
    """The Alertmanager, where there is to be one."""
    wanted = args.options.alertmanager
    if wanted is None:
        return []
    kind = prometheus_operator.ALERTMANAGER
    source = {"secretName": wanted.receivers, "items": [{"key": CONFIGURATION, "path": CONFIGURATION}]}
    return [
        {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": {**_metadata(args, name=args.name), "annotations": readiness.awaited(kind)},
            "spec": {
                "version": f"v{VERSION}",
                "replicas": _servers(args),
                "configSecret": wanted.receivers,
                "volumes": [{"name": _RECEIVERS, "secret": source}],
                "volumeMounts": [
                    {"name": _RECEIVERS, "mountPath": f"/etc/alertmanager/{_RECEIVERS}", "readOnly": True}
                ],
                "serviceAccountName": SERVICE,
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "podMetadata": {"labels": {isolation.PART_OF: "paasport"}},
                **_capacity(args),
                **_placement(args),
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 1000,
                    "runAsGroup": 2000,
                    "fsGroup": 2000,
                    "fsGroupChangePolicy": "OnRootMismatch",
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
            },
        }
    ]


def alerting(args: Args) -> dict[str, Any]:
    """Where the Prometheus sends its alerts: part of its spec."""
    if args.options.alertmanager is None:
        return {}
    target = {"namespace": args.name, "name": SERVICE, "port": PORT_NAME, "apiVersion": "v2"}
    return {"alerting": {"alertmanagers": [target]}}


def _capacity(args: Args) -> dict[str, Any]:
    """The same for every size: it keeps silences, and which alerts it has told of. 4Gi is the least that GKE makes."""
    return {
        "resources": {"requests": {"cpu": "50m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}},
        "storage": {
            "volumeClaimTemplate": {
                "spec": {
                    "storageClassName": args.storage.retain_class,
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": "4Gi"}},
                }
            }
        },
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    }


def _placement(args: Args) -> dict[str, Any]:
    if _servers(args) == 1:
        return {}
    return {"topologySpreadConstraints": placement.spread(_identity(args), availability=args.options.availability)}


def _disruption_budgets(args: Args) -> tuple[contracts.Manifest, ...]:
    return placement.disruption_budgets(
        SERVICE, namespace=args.name, pods=_identity(args), labels=_labels(args), servers=_servers(args)
    )


def _network_policy(args: Args) -> contracts.Manifest:
    peers = {"podSelector": {"matchLabels": _identity(args)}}
    mesh = [{"protocol": protocol, "port": _MESH} for protocol in ("TCP", "UDP")]
    prometheus = {"podSelector": {"matchLabels": {**_identity(args), "app.kubernetes.io/name": "prometheus"}}}
    return isolation.network_policy(
        SERVICE,
        namespace=args.name,
        pods=_identity(args),
        ingress=[
            {"from": [prometheus], "ports": [{"protocol": "TCP", "port": PORT_NAME}]},
            {"from": [peers], "ports": mesh},
        ],
        egress=[isolation.DNS, {"to": [peers], "ports": mesh}, isolation.to(*_OUTSIDE)],
    )


def _answering(args: Args) -> tuple[contracts.Manifest, contracts.Manifest]:
    return monitoring.answering(_metadata(args), pods=_identity(args), port=PORT, port_name=PORT_NAME)


def _alerts(args: Args) -> list[monitoring.Alert]:
    """What every stack wants to know of the watching itself."""
    prometheus, own = (f'job="{job}",namespace="{args.name}"' for job in ("prometheus", SERVICE))
    sent = f"rate(prometheus_notifications_sent_total{{{prometheus}}}[5m])"
    told = f"rate(alertmanager_notifications_total{{{own}}}[5m])"
    return [
        monitoring.Alert(
            name="Watchdog",
            expression="vector(1)",
            minutes=0,
            severity="none",
            summary="Always fires. Where it is no longer received, nobody is told of anything.",
        ),
        monitoring.Alert(
            name="TargetDown",
            expression="100 * count by (namespace, job) (up == 0) / count by (namespace, job) (up) > 10",
            minutes=10,
            severity="warning",
            summary=(
                '{{ $value | printf "%.0f" }} % of the targets {{ $labels.namespace }}/{{ $labels.job }} do not answer.'
            ),
        ),
        monitoring.Alert(
            name="PrometheusConfigurationRefused",
            expression=f"max_over_time(prometheus_config_last_reload_successful{{{prometheus}}}[5m]) == 0",
            minutes=10,
            severity="critical",
            summary="Prometheus goes on with an old configuration: new targets and rules have no effect.",
        ),
        monitoring.Alert(
            name="PrometheusRuleFails",
            expression=f"increase(prometheus_rule_evaluation_failures_total{{{prometheus}}}[5m]) > 0",
            minutes=15,
            severity="critical",
            summary="Prometheus cannot evaluate a rule, so its alert never fires.",
        ),
        monitoring.Alert(
            name="PrometheusTakesNoSamples",
            expression=f"rate(prometheus_tsdb_head_samples_appended_total{{{prometheus}}}[5m]) <= 0",
            minutes=10,
            severity="critical",
            summary="Prometheus stores nothing any more.",
        ),
        monitoring.Alert(
            name="PrometheusAlertsNotSent",
            expression=f"rate(prometheus_notifications_errors_total{{{prometheus}}}[5m]) / {sent} > 0.01",
            minutes=15,
            severity="warning",
            summary="Alerts do not reach an Alertmanager.",
        ),
        monitoring.Alert(
            name="AlertmanagerConfigurationRefused",
            expression=f"max_over_time(alertmanager_config_last_reload_successful{{{own}}}[5m]) == 0",
            minutes=10,
            severity="critical",
            summary="Alertmanager goes on with old receivers.",
        ),
        monitoring.Alert(
            name="AlertmanagerTellsNobody",
            expression=f"rate(alertmanager_notifications_failed_total{{{own}}}[5m]) / {told} > 0.01",
            minutes=5,
            severity="critical",
            summary="A receiver ({{ $labels.integration }}) does not take what Alertmanager sends.",
        ),
    ]


def _servers(args: Args) -> int:
    return args.options.SERVERS[args.options.availability]


def _metadata(args: Args, *, name: str = SERVICE) -> dict[str, Any]:
    return {"name": name, "namespace": args.name, "labels": _labels(args)}


def _labels(args: Args) -> dict[str, str]:
    return {**_identity(args), "app.kubernetes.io/component": "alerting", isolation.PART_OF: "paasport"}


def _identity(args: Args) -> dict[str, str]:
    """Labels that the operator gives to the pods too."""
    return {"app.kubernetes.io/name": "alertmanager", "app.kubernetes.io/instance": args.name}
