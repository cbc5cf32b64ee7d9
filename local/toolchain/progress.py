"""Progress of one long step as plain lines, each of which stands alone in a log.

A line that is the same as the one before it up to ` ... ` tells of the same step: a terminal may overwrite it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

Report = Callable[[str], None]
"""Takes one line without a line break. It decides where the line goes and whether it replaces the one before."""


def duration(seconds: float) -> str:
    """Seconds as people say them: `0.4 s`, `12 s`, `4 min 59 s`."""
    minutes, rest = divmod(int(seconds), 60)
    if minutes:
        return f"{minutes} min {rest} s"
    return f"{seconds:.1f} s" if seconds < 10 else f"{rest} s"  # noqa: PLR2004 - from here on nobody asks for tenths


def heartbeat_interval() -> float:
    """Seconds between two lines of one step: a person watches a terminal, a log only has to show life."""
    return 1.0 if sys.stderr.isatty() else 10.0


class Step:
    """One step that takes a while, told at its start, at each heartbeat and at its end."""

    def __init__(
        self,
        text: str,
        *,
        report: Report,
        detail: str = "",
        interval: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.text = text
        self._report = report
        self._interval = heartbeat_interval() if interval is None else interval
        self._clock = clock
        self._started = self._told = clock()
        report(f"{text} ... {detail}".rstrip())

    @property
    def seconds(self) -> float:
        """How long the step has taken so far."""
        return self._clock() - self._started

    def tick(self, detail: str = "") -> None:
        """Tell the elapsed time and `detail` if the last line is an interval old. Call it as often as you like."""
        if self._clock() - self._told >= self._interval:
            self._told = self._clock()
            self._report(f"{self.text} ... {duration(self.seconds)}{detail and f', {detail}'}")

    def done(self, outcome: str) -> None:
        """Tell the end of the step."""
        self._report(f"{self.text} ... {outcome} in {duration(self.seconds)}")
