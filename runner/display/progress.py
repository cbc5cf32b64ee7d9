"""The state of a run while it runs, as a terminal shows it: rows by resource, folded into branches.

Pure: events and the time go in, branches come out. Colour and the terminal are in `runner/display/tree.py`.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Sequence

from runner.display import text
from runner.engine import events

GROUPS = ("kubernetes:yaml/v2:", "kubernetes:kustomize/v2:")
"""Components that hold objects nobody named one by one."""

SHOWN_IN_GROUP = 3
"""So many children that met the same operation are shown by themselves in a group; more are counted."""
SHOWN = 12
"""The same for every other component."""

QUIET = frozenset({"same", "read"})
"""Words of what is always counted."""


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

    @property
    def short_name(self) -> str:
        """The name without that of its parent, below which it stands; objects of a group are named `group:object`."""
        return self.name.removeprefix(f"{self.parent.rpartition('::')[2]}:")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Branch:
    """One line of the tree and what stands below it."""

    row: Row
    counted: tuple[tuple[str, int], ...]
    """What is counted instead of shown: a word of `text.word` and how often."""
    since: float
    """When it, or the first thing below it, began."""
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
            folded = (_folded(branch) for branch in branches)
            # What stands outermost has no component to be counted in; the whole tree, drawn at the end, has it again.
            branches = tuple(
                branch for branch in folded if branch.children or _word(branch, however_changed=True) == ""
            )
        return branches

    def _branch(self, row: Row, children: dict[str, list[Row]], now: float) -> Branch:
        below = tuple(self._branch(child, children, now) for child in children.get(row.urn, ()))
        active = row.finished is None or any(branch.active for branch in below)
        since = min([row.since, *(branch.since for branch in below)])
        ended = max([self._ended.get(row.urn, now), *(branch.since + branch.seconds for branch in below)])
        duration = (now if active else ended) - since
        whole = Branch(row=row, counted=(), since=since, seconds=duration, active=active, children=below)
        return _counting(whole, shown=SHOWN_IN_GROUP if row.type.startswith(GROUPS) else SHOWN)


def _counting(branch: Branch, *, shown: int) -> Branch:
    """The branch without the children that are counted: unchanged ones, and those of a kind with more than `shown`."""
    words = {child.row.urn: _word(child, however_changed=shown == 0) for child in branch.children}
    frequent = {word for word, number in collections.Counter(words.values()).items() if word in QUIET or number > shown}
    counted = collections.Counter(dict(branch.counted))
    kept: list[Branch] = []
    for child in branch.children:
        word = words[child.row.urn]
        if word and word in frequent:
            counted[word] += 1
            counted.update(dict(child.counted))
        else:
            kept.append(child)
    return dataclasses.replace(branch, counted=tuple(counted.items()), children=tuple(kept))


def _word(branch: Branch, *, however_changed: bool) -> str:
    """What the branch may be counted as; empty where it has to be shown.

    A component that is itself unchanged is shown where something inside it has changed.
    """
    finished = branch.row.finished
    if finished is None or finished.failure or branch.active or branch.children:
        return ""
    if not however_changed and any(word not in QUIET for word, _ in branch.counted):
        return ""
    return text.word(finished)


def _folded(branch: Branch) -> Branch:
    """The branch with everything counted that is neither under way nor failed: what a small terminal can show."""
    children = tuple(_folded(child) for child in branch.children)
    return _counting(dataclasses.replace(branch, children=children), shown=0)


def _size(branches: Sequence[Branch]) -> int:
    return sum(branch.size for branch in branches)
