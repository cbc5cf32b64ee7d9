"""What a check of a managed cluster is given, and how it says what it found."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVarTuple

from stacks import findings, managed, resolution, unknown

Ts = TypeVarTuple("Ts")

LONGEST_SHOWN: Final = 250
"""Characters of a value that a message repeats: enough for an ARN or a resource id of Azure's."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject:
    """A managed cluster under judgement."""

    cluster: managed.ManagedCluster
    """As it was written; what is wrong in it by itself is `unknown`."""
    resolved: resolution.Managed[Any]
    """What it comes to."""
    path: findings.Path
    today: dt.date | None
    """The day for which support is judged; None where time is not to matter."""
    echo: bool
    """Whether messages may repeat values."""

    @property
    def vendor(self) -> str:
        """The vendor's name in stack files."""
        return self.resolved.vendor

    @property
    def has_own_network(self) -> bool:
        """Whether this stack makes the network; otherwise the vendor's block names one that exists."""
        return self.resolved.options.network is None

    def pools(self) -> Iterator[tuple[str, managed.Pool]]:
        """The pools as they are written, by name."""
        yield from self.cluster.pools.items()

    def resolved_pools(self) -> Iterator[tuple[resolution.Pool]]:
        """All pools, as they come to."""
        yield from ((pool,) for pool in self.resolved.pools)

    def spelled(self, *steps: str | int) -> str:
        """The key at `steps` inside the cluster, as messages show it."""
        return f"`{findings.spelled((*self.path, *steps))}`"

    def shown(self, value: object) -> str:
        """The value in brackets, to stand behind its key; nothing where it may not be repeated or could not be read."""
        text = str(value)
        return f" (`{text}`)" if self.echo and text.isprintable() and 0 < len(text) <= LONGEST_SHOWN else ""

    def finding(self, *steps: str | int, what: str, why: str = "", next: str = "") -> findings.Finding:  # noqa: A002
        """A finding at the key `steps` inside the cluster."""
        return findings.Finding(path=(*self.path, *steps), what=what, why=why, next=next)


Check = Callable[[Subject], Iterator[findings.Finding]]


def for_each(
    items: Callable[[Subject], Iterable[tuple[*Ts]]],
) -> Callable[[Callable[[Subject, *Ts], Iterator[findings.Finding]]], Check]:
    """A check of each of the items by itself, so that one of which nothing is known keeps no other from judgement."""

    def decorate(judge: Callable[[Subject, *Ts], Iterator[findings.Finding]]) -> Check:
        @functools.wraps(judge)
        def check(subject: Subject) -> Iterator[findings.Finding]:
            for item in items(subject):
                yield from unknown.as_far_as_known(judge(subject, *item))

        return check

    return decorate
