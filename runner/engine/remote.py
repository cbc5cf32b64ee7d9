"""Components whose children the engine makes: `kubernetes:yaml/v2:ConfigFile` and `ConfigGroup`."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from runner.engine import ancestry, model
from stacks import errors


@dataclasses.dataclass(frozen=True, kw_only=True)
class Child:
    """One resource of a remote component."""

    type: str
    name: str
    inputs: Mapping[str, Any]


class Taken(errors.EngineError):
    """Objects of a component exist already and are not the stack's: nothing of it was made."""


Phases = Sequence[Sequence[Child]]
"""One phase after the other; within one all at a time."""
Renderer = Callable[[model.Goal, ancestry.Parent], Awaitable[Phases]]
"""Turns a remote component's inputs into its children. Raises `Unsupported` for a component that it does not know,
and `Taken`."""


class Registered(Protocol):
    """What is known of a child after its turn."""

    @property
    def failed(self) -> bool:
        """Whether it could not be made."""
        ...


async def register(
    phases: Phases,
    *,
    goal: model.Goal,
    parent: ancestry.Parent,
    register: Callable[[model.Goal], Awaitable[Registered]],
) -> None:
    """Register all children. Raises `EngineError` with the number of those that failed; each has told why itself.

    A later phase is begun only when the earlier ones have succeeded: namespaces and definitions come before their use.
    """
    total = sum(len(phase) for phase in phases)
    for phase in phases:
        goals = [
            ancestry.child(goal, type=child.type, name=child.name, inputs=child.inputs, providers=parent)
            for child in phase
        ]
        answers = await asyncio.gather(*(register(child) for child in goals))
        failed = sum(answer.failed for answer in answers)
        if failed:
            raise errors.EngineError.of(f"{failed} of the {total} objects of {goal.name} failed")
