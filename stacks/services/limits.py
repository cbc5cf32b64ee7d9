"""Rules that several services have, each with its own numbers and reasons. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Final

from stacks import findings, quantities, unknown
from stacks.services import instance

_BYTES: Final = ("memory", "storage")
_LEAST_BYTES: Final = 2**20
"""Nothing that a catalogue has runs in less than a mebibyte."""
_MOST_BYTES: Final = 2**50
"""A pebibyte: no disk and no machine that a cloud lets has as much (the largest disk of EBS has 64 TiB)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Least:
    """With how little of a resource a server can do."""

    amount: str
    """As Kubernetes writes quantities."""
    why: str
    """What happens with less."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Most:
    """How many servers there may be."""

    count: int
    servers: str
    """What the service calls them, in the plural."""
    why: str
    """What happens with more."""
    otherwise: str = ""
    """What else can be done for who needs more."""


def resources_are_enough(
    service: instance.Instance, path: findings.Path, *, least: Mapping[str, Least]
) -> Iterator[findings.Finding]:
    """As much of each resource as a server needs that does nothing yet; sizes have more."""
    for resource, given in least.items():
        asked = getattr(service.overrides, resource)
        forgotten = resource in _BYTES and asked is not None and quantities.value(asked) < _LEAST_BYTES
        if asked is not None and not forgotten and quantities.value(asked) < quantities.value(given.amount):
            place = (*path, "overrides", resource)
            yield findings.Finding(
                path=place,
                what=f"`{findings.spelled(place)}` is {asked}; {given.amount} is the least",
                why=given.why,
                next=f"write {given.amount} or more",
            )


def has_its_unit(service: instance.Instance, path: findings.Path) -> Iterator[findings.Finding]:
    """No number that only makes sense with a unit which was forgotten or is another one: `512m` is half a byte."""
    for resource in _BYTES:
        asked = getattr(service.overrides, resource)
        if asked is None or unknown.is_unknown(asked):
            continue
        place, of_its_size = (*path, "overrides", resource), getattr(service.SIZES[service.size], resource)
        if not _LEAST_BYTES <= quantities.value(asked) <= _MOST_BYTES:
            yield findings.Finding(
                path=place,
                what=f"`{findings.spelled(place)}` is {asked}, in bytes, and no server has so "
                + ("little" if quantities.value(asked) < _LEAST_BYTES else "much"),
                why="a unit is missing or another one is meant: `Mi`, `Gi` or `Ti`; `m` is a thousandth",
                next=f"write for example `{of_its_size or '1Gi'}`",
            )


def not_too_many(service: instance.Instance, path: findings.Path, *, most: Most) -> Iterator[findings.Finding]:
    """As many servers as the service can have."""
    servers, place = service.overrides.replicas, (*path, "overrides", "replicas")
    if servers is not None and servers > most.count:
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {servers}; {most.count} {most.servers} are the most",
            why=most.why,
            next=f"write {most.count} or less{f', or {most.otherwise}' if most.otherwise else ''}",
        )


def have_a_majority(service: instance.Instance, path: findings.Path, *, most: Most) -> Iterator[findings.Finding]:
    """Not too many, and an odd number, where a majority decides."""
    servers, place = service.overrides.replicas, (*path, "overrides", "replicas")
    if servers is not None and servers <= most.count and servers % 2 == 0:
        why = f"a majority of {servers} is {servers // 2 + 1}, so no more may fail than with {servers - 1}"
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {servers}, an even number of {most.servers}",
            why=why,
            next=f"write {servers + 1}",
        )
    yield from not_too_many(service, path, most=most)


def restore_is_done_by_hand(
    service: instance.Instance, path: findings.Path, *, kind: str, why: str, how: str
) -> Iterator[findings.Finding]:
    """For a service that always begins empty. `kind` is what people call it, with its article; `how` says the way."""
    if isinstance(service, instance.Database) and service.restore is not None:
        place = (*path, "restore")
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` cannot be had for {kind}",
            why=why,
            next=f"leave it out, and {how} by hand: docs/services/{service.service}.md has the steps",
        )
