"""How long to wait before what failed is tried again. Pure: the caller tells the time."""

from __future__ import annotations

import dataclasses
from typing import Final

FIRST_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 30.0
_STEADY_SECONDS: Final = 60.0
"""What ran this long was well: its next failure is the first again."""


@dataclasses.dataclass
class Backoff:
    """The memory of one thing's failures."""

    _delay: float = 0.0

    def after(self, ran: float) -> float:
        """Seconds to wait, given that it ran for `ran` seconds before it failed: 0, then 0.5 doubling up to 30."""
        if ran >= _STEADY_SECONDS:
            self._delay = 0.0
        delay, self._delay = self._delay, min(max(self._delay * 2, FIRST_SECONDS), LONGEST_SECONDS)
        return delay
