"""How the command line asks for the names of services whose data would be lost, around an engine that is not real."""

from __future__ import annotations

import dataclasses

import pytest

from runner import cli, operations, request
from runner.commands import project
from runner.engine import events, loss
from tests.runner import builders
from tests.runner.test_cli_runs import EMPTY, Machine, machine  # noqa: F401 - the fixture of the same machine


def lost(name: str) -> loss.Loss:
    urn = f"urn:pulumi:local-dev::paasport::paasport:services:Mongodb$kubernetes:db.test/v1:Replicas::{name}"
    return loss.Loss(instance=name, urn=urn, done="deleted", loses="databases")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A terminal whose user agrees to everything; what is typed where a name is asked for, the first one first."""
    typed: list[str] = []
    monkeypatch.setattr(project, "can_ask", lambda: True)
    monkeypatch.setattr("click.confirm", lambda text, **_: bool(text))
    monkeypatch.setattr("click.prompt", lambda text, **_: typed.pop(0))
    return typed


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, machine: Machine) -> Machine:  # noqa: F811 - the fixture
    """An engine that loses `a` and `b` only where they are named, as the real one does."""

    async def run(asked: request.Request, listener: events.Listener) -> request.Result:
        machine.requests.append(asked)
        missing = tuple(lost(name) for name in ("a", "b") if name not in asked.lose_data)
        if not missing or asked.operation is request.Operation.DRIFT:
            return dataclasses.replace(EMPTY, resources=(builders.finished("c"),))
        told = tuple(
            events.Diagnostic(severity=events.Severity.ERROR, message=one.what) for one in missing if not asked.asks
        )
        return dataclasses.replace(EMPTY, losses=missing, refused=True, failed=bool(told), diagnostics=told)

    monkeypatch.setattr(operations, "run", run)
    return machine


def test_without_a_terminal_a_yes_to_everything_is_not_enough(engine, capsys):
    assert cli.main(["destroy", "local-dev", "--yes"]) == 1
    told = capsys.readouterr()
    assert "nothing was changed" in told.out
    assert "a (Replicas) would be deleted, and with it its databases" in told.err


def test_each_name_can_be_given_as_a_flag(engine):
    assert cli.main(["destroy", "local-dev", "--yes", "--yes-lose-data", "a", "--yes-lose-data", "b"]) == 0
    (asked,) = engine.requests
    assert asked.lose_data == ("a", "b")


def test_one_name_of_two_is_not_enough(engine, capsys):
    assert cli.main(["destroy", "local-dev", "--yes", "--yes-lose-data", "a"]) == 1
    assert "b (Replicas)" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["destroy", "local-dev"], ["up", "local-dev"]])
def test_on_a_terminal_every_name_has_to_be_typed(engine, terminal, command):
    terminal += ["a", "b"]
    assert cli.main(command) == 0
    assert [asked.lose_data for asked in engine.requests] == [(), ("a", "b")]
    assert terminal == []


@pytest.mark.parametrize("typed", [["a", "y"], ["yes"], [""], ["A"], ["a", "a"]])
def test_anything_else_that_is_typed_changes_nothing(engine, terminal, typed, capsys):
    terminal += typed
    assert cli.main(["destroy", "local-dev"]) == 1
    assert len(engine.requests) == 1
    assert "nothing was changed" in capsys.readouterr().out


def test_who_says_yes_on_a_terminal_is_asked_no_name_and_needs_the_flag(engine, terminal):
    assert cli.main(["destroy", "local-dev", "--yes"]) == 1
    assert not engine.requests[0].asks


def test_a_document_is_printed_to_nobody_who_could_be_asked(engine, terminal):
    assert cli.main(["up", "local-dev", "--json"]) == 1
    assert not engine.requests[0].asks


def test_a_preview_without_the_names_fails(engine):
    assert cli.main(["preview", "local-dev"]) == 1
    assert cli.main(["preview", "local-dev", "--yes-lose-data", "a", "--yes-lose-data", "b"]) == 0


def test_a_plan_that_was_shown_and_agreed_to_is_not_made_again(engine, terminal):
    terminal += ["a", "b"]
    assert cli.main(["up", "existing-dev"]) == 0
    assert [(asked.operation, asked.foreseen) for asked in engine.requests] == [("preview", False), ("up", True)]
    assert engine.requests[1].lose_data == ("a", "b")
