"""The display for pipes, logs and CI: one line for each thing that happened, stable and easy to grep.

`operation  type  name  duration`, separated by two spaces or more. What stayed the same is only counted, in the
summary. Nothing is ever rewritten.
"""

from __future__ import annotations

import time
import types
from collections.abc import Callable
from typing import Self, TextIO

from runner.display import text
from runner.engine import events, model

QUIET_SECONDS = 10.0
"""How long a resource is waited for silently, and then between two lines about it: a log tells what is stuck."""


class Lines:
    """Writes events to a stream, each as one line that is complete when it is written."""

    def __init__(
        self,
        stream: TextIO,
        *,
        planned: bool,
        show_changes: bool,
        full_changes: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._planned = planned
        self._show_changes = show_changes
        self._full_changes = full_changes
        self._clock = clock
        self._started: dict[str, events.Started] = {}
        self._since: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self._last_note = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self._stream.flush()

    def note(self, message: str) -> None:
        """A step outside of the program, such as starting a control plane; the same twice in a row is said once."""
        if message != self._last_note:
            self._last_note = message
            self._write(message)

    def event(self, event: events.Event) -> None:
        """One event of the engine."""
        match event:
            case events.Started():
                self._started[event.urn] = event
                self._since[event.urn] = self._told[event.urn] = self._clock()
            case events.Progress():
                self._wait(event)
            case events.Finished():
                self._finish(event)
            case events.Diagnostic() if event.severity in (events.Severity.INFO, events.Severity.WARNING):
                self._write(f"{event.severity}: {event.message.rstrip()}")
            case _:
                pass  # errors are told together at the end, debug messages never

    def _wait(self, event: events.Progress) -> None:
        started = self._started.get(event.urn)
        now = self._clock()
        if started and now - self._told[event.urn] >= QUIET_SECONDS:
            self._told[event.urn] = now
            waited = text.seconds(now - self._since[event.urn])
            self._write(f"waiting  {started.type}  {started.name}  {waited}  {event.message}")

    def _finish(self, event: events.Finished) -> None:
        self._started.pop(event.urn, None)
        if event.failure:
            self._write(f"failed   {event.type}  {event.name}{self._tail(event)}  {text.first_line(event.failure)}")
        elif text.is_change(event):
            self._write(f"{text.word(event):<8} {event.type}  {event.name}{self._tail(event)}")
            if self._show_changes and event.operation in (model.Operation.UPDATE, model.Operation.REPLACE):
                for line in text.changes(event.changes, full=self._full_changes):
                    self._write(f"           {line}")

    def _tail(self, event: events.Finished) -> str:
        notes = [name for name, holds in (("simulated", event.simulated), ("drifted", event.drifted)) if holds]
        duration = "" if self._planned else f"  {text.seconds(event.seconds)}"
        return duration + (f"  ({', '.join(notes)})" if notes else "")

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()
