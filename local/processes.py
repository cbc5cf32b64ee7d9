"""The processes of a control plane, found by where their program lies, and how they are ended.

A process belongs to a control plane when its program was started through a path below the control plane's folder.
Process ids in files were rejected: after a reboot they name strangers.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import pathlib
import signal
import time
from collections.abc import Iterable, Mapping, Sequence

_PROC = pathlib.Path("/proc")
_POLL_SECONDS = 0.02
_SPAWN_SECONDS = 0.0005


@dataclasses.dataclass(frozen=True, kw_only=True)
class Process:
    """A running process."""

    pid: int
    program: pathlib.Path
    """The path it was started by, which may be a link."""
    memory: int
    """Resident set size in bytes."""

    @property
    def name(self) -> str:
        """The program's name without its folders."""
        return self.program.name


def below(folder: pathlib.Path) -> list[Process]:
    """Every process whose program path lies below `folder`, by process id."""
    found = [_read(int(entry.name), prefix=f"{folder}/") for entry in _PROC.iterdir() if entry.name.isdigit()]
    return sorted((process for process in found if process), key=lambda process: process.pid)


def memory(pid: int) -> int:
    """Resident set size of a process in bytes; 0 when there is none."""
    try:
        pages = int((_PROC / str(pid) / "statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def spawn(command: Sequence[str], *, environment: Mapping[str, str], log: pathlib.Path) -> int:
    """Start a program that outlives this one: own session, no input, output appended to `log`. Its process id.

    `below` finds it from then on. Raises `OSError` where it cannot be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pid = os.posix_spawn(
        command[0],
        list(command),
        dict(environment),
        setsid=True,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )
    _await_name(pid)
    return pid


def collect(pid: int) -> int | None:
    """The exit code of a child that has ended, which is then gone; None for one that runs and for a stranger."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return None
    return os.waitstatus_to_exitcode(status) if ended else None


async def run(command: Sequence[str], *, environment: Mapping[str, str], log: pathlib.Path, seconds: float) -> int:
    """Run a program to its end and return its exit code. Raises `TimeoutError`; never leaves it running."""
    pid = spawn(command, environment=environment, log=log)
    try:
        async with asyncio.timeout(seconds):
            await first_end([pid])
    except (TimeoutError, asyncio.CancelledError):
        os.kill(pid, signal.SIGKILL)
        await asyncio.shield(first_end([pid]))
        collect(pid)
        raise
    return collect(pid) or 0


async def first_end(pids: Iterable[int]) -> None:
    """Return as soon as one of the processes has ended, be they children or not."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    with contextlib.ExitStack() as watched:
        for pid in pids:
            try:
                descriptor = os.pidfd_open(pid)
            except ProcessLookupError:
                return
            watched.callback(os.close, descriptor)
            loop.add_reader(descriptor, ended.set)
            watched.callback(loop.remove_reader, descriptor)
        await ended.wait()


def last_lines(log: pathlib.Path, *, count: int = 5, width: int = 400) -> str:
    """The end of a log, for an error message; empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 64 * 1024))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(line[:width] for line in lines[-count:])


def end(processes: Iterable[Process], *, seconds: float) -> None:
    """Ask all to end, wait at most `seconds`, and kill those that are still there."""
    remaining = list(processes)
    _signal(remaining, signal.SIGTERM)
    remaining = _await(remaining, seconds=seconds)
    _signal(remaining, signal.SIGKILL)
    _await(remaining, seconds=seconds)


def _read(pid: int, *, prefix: str) -> Process | None:
    """None for a stranger, and for one that has gone or is a zombie (whose command line is empty)."""
    try:
        program = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0", 1)[0].decode(errors="replace")
    except OSError:
        return None
    return Process(pid=pid, program=pathlib.Path(program), memory=memory(pid)) if program.startswith(prefix) else None


def _await_name(pid: int) -> None:
    """Return once the process shows the path that it was started by, or has ended.

    `posix_spawn` returns when the new program has got its own memory, and the kernel writes the command line there only
    after that: until then the process looks like one that has gone, so nobody would end it, or it is started twice.
    """
    path = _PROC / str(pid) / "cmdline"
    with contextlib.suppress(OSError):
        while not path.read_bytes() and is_alive(pid):
            time.sleep(_SPAWN_SECONDS)


def _signal(processes: list[Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)


def _await(processes: list[Process], *, seconds: float) -> list[Process]:
    """Those that are still there after at most `seconds`."""
    deadline = time.monotonic() + seconds
    remaining = processes
    while remaining and time.monotonic() < deadline:
        remaining = [process for process in remaining if is_alive(process.pid)]
        if remaining:
            time.sleep(_POLL_SECONDS)
    return remaining


def is_alive(pid: int) -> bool:
    """Whether the process still holds its files and ports. A zombie, which nobody has collected yet, does not.

    All threads are asked: the first may be a zombie while others still end.
    """
    try:
        stats = [entry.joinpath("stat").read_text() for entry in (_PROC / str(pid) / "task").iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return (_PROC / str(pid)).exists() and is_alive(pid)
    # The state follows the name, which may contain anything, a parenthesis included.
    return any(stat.rpartition(")")[2].split()[0] not in ("Z", "X") for stat in stats)
