"""What must hold between the settings of a PostgreSQL. Pure; one function a rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

from stacks import findings, quantities, unknown
from stacks.services import instance, limits, postgresql

if TYPE_CHECKING:
    from stacks import nodes

_MOST: Final = limits.Most(
    count=postgresql.MOST_SERVERS,
    servers="servers",
    why="every standby reads everything from the primary, which has no more time for its clients then",
)
_LEAST: Final = {
    "cpu": limits.Least(
        amount=postgresql.LEAST_CPU, why="with less a server answers its own probes too late, and is restarted"
    ),
    "memory": limits.Least(
        amount=postgresql.LEAST_MEMORY, why="a quarter of it is the cache, and every connection takes some of the rest"
    ),
    "storage": limits.Least(amount=postgresql.LEAST_STORAGE, why="a server whose volume is full stops"),
    "wal": limits.Least(
        amount=postgresql.LEAST_WAL,
        why="half of it is for standbys that are away, and a server whose log is full stops",
    ),
}


def servers_can_confirm(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """Not too many, and an odd number where commits are confirmed."""
    if not isinstance(service, postgresql.Postgresql) or service.overrides.replicas is None:
        return
    yield from limits.not_too_many(service, path, most=_MOST)
    servers, place = service.overrides.replicas, (*path, "overrides", "replicas")
    if service.availability == "zonal" and servers % 2 == 0 and servers <= _MOST.count:
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {servers}, an even number of servers, and the service is `zonal`",
            why="two of them share a zone, at whose loss either writes stop or nobody is sure to have all commits",
            next=f"write {servers + 1}",
        )


def version_can_be_had(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """Of a major that is maintained and that the operator supports, and one that there is an image of."""
    if not isinstance(service, postgresql.Postgresql) or service.overrides.version is None:
        return
    version, place = unknown.known(service.overrides.version), (*path, "overrides", "version")
    major, _, patch = version.partition(".")
    what = f"`{findings.spelled(place)}` is {version}"
    if major not in postgresql.MAJORS:
        yield findings.Finding(
            path=place,
            what=f"{what}; PostgreSQL {', '.join(postgresql.MAJORS)} can be had",
            why="older ones get no fixes any more, and newer ones the operator 1.30.0 does not know",
            next="leave `version` out",
        )
    elif int(patch) < postgresql.MAJORS[major]:
        yield findings.Finding(
            path=place,
            what=f"{what}; {major}.{postgresql.MAJORS[major]} is the first that can be had",
            why="older ones have known holes, and there is no image of them on the distribution that all others are on",
            next=f"write {major}.{postgresql.MAJORS[major]} or later, or leave `version` out",
        )


def resources_are_enough(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """For a server that does nothing yet."""
    if isinstance(service, postgresql.Postgresql):
        yield from limits.resources_are_enough(service, path, least=_LEAST)


def backups_fit_a_node(
    service: instance.Instance, hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """The server together with the container beside it that writes backups. A server alone is judged elsewhere."""
    if not isinstance(service, postgresql.Postgresql) or hosts is None or service.backups is None:
        return
    resources: tuple[tuple[Literal["cpu", "memory"], str], ...] = (
        ("cpu", postgresql.SIDECAR_CPU),
        ("memory", postgresql.SIDECAR_MEMORY),
    )
    for resource, beside in resources:
        asked, held = quantities.value(service.asked(resource)), getattr(hosts, resource)
        if asked <= held < asked + quantities.value(beside):
            yield findings.Finding(
                path=(*path, "backups"),
                what=(
                    f"`{findings.spelled(path)}` asks for {service.asked(resource)} of {resource}, what writes its "
                    f"backups for {beside} more, and together no node holds them"
                ),
                why="the pod would stay Pending",
                next=(
                    f"write less into `overrides.{resource}`, or "
                    f"{hosts.remedy.format(resource=resource, asked=service.asked(resource))}"
                ),
            )


def names_are_free(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """Neither databases nor roles that are there already."""
    if not isinstance(service, postgresql.Postgresql):
        return
    for key, taken in (("database", postgresql.RESERVED_DATABASES), ("owner", postgresql.RESERVED_OWNERS)):
        name = unknown.known(getattr(service, key))
        if name in taken or (key == "owner" and name.startswith("pg_")):
            place = (*path, key)
            yield findings.Finding(
                path=place,
                what=f"`{findings.spelled(place)}` is {name}, a name that is taken",
                why="PostgreSQL and the operator have it for themselves",
                next="write another name, or leave it out for `app`",
            )


def restored_is_not_overwritten(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """What is restored from a folder of the object store never writes to it."""
    if not isinstance(service, postgresql.Postgresql) or service.restore is None or service.backups is None:
        return
    read, written = unknown.known(service.restore.instance), unknown.known(service.archive or str(path[-1]))
    if read == written:
        place = (*path, "archive") if service.archive else path
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(path)}` is restored from `{read}` of the object store and would write there too",
            why="the operator refuses it: two histories in one folder, and neither could be restored",
            next=f"write `archive: {read}-2`, or another name that is new in the object store",
        )


CHECKS = (
    servers_can_confirm,
    version_can_be_had,
    resources_are_enough,
    backups_fit_a_node,
    names_are_free,
    restored_is_not_overwritten,
)
