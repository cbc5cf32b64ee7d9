"""What must hold between the settings of an Astarte and those of what it uses. Pure; one function a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from stacks import findings, unknown
from stacks.services import astarte, cassandra, instance, rabbitmq, relations

if TYPE_CHECKING:
    from stacks import nodes


def version_can_be_had(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """One that the operator takes."""
    if not isinstance(service, astarte.Astarte) or service.overrides.version is None:
        return
    version, place = unknown.known(service.overrides.version), (*path, "overrides", "version")
    if version.rpartition(".")[0] != astarte.SERIES:
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {version}; only Astarte {astarte.SERIES} can be had",
            why="each line of the operator runs one series, and from one line to the next all is deleted and made anew",
            next=f"leave `version` out for {astarte.VERSION}",
        )


def brokers_have_a_zone_each(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """No more than there are zones."""
    if not isinstance(service, astarte.Astarte) or service.overrides.replicas is None:
        return
    count, place = service.overrides.replicas, (*path, "overrides", "replicas")
    if count > astarte.MOST_BROKERS:
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {count}; {astarte.MOST_BROKERS} are the most",
            why="each is on a node of its own, with `zonal` in a zone of its own, and others would stay Pending",
            next=f"write {astarte.MOST_BROKERS} or less, and a larger `size`",
        )


def of_stack(
    service: instance.Instance, services: Mapping[str, instance.Instance], path: findings.Path
) -> Iterator[findings.Finding]:
    """What must hold between it and other instances of its stack."""
    if isinstance(service, astarte.Astarte):
        yield from _reaches_what_it_uses(services, path)
        yield from _copies_have_nodes(service, services, path)
        yield from _is_known_by_its_name(services, path)
        yield from _has_names_of_its_own(service, services, path)


def _reaches_what_it_uses(services: Mapping[str, instance.Instance], path: findings.Path) -> Iterator[findings.Finding]:
    for used in relations.used(str(path[-1]), services=services).values():
        service = services[used]
        if isinstance(service, rabbitmq.Rabbitmq | cassandra.Cassandra) and not service.unencrypted:
            place = (*path[:-1], used, "unencrypted")
            yield findings.Finding(
                path=path,
                what=f"`{findings.spelled(path)}` uses `{used}`, where `{findings.spelled(place)}` is not `true`",
                why="its operator mounts no authority's certificate for the broker of devices, which so cannot use TLS",
                next=f"write `unencrypted: true` for `{used}`; network policies alone keep others away from there",
            )


def _copies_have_nodes(
    service: astarte.Astarte, services: Mapping[str, instance.Instance], path: findings.Path
) -> Iterator[findings.Finding]:
    used = relations.used(str(path[-1]), services=services).get("cassandra", "")
    nodes = services[used].servers if used else 0
    if used and service.copies(nodes) > nodes:
        place = (*path, "replication")
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {service.replication}, and `{used}` has fewer nodes: {nodes}",
            why="no node has two copies of the same data, so writes to all copies would fail",
            next="write fewer copies, or give the database more nodes",
        )


def _is_known_by_its_name(services: Mapping[str, instance.Instance], path: findings.Path) -> Iterator[findings.Finding]:
    own = str(path[-1])
    for other in _earlier(services, own):
        if other.replace("-", "") == own.replace("-", ""):
            yield findings.Finding(
                path=path,
                what=f"the Astartes `{other}` and `{own}` differ by hyphens alone",
                why="keyspaces are named after an instance, without hyphens, and the operator refuses a second one",
                next="rename one of them",
            )


def _has_names_of_its_own(
    own: astarte.Astarte, services: Mapping[str, instance.Instance], path: findings.Path
) -> Iterator[findings.Finding]:
    name = str(path[-1])
    for other, service in _earlier(services, name).items():
        if service.host == own.host:
            yield findings.Finding(
                path=(*path, "host"),
                what=f"the Astartes `{other}` and `{name}` have the same `host`: {own.host}",
                why="each answers to `api.`, `broker.` and `dashboard.` before it, and a name leads to one of them",
                next="give one of them another domain",
            )


def _earlier(services: Mapping[str, instance.Instance], name: str) -> dict[str, astarte.Astarte]:
    """Other Astartes, so that of two the one that comes later by name is told of the other."""
    return {
        other: service for other, service in services.items() if other < name and isinstance(service, astarte.Astarte)
    }


CHECKS = (version_can_be_had, brokers_have_a_zone_each)
