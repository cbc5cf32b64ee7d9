"""`./paasport` in a project that is not set up yet, or not for what it needs now."""

from __future__ import annotations

import json
import pathlib
import signal

import pytest

from . import projects


@pytest.mark.slow
class TestSetUp:
    def test_tells_its_steps_and_then_runs_the_command(self, project: projects.Project):
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

    def test_second_call_at_the_same_time_waits_for_the_first(self, project: projects.Project):
        with project.paused():
            first = project.start()
            projects.wait_until(lambda: len(project.installers()) == 1)
            second = project.start()
            assert second.stderr is not None
            waiting = second.stderr.readline()
        _, first_errors = first.communicate()
        _, second_errors = second.communicate()
        assert waiting == f"waiting for process {first.pid}, which is setting up .venv ...\n"
        assert (first.returncode, second.returncode) == (0, 0), first_errors + second_errors
        assert len(project.installers()) == 1

    def test_pip_does_it_where_there_is_no_uv(self, project: projects.Project):
        (project.wheels / "uv-0.13.9-py3-none-any.whl").unlink()
        finished = project.call()
        assert finished.returncode == 0, finished.stderr
        assert "installing requirements.txt with pip, which takes minutes ..." in finished.stderr
        assert project.installed() == "1.0"

    def test_packages_are_compiled_where_python_may_not_do_it_later(self, project: projects.Project):
        project.environment["PYTHONDONTWRITEBYTECODE"] = "1"
        assert "compiling packages ..." in project.call().stderr
        assert list((project.root / ".venv").glob("lib/*/site-packages/__pycache__/tiny.*.pyc"))

    def test_moved_project_is_set_up_again(self, project: projects.Project):
        project.call()
        project.root = project.root.rename(project.root.with_name("elsewhere"))
        finished = project.call()
        assert f"setting up {project.root}/.venv (once)" in finished.stderr
        assert json.loads(finished.stdout)["prefix"] == str(project.root / ".venv")
        assert project.call().stderr == ""


@pytest.mark.slow
class TestInterruptedSetUp:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_ends_the_installer_and_the_next_call_finishes(self, project: projects.Project, number: signal.Signals):
        with project.paused():
            process = project.start()
            projects.wait_until(lambda: len(project.installers()) == 1)
            process.send_signal(number)
            _, errors = process.communicate(timeout=30)
            assert process.returncode == 130
            assert errors.splitlines()[-1] == "interrupted; the next call sets up anew"
            assert "Traceback" not in errors
            projects.wait_until(lambda: not pathlib.Path("/proc", str(project.installers()[0])).exists())
        assert project.call().returncode == 0
        assert project.installed() == "1.0"

    def test_installer_that_outlived_a_kill_is_waited_for(self, project: projects.Project):
        with project.paused():
            killed = project.start()
            projects.wait_until(lambda: len(project.installers()) == 1)
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
    def test_are_noticed_and_installed_into_the_same_environment(self, project: projects.Project):
        project.call()
        kept = project.root / ".venv" / "kept"
        kept.touch()
        project.require("tiny==2.0")
        assert "requirements.txt has changed" in project.call().stderr
        assert project.installed() == "2.0"
        assert kept.exists()
        assert project.call().stderr == ""

    def test_that_cannot_be_fulfilled_are_told_and_cost_nothing_once_put_right(self, project: projects.Project):
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

    def test_that_cannot_be_fulfilled_at_first_are_told_too(self, project: projects.Project):
        project.require("absent==1.0")
        finished = project.call()
        assert finished.returncode == 1
        assert "error: the packages of requirements.txt could not be installed" in finished.stderr
        project.require("tiny==1.0")
        assert project.call().returncode == 0
