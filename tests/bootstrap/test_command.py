"""`./paasport` in a project that is set up: it becomes the command and costs next to nothing."""

from __future__ import annotations

import json
import pathlib
import resource
import subprocess
import sys

import pytest

from . import projects


class TestProjectThatIsSetUp:
    def test_command_gets_the_arguments_in_the_environment_of_the_project(self, ready: projects.Project):
        said = json.loads(ready.call("up", "a b", "--yes").stdout)
        assert said["arguments"] == ["up", "a b", "--yes"]
        assert said["prefix"] == str(ready.root / ".venv")

    def test_nothing_is_said_and_nothing_installed(self, ready: projects.Project):
        before = ready.installers()
        assert ready.call("stacks").stderr == ""
        assert ready.installers() == before

    def test_exit_code_is_the_commands(self, ready: projects.Project):
        assert ready.call("--fail").returncode == 7

    def test_runs_from_any_folder_even_one_with_modules_named_like_ours(
        self, ready: projects.Project, tmp_path: pathlib.Path
    ):
        (tmp_path / "runner").mkdir()
        (tmp_path / "runner" / "cli.py").write_text("raise SystemExit('the wrong one')")
        said = json.loads(ready.call(cwd=tmp_path).stdout)
        assert said["cwd"] == str(tmp_path)
        assert said["file"] == str(ready.root / "runner" / "cli.py")

    def test_runs_through_a_link(self, ready: projects.Project, tmp_path: pathlib.Path):
        link = tmp_path / "paasport"
        link.symlink_to(ready.root / "paasport")
        finished = subprocess.run(
            [sys.executable, link], env=ready.environment, capture_output=True, text=True, check=True
        )
        assert json.loads(finished.stdout)["file"] == str(ready.root / "runner" / "cli.py")
        assert finished.stderr == ""

    def test_runs_where_python_keeps_the_folder_of_a_script_out_of_its_path(self, ready: projects.Project):
        environment = ready.environment | {"PYTHONSAFEPATH": "1"}
        finished = subprocess.run(ready.command(), env=environment, capture_output=True, text=True, check=True)
        assert json.loads(finished.stdout)["file"] == str(ready.root / "runner" / "cli.py")

    def test_programs_that_a_command_starts_do_not_find_our_modules(self, ready: projects.Project):
        assert json.loads(ready.call().stdout)["PYTHONPATH"] == ""

    @pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
    def test_streams_that_the_caller_has_closed_lead_nowhere(self, ready: projects.Project, closed: str):
        script = f'exec "$@" {closed}'
        finished = subprocess.run(
            ["/bin/sh", "-c", script, "sh", *ready.command("--streams")],
            env=ready.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr

    def test_overhead_is_under_150_milliseconds(self, ready: projects.Project):
        # Processor time, of which a busy machine does not take more; the least of five is without disturbances.
        assert min(processor_seconds(ready) for _ in range(5)) < 0.15


def processor_seconds(project: projects.Project) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    project.call()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
