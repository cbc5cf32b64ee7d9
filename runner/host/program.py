"""The program's process: started in a group of its own, listened to line by line, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

import runner
from runner.host import spare

_FOLDER: Final = pathlib.Path(runner.__file__).parent
_TERMINATION_SECONDS: Final = 2.0
"""Between asking a process to end and ending it."""
STAND_INS: Final = "PAASPORT_STAND_INS"
"""Environment variable of the program: the number of the process that permits stand-ins for releases, if any does."""
_LINE_LIMIT: Final = 2**20
"""Bytes of one line of output; longer ones are cut into several."""


class Child:
    """A process of the engine's own. Made by `start`."""

    def __init__(self, process: asyncio.subprocess.Process | spare.Process) -> None:
        self._process = process
        self._readers: list[asyncio.Task[None]] = []

    @classmethod
    async def start(
        cls, target: Sequence[str], *, folder: pathlib.Path, environment: Mapping[str, str], said: Callable[[str], None]
    ) -> Child:
        """Run `target` (a file, or `-m` and a module, with arguments) in `folder`.

        `environment` is added to this process's own, and is in no process list. `said` gets each line of output.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            # Without it Python would put the tether's folder, which is the engine's, before the project's.
            "-P",
            "-u",
            str(_FOLDER / "tether.py"),
            *target,
            cwd=folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=_LINE_LIMIT,
        )
        assert process.stdin
        process.stdin.write(json.dumps(dict(environment)).encode() + b"\n")
        return cls(process).heard(said)

    @classmethod
    async def adopt(
        cls,
        process: subprocess.Popen[bytes],
        target: Sequence[str],
        *,
        environment: Mapping[str, str],
        said: Callable[[str], None],
    ) -> Child:
        """Run `target` in a spare process, which has its folder already; otherwise as `start`."""
        adopted = await spare.Process.adopted(process, target=target, environment=environment, limit=_LINE_LIMIT)
        return cls(adopted).heard(said)

    def heard(self, said: Callable[[str], None]) -> Child:
        """Itself, once each line of output goes to `said`."""
        for stream in (self._process.stdout, self._process.stderr):
            assert stream
            self._readers.append(asyncio.create_task(_listen(stream, said)))
        return self

    async def wait(self) -> int:
        """The exit code, once the process has ended and all it said was heard."""
        code = await self._process.wait()
        # At once, while the number of the group cannot yet belong to anybody else.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await asyncio.gather(*self._readers)
        return code

    async def end(self) -> None:
        """End the process and all it has started; does nothing where it has ended."""
        if self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _TERMINATION_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        if isinstance(self._process, spare.Process):
            self._process.close()


async def _listen(stream: asyncio.StreamReader, said: Callable[[str], None]) -> None:
    while True:
        try:
            line = await stream.readuntil(b"\n")
        except asyncio.IncompleteReadError as rest:
            if rest.partial:
                said(rest.partial.decode(errors="replace"))
            return
        except asyncio.LimitOverrunError as excess:
            line = await stream.readexactly(excess.consumed)
        said(line.decode(errors="replace").rstrip("\n"))


def ending(code: int) -> str:
    """How a program that did not finish is told to have ended, from its exit code. Pure."""
    if code == 0:
        return (
            "the program ended itself before it had registered everything, so nothing was deleted\n"
            "  next: let __main__.py come to its end, without sys.exit or os._exit"
        )
    if code < 0:
        return f"the program was ended by {signal.Signals(-code).name}"
    return f"the program ended with exit code {code}"


@contextlib.asynccontextmanager
async def running(
    *,
    root: pathlib.Path,
    project: str,
    stack: str,
    address: str,
    preview: bool,
    parallel: int,
    config: Mapping[str, str],
    secret_keys: frozenset[str],
    stand_ins: bool,
    said: Callable[[str], None],
    warm: spare.Spare | None = None,
) -> AsyncIterator[Child]:
    """The project's program, running against the engine at `address`; it is ended with the context."""
    target = [str(_FOLDER / "launcher.py")]
    flags = {
        "monitor": address,
        "engine": address,
        "project": project,
        "stack": stack,
        "root": str(root),
        "dry-run": "true" if preview else "false",
        "parallel": str(parallel),
    }
    for name, value in flags.items():
        target += [f"--{name}", value]
    environment = {
        "PULUMI_CONFIG": json.dumps(dict(config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(sorted(secret_keys)),
        # Read by components/operators/stand_ins.py. Set where it permits nothing too, over whatever was inherited.
        STAND_INS: str(os.getpid()) if stand_ins else "",
    }
    process = warm.taken() if warm else None
    if process is None:
        child = await Child.start(target, folder=root, environment=environment, said=said)
    else:
        child = await Child.adopt(process, target, environment=environment, said=said)
    try:
        yield child
    finally:
        await child.end()
