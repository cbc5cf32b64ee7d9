"""Kubernetes versions, as the rules compare them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from local.simulated import checking

_MINOR = re.compile(r"1\.(\d+)(?:\.|$)")


def minor(version: object) -> int | None:
    """The minor number of `1.35`, `1.35.2` or `1.35.2-gke.1`; None for anything else."""
    found = _MINOR.match(version) if isinstance(version, str) else None
    return int(found[1]) if found else None


def change(path: str, *, before: object, after: object, steps: int = 1) -> Iterator[checking.Finding]:
    """What is wrong with a change of a version: down, or up by more minors than `steps`."""
    old, new = minor(before), minor(after)
    if old is None or new is None:
        return
    if new < old:
        yield checking.Finding(path, f"would go down from {before} to {after}; no version goes back")
    elif new - old > steps:
        yield checking.Finding(path, f"would go from {before} to {after}; only {steps} minor at a time")


def skew(path: str, *, nodes: object, control_plane: object, behind: int) -> Iterator[checking.Finding]:
    """What is wrong with the version of nodes: newer than the control plane, or too many minors behind it."""
    node, plane = minor(nodes), minor(control_plane)
    if node is None or plane is None:
        return
    if node > plane:
        yield checking.Finding(path, f"is {nodes}, newer than the control plane's {control_plane}")
    elif plane - node > behind:
        yield checking.Finding(
            path, f"is {nodes}, more than {behind} minors behind the control plane's {control_plane}"
        )
