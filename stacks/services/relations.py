"""What follows for an instance from the rest of its stack: who watches it, whether it is protected. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from stacks import managed, tiers
from stacks.services import instance, prometheus

if TYPE_CHECKING:
    from stacks import settings


def watchers(services: Mapping[str, instance.Instance]) -> list[str]:
    """Names of the Prometheus instances."""
    return [name for name, service in services.items() if isinstance(service, prometheus.Prometheus)]


def watcher(name: str, *, services: Mapping[str, instance.Instance]) -> str:
    """Name of the Prometheus that watches this instance: the one that it names, or the only one; else empty."""
    service = services[name]
    if not isinstance(service, instance.Database) or "monitored_by" in service.REFUSED:
        return ""
    found = watchers(services)
    return service.monitored_by or (found[0] if len(found) == 1 else "")


def is_protected(service: instance.Instance, *, cluster: settings.Cluster) -> bool:
    """Whether Pulumi refuses to delete what holds the instance's data."""
    if not isinstance(service, instance.Database):
        return False
    if service.protection is not None:
        return service.protection == "guarded"
    if isinstance(cluster, managed.ManagedCluster):
        return (cluster.protection or tiers.TIERS[cluster.tier].protection) != "off"
    return cluster.vendor == "existing"
