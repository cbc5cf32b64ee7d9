from __future__ import annotations

from typing import Any

import pytest

from runner.engine import events, journal, model, values


@pytest.fixture
def heard() -> list[events.Event]:
    return []


@pytest.fixture
def told(heard: list[events.Event]) -> journal.Journal:
    return journal.Journal(heard.append)


def finished(failure: str = "") -> events.Finished:
    return events.Finished(
        urn="u", type="t", name="n", parent="", operation=model.Operation.CREATE, seconds=0, failure=failure
    )


@pytest.mark.parametrize(
    ("learnt", "message", "shown"),
    [
        (values.Secret("hunter2"), "login with hunter2 failed", "login with [secret] failed"),
        ({"deep": [values.Secret({"p": "hunter2"})]}, "hunter2", "[secret]"),
        (values.Secret("no\n"), "no secret of three characters", "no secret of three characters"),
        (values.Secret("-----BEGIN-----\nMIIEowIBAAKCAQEA7\n"), "got MIIEowIBAAKCAQEA7", "got [secret]"),
        (values.Secret("kind: Config\nuser: me"), "kind: Config", "kind: Config"),
        ({"plain": "hunter2"}, "hunter2", "hunter2"),
        (values.Secret(values.UNKNOWN), "UNKNOWN", "UNKNOWN"),
    ],
)
def test_what_is_learnt_to_be_secret_is_masked(told: journal.Journal, learnt: Any, message: str, shown: str) -> None:
    told.learn(learnt)

    assert told.masked(message) == shown


def test_every_kind_of_message_is_masked(told: journal.Journal, heard: list[events.Event]) -> None:
    told.learn(values.Secret("hunter2"))

    told.emit(events.Progress(urn="u", message="hunter2"))
    told.emit(finished("hunter2"))
    told.tell(events.Severity.WARNING, "hunter2")

    assert "hunter2" not in repr(heard)
    assert repr(heard).count("[secret]") == 3


@pytest.mark.parametrize(
    ("event", "failed"),
    [
        (finished(), False),
        (finished("refused"), True),
        (events.Diagnostic(severity=events.Severity.WARNING, message="careful"), False),
        (events.Diagnostic(severity=events.Severity.ERROR, message="no"), True),
    ],
)
def test_a_run_has_failed_once_anything_has(told: journal.Journal, event: events.Event, *, failed: bool) -> None:
    told.emit(event)

    assert told.failed is failed
