"""What must hold between the settings of a MongoDB. Pure; one function a rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

from stacks import findings, quantities, unknown
from stacks.services import instance, mongodb

if TYPE_CHECKING:
    from stacks import nodes

_LEAST: Final[dict[Literal["cpu", "memory", "storage"], tuple[str, str]]] = {
    "cpu": (mongodb.LEAST_CPU, "the agent beside mongod takes a tenth of a core of it"),
    "memory": (mongodb.LEAST_MEMORY, "the agent takes 500 MiB of it, and mongod's smallest cache another quarter"),
    "storage": (mongodb.LEAST_STORAGE, "the log that members replicate by and the journal take gigabytes of it"),
}


def members_have_a_majority(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """An odd number, and not too many."""
    if not isinstance(service, mongodb.Mongodb) or service.overrides.replicas is None:
        return
    members, place = service.overrides.replicas, (*path, "overrides", "replicas")
    if members > mongodb.MOST_MEMBERS:
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {members}; {mongodb.MOST_MEMBERS} members are the most",
            why="no more than seven members of a replica set may vote",
            next=f"write {mongodb.MOST_MEMBERS} or less",
        )
    elif members % 2 == 0:
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {members}, an even number of members",
            why=f"a majority of {members} is {service.majority}, so no more may fail than with {members - 1}",
            next=f"write {members + 1}",
        )


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
    if not isinstance(service, mongodb.Mongodb):
        return
    for resource, (least, why) in _LEAST.items():
        asked = getattr(service.overrides, resource)
        if asked is not None and quantities.value(asked) < quantities.value(least):
            place = (*path, "overrides", resource)
            yield findings.Finding(
                path=place,
                what=f"`{findings.spelled(place)}` is {asked}; {least} is the least",
                why=why,
                next=f"write {least} or more",
            )


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
    if isinstance(service, mongodb.Mongodb) and service.restore is not None:
        place = (*path, "restore")
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` cannot be had for a MongoDB",
            why="the operator 1.10.0 always begins with an empty replica set",
            next="leave it out, and load the dump by hand: docs/services/mongodb.md has the steps",
        )


CHECKS = (
    members_have_a_majority,
    version_can_be_had,
    compatibility_fits_the_version,
    resources_are_enough,
    names_are_free,
    restore_is_done_by_hand,
)
