"""How the servers of an instance are spread over nodes and zones, and how many may be away at a time. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from components import contracts

_HOST: Final = "kubernetes.io/hostname"
_ZONE: Final = "topology.kubernetes.io/zone"
ZONES: Final = 2
"""What `zonal` promises at least."""


def spread(
    pods: Mapping[str, str], *, availability: Literal["single", "zonal"], zones: int = ZONES
) -> list[dict[str, Any]]:
    """Topology spread constraints for pods with these labels: over zones where promised, over nodes if it can be.

    With `minDomains` a cluster of fewer zones leaves servers pending: better seen than a broken promise.
    """
    constraints = [_constraint(pods, topology=_HOST, when_unsatisfiable="ScheduleAnyway")]
    if availability == "zonal":
        over_zones = _constraint(pods, topology=_ZONE, when_unsatisfiable="DoNotSchedule")
        constraints.insert(0, {**over_zones, "minDomains": zones})
    return constraints


def _constraint(pods: Mapping[str, str], *, topology: str, when_unsatisfiable: str) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": topology,
        "whenUnsatisfiable": when_unsatisfiable,
        "labelSelector": {"matchLabels": dict(pods)},
    }


def disruption_budget(
    name: str, *, namespace: str, pods: Mapping[str, str], labels: Mapping[str, str]
) -> contracts.Manifest:
    """One server at a time. Only for several servers: a single one's budget would block every node's upgrade."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels)},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": dict(pods)}},
    }


def disruption_budgets(
    name: str, *, namespace: str, pods: Mapping[str, str], labels: Mapping[str, str], servers: int
) -> tuple[contracts.Manifest, ...]:
    """The budget of several servers, none of a single one."""
    return (disruption_budget(name, namespace=namespace, pods=pods, labels=labels),) if servers > 1 else ()
