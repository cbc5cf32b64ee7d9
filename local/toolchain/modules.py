"""Files that lie inside Go modules, such as an operator's release manifests: had without the project's own website."""

from __future__ import annotations

import json
import pathlib
import tempfile
import threading
from collections.abc import Sequence

from local.toolchain import catalogue, failures, go, processes, progress
from stacks import errors, locations

_OLDEST_GO = (1, 21, 0)
"""Downloading asks less of Go than building does; this is the first whose go.mod rules are today's."""


def file(
    module: str, version: str, path: str, *, report: progress.Report, stop: threading.Event | None = None
) -> pathlib.Path:
    """The file `path` inside the Go module `module` at `version` (with its leading `v`), downloaded if need be.

    A module that a go.sum of ours lists is verified by it, another by Go's checksum database. The file is part of Go's
    module cache: read it, do not change it.

    Raises ToolchainError where the module cannot be had or has no such file.
    """
    found = _downloaded(f"{module}@{version}", listed_in=_listing(module, version), report=report, stop=stop) / path
    if not found.is_file():
        raise errors.ToolchainError.of(
            f"the Go module {module}@{version} has no file {path}",
            why="it is to be read from there",
            next="correct the module, version or path where they are pinned",
        )
    return found


def _downloaded(
    named: str, *, listed_in: pathlib.Path | None, report: progress.Report, stop: threading.Event | None
) -> pathlib.Path:
    """The folder of the module `named` in Go's module cache."""
    toolchain = go.ready(needed=_OLDEST_GO, report=report, stop=stop)
    step = progress.Step(f"fetching {named}", report=report)
    with tempfile.TemporaryDirectory() as nowhere:
        folder = listed_in or pathlib.Path(nowhere)
        finished = processes.run(
            [toolchain.program, "mod", "download", "-json", named],
            folder=folder,
            environment=toolchain.environment,
            tick=lambda _lines: step.tick(),
            stop=stop,
        )
    answer = _answer(finished.lines)
    if "Dir" not in answer:
        raise errors.ToolchainError(_problem(answer, finished.lines, named=named, folder=folder))
    step.done("fetched")
    return pathlib.Path(answer["Dir"])


def _listing(module: str, version: str) -> pathlib.Path | None:
    """The folder of the go.sum that pins this module's content, where one does."""
    for group in catalogue.GROUPS:
        if f"{module} {version} h1:" in (group.folder / "go.sum").read_text():
            return group.folder
    return None


def _answer(lines: Sequence[str]) -> dict[str, str]:
    """The JSON document among the lines; Go may print warnings before it."""
    start = lines.index("{") if "{" in lines else len(lines)
    try:
        answer: dict[str, str] = json.loads("\n".join(lines[start:]))
    except ValueError:
        return {}
    return answer


def _problem(answer: dict[str, str], lines: Sequence[str], *, named: str, folder: pathlib.Path) -> errors.Problem:
    cache = locations.cache_folder() / "go"
    return failures.build_failure(
        answer["Error"].splitlines() if "Error" in answer else lines,
        doing=f"fetching {named}",
        go_mod=str(folder),
        cache=cache,
    )
