"""Exclusive locks between processes, tied to a file: the kernel releases them however their holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import time
from collections.abc import Iterator

_POLL_SECONDS = 0.05


def acquire(path: pathlib.Path) -> int | None:
    """Take the lock without waiting: an open descriptor that holds it until closed, or None where another holds it.

    The file may be deleted by its holder (a deleted control plane); a descriptor of a deleted file is worth nothing,
    hence the comparison afterwards.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def held(path: pathlib.Path) -> bool:
    """Whether some process holds the lock now. Creates nothing."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextlib.contextmanager
def holding(path: pathlib.Path, *, seconds: float) -> Iterator[None]:
    """Hold the lock, waiting for it at most `seconds`. Raises `TimeoutError`."""
    deadline = time.monotonic() + seconds
    while (descriptor := acquire(path)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(path)
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        os.close(descriptor)
