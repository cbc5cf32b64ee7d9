"""`./paasport test`: which tools run, what stops what, and who has the last word."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from local.toolchain import binaries
from runner import cli
from runner.commands import suite
from stacks import errors

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def called(monkeypatch) -> list[tuple[str, ...]]:
    """The commands that were called instead of run; those that contain `fails` fail."""
    calls: list[tuple[str, ...]] = []

    def run(command: tuple[str, ...], *, root: pathlib.Path, capture: bool = False) -> subprocess.CompletedProcess[str]:
        calls.append(tuple(command))
        return subprocess.CompletedProcess(command, 1 if "fails" in command else 0, stdout="what is wrong\n")

    monkeypatch.setattr(suite, "run", run)
    monkeypatch.setattr(suite.os, "sched_getaffinity", lambda _: {0, 1, 5})
    monkeypatch.setattr(binaries, "ensure", lambda **_: calls.append(("build",)))
    return calls


ALL = ("-m", "pytest", "-n", "4", "--dist", "worksteal")
"""On three cores."""


def test_checks_come_first_and_pytest_last(called):
    assert cli.main(["test", "-k", "prune", "-x"]) == 0
    assert [command[1] for command in called[:3]] == ["ruff", "ruff", "mypy"]
    assert called[-1] == ("-m", "pytest", "-k", "prune", "-x")
    assert len(called) == 5


def test_a_failing_check_is_shown_and_stops_nothing(called, monkeypatch, capsys):
    monkeypatch.setattr(suite, "CHECKS", {"first": ("fails",), "second": ("works",)})
    assert cli.main(["test"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["first", "failed"]
    assert lines[1] == "what is wrong"
    assert lines[2].split()[:2] == ["second", "ok"]
    assert lines[3] == "failed: first; the tests run all the same"
    assert called[-1] == ALL


def test_the_toolchain_is_built_before_all_tests_and_not_for_a_choice_of_them(called):
    cli.main(["test"])
    assert called[-2:] == [("build",), ALL]
    called.clear()
    cli.main(["test", "-k", "prune"])
    assert ("build",) not in called


def test_a_toolchain_that_cannot_be_built_is_told_and_the_tests_run_all_the_same(called, monkeypatch, capsys):
    def fails(**_):
        raise errors.ToolchainError.of("no space left")

    monkeypatch.setattr(binaries, "ensure", fails)
    cli.main(["test"])
    assert "no space left\nthe tests that need the control plane will fail" in capsys.readouterr().out
    assert called[-1] == ALL


def test_failing_tests_are_an_exit_code(called):
    assert cli.main(["test", "fails"]) == 1


def test_coverage_is_on_demand(called):
    cli.main(["test", "--coverage"])
    assert called[-1] == ("-m", "coverage", "run", "-m", "pytest")


@pytest.mark.parametrize("name", list(suite.CHECKS))
def test_every_tool_can_be_started_from_this_environment(name):
    """With `--version` or `--help` for its work: that it starts is what is tested here."""
    command = [*suite.CHECKS[name][:2], "--help"]
    process = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 0
    assert "Usage" in process.stdout or "usage" in process.stdout


def test_pytest_has_the_last_word(monkeypatch, tmp_path):
    (tmp_path / "test_one.py").write_text("def test_one():\n    assert True\n")
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    program = (
        "import sys, pathlib; from runner import cli; from runner.commands import suite;"
        "suite.CHECKS = {}; suite.build_toolchain = print; sys.exit(cli.main(['test'], root=pathlib.Path(sys.argv[1])))"
    )
    process = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "1 passed" in process.stdout.splitlines()[-1]
