"""Prometheus, run by the prometheus-operator: from settings to manifests. Pure.

A namespace joins an instance by the label `paasport.dev/monitored-by: <instance>`: its monitors and rules are read, its
pods may be scraped and may query. The instance's own namespace has the label. Another one that wants to be scraped also
lets the instance's ServiceAccount find targets, so that access is granted by its owner.
"""

from __future__ import annotations

from typing import Any, Final

from components import contracts, isolation
from components.operators import prometheus_operator
from components.services import alertmanager, monitoring, placement, readiness
from stacks import quantities
from stacks.services import prometheus as settings

VERSION: Final = "3.5.0"
"""The newest Prometheus that prometheus-operator 0.85.0 is tested with."""

PORT: Final = 9090
_NAME: Final = "prometheus"
_PORT_NAME: Final = "web"
_DISK_SHARE: Final = 80
"""Percent of the volume that samples may fill; the rest is for the write-ahead log and compaction."""

Args = contracts.ServiceArgs[settings.Prometheus]


def build(args: Args) -> contracts.ServiceObjects:
    """All objects of one instance, in the namespace of its name."""
    return contracts.ServiceObjects(
        shared=(
            isolation.namespace(args.name, labels={monitoring.MEMBERSHIP: args.name}),
            isolation.default_deny(args.name),
            _network_policy(args),
            _service_account(args),
            *monitoring.access(_metadata(args), monitored_by=args.name),
            *_answering(args),
            *_disruption_budgets(args),
            *alertmanager.shared(args),
        ),
        custom_resources=(_prometheus(args), *alertmanager.custom_resources(args)),
        endpoint=contracts.Endpoint(namespace=args.name, service=_NAME, port=PORT),
        version=_version(args.options),
    )


def _prometheus(args: Args) -> contracts.Manifest:
    kind = prometheus_operator.PROMETHEUS
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {**_metadata(args, name=args.name), "annotations": readiness.awaited(kind)},
        "spec": {
            "version": f"v{_version(args.options)}",
            "replicas": args.options.servers,
            "serviceAccountName": _NAME,
            "podMetadata": {"labels": {isolation.PART_OF: "paasport"}},
            **_capacity(args),
            **_placement(args),
            "securityContext": _security_context(),
            "enableServiceLinks": False,
            # Endpoints objects are deprecated since Kubernetes 1.33 and cut off at 1,000 addresses.
            "serviceDiscoveryRole": "EndpointSlice",
            # A monitor could otherwise have Prometheus send its own ServiceAccount token to a target.
            "arbitraryFSAccessThroughSMs": {"deny": True},
            **_selectors(args),
            **alertmanager.alerting(args),
        },
    }


def _selectors(args: Args) -> dict[str, Any]:
    """Everything in member namespaces. A selector that is left out selects nothing; an empty one selects all."""
    selectors: dict[str, Any] = {}
    for what in ("serviceMonitor", "podMonitor", "probe", "rule", "scrapeConfig"):
        selectors[f"{what}Selector"] = {}
        selectors[f"{what}NamespaceSelector"] = _members(args)
    return selectors


def _capacity(args: Args) -> dict[str, Any]:
    cpu, memory, storage = (args.options.asked(resource) for resource in ("cpu", "memory", "storage"))
    return {
        "retention": args.options.overrides.retention or settings.SIZES[args.options.size].retention,
        "retentionSize": _retention_size(storage),
        "resources": {
            # Memory that is asked for is all there is, so that another pod's needs never evict data. CPU has no
            # limit: a throttled server misses scrapes although the node has cores to spare.
            "requests": {"cpu": cpu, "memory": memory},
            "limits": {"memory": memory},
        },
        "storage": {
            "volumeClaimTemplate": {
                "spec": {
                    "storageClassName": args.storage.retain_class,
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": storage}},
                }
            }
        },
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    }


def _placement(args: Args) -> dict[str, Any]:
    """How the servers are spread: over nodes where there are several, and over zones where that is promised."""
    if args.options.servers == 1:
        return {}
    return {"topologySpreadConstraints": placement.spread(_identity(args), availability=args.options.availability)}


def _security_context() -> dict[str, Any]:
    """Of the pod. The operator itself sets the containers' part of the `restricted` standard."""
    return {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 2000,
        "fsGroup": 2000,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _service_account(args: Args) -> contracts.Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": _metadata(args),
        # The operator asks for the token in the pod; no other pod gets it by accident.
        "automountServiceAccountToken": False,
    }


def _answering(args: Args) -> tuple[contracts.Manifest, contracts.Manifest]:
    return monitoring.answering(_metadata(args), pods=_identity(args), port=PORT, port_name=_PORT_NAME)


def _disruption_budgets(args: Args) -> tuple[contracts.Manifest, ...]:
    return placement.disruption_budgets(
        _NAME, namespace=args.name, pods=_identity(args), labels=_labels(args), servers=args.options.servers
    )


def _network_policy(args: Args) -> contracts.Manifest:
    members = [{"namespaceSelector": _members(args)}]
    return isolation.network_policy(
        _NAME,
        namespace=args.name,
        pods=_identity(args),
        ingress=[{"from": members, "ports": [{"protocol": "TCP", "port": _PORT_NAME}]}],
        egress=[isolation.DNS, isolation.API_SERVER, {"to": members}],
    )


def _metadata(args: Args, *, name: str = _NAME) -> dict[str, Any]:
    return {"name": name, "namespace": args.name, "labels": _labels(args)}


def _labels(args: Args) -> dict[str, str]:
    return {**_identity(args), "app.kubernetes.io/component": "metrics", isolation.PART_OF: "paasport"}


def _members(args: Args) -> dict[str, Any]:
    return {"matchLabels": {monitoring.MEMBERSHIP: args.name}}


def _identity(args: Args) -> dict[str, str]:
    """Labels that the operator gives to the instance's pods too."""
    return {"app.kubernetes.io/name": "prometheus", "app.kubernetes.io/instance": args.name}


def _version(options: settings.Prometheus) -> str:
    return options.overrides.version or VERSION


def _retention_size(storage: str) -> str:
    """What samples may fill of a volume, in Prometheus' own spelling."""
    mebibytes = int(quantities.value(storage) * _DISK_SHARE / 100 / 2**20)
    return f"{mebibytes}MiB"


SERVICE: Final = contracts.Service(
    name="prometheus", type="Prometheus", operators=(prometheus_operator.NAME,), build=build
)
