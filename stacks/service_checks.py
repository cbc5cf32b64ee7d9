"""What must hold between the settings of a service and the nodes that it will run on. Pure; one function a rule."""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal

from stacks import findings, managed, nodes, quantities, suggestions, unknown
from stacks.services import (
    astarte_checks,
    cassandra_checks,
    etcd_checks,
    instance,
    limits,
    mongodb_checks,
    postgresql_checks,
    rabbitmq_checks,
    relations,
    scylla_checks,
)

if TYPE_CHECKING:
    from stacks import settings

_WORDS: Final = {2: "two", 3: "three"}
MOST_ZONES: Final = 3
"""What regions have, so that more servers than that share zones."""

Check = Callable[[instance.Instance, nodes.Nodes | None, findings.Path], Iterator[findings.Finding]]
ClusterCheck = Callable[[instance.Instance, "settings.Cluster", findings.Path], Iterator[findings.Finding]]


def _zonal_has_zones(
    service: instance.Instance, hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    if service.availability != "zonal" or hosts is None:
        return
    least = min(service.SERVERS["zonal"], MOST_ZONES)
    if min(hosts.count, hosts.zones) < least:
        wanted = _WORDS[least]
        yield findings.Finding(
            path=(*path, "availability"),
            what=(
                f"`{findings.spelled((*path, 'availability'))}` is `zonal`, "
                f"but the cluster has {_counted(hosts.count, 'node')} in {_counted(hosts.zones, 'zone')}"
            ),
            why="servers of a zonal service are in different zones, so some of them could never be scheduled",
            next=f"set `availability: single`, or give the cluster {wanted} zones and {wanted} nodes or more",
        )


def _zonal_has_replicas(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    replicas, least = service.overrides.replicas, service.SERVERS.get("zonal", 1)
    if service.availability == "zonal" and replicas is not None and replicas < least:
        place = (*path, "overrides", "replicas")
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {replicas}, but the service is `zonal`",
            why=f"it takes {_WORDS.get(least, least)} servers or more to go on when a zone fails",
            next="leave `replicas` out, or set `availability: single`",
        )


def _requests_fit_a_node(
    service: instance.Instance, hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    if hosts is None:
        return
    resources: tuple[Literal["cpu", "memory"], ...] = ("cpu", "memory")
    for resource in resources:
        yield from unknown.as_far_as_known(_request_fits_a_node(service, hosts, path, resource=resource))


def _request_fits_a_node(
    service: instance.Instance, hosts: nodes.Nodes, path: findings.Path, *, resource: Literal["cpu", "memory"]
) -> Iterator[findings.Finding]:
    overridden = getattr(service.overrides, resource)
    asked, beside = service.asked(resource), service.BESIDE.get(resource, "")
    if quantities.value(asked) + quantities.value(beside or "0") > getattr(hosts, resource):
        place = (*path, "overrides", resource) if overridden else (*path, "size")
        held = (
            f"{float(round(hosts.memory / 2**30, 2)):g}Gi"
            if resource == "memory"
            else f"{float(round(hosts.cpu, 2)):g}"
        )
        yield findings.Finding(
            path=place,
            what=(
                f"`{findings.spelled(path)}` asks for {asked} of {resource}"
                f"{f' and {beside} beside it' if beside else ''}, and a node has {held}"
            ),
            why="no node could ever hold its pod, which would stay Pending",
            next=f"ask for less, or {hosts.remedy.format(resource=resource, asked=asked)}",
        )


def _amounts_have_units(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    yield from limits.has_its_unit(service, path)


def _refused_keys_are_left_out(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """Of a service that is a catalogue's own: what its maker has not provided for."""
    for name, why in service.REFUSED.items() if isinstance(service, instance.Database) else ():
        if getattr(service, name) is not None:
            key = type(service).model_fields[name].alias or name
            place = (*path, key)
            what = f"`{findings.spelled(place)}` cannot be had for {suggestions.with_article(service.service)}"
            yield findings.Finding(path=place, what=what, why=why, next=f"leave `{key}` out")


def _storage_is_for_volumes(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    if service.overrides.storage is not None and not service.SIZES[service.size].storage:
        place = (*path, "overrides", "storage")
        what = f"`{findings.spelled(place)}` has no effect: {suggestions.with_article(service.service)} has no volumes"
        yield findings.Finding(path=place, what=what, why="nothing is stored", next="leave `storage` out")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def of_stack(
    services: Mapping[str, instance.Instance], *, cluster: settings.Cluster | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """What must hold between an instance and the rest of its stack; `cluster` is None where it is not known.

    A service of which nothing is known is `unknown`: others may mean it.
    """
    for name, service in services.items():
        if unknown.is_unknown(service):
            continue
        place = (*path, name)
        for role in service.USES:
            yield from unknown.as_far_as_known(_uses_what_fits(role, services, place))
        yield from unknown.as_far_as_known(astarte_checks.of_stack(service, services, place))
        if isinstance(service, instance.Database):
            yield from unknown.as_far_as_known(_is_watched_by_one(service, services, place))
            yield from unknown.as_far_as_known(_backups_have_a_place(service, cluster, place))
            yield from unknown.as_far_as_known(cassandra_checks.backups_need_no_stored_key(service, cluster, place))
    yield from unknown.as_far_as_known(_none_uses_itself(services, path))


def _uses_what_fits(
    role: str, services: Mapping[str, instance.Instance], path: findings.Path
) -> Iterator[findings.Finding]:
    name = str(path[-1])
    service = services[name]
    key = type(service).model_fields[role].alias or role
    place, given, wanted = (*path, key), getattr(service, role), suggestions.listed(service.USES[role], last="or")
    why = f"{suggestions.with_article(service.service)} does not work without it"
    if given is not None and given not in services:
        fits = relations.fitting(name, role, services=services)
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` names no service of this stack",
            why=why,
            next=suggestions.correction("", fits) if fits else f"add a service {wanted} of that name",
        )
    elif given is not None and (given == name or services[given].service not in service.USES[role]):
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` names a service {services[given].service}, not {wanted}",
            why=f"{suggestions.with_article(service.service)} uses it in a way that only this can answer",
            next=f"name an instance of {wanted}",
        )
    elif given is None:
        yield from _is_the_only_one(relations.fitting(name, role, services=services), wanted, why, place)


def _is_the_only_one(fits: list[str], wanted: str, why: str, place: findings.Path) -> Iterator[findings.Finding]:
    key, instance_path = place[-1], place[:-1]
    if not fits:
        yield findings.Finding(
            path=instance_path,
            what=f"`{findings.spelled(instance_path)}` uses a service {wanted}, and the stack has none",
            why=why,
            next=f"add a service {wanted} to the stack",
        )
    elif len(fits) > 1:
        yield findings.Finding(
            path=instance_path,
            what=f"the stack has several services for `{findings.spelled(place)}`, and it does not say which one",
            why=why,
            next=f"write `{key}: {fits[0]}`, or another one of {suggestions.listed(fits)}",
        )


def _none_uses_itself(services: Mapping[str, instance.Instance], path: findings.Path) -> Iterator[findings.Finding]:
    try:
        relations.in_order(services)
    except graphlib.CycleError as error:
        # graphlib gives the path from what is used to what uses it, the first name again at the end.
        circle = list(reversed(error.args[1]))
        yield findings.Finding(
            path=(*path, circle[0]),
            what=f"services use each other in a circle: {' uses '.join(circle)}",
            why="none of them could be made first",
            next="let one of them use another service",
        )


def _is_watched_by_one(
    service: instance.Database, services: Mapping[str, instance.Instance], path: findings.Path
) -> Iterator[findings.Finding]:
    if "monitored_by" in service.REFUSED:
        return
    known = relations.watchers(services)
    place = (*path, "monitoredBy")
    if service.monitored_by is not None and service.monitored_by not in known:
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` names no Prometheus of this stack",
            why="nobody would watch the service and raise alarm",
            next=suggestions.correction("", known)
            if known
            else "add a service `prometheus`, or leave `monitoredBy` out",
        )
    elif service.monitored_by is None and len(known) > 1:
        yield findings.Finding(
            path=path,
            what=f"the stack has several Prometheus, and `{findings.spelled(place)}` does not say which one watches it",
            why="nobody would watch the service and raise alarm",
            next=f"write `monitoredBy: {known[0]}`, or another one of {suggestions.listed(known)}",
        )


def _backups_have_a_place(
    service: instance.Database, cluster: settings.Cluster | None, path: findings.Path
) -> Iterator[findings.Finding]:
    if cluster is None or (isinstance(cluster, managed.ManagedCluster) and cluster.backups is not None):
        return
    is_managed = isinstance(cluster, managed.ManagedCluster)
    remedy = "add `backups: { retentionDays: 30 }` to the cluster, or " if is_managed else ""
    for key in ("backups", "restore"):
        if key not in service.REFUSED and getattr(service, key) is not None:
            place = (*path, key)
            yield findings.Finding(
                path=place,
                what=f"`{findings.spelled(place)}` needs an object store, and the stack's cluster has none",
                why="there would be nowhere to write to or to read from"
                if is_managed
                else f"a cluster of vendor {cluster.vendor} brings no object store and no identity that may use one",
                next=f"{remedy}leave `{key}` out",
            )


CHECKS: Final[tuple[Check, ...]] = (
    _amounts_have_units,
    _refused_keys_are_left_out,
    _requests_fit_a_node,
    _storage_is_for_volumes,
    _zonal_has_replicas,
    _zonal_has_zones,
    *astarte_checks.CHECKS,
    *cassandra_checks.CHECKS,
    *etcd_checks.CHECKS,
    *mongodb_checks.CHECKS,
    *postgresql_checks.CHECKS,
    *rabbitmq_checks.CHECKS,
    *scylla_checks.CHECKS,
)
ON_CLUSTER: Final[tuple[ClusterCheck, ...]] = (*scylla_checks.ON_CLUSTER,)
"""What must hold between an instance and its own cluster."""
