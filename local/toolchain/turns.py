"""One process at a time does what would spoil another's work; those who wait say for whom and for what."""

from __future__ import annotations

import contextlib
import os
import pathlib
import threading
import time
from collections.abc import Iterator

from local import locks
from local.toolchain import progress

_POLL = 0.2
"""Seconds between two attempts; the kernel could wait by itself, but then nothing would show life."""
_TOLD = 200
"""Bytes that are read of what the holder says of itself."""


class Turn:
    """It is this process's turn."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        """Whoever inherits it holds the lock as well."""

    def tell(self, doing: str) -> None:
        """Leave word of what this process is doing for those who wait."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, f"process {os.getpid()} is {doing}".encode(), 0)


@contextlib.contextmanager
def taken(path: pathlib.Path, *, report: progress.Report, stop: threading.Event | None = None) -> Iterator[Turn]:
    """Take the turn that the lock file `path` stands for, waiting as long as it takes.

    Raises KeyboardInterrupt when `stop` is set while waiting.
    """
    descriptor = _wait(path, report=report, stop=stop)
    try:
        yield Turn(descriptor)
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _wait(path: pathlib.Path, *, report: progress.Report, stop: threading.Event | None) -> int:
    waiting: progress.Step | None = None
    while (descriptor := locks.acquire(path)) is None:
        if stop is not None and stop.is_set():
            raise KeyboardInterrupt
        holder = _holder(path)
        if waiting is None:
            waiting = progress.Step("waiting for another call", report=report, detail=holder)
        waiting.tick(holder)
        time.sleep(_POLL)
    return descriptor


def _holder(path: pathlib.Path) -> str:
    with path.open("rb") as file:
        return file.read(_TOLD).decode(errors="replace")
