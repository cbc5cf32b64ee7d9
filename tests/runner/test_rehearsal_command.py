"""The command alone: what it plays is replaced."""

import contextlib
import json

import pytest

from runner import cli
from runner.engine import events
from runner.rehearsals import places, playing, reports


@pytest.fixture
def played(monkeypatch):
    """Ends every rehearsal as the test says; what was kept."""
    kept = []

    @contextlib.contextmanager
    def begun(stack, **_):
        yield places.place(stack)

    def end(outcome):
        def rehearse(asked, place, **_):
            if isinstance(outcome, BaseException):
                raise outcome
            return reports.Report(
                stack=asked.stack.stack,
                vendor="eks",
                simulated=True,
                faults=asked.faults,
                steps=(reports.Step(title="deploy", seconds=1.0, problems=outcome),),
                kept=(),
                resources=(),
                seconds=1.0,
            )

        monkeypatch.setattr(playing, "rehearse", rehearse)
        monkeypatch.setattr(places, "begun", begun)
        monkeypatch.setattr(places, "keep", lambda place: kept.append(place.stack))
        return kept

    return end


@pytest.mark.parametrize(("problems", "code"), [((), 0), (("a disk is left",), 1)])
def test_the_exit_code_says_whether_it_passed(played, capsys, problems, code):
    played(problems)
    assert cli.main(["rehearse", "eks-prod"]) == code
    assert ("passed" in capsys.readouterr().out) is (code == 0)


def test_with_json_there_is_nothing_else_on_standard_output(played, capsys):
    played(())
    assert cli.main(["rehearse", "eks-prod", "--json", "--fault", "timeout"]) == 0
    assert json.loads(capsys.readouterr().out)["faults"] == ["timeout"]


@pytest.mark.parametrize("problems", [(), ("a disk is left",)])
def test_what_is_kept_is_kept_however_it_went(played, capsys, problems):
    kept = played(problems)
    cli.main(["rehearse", "eks-prod", "--keep"])
    assert kept == ["eks-prod"]
    assert "./paasport local delete eks-prod-rehearsal" in capsys.readouterr().out


def test_an_interrupted_one_does_not_say_that_it_could_go_on(played, capsys):
    played(KeyboardInterrupt())
    assert cli.main(["rehearse", "eks-prod"]) == 130
    assert capsys.readouterr().err == (
        "error: interrupted; the rehearsal is removed\n  next: ./paasport rehearse eks-prod\n"
    )


def test_a_fault_that_nobody_knows_is_refused(capsys):
    assert cli.main(["rehearse", "eks-prod", "--fault", "flood"]) == 2
    assert "'flood'" in capsys.readouterr().err


def test_a_warning_of_every_run_is_shown_once_and_what_else_is_said_each_time(monkeypatch, played, capsys):
    played(())
    ended = playing.rehearse

    def rehearse(asked, place, *, listener, **more):
        for _ in range(3):
            listener(events.Diagnostic(severity=events.Severity.WARNING, message="a preview"))
            listener(events.Diagnostic(severity=events.Severity.INFO, message="it works"))
        return ended(asked, place, **more)

    monkeypatch.setattr(playing, "rehearse", rehearse)
    assert cli.main(["rehearse", "eks-prod"]) == 0
    captured = capsys.readouterr()
    told = captured.out + captured.err
    assert (told.count("a preview"), told.count("it works")) == (1, 3)
