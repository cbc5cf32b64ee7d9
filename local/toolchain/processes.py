"""Running one long command to its end: its output line by line, a heartbeat, and no child left behind when stopped."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType

_POLL = 0.5
"""Seconds between two looks at whether to stop; a heartbeat is never finer."""
_GRACE = 10.0
"""Seconds that a command gets to end by itself."""
_CHUNK = 65536


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finished:
    """How a command ended."""

    returncode: int
    lines: tuple[str, ...]
    """Standard output and standard error, in the order in which they came."""


def run(
    command: Sequence[str | pathlib.Path],
    *,
    folder: pathlib.Path,
    environment: Mapping[str, str],
    tick: Callable[[Sequence[str]], None],
    held: Sequence[int] = (),
    stop: threading.Event | None = None,
) -> Finished:
    """Run `command` to its end; `tick` is given the lines so far, about twice a second.

    The command leads a process group of its own, which is ended before KeyboardInterrupt leaves this function: at
    Ctrl-C, at SIGTERM, and when `stop` is set, which is how another thread stops it. The command keeps the descriptors
    in `held`, so a lock outlives this process for as long as an orphan of it still writes.

    Raises OSError where the command cannot be started.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=held,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        with process.stdout, _terminated_like_interrupted():
            lines = list(_collect(process.stdout.fileno(), tick=tick, stop=stop))
        return Finished(returncode=process.wait(), lines=tuple(lines))
    except BaseException:
        _end(process)
        raise


def _collect(descriptor: int, *, tick: Callable[[Sequence[str]], None], stop: threading.Event | None) -> list[str]:
    lines: list[str] = []
    unfinished = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if stop is not None and stop.is_set():
                raise KeyboardInterrupt
            if selector.select(timeout=_POLL):
                received = os.read(descriptor, _CHUNK)
                if not received:
                    break
                *complete, unfinished = (unfinished + received).split(b"\n")
                lines.extend(line.decode(errors="replace").rstrip("\r") for line in complete)
            tick(lines)
    return [*lines, unfinished.decode(errors="replace")] if unfinished else lines


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt meanwhile, unless somebody else handles it already or this is no main thread."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process group: the command politely first, then whatever is left of it and its children."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        deadline = time.monotonic() + _GRACE
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
