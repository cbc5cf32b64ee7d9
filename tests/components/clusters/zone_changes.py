"""What an update from one deployment to another comes to, by the simulated vendors' own rules."""

from __future__ import annotations

import dataclasses
from typing import Any

from local.simulated import differences
from runner import guarded

from . import resolved

VENDORS = ("aws:", "gcp:", "azure-native:")


@dataclasses.dataclass(frozen=True)
class Change:
    """What happens to the vendor's resources, by their names without the cluster's."""

    created: set[str]
    deleted: set[str]
    updated: set[str]
    replaced: dict[str, tuple[str, ...]]
    """With the properties that ask for it."""
    untold: set[str]
    """What is replaced, or deleted with what is in it, without the user having named it."""


def between(before: resolved.Deployed, after: resolved.Deployed) -> Change:
    """The change, ignored paths aside."""
    old, new = (
        {(item.type, item.name): item for item in run.registrations if item.type.startswith(VENDORS)}
        for run in (before, after)
    )
    updated: set[str] = set()
    replaced: dict[str, tuple[str, ...]] = {}
    untold: set[str] = set()
    for key in old.keys() & new.keys():
        type_, name = key
        ignored = new[key].ignored
        difference = differences.between(
            type_, old=_seen(old[key].inputs, ignored), new=_seen(new[key].inputs, ignored)
        )
        if difference.replaces:
            replaced[_short(name)] = difference.replaces
            if guarded.problem(new[key].urn, done="replaced", permitted=()) is None:
                untold.add(_short(name))
        elif difference.changed:
            updated.add(_short(name))
    return Change(
        created={_short(name) for type_, name in new.keys() - old.keys()},
        deleted={_short(name) for type_, name in old.keys() - new.keys()},
        updated=updated,
        replaced=replaced,
        untold=untold,
    )


def _seen(inputs: dict[str, Any], ignored: tuple[str, ...]) -> dict[str, Any]:
    """The inputs without those at the top that Pulumi ignores."""
    return {key: value for key, value in inputs.items() if key not in ignored}


def _short(name: str) -> str:
    return name.removeprefix("test").removeprefix("-") or "cluster"
