"""Chooses the display for a stream, and says what every display can do."""

from __future__ import annotations

import os
import types
from typing import Protocol, Self, TextIO

from runner.display import lines
from runner.engine import events


class Display(Protocol):
    """Shows one run. Entered before the first note or event and left after the last, however the run ended."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        """Leave on the screen what is to stay there."""
        ...

    def note(self, message: str) -> None:
        """Show a step outside of the program. Messages that are equal up to ` ... ` tell of one step."""
        ...

    def event(self, event: events.Event) -> None:
        """Show an event of the engine."""
        ...


def display(stream: TextIO, *, planned: bool, full_changes: bool) -> Display:
    """The display for `stream`: a tree on a terminal, lines elsewhere.

    `planned` says that nothing is really done, so durations mean nothing and field changes are what matters.
    `full_changes` shows every changed field with its whole value, and in a real run too.
    """
    show_changes = planned or full_changes
    if is_terminal(stream):
        from runner.display import tree  # noqa: PLC0415 - rich costs 0.1 s, which a pipe need not pay

        return tree.Tree(stream, planned=planned, show_changes=show_changes, full_changes=full_changes)
    return lines.Lines(stream, planned=planned, show_changes=show_changes, full_changes=full_changes)


def is_terminal(stream: TextIO) -> bool:
    """Whether lines on this stream can be redrawn."""
    return stream.isatty() and os.environ.get("TERM", "") != "dumb"
