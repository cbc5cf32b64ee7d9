"""Resources that the user has named: each name must mean one that there is, or the run would do something else.

A target without a resource would do nothing and look like success; a permission without one would seem to be given.
Pure; the engines ask here before they write anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from runner.engine import urn
from stacks import errors, suggestions

TARGET: Final = "--target"
REPLACE: Final = "--replace"
WHY: Final = {
    TARGET: "nothing would be done to it, and that would look like success",
    REPLACE: "it would permit nothing: what it is meant for would be refused, or is called otherwise",
}
MOST: Final = 3
"""How many names a message offers."""


def strangers(
    *, targets: Sequence[str], replace: Sequence[str], known: Collection[str], stack: str
) -> tuple[errors.Problem, ...]:
    """What is wrong with names that mean none of the resources whose URNs are `known`."""
    return tuple(
        _problem(flag, name, known=known, stack=stack)
        for flag, names in ((TARGET, targets), (REPLACE, replace))
        for name in dict.fromkeys(names)
        if not any(urn.matches(each, [name]) for each in known)
    )


def globs(targets: Sequence[str]) -> Iterator[str]:
    """Targets as Pulumi's own command takes them: URNs, or patterns in which `**` alone passes over a colon.

    pulumi/pulumi, pkg/resource/deploy, `UrnTargets`.
    """
    for target in targets:
        if "*" in target:
            yield re.sub(r"\*+", "**", target)
        else:
            yield target if target.startswith(urn.PREFIX) else f"**::{target}"


def _problem(flag: str, name: str, *, known: Collection[str], stack: str) -> errors.Problem:
    whole = name.startswith(urn.PREFIX)
    names = sorted({each if whole else urn.Urn.parse(each).name for each in known})
    near = suggestions.several(name, names, most=MOST)
    offered = f"; the nearest names are {suggestions.listed(near)}" if len(near) > 1 else ""
    # Four letters are a part of many a long name: what is like a part alone is offered, and never told to write.
    meant = suggestions.nearest(name, names, whole=True)
    return errors.Problem(
        what=f"{flag} {name} means no resource of {stack}{offered}",
        why=WHY[flag],
        next=f"write {flag} {meant}" if meant else f"./paasport graph {stack} lists them",
    )
