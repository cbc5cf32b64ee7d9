"""The state of a run while it runs, as a terminal shows it: rows by resource, folded into branches.

Pure: events and the time go in, branches come out. Colour and the terminal are in `runner/display/tree.py`.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator, Sequence

from runner.display import text
from runner.engine import events

FOLDED_TYPES = ("kubernetes:yaml/v2:", "kubernetes:kustomize/v2:")
"""Components that hold objects nobody named one by one: their finished children are counted."""

FOLDED_ABOVE = 12
"""So many finished children are still shown by themselves; a component with more counts them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One resource; `finished` is None while it is under way."""

    urn: str
    type: str
    name: str
    parent: str
    since: float
    message: str = ""
    finished: events.Finished | None = None

    @property
    def is_change(self) -> bool:
        """Whether it is done and is worth a line of its own."""
        return self.finished is not None and text.is_change(self.finished)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Branch:
    """One line of the tree and what stands below it."""

    row: Row
    counted: tuple[tuple[str, int], ...]
    """What is counted instead of shown: a word of `text.word` and how often."""
    seconds: float
    """How long it took, children included, or has taken so far."""
    active: bool
    """Whether it, or anything below it, is under way."""
    children: tuple[Branch, ...] = ()

    @property
    def size(self) -> int:
        """The number of lines that it takes."""
        return 1 + sum(child.size for child in self.children)


class Progress:
    """Collects events. The order of the rows is that in which resources were first heard of."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._ended: dict[str, float] = {}

    def apply(self, event: events.Event, *, now: float) -> None:
        """Take note of an event; diagnostics belong to no row."""
        match event:
            case events.Started():
                self._rows[event.urn] = Row(
                    urn=event.urn, type=event.type, name=event.name, parent=event.parent, since=now
                )
            case events.Progress() if event.urn in self._rows:
                self._rows[event.urn] = dataclasses.replace(self._rows[event.urn], message=event.message)
            case events.Finished():
                since = self._rows[event.urn].since if event.urn in self._rows else now - event.seconds
                self._ended[event.urn] = now
                self._rows[event.urn] = Row(
                    urn=event.urn, type=event.type, name=event.name, parent=event.parent, since=since, finished=event
                )
            case _:
                pass

    def branches(self, *, now: float, height: int | None = None) -> tuple[Branch, ...]:
        """The tree as it stands, folded until it fits into `height` lines; None leaves it whole."""
        children: dict[str, list[Row]] = collections.defaultdict(list)
        for row in self._rows.values():
            children[row.parent if row.parent in self._rows else ""].append(row)
        branches = tuple(self._branch(row, children, now) for row in children[""])
        if height is not None and _size(branches) > height:
            branches = tuple(_folded(branch) for branch in branches)
        return branches

    def _branch(self, row: Row, children: dict[str, list[Row]], now: float) -> Branch:
        below = tuple(self._branch(child, children, now) for child in children.get(row.urn, ()))
        ended = now if row.finished is None else self._ended[row.urn]
        active = row.finished is None or any(branch.active for branch in below)
        last = max([ended, *(branch.row.since + branch.seconds for branch in below)])
        duration = (now if active else last) - row.since
        whole = Branch(row=row, counted=(), seconds=duration, active=active, children=below)
        is_group = row.type.startswith(FOLDED_TYPES)
        return _counting(whole, all_finished=is_group or _leaves(below) > FOLDED_ABOVE)


def _counting(branch: Branch, *, all_finished: bool) -> Branch:
    """The branch without what is counted: unchanged children always, all successfully finished ones on demand."""
    counted = collections.Counter(dict(branch.counted))
    shown: list[Branch] = []
    for child in branch.children:
        finished = child.row.finished
        quiet = finished is not None and not child.children and not child.active and not finished.failure
        if finished is not None and quiet and (all_finished or not child.row.is_change):
            counted[text.word(finished)] += 1
            counted.update(dict(child.counted))
        else:
            shown.append(child)
    return dataclasses.replace(branch, counted=tuple(counted.items()), children=tuple(shown))


def _folded(branch: Branch) -> Branch:
    """The branch with everything counted that is neither under way nor failed: what a small terminal can show."""
    children = tuple(_folded(child) for child in branch.children)
    return _counting(dataclasses.replace(branch, children=children), all_finished=True)


def _leaves(branches: Sequence[Branch]) -> int:
    return sum(1 for branch in _walk(branches) if not branch.children and branch.row.is_change)


def _size(branches: Sequence[Branch]) -> int:
    return sum(branch.size for branch in branches)


def _walk(branches: Sequence[Branch]) -> Iterator[Branch]:
    for branch in branches:
        yield branch
        yield from _walk(branch.children)
