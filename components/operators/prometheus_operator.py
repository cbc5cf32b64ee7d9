"""The prometheus-operator: its catalogue entry, and what of its release is applied how. Pure."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Final

from components import contracts, isolation
from components.operators import bundles
from stacks import lifecycle

NAME: Final = "prometheus-operator"

SCRAPE_ROLE: Final = "prometheus-scrape"
"""ClusterRole with what finding scrape targets takes, for namespaces that no stack has made: nothing is granted until
one of them binds it. Instances bring a Role of their own, because this one is missing where somebody else has installed
the operator."""

_CONTROLLER: Final = {"app.kubernetes.io/component": "controller", "app.kubernetes.io/name": NAME}
_READ: Final = ["get", "list", "watch"]

SCRAPE_RULES: Final[tuple[dict[str, Any], ...]] = (
    {"apiGroups": [""], "resources": ["pods", "services"], "verbs": _READ},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _READ},
)
"""What finding scrape targets takes."""


def manifests(release: Sequence[contracts.Manifest]) -> list[contracts.Manifest]:
    """The release in our namespace, with its network policy and the role that Prometheus instances scrape under."""
    moved = bundles.moved(release, namespace=NAME)
    return [
        *(_without_kubelet_service(manifest) if manifest["kind"] == "Deployment" else manifest for manifest in moved),
        _scrape_role(),
        _network_policy(),
    ]


def _without_kubelet_service(deployment: contracts.Manifest) -> contracts.Manifest:
    """The Deployment without the part of the operator that writes a Service `kubelet` into kube-system.

    Nothing here scrapes kubelets, and nobody would delete that Service when the operator goes.
    """
    for container in deployment["spec"]["template"]["spec"]["containers"]:
        container["args"] = [argument for argument in container["args"] if not argument.startswith("--kubelet-")]
    return deployment


def _scrape_role() -> contracts.Manifest:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": SCRAPE_ROLE, "labels": {isolation.PART_OF: "paasport"}},
        "rules": copy.deepcopy(list(SCRAPE_RULES)),
    }


def _network_policy() -> contracts.Manifest:
    return isolation.network_policy(
        NAME,
        namespace=NAME,
        pods=_CONTROLLER,
        ingress=[isolation.scraped("http")],
        egress=[isolation.DNS, isolation.API_SERVER],
    )


def _rules(software: str, *, setting: str = "") -> lifecycle.Rules:
    """The operator makes the StatefulSet anew for other claims; those that exist stay as they are."""
    return lifecycle.Rules(
        volumes=(
            lifecycle.Volume(
                path=".spec.storage.volumeClaimTemplate.spec.resources.requests.storage",
                growth=lifecycle.Growth.AFTERWARDS,
                setting=setting,
                how="docs/services/prometheus.md",
            ),
        ),
        version=lifecycle.Version(
            path=".spec.version", software=software, series="major", skips=True, returns=True, within="one at a time"
        ),
    )


PROMETHEUS: Final = contracts.Kind(
    api_version="monitoring.coreos.com/v1",
    kind="Prometheus",
    # Both: with a missing secret the operator reports Reconciled=False while Available stays True.
    ready_when=("condition=Available", "condition=Reconciled"),
    failures=(contracts.Failure(when="condition=Reconciled=False", patience=15),),
    observes_generation=True,
    volumes_when_deleted="kept",
    plural="prometheuses",
    short_names=("prom",),
    rules=_rules("Prometheus", setting="overrides.storage"),
)

ALERTMANAGER: Final = contracts.Kind(
    api_version="monitoring.coreos.com/v1",
    kind="Alertmanager",
    ready_when=("condition=Available", "condition=Reconciled"),
    failures=(contracts.Failure(when="condition=Reconciled=False", patience=15),),
    observes_generation=True,
    volumes_when_deleted="kept",
    short_names=("am",),
    rules=_rules("Alertmanager"),
)


def _read_only(kind: str, *short_names: str) -> contracts.Kind:
    """What the operator only reads into another's configuration: nothing in its status says that it did."""
    return contracts.Kind(
        api_version="monitoring.coreos.com/v1",
        kind=kind,
        ready_when=(),
        failed_when="never said; the operator writes an Event and leaves the object out",
        observes_generation=False,
        volumes_when_deleted="kept",
        short_names=short_names,
    )


SERVICE_MONITOR: Final = _read_only("ServiceMonitor", "smon")
POD_MONITOR: Final = _read_only("PodMonitor", "pmon")
PROMETHEUS_RULE: Final = _read_only("PrometheusRule", "promrule")

OPERATOR: Final = contracts.Operator(
    name=NAME,
    version="0.85.0",
    crds=(
        "alertmanagerconfigs.monitoring.coreos.com",
        "alertmanagers.monitoring.coreos.com",
        "podmonitors.monitoring.coreos.com",
        "probes.monitoring.coreos.com",
        "prometheusagents.monitoring.coreos.com",
        "prometheuses.monitoring.coreos.com",
        "prometheusrules.monitoring.coreos.com",
        "scrapeconfigs.monitoring.coreos.com",
        "servicemonitors.monitoring.coreos.com",
        "thanosrulers.monitoring.coreos.com",
    ),
    kinds=(PROMETHEUS, ALERTMANAGER, SERVICE_MONITOR, POD_MONITOR, PROMETHEUS_RULE),
    manifests=manifests,
)
