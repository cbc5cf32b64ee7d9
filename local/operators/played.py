"""What it takes to play an operator: which Deployment stands for it, what it looks at, what it would do. Types only."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from local import reconciling

Plan = Callable[[reconciling.Picture], Sequence[reconciling.Action]]
"""From all objects of the kinds that are looked at to what the operator would do now; nothing once all is done."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Played:
    """One operator that is played."""

    name: str
    """As in the catalogue of operators."""
    repository: str = ""
    """The end of its image's repository: while a Deployment with such an image is available, the operator is played."""
    namespace: str = ""
    """Instead of the image, for an operator from outside this project: while a Deployment in here is available."""
    kinds: tuple[reconciling.Kind, ...]
    """What it looks at; its custom kinds must be served before it is played."""
    plan: Plan
    seconds: float = 0
    """How long each of its actions takes."""
