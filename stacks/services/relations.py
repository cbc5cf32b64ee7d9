"""What follows for an instance from the rest of its stack: who watches it, whom it uses, what protects it. Pure."""

from __future__ import annotations

import graphlib
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


def fitting(name: str, role: str, *, services: Mapping[str, instance.Instance]) -> list[str]:
    """Names of the instances that this one can use in a role, never itself."""
    wanted = services[name].USES[role]
    return [other for other, service in services.items() if other != name and service.service in wanted]


def used(name: str, *, services: Mapping[str, instance.Instance]) -> dict[str, str]:
    """Names of the instances that this one uses, by role: those that it names, or the only one that fits.

    A role that nothing or several could have is left out, and so is a name that fits no instance.
    """
    found: dict[str, str] = {}
    for role in services[name].USES:
        fits, given = fitting(name, role, services=services), getattr(services[name], role)
        if given in fits or (given is None and len(fits) == 1):
            found[role] = given or fits[0]
    return found


def in_order(services: Mapping[str, instance.Instance]) -> list[str]:
    """All names, each after those of the instances that it uses, and otherwise as they are in the stack.

    Raises graphlib.CycleError where instances use each other in a circle; its second argument names them.
    """
    sorter = graphlib.TopologicalSorter({name: used(name, services=services).values() for name in services})
    sorter.prepare()
    ordered: list[str] = []
    while sorter.is_active():
        ready = set(sorter.get_ready())
        ordered += [name for name in services if name in ready]
        sorter.done(*ready)
    return ordered


def is_protected(service: instance.Instance, *, cluster: settings.Cluster) -> bool:
    """Whether Pulumi refuses to delete what holds the instance's data."""
    if not isinstance(service, instance.Database):
        return False
    if service.protection is not None:
        return service.protection == "guarded"
    if isinstance(cluster, managed.ManagedCluster):
        return (cluster.protection or tiers.TIERS[cluster.tier].protection) != "off"
    return cluster.vendor == "existing"
