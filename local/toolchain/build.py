"""Building binaries that are missing: one after the other, each named only when complete, under one lock."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import threading
from collections.abc import Iterator, Sequence

from local.toolchain import catalogue, failures, go, processes, progress, turns
from stacks import errors, locations


def missing(
    binaries: Sequence[catalogue.Binary], *, report: progress.Report, stop: threading.Event | None = None
) -> None:
    """Build those of `binaries` whose file does not exist yet.

    Two calls at once build each binary once: the second waits and finds it. What a killed call compiled is in Go's own
    cache, so that the next goes on where it stopped.

    Raises ToolchainError where a build fails, KeyboardInterrupt where it is stopped.
    """
    cache = locations.cache_folder() / "go"
    try:
        for folder in (cache, locations.cache_folder() / "toolchain"):
            folder.mkdir(parents=True, exist_ok=True)
        with turns.taken(cache / "build.lock", report=report, stop=stop) as turn:
            _build_all(binaries, report=report, turn=turn, stop=stop)
    except BrokenPipeError:
        raise  # nobody reads the reports any more; the disk is all right
    except OSError as problem:
        raise errors.ToolchainError(_disk_problem(problem, cache=cache)) from problem
    except KeyboardInterrupt:
        report("stopped; what is compiled is kept, and the next call goes on there")
        raise


def _build_all(
    binaries: Sequence[catalogue.Binary],
    *,
    report: progress.Report,
    turn: turns.Turn,
    stop: threading.Event | None,
) -> None:
    wanted = [binary for binary in binaries if not located(binary).exists()]
    if not wanted:
        return
    toolchain = go.ready(needed=_needed(wanted), report=report, stop=stop)
    with _work_folder(pathlib.Path(toolchain.environment["GOTMPDIR"])):
        for number, binary in enumerate(wanted, start=1):
            turn.tell(f"building {binary.name}")
            step = progress.Step(f"building {binary.name} ({number} of {len(wanted)})", report=report)
            _build(binary, toolchain=toolchain, step=step, turn=turn, stop=stop)


def located(binary: catalogue.Binary) -> pathlib.Path:
    """Where the binary is, or will be once it is built."""
    return catalogue.build_folder(binary.group) / binary.name


def _build(
    binary: catalogue.Binary,
    *,
    toolchain: go.Go,
    step: progress.Step,
    turn: turns.Turn,
    stop: threading.Event | None,
) -> None:
    target = located(binary)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{binary.name}.partial")
    folder = binary.group.folder
    flags = catalogue.build_flags(binary.group, go_mod=(folder / "go.mod").read_text())
    finished = processes.run(
        # -v prints a package when it is compiled: the only sign of progress that Go gives.
        [toolchain.program, "build", "-v", *flags, "-o", partial, binary.package],
        folder=folder,
        environment=toolchain.environment,
        tick=lambda lines: step.tick(doing(lines)),
        held=(turn.descriptor,),
        stop=stop,
    )
    if finished.returncode:
        cache = locations.cache_folder() / "go"
        raise errors.ToolchainError(
            failures.build_failure(finished.lines, doing=f"building {binary.name}", go_mod=str(folder), cache=cache)
        )
    partial.rename(target)
    step.done("built")


def doing(lines: Sequence[str]) -> str:
    """What `go build -v` is at, from its output so far: downloads first, then packages."""
    if not lines:
        return ""
    if lines[-1].startswith("go: downloading "):
        return lines[-1].removeprefix("go: ")
    return f"{sum(1 for line in lines if ' ' not in line)} packages compiled"


def _needed(binaries: Sequence[catalogue.Binary]) -> go.Version:
    folders = {binary.group.folder for binary in binaries}
    return go.needed_version(*((folder / "go.mod").read_text() for folder in folders))


@contextlib.contextmanager
def _work_folder(folder: pathlib.Path) -> Iterator[None]:
    """Go's work folder, emptied before and after: a Go that is killed leaves up to a gigabyte in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _disk_problem(problem: OSError, *, cache: pathlib.Path) -> errors.Problem:
    return errors.Problem(
        what=f"the toolchain's folder cannot be used: {problem.strerror}: {problem.filename or cache}",
        why=f"binaries and Go's caches, {failures.SPACE_NEEDED}, are kept there",
        next="make that folder writable, or set XDG_CACHE_HOME to another, then run the same command again",
    )
