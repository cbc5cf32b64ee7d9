"""`./paasport` sets itself up: offline here, with two hand-made wheels, one of which plays uv."""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time
import types
import zipfile
from collections.abc import Callable, Iterator

import pytest

PAASPORT = pathlib.Path(__file__).parents[1] / "paasport"

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


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that is set up; tests leave it so."""
    project = Project(tmp_path_factory.mktemp("ready"))
    assert project.call().returncode == 0
    return project


@pytest.fixture(scope="module")
def quick_venv(ready: Project, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder whose module `venv` copies an environment that has nothing but pip."""
    folder = tmp_path_factory.mktemp("quick")
    (folder / "venv.py").write_text(VENV)
    template = shutil.copytree(ready.root / ".venv", folder / "template", symlinks=True)
    (template / "paasport.stamp").unlink()
    subprocess.run([template / "bin" / "python", "-m", "pip", "uninstall", "-q", "-y", "tiny", "uv"], check=True)
    return folder


@pytest.fixture
def project(tmp_path: pathlib.Path, quick_venv: pathlib.Path) -> Project:
    project = Project(tmp_path)
    project.environment["PYTHONPATH"] = str(quick_venv)
    return project


@pytest.fixture(scope="module")
def paasport() -> types.ModuleType:
    """The executable as a module, for its pure functions."""
    loader = importlib.machinery.SourceFileLoader("paasport", str(PAASPORT))
    spec = importlib.util.spec_from_loader("paasport", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


class TestProjectThatIsSetUp:
    def test_command_gets_the_arguments_in_the_environment_of_the_project(self, ready: Project):
        said = json.loads(ready.call("up", "a b", "--yes").stdout)
        assert said["arguments"] == ["up", "a b", "--yes"]
        assert said["prefix"] == str(ready.root / ".venv")

    def test_nothing_is_said_and_nothing_installed(self, ready: Project):
        before = ready.installers()
        assert ready.call("stacks").stderr == ""
        assert ready.installers() == before

    def test_exit_code_is_the_commands(self, ready: Project):
        assert ready.call("--fail").returncode == 7

    def test_runs_from_any_folder_even_one_with_modules_named_like_ours(self, ready: Project, tmp_path: pathlib.Path):
        (tmp_path / "runner").mkdir()
        (tmp_path / "runner" / "cli.py").write_text("raise SystemExit('the wrong one')")
        said = json.loads(ready.call(cwd=tmp_path).stdout)
        assert said["cwd"] == str(tmp_path)
        assert said["file"] == str(ready.root / "runner" / "cli.py")

    def test_runs_through_a_link(self, ready: Project, tmp_path: pathlib.Path):
        link = tmp_path / "paasport"
        link.symlink_to(ready.root / "paasport")
        finished = subprocess.run(
            [sys.executable, link], env=ready.environment, capture_output=True, text=True, check=True
        )
        assert json.loads(finished.stdout)["file"] == str(ready.root / "runner" / "cli.py")
        assert finished.stderr == ""

    def test_runs_where_python_keeps_the_folder_of_a_script_out_of_its_path(self, ready: Project):
        environment = ready.environment | {"PYTHONSAFEPATH": "1"}
        finished = subprocess.run(ready.command(), env=environment, capture_output=True, text=True, check=True)
        assert json.loads(finished.stdout)["file"] == str(ready.root / "runner" / "cli.py")

    def test_programs_that_a_command_starts_do_not_find_our_modules(self, ready: Project):
        assert json.loads(ready.call().stdout)["PYTHONPATH"] == ""

    @pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
    def test_streams_that_the_caller_has_closed_lead_nowhere(self, ready: Project, closed: str):
        script = f'exec "$@" {closed}'
        finished = subprocess.run(
            ["/bin/sh", "-c", script, "sh", *ready.command("--streams")],
            env=ready.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr

    def test_overhead_is_under_150_milliseconds(self, ready: Project):
        # Processor time, of which a busy machine does not take more; the least of five is without disturbances.
        assert min(processor_seconds(ready) for _ in range(5)) < 0.15


def processor_seconds(project: Project) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    project.call()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.slow
class TestSetUp:
    def test_tells_its_steps_and_then_runs_the_command(self, project: Project):
        finished = project.call("doctor")
        lines = finished.stderr.splitlines()
        assert lines[0] == f"setting up {project.root}/.venv (once)"
        assert [line for line in lines if line.endswith(" ...")] == [
            "making .venv ...",
            "installing uv==0.13.9 ...",
            "installing requirements.txt ...",
        ]
        assert lines[-1].startswith("set up in ")
        assert json.loads(finished.stdout)["arguments"] == ["doctor"]
        assert project.installed() == "1.0"

    def test_second_call_at_the_same_time_waits_for_the_first(self, project: Project):
        with project.paused():
            first = project.start()
            wait_until(lambda: len(project.installers()) == 1)
            second = project.start()
            assert second.stderr is not None
            waiting = second.stderr.readline()
        _, first_errors = first.communicate()
        _, second_errors = second.communicate()
        assert waiting == f"waiting for process {first.pid}, which is setting up .venv ...\n"
        assert (first.returncode, second.returncode) == (0, 0), first_errors + second_errors
        assert len(project.installers()) == 1

    def test_pip_does_it_where_there_is_no_uv(self, project: Project):
        (project.wheels / "uv-0.13.9-py3-none-any.whl").unlink()
        finished = project.call()
        assert finished.returncode == 0, finished.stderr
        assert "installing requirements.txt with pip, which takes minutes ..." in finished.stderr
        assert project.installed() == "1.0"

    def test_packages_are_compiled_where_python_may_not_do_it_later(self, project: Project):
        project.environment["PYTHONDONTWRITEBYTECODE"] = "1"
        assert "compiling packages ..." in project.call().stderr
        assert list((project.root / ".venv").glob("lib/*/site-packages/__pycache__/tiny.*.pyc"))

    def test_moved_project_is_set_up_again(self, project: Project):
        project.call()
        project.root = project.root.rename(project.root.with_name("elsewhere"))
        finished = project.call()
        assert f"setting up {project.root}/.venv (once)" in finished.stderr
        assert json.loads(finished.stdout)["prefix"] == str(project.root / ".venv")
        assert project.call().stderr == ""


@pytest.mark.slow
class TestInterruptedSetUp:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_ends_the_installer_and_the_next_call_finishes(self, project: Project, number: signal.Signals):
        with project.paused():
            process = project.start()
            wait_until(lambda: len(project.installers()) == 1)
            process.send_signal(number)
            _, errors = process.communicate(timeout=30)
            assert process.returncode == 130
            assert errors.splitlines()[-1] == "interrupted; the next call sets up anew"
            assert "Traceback" not in errors
            wait_until(lambda: not pathlib.Path("/proc", str(project.installers()[0])).exists())
        assert project.call().returncode == 0
        assert project.installed() == "1.0"

    def test_installer_that_outlived_a_kill_is_waited_for(self, project: Project):
        with project.paused():
            killed = project.start()
            wait_until(lambda: len(project.installers()) == 1)
            killed.kill()
            killed.communicate()
            following = project.start()
            assert following.stderr is not None
            assert "waiting for" in following.stderr.readline()
        _, errors = following.communicate()
        assert following.returncode == 0, errors
        assert len(project.installers()) == 2
        assert project.installed() == "1.0"


@pytest.mark.slow
class TestChangedRequirements:
    def test_are_noticed_and_installed_into_the_same_environment(self, project: Project):
        project.call()
        kept = project.root / ".venv" / "kept"
        kept.touch()
        project.require("tiny==2.0")
        assert "requirements.txt has changed" in project.call().stderr
        assert project.installed() == "2.0"
        assert kept.exists()
        assert project.call().stderr == ""

    def test_that_cannot_be_fulfilled_are_told_and_cost_nothing_once_put_right(self, project: Project):
        project.call()
        project.require("absent==1.0")
        finished = project.call("up", "local-dev")
        assert finished.returncode == 1
        assert finished.stderr.splitlines()[-4:] == [
            "error: the packages of requirements.txt could not be installed",
            "    x No solution found when resolving dependencies:",
            "    because absent was not found, see https://index",
            f"  next: correct {project.root}/requirements.txt, then {project.root}/paasport up local-dev",
        ]
        project.require("tiny==1.0")
        assert project.call().stderr == ""

    def test_that_cannot_be_fulfilled_at_first_are_told_too(self, project: Project):
        project.require("absent==1.0")
        finished = project.call()
        assert finished.returncode == 1
        assert "error: the packages of requirements.txt could not be installed" in finished.stderr
        project.require("tiny==1.0")
        assert project.call().returncode == 0


class TestMachineThatLacksSomething:
    def test_project_that_cannot_be_written_is_told(self, project: Project):
        (project.root / ".paasport").write_text("a file where the folder should be")
        finished = project.call()
        assert finished.returncode == 1
        assert finished.stderr.startswith(f"error: the set-up cannot use {project.root}/.paasport: File exists\n")
        assert f"next: make that possible, then {project.root}/paasport" in finished.stderr

    def test_python_without_ensurepip_names_the_package(
        self, paasport: types.ModuleType, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())
        monkeypatch.setattr(paasport.sys, "version_info", (3, 11, 2))
        monkeypatch.setattr(paasport.sys, "argv", ["./paasport", "doctor"])
        with pytest.raises(paasport.SetUpError) as raised:
            paasport.make_venv(lock=-1)
        assert "it has no ensurepip" in str(raised.value)
        assert "next: apt-get install python3.11-venv, then ./paasport doctor" in str(raised.value)

    def test_python_too_old_names_a_newer_one(
        self, paasport: types.ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
    ):
        (tmp_path / "python3.12").touch(mode=0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(paasport.sys, "version_info", (3, 9, 2))
        monkeypatch.setattr(paasport.sys, "version", "3.9.2 (main)")
        monkeypatch.setattr(paasport.sys, "argv", ["./paasport", "up"])
        with pytest.raises(SystemExit) as raised:
            paasport.refuse_old_python()
        assert raised.value.code == (
            "error: Python 3.11 or newer is needed, and python3 is 3.9.2\n  next: python3.12 ./paasport up"
        )

    def test_installers_repetitions_are_told_once(self, paasport: types.ModuleType):
        said = "WARNING: Retrying (total=1)\nWARNING: Retrying (total=0)\n\nERROR: No matching distribution\n"
        assert paasport.last_lines(said) == "WARNING: Retrying (total=0)\n  ERROR: No matching distribution"

    @pytest.mark.parametrize(
        ("said", "way_out"),
        [
            pytest.param("OSError: [Errno 28] No space left on device", "make room, about 1.5 GB", id="no-space"),
            pytest.param(
                "  tcp connect error: Connection refused (os error 111)", "check the network", id="unreachable"
            ),
            pytest.param("ERROR: No matching distribution found for tiny==9", "correct ", id="unsatisfiable"),
            pytest.param("something else", "./paasport up", id="unknown"),
        ],
    )
    def test_way_out_fits_what_the_installer_said(
        self, paasport: types.ModuleType, monkeypatch: pytest.MonkeyPatch, said: str, way_out: str
    ):
        monkeypatch.setattr(paasport.sys, "argv", ["./paasport", "up"])
        assert paasport.way_out(said).startswith(way_out)
        assert paasport.way_out(said).endswith("./paasport up")
