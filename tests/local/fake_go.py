"""A `go` for tests: a script that answers `go env` and plays `go build` and `go mod download` as it is told to."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import sys

_PYTHON = sys.executable
"""Read now, because a test may pretend that another one is running."""

_SCRIPT = """
import json, os, pathlib, sys, time
control = pathlib.Path(__file__).parent / "control"
arguments = sys.argv[1:]
if arguments[0] == "env":
    print((control / "env.json").read_text())
    sys.exit()
with (control / "calls").open("a") as calls:
    calls.write(json.dumps({"arguments": arguments, "environment": dict(os.environ), "pid": os.getpid(), "cwd": os.getcwd()}) + "\\n")
print((control / "output").read_text(), end="", flush=True)
pause = control / "pause"
while pause.exists() and pause.read_text() in arguments[-1]:
    time.sleep(0.02)
failing = control / "failing"
if failing.exists() and failing.read_text() in arguments[-1]:
    sys.exit(1)
if arguments[0] == "build":
    target = pathlib.Path(arguments[arguments.index("-o") + 1])
    target.write_text("built from " + arguments[-1])
    target.chmod(0o755)
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Go:
    """The control of the fake; `folder` belongs on the PATH."""

    folder: pathlib.Path

    @property
    def control(self) -> pathlib.Path:
        return self.folder / "control"

    def says(self, *lines: str) -> None:
        """What every command but `go env` prints."""
        (self.control / "output").write_text("".join(f"{line}\n" for line in lines))

    def pauses_at(self, package: str) -> None:
        """Commands whose last argument contains this do not end before `goes_on`."""
        (self.control / "pause").write_text(package)

    def goes_on(self) -> None:
        (self.control / "pause").unlink()

    def fails_at(self, package: str) -> None:
        """Commands whose last argument contains this fail."""
        (self.control / "failing").write_text(package)

    def works_again(self) -> None:
        (self.control / "failing").unlink()

    def is_version(self, version: str, *, proxy: str = "https://proxy.example,direct") -> None:
        facts = {"GOVERSION": version, "GOHOSTOS": "linux", "GOHOSTARCH": "amd64", "GOPROXY": proxy}
        (self.control / "env.json").write_text(json.dumps(facts))

    def calls(self) -> list[dict[str, object]]:
        path = self.control / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def built(self) -> list[str]:
        """The last part of each package that a build was started for."""
        return [str(call["arguments"][-1]).rpartition("/")[2] for call in self.calls()]


def install(folder: pathlib.Path, *, version: str = "go1.26.9") -> Go:
    """A fake `go` in `folder`, which is made."""
    go = Go(folder=folder)
    go.control.mkdir(parents=True)
    program = folder / "go"
    program.write_text(f"#!{_PYTHON}\n{_SCRIPT}")
    program.chmod(0o755)
    go.says()
    go.is_version(version)
    return go


def path_with(folder: pathlib.Path) -> str:
    """A PATH that finds the fake first."""
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
