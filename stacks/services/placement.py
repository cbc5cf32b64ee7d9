"""Which nodes a service's servers run on, where those that take any pod will not do. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Literal, Protocol


class Like(Protocol):
    """A taint as a pool of a stack file has it."""

    @property
    def key(self) -> str:
        """The taint's key."""
        ...

    @property
    def value(self) -> str:
        """Its value."""
        ...

    @property
    def effect(self) -> str:
        """What happens to pods without the toleration."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Taint:
    """A taint that the servers tolerate."""

    key: str
    value: str
    effect: Literal["NoSchedule", "NoExecute"] = "NoSchedule"

    @property
    def toleration(self) -> dict[str, str]:
        """As a pod has it."""
        return {"key": self.key, "operator": "Equal", "value": self.value, "effect": self.effect}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Nodes:
    """Nodes that are kept for a kind of server: they carry these labels, and these taints keep others away."""

    labels: Mapping[str, str]
    taints: tuple[Taint, ...]

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether nodes with these labels are of this kind."""
        return self.labels.items() <= labels.items()

    def tolerates(self, taints: Iterable[Like]) -> bool:
        """Whether none of these taints keeps the servers away."""
        own = {(taint.key, taint.value, taint.effect) for taint in self.taints}
        return all(
            taint.effect == "PreferNoSchedule" or (taint.key, taint.value, taint.effect) in own for taint in taints
        )

    def keeps_others_away(self, taints: Iterable[Like]) -> bool:
        """Whether all of the taints are among these."""
        given = {(taint.key, taint.value, taint.effect) for taint in taints}
        return {(taint.key, taint.value, taint.effect) for taint in self.taints} <= given
