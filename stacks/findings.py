"""What is wrong with settings, by the path of the key; the place in a file is added at the end.

Checks and explanations know configuration, not files: the same finding is about a line of a stack file, or about what
Pulumi handed to the program, which has no lines.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterable
from typing import Final

from stacks import errors

Path = tuple[str | int, ...]
"""From the configuration key inwards, such as `("paasport:cluster", "nodes", "zones", 0)`."""

Locate = Callable[[Path], tuple[int, int]]
"""Finds line and column of a path, or of the nearest enclosing key that there is; (0, 0) where neither is known."""

_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_:-]+")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, and with which key."""

    path: Path
    what: str
    why: str = ""
    next: str = ""


def spelled(path: Path) -> str:
    """The path as `pulumi config set --path` takes it: `paasport:cluster.nodes.zones[0]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step)}]"
    return text


def is_within(path: Path, places: Iterable[Path]) -> bool:
    """Whether a path is one of `places`, or inside of one."""
    return any(path[: len(place)] == place for place in places)


def problems(findings: Iterable[Finding], *, locate: Locate | None, file: str) -> tuple[errors.Problem, ...]:
    """The findings with their places, in the order of the file."""
    placed = []
    for finding in findings:
        line, column = locate(finding.path) if locate else (0, 0)
        problem = errors.Problem(
            what=finding.what, why=finding.why, next=finding.next, file=file, line=line, column=column
        )
        placed.append((line, column, spelled(finding.path), problem.what, problem))
    return tuple(problem for *_, problem in sorted(placed, key=lambda entry: entry[:4]))
