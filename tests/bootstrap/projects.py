"""A project folder with the real `paasport`: offline, with hand-made wheels, one of which plays uv."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator

PAASPORT = pathlib.Path(__file__).parents[2] / "paasport"

CLI = """
import json, os, sys
if __name__ == "__main__":
    print(json.dumps({
        "arguments": sys.argv[1:], "cwd": os.getcwd(), "prefix": sys.prefix,
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""), "file": __file__,
    }))
    if "--streams" in sys.argv:
        sys.exit(9 if None in (sys.stdin, sys.stdout, sys.stderr) else 0)
    sys.exit(7 if "--fail" in sys.argv else 0)
"""

# Logs its process id; waits for as long as the file `pause` exists; knows no package named `absent`.
UV = """#!python
import os, pathlib, subprocess, sys, time
control = pathlib.Path(os.environ["FAKE_UV"])
with (control / "calls").open("a") as calls:
    calls.write(f"{os.getpid()}\\n")
while (control / "pause").exists():
    time.sleep(0.02)
requirements = pathlib.Path(sys.argv[-1]).read_text()
if "absent" in requirements:
    sys.exit("  x No solution found when resolving dependencies:\\n  because absent was not found, see https://me:secret@index")
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", "-q", "-r", sys.argv[-1]]))
"""

# Plays the module `venv`: making an environment for real takes seconds, copying one does not.
VENV = """
import pathlib, shutil, sys
shutil.rmtree(sys.argv[-1], ignore_errors=True)
shutil.copytree(pathlib.Path(__file__).parent / "template", sys.argv[-1], symlinks=True)
"""


class Project:
    """A folder with the real `paasport` and a command line that tells how it was called."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.root = folder / "project"
        self.control = folder / "control"
        self.wheels = folder / "wheels"
        for path in (self.root / "runner", self.control, self.wheels):
            path.mkdir(parents=True)
        shutil.copy(PAASPORT, self.root)
        (self.root / "runner" / "__init__.py").touch()
        (self.root / "runner" / "cli.py").write_text(CLI)
        self.require("tiny==1.0")
        for version in ("1.0", "2.0"):
            wheel(self.wheels, "tiny", version, {"tiny.py": f"version = '{version}'\n"})
        self.publish_uv()
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHON"))
        }
        self.environment = inherited | {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_CONFIG_FILE": os.devnull,
            "FAKE_UV": str(self.control),
        }

    def publish_uv(self) -> None:
        wheel(self.wheels, "uv", "0.13.9", {"uv-0.13.9.data/scripts/uv": UV})

    def require(self, text: str) -> None:
        (self.root / "requirements.txt").write_text(f"{text}\n")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.root / "paasport"), *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str, cwd: pathlib.Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), env=self.environment, cwd=cwd, capture_output=True, text=True, check=False
        )

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Inside, the fake uv does not come to its end."""
        (self.control / "pause").touch()
        try:
            yield
        finally:
            (self.control / "pause").unlink()

    def installers(self) -> list[int]:
        """The process ids of all runs of the fake uv so far."""
        calls = self.control / "calls"
        return [int(line) for line in calls.read_text().split()] if calls.exists() else []

    def installed(self) -> str:
        """The version of the package `tiny` in `.venv`."""
        code = "import tiny; print(tiny.version)"
        command = [self.root / ".venv" / "bin" / "python", "-c", code]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def wheel(folder: pathlib.Path, name: str, version: str, files: dict[str, str]) -> None:
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            member = zipfile.ZipInfo(path)
            member.external_attr = 0o100755 << 16
            archive.writestr(member, text)
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")


def wait_until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
