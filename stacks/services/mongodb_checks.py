"""What must hold between the settings of a MongoDB. Pure; one function a rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from stacks import findings, unknown
from stacks.services import instance, limits, mongodb

if TYPE_CHECKING:
    from stacks import nodes

_MOST: Final = limits.Most(
    count=mongodb.MOST_MEMBERS, servers="members", why="no more than seven members of a replica set may vote"
)
_LEAST: Final = {
    "cpu": limits.Least(amount=mongodb.LEAST_CPU, why="the agent beside mongod takes a tenth of a core of it"),
    "memory": limits.Least(
        amount=mongodb.LEAST_MEMORY, why="the agent takes 500 MiB of it, and mongod's smallest cache another quarter"
    ),
    "storage": limits.Least(
        amount=mongodb.LEAST_STORAGE, why="the log that members replicate by and the journal take gigabytes of it"
    ),
}


def members_have_a_majority(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """An odd number, and not too many."""
    if isinstance(service, mongodb.Mongodb):
        yield from limits.have_a_majority(service, path, most=_MOST)


def version_can_be_had(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """One of a series that is maintained and tested with, and without the hole that lets anybody read memory."""
    if not isinstance(service, mongodb.Mongodb) or service.overrides.version is None:
        return
    version, place = unknown.known(service.overrides.version), (*path, "overrides", "version")
    series, _, patch = version.rpartition(".")
    what = f"`{findings.spelled(place)}` is {version}"
    if series not in mongodb.SERIES:
        yield findings.Finding(
            path=place,
            what=f"{what}; MongoDB {' and '.join(mongodb.SERIES)} can be had",
            why="older series get no fixes any more, and with newer ones the operator 1.10.0 is not tested",
            next="leave `version` out",
        )
    elif int(patch) < mongodb.SERIES[series]:
        yield findings.Finding(
            path=place,
            what=f"{what}, which shows its memory to whoever can connect (CVE-2025-14847)",
            why="no password is needed for it, and memory holds other people's data",
            next=f"write {series}.{mongodb.SERIES[series]} or later, or leave `version` out",
        )


def compatibility_fits_the_version(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """Of the series itself, or of the one before."""
    if not isinstance(service, mongodb.Mongodb) or service.overrides.feature_compatibility_version is None:
        return
    wanted = unknown.known(service.overrides.feature_compatibility_version)
    series = unknown.known(service.overrides.version or mongodb.VERSION).rpartition(".")[0]
    possible = mongodb.COMPATIBILITIES.get(series, (wanted,))
    if wanted not in possible:
        place = (*path, "overrides", "featureCompatibilityVersion")
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {wanted}, but MongoDB {series} runs",
            why=f"MongoDB {series} starts with data that is compatible with {' or '.join(possible)} only",
            next=f'write "{possible[-1]}", or leave it out for what the data was made with',
        )


def resources_are_enough(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """For mongod, its agent, and what mongod writes beside data."""
    if isinstance(service, mongodb.Mongodb):
        yield from limits.resources_are_enough(service, path, least=_LEAST)


def names_are_free(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """Neither MongoDB's own databases nor users that exist already."""
    if not isinstance(service, mongodb.Mongodb):
        return
    for key, taken in (("database", mongodb.RESERVED_DATABASES), ("owner", mongodb.RESERVED_OWNERS)):
        name = unknown.known(getattr(service, key))
        if name in taken:
            place = (*path, key)
            yield findings.Finding(
                path=place,
                what=f"`{findings.spelled(place)}` is {name}, a name that is taken",
                why="an application would read and change what the replica set or its backups need to work",
                next="write another name, or leave it out for `app`",
            )


def restore_is_done_by_hand(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """The operator has no way to begin with a dump."""
    if isinstance(service, mongodb.Mongodb):
        why = "the operator 1.10.0 always begins with an empty replica set"
        yield from limits.restore_is_done_by_hand(service, path, kind="a MongoDB", why=why, how="load the dump")


CHECKS = (
    members_have_a_majority,
    version_can_be_had,
    compatibility_fits_the_version,
    resources_are_enough,
    names_are_free,
    restore_is_done_by_hand,
)
