"""What a check of a managed cluster is given, and how it says what it found."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from stacks import findings, managed, resolution


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject:
    """A managed cluster under judgement."""

    cluster: managed.ManagedCluster
    """As it was written."""
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

    def spelled(self, *steps: str | int) -> str:
        """The key at `steps` inside the cluster, as messages show it."""
        return f"`{findings.spelled((*self.path, *steps))}`"

    def shown(self, value: object) -> str:
        """The value in brackets, to stand behind its key; nothing where it may not be repeated."""
        return f" (`{value}`)" if self.echo else ""

    def finding(self, *steps: str | int, what: str, why: str = "", next: str = "") -> findings.Finding:  # noqa: A002
        """A finding at the key `steps` inside the cluster."""
        return findings.Finding(path=(*self.path, *steps), what=what, why=why, next=next)


Check = Callable[[Subject], Iterator[findings.Finding]]
