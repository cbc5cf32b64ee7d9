"""Fields of an object that belong to another field manager: whose they are, whether they may be taken back. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Final

from runner.kubernetes import rejections

FORCE: Final = "pulumi.com/patchForce"
MANAGER: Final = "pulumi.com/patchFieldManager"
_CAUSE: Final = "FieldManagerConflict"
_MESSAGE = re.compile(r'conflict with "(?P<manager>[^"]+)"(?P<rest>.*)')
_CONTROLLERS: Final = frozenset({"kube-controller-manager"})
"""Autoscaling and garbage collection write under this name; a program that fights them loses or does harm."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Conflict:
    """One field that another manager has set to another value."""

    manager: str
    field: str


def found(error: rejections.ApiRejected) -> tuple[Conflict, ...]:
    """The conflicts that an apply was refused for; empty when it was refused for something else."""
    return tuple(
        Conflict(manager=match["manager"], field=cause.field.lstrip("."))
        for cause in error.causes
        for match in [_MESSAGE.match(cause.message)]
        if cause.reason == _CAUSE and match
    )


def changed_by_hand(conflicts: tuple[Conflict, ...], *, live: Mapping[str, Any]) -> bool:
    """Whether an object of this stack was merely edited: then an apply takes its fields back, as drift is mended.

    Whoever applies (another stack, a GitOps tool) claims its fields for good, and so do Kubernetes' own controllers.
    """
    entries = (live.get("metadata") or {}).get("managedFields") or []
    claiming = {entry.get("manager") for entry in entries if entry.get("operation") == "Apply"} | _CONTROLLERS
    return bool(conflicts) and not any(conflict.manager in claiming for conflict in conflicts)


def explained(error: rejections.ApiRejected, conflicts: tuple[Conflict, ...]) -> rejections.ApiRejected:
    """The error with managers and fields in words, and how to take over."""
    fields: dict[str, list[str]] = {}
    for conflict in conflicts:
        fields.setdefault(conflict.manager, []).append(conflict.field)
    told = "; ".join(f"{', '.join(names)} set by {manager!r}" for manager, names in fields.items())
    return rejections.ApiRejected(
        error.what,
        code=error.code,
        reason=error.reason,
        message=f"fields belong to another manager: {told}",
        causes=error.causes,
        next=f'leave these fields out of the program, or take them over with the annotation {FORCE}: "true"',
    )
