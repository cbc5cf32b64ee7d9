"""The display for a terminal: a tree that is redrawn while resources change, and stays once they are done.

Knows colours and the terminal's size. What stands in the tree is decided in `runner/display/progress.py`.
"""

from __future__ import annotations

import threading
import time
import types
from collections.abc import Iterable
from typing import Self, TextIO

import rich.console
import rich.live
import rich.text
import rich.tree

from runner.display import progress, text
from runner.engine import events, model

STYLES = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "replace": ("±", "magenta"),
    "delete": ("-", "red"),
    "drift": ("!", "yellow"),
    "failed": ("✗", "bold red"),
    "same": (" ", "dim"),
    "read": (" ", "dim"),
}
"""A sign beside each colour, so that nothing is told by colour alone."""

REDRAWS_A_SECOND = 8
RESERVED_LINES = 3
"""Kept free below the tree, for the step that is under way and the prompt."""


class Tree:
    """Redraws a tree from events. Notes and messages of the program stay above it."""

    def __init__(self, stream: TextIO, *, planned: bool, show_changes: bool, full_changes: bool) -> None:
        self._console = rich.console.Console(file=stream, highlight=False, markup=False, emoji=False)
        self._planned = planned
        self._show_changes = show_changes
        self._full_changes = full_changes
        self._progress = progress.Progress()
        self._note = ""
        # The tree is drawn by a thread of its own while events come from the engine.
        self._lock = threading.RLock()
        self._live = rich.live.Live(
            console=self._console,
            get_renderable=self._frame,
            refresh_per_second=REDRAWS_A_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        """Leave the whole tree on the screen, however the run ended."""
        self.note("")
        self._live.stop()
        for tree in self._trees(height=None):
            self._console.print(tree)

    def note(self, message: str) -> None:
        """A step outside of the program; another step's last line stays on the screen."""
        with self._lock:
            if self._note and not text.is_same_step(self._note, message):
                self._console.print(rich.text.Text(self._note, style="dim"))
            self._note = message

    def event(self, event: events.Event) -> None:
        """One event of the engine."""
        self.note("")
        with self._lock:
            self._progress.apply(event, now=time.monotonic())
        if isinstance(event, events.Diagnostic) and event.severity in (events.Severity.INFO, events.Severity.WARNING):
            style = "yellow" if event.severity is events.Severity.WARNING else ""
            self._console.print(rich.text.Text(event.message.rstrip(), style=style))

    def _frame(self) -> rich.console.RenderableType:
        trees: list[rich.console.RenderableType] = list(self._trees(height=self._console.height - RESERVED_LINES))
        if self._note:
            trees.append(rich.text.Text(self._note, no_wrap=True, overflow="ellipsis"))
        return rich.console.Group(*trees)

    def _trees(self, *, height: int | None) -> Iterable[rich.tree.Tree]:
        with self._lock:
            branches = self._progress.branches(now=time.monotonic(), height=height)
        for branch in branches:
            yield self._tree(branch, is_final=height is None)

    def _tree(self, branch: progress.Branch, *, is_final: bool) -> rich.tree.Tree:
        tree = rich.tree.Tree(label(branch, planned=self._planned), guide_style="dim")
        finished = branch.row.finished
        if is_final and self._show_changes and finished and _is_compared(finished):
            for line in text.changes(finished.changes, full=self._full_changes):
                tree.add(rich.text.Text(line, style="dim"))
        for child in branch.children:
            tree.children.append(self._tree(child, is_final=is_final))
        return tree


def label(branch: progress.Branch, *, planned: bool) -> rich.text.Text:
    """One line of the tree, which is cut at the terminal's edge rather than wrapped."""
    row = branch.row
    word = text.word(row.finished) if row.finished else ""
    sign, style = STYLES.get(word, ("…", "cyan"))
    result = rich.text.Text(no_wrap=True, overflow="ellipsis")
    result.append(f"{sign} ", style)
    result.append(row.type.rpartition(":")[2], "bold" if branch.children or branch.counted else "")
    result.append(f" {row.short_name}")
    if word and (word not in ("same", "read")):
        result.append(f"  {word}", style)
    if not planned and (branch.active or row.is_change or branch.children):
        result.append(f"  {text.seconds(branch.seconds)}", "dim")
    if branch.counted:
        result.append(f"  {text.counts(dict(branch.counted))}", "dim")
    if row.finished and row.finished.simulated:
        result.append("  simulated", "dim italic")
    if row.message or (row.finished and row.finished.failure):
        reason = row.finished.failure if row.finished else row.message
        result.append(f"  {text.first_line(reason)}", "red" if row.finished else "cyan")
    return result


def _is_compared(finished: events.Finished) -> bool:
    return finished.operation in (model.Operation.UPDATE, model.Operation.REPLACE)
