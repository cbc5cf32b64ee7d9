"""A Python process that gets ready while nobody knows yet what it will run.

A program loads Pulumi's SDK and its own modules for most of a second before it registers anything. Begun with the
command itself, that happens beside the engine's own start instead of after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Final

import runner

_TETHER: Final = pathlib.Path(runner.__file__).parent / "tether.py"
_PRELOADED: Final = ("pulumi.runtime", "pulumi_kubernetes", "pydantic.main", "yaml", "components.platform")
"""What every program of this kind loads; one that is not there is left out."""


class Spare:
    """One such process. It is given work once, or ends with the command."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
            [sys.executable, "-P", "-u", str(_TETHER), "--spare", *_PRELOADED],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def taken(self) -> subprocess.Popen[bytes] | None:
        """The process, which is the caller's from now on; None where it has been taken before."""
        process, self._process = self._process, None
        return process

    def discard(self) -> None:
        """End it where nobody has taken it."""
        process = self.taken()
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()


@contextlib.contextmanager
def warming(folder: pathlib.Path) -> Iterator[Spare]:
    """A process that warms up in `folder`, and ends with the context unless it was taken."""
    spare = Spare(folder)
    try:
        yield spare
    finally:
        spare.discard()


class Process:
    """A process that was started before there was an event loop, as asyncio's own look to their users."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin
        self.pid = process.pid
        self.stdin: IO[bytes] = process.stdin
        self.stdout = self.stderr = asyncio.StreamReader()
        self._process = process
        self._pipes: list[asyncio.ReadTransport] = []

    @classmethod
    async def adopted(
        cls, process: subprocess.Popen[bytes], *, target: Sequence[str], environment: Mapping[str, str], limit: int
    ) -> Process:
        """Give the process its work and listen to it."""
        own = cls(process)
        own.stdout, own.stderr = [await own._reader(stream, limit) for stream in (process.stdout, process.stderr)]
        with contextlib.suppress(BrokenPipeError):
            own.stdin.write(json.dumps({"environment": dict(environment), "arguments": list(target)}).encode() + b"\n")
            own.stdin.flush()
        return own

    @property
    def returncode(self) -> int | None:
        """The exit code; None while it runs."""
        return self._process.poll()

    async def wait(self) -> int:
        """The exit code, once it has ended."""
        return await asyncio.to_thread(self._process.wait)

    def close(self) -> None:
        """Stop listening."""
        for pipe in self._pipes:
            pipe.close()

    async def _reader(self, stream: IO[bytes] | None, limit: int) -> asyncio.StreamReader:
        assert stream
        reader = asyncio.StreamReader(limit=limit)
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), stream
        )
        self._pipes.append(pipe)
        return reader
