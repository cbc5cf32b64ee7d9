"""What goes wrong at a vendor on purpose: a deterministic plan, so that a rehearsal with faults can be repeated.

`throttle` and `conflict` are overcome inside the account, by repeating the call as the real providers do. The other two
reach the user: the call raises VendorRefused, and running the command again succeeds.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import Final

from local.simulated import identifiers

_EVERY: Final = 3
_SLOW: Final = (
    "aws:eks/cluster:Cluster",
    "aws:eks/nodeGroup:NodeGroup",
    "gcp:container/cluster:Cluster",
    "gcp:container/nodePool:NodePool",
    "azure-native:containerservice:ManagedCluster",
    "azure-native:containerservice:AgentPool",
)


class Kind(enum.StrEnum):
    """Everything that can be made to go wrong."""

    THROTTLE = "throttle"
    """Every third call is answered 429 at first."""
    CONFLICT = "conflict"
    """Every third change meets another operation in progress (409)."""
    CREATE_FAILS_ONCE = "create-fails-once"
    """The first creation of chosen resources is refused, and nothing is there."""
    TIMEOUT = "timeout"
    """The first creation of chosen resources takes too long: the call fails, and the resource is there."""


KINDS: Final = tuple(kind.value for kind in Kind)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Faults:
    """A plan of faults; which calls it hits follows from `seed`, the count of calls and what is created."""

    kinds: frozenset[Kind] = frozenset()
    chosen: tuple[str, ...] = _SLOW
    """Types whose creation fails or takes too long. Default clusters and node pools, which do so in practice."""
    latency_seconds: float = 0.0
    """How long every change takes."""
    retry_seconds: float = 0.02
    """How long the account waits before it repeats a call, the first time; it doubles."""
    seed: int = 0

    def repeats(self, kind: Kind, *, call: int) -> int:
        """How often the call with this number is answered with `kind` before it goes through: 0, 1 or 2."""
        if kind not in self.kinds or (call + self.seed) % _EVERY:
            return 0
        return 1 + int(identifiers.digest(kind, self.seed, call, length=2), 16) % 2

    def hits(self, kind: Kind, token: str) -> bool:
        """Whether the first creation of a resource of this type meets `kind`."""
        return kind in self.kinds and token in self.chosen


NONE: Final = Faults()


def only(kind: str, *, seed: int = 0) -> Faults:
    """The plan with one kind of fault. Raises ValueError for a word that is not in `KINDS`."""
    return Faults(kinds=frozenset({Kind(kind)}), seed=seed)
