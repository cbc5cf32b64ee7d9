"""How every failure becomes text, a document and an exit code."""

from __future__ import annotations

import errno
import json
import os
import pathlib
import signal
import subprocess
import sys

import click
import pytest

from runner import cli
from stacks import errors

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def failing(monkeypatch, tmp_path):
    """Lets the command `stacks` fail in a given way, with logs going to a folder of the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("PAASPORT_DEBUG", raising=False)

    def fail_with(error: BaseException) -> None:
        @click.command()
        @click.option("--json", is_flag=True)
        def command(**_flags: object) -> None:
            raise error

        monkeypatch.setattr(cli.Commands, "get_command", lambda *_: command)

    return fail_with


def problem(what: str) -> errors.PaasportError:
    return errors.PaasportError.of(what, why="it matters", next="do this")


def test_a_foreseen_error_says_what_why_and_next(failing, capsys):
    failing(problem("no such thing"))
    assert cli.main(["stacks"]) == 1
    assert capsys.readouterr() == ("", "error: no such thing\n  it matters\n  next: do this\n")


def test_a_usage_error_exits_with_2(failing):
    failing(errors.StackFileError.of("broken"))
    assert cli.main(["stacks"]) == 2


def test_all_problems_of_an_error_are_told(failing, capsys):
    failing(errors.StackFileError(errors.Problem(what="one", file="f", line=1), errors.Problem(what="two")))
    cli.main(["stacks"])
    assert capsys.readouterr().err == "error: f:1: one\nerror: two\n"


def test_with_json_stdout_holds_one_document_with_the_problems(failing, capsys):
    failing(problem("no such thing"))
    cli.main(["stacks", "--json"])
    assert json.loads(capsys.readouterr().out)["diagnostics"][0]["message"] == "no such thing"


def test_errors_of_parallel_tasks_are_told_together(failing, capsys):
    inner = ExceptionGroup("inner", [errors.UsageError.of("two")])
    failing(ExceptionGroup("outer", [errors.UsageError.of("one"), inner]))
    assert cli.main(["stacks"]) == 2
    assert capsys.readouterr().err == "error: one\nerror: two\n"


def test_a_full_disk_is_no_defect(failing, capsys):
    failing(OSError(errno.ENOSPC, "No space left on device", "/data/file"))
    assert cli.main(["stacks"]) == 1
    assert capsys.readouterr().err.startswith("error: no space left on the disk of /data/file\n")


def test_a_defect_is_one_line_and_a_log(failing, capsys, tmp_path):
    failing(RuntimeError("text of the failure"))
    assert cli.main(["stacks"]) == 1
    shown = capsys.readouterr().err
    (log,) = (tmp_path / "paasport" / "logs").iterdir()
    assert shown == f"error: a defect in paasport: RuntimeError\n  next: report it with {log}\n"
    assert "text of the failure" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_a_defect_shows_its_traceback_on_demand(failing, monkeypatch):
    monkeypatch.setenv("PAASPORT_DEBUG", "1")
    failing(RuntimeError("text of the failure"))
    with pytest.raises(RuntimeError, match="text of the failure"):
        cli.main(["stacks"])


def test_a_defect_is_told_where_no_log_can_be_written(failing, capsys, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    failing(RuntimeError)
    assert cli.main(["stacks"]) == 1
    assert (
        capsys.readouterr().err == "error: a defect in paasport: RuntimeError\n  next: PAASPORT_DEBUG=1 shows where\n"
    )


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.exceptions.Abort()])
def test_an_interrupt_says_how_to_go_on(failing, capsys, error):
    failing(error)
    assert cli.main(["stacks", "--json"]) == 130
    out, err = capsys.readouterr()
    assert "next: ./paasport stacks --json goes on where this stopped" in err
    assert json.loads(out)["diagnostics"][0]["message"].startswith("interrupted")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["upp"], ["No such command 'upp'", "'up'", "next: ./paasport --help"], id="command"),
        pytest.param(
            ["up", "--jsno"], ["No such option '--jsno'", "--json", "next: ./paasport up --help"], id="option"
        ),
        pytest.param(["up"], ["Missing argument 'STACK'", "next: ./paasport up --help"], id="argument"),
        pytest.param(["up", "a", "--engine", "x"], ["'embedded', 'pulumi'"], id="choice"),
        pytest.param(["up", "a", "--parallel", "0"], ["--parallel"], id="number"),
    ],
)
def test_a_wrong_call_exits_with_2_and_names_the_right_one(arguments, expected, capsys):
    assert cli.main(arguments) == 2
    shown = capsys.readouterr().err
    assert all(part in shown for part in expected)


def test_no_command_shows_the_help(capsys):
    assert cli.main([]) == 2
    assert "Usage: ./paasport" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "runner.cli", "--help"]
    process = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert process.stderr == b""


SLEEPING = """
import signal, sys, time
import click
from runner import cli

@click.command()
def command():
    print("sleeping", flush=True)
    time.sleep(60)

cli.Commands.get_command = lambda *_: command
signal.signal(signal.SIGTERM, cli.end_as_interrupted)
sys.exit(cli.main(["stacks"]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_both_signals_that_end_a_job_end_it_in_good_order(number):
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPING], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "sleeping\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_a_job_that_ignores_ctrl_c_still_obeys_sigterm(monkeypatch):
    monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_IGN)
    with pytest.raises(KeyboardInterrupt):
        cli.end_as_interrupted(signal.SIGTERM, None)
