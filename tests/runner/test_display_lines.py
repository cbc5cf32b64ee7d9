from __future__ import annotations

import io
from typing import Any

import pytest

from runner.display import lines
from runner.engine import events, model
from tests.runner import builders

Operation = model.Operation


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(*happened: events.Event, **fields: Any) -> list[str]:
    stream = io.StringIO()
    given = {"planned": False, "show_changes": False, "full_changes": False} | fields
    with lines.Lines(stream, **given) as display:
        for event in happened:
            display.event(event)
    return stream.getvalue().splitlines()


def test_a_change_is_one_line_of_operation_type_name_and_duration():
    assert shown(builders.finished("prometheus-operator")) == [
        "create   kubernetes:apps/v1:Deployment  prometheus-operator  1.2 s"
    ]


def test_a_preview_tells_no_durations():
    assert shown(builders.finished("a"), planned=True) == ["create   kubernetes:apps/v1:Deployment  a"]


@pytest.mark.parametrize("operation", [Operation.SAME, Operation.READ])
def test_what_stays_the_same_is_silent(operation):
    assert shown(builders.finished("a", operation)) == []


def test_simulated_and_drifted_are_said():
    line = builders.finished("a", Operation.UPDATE, simulated=True, drifted=True)
    assert shown(line) == ["update   kubernetes:apps/v1:Deployment  a  1.2 s  (simulated, drifted)"]


def test_an_object_that_only_drifted_has_its_own_word():
    assert shown(builders.finished("a", Operation.SAME, drifted=True), planned=True) == [
        "drift    kubernetes:apps/v1:Deployment  a  (drifted)"
    ]


def test_a_failure_shows_the_first_line_of_its_reason():
    assert shown(builders.finished("a", failure="field is immutable\nmore")) == [
        "failed   kubernetes:apps/v1:Deployment  a  1.2 s  field is immutable"
    ]


def test_changes_stand_below_their_update():
    update = builders.finished("a", Operation.UPDATE, changes=(builders.change("spec.replicas", 1, 2),))
    assert shown(update, show_changes=True)[1:] == ["           spec.replicas: 1 -> 2"]
    assert len(shown(update)) == 1


def test_a_long_wait_is_told_every_ten_seconds():
    stream, clock = io.StringIO(), Clock()
    display = lines.Lines(stream, planned=False, show_changes=False, full_changes=False, clock=clock)
    display.event(builders.started("a"))
    for clock.now in (1.0, 9.0, 11.0, 12.0, 22.0):
        display.event(events.Progress(urn="urn:a", message="0 of 1 pods are ready"))
    assert stream.getvalue().splitlines() == [
        "waiting  kubernetes:apps/v1:Deployment  a  11 s  0 of 1 pods are ready",
        "waiting  kubernetes:apps/v1:Deployment  a  22 s  0 of 1 pods are ready",
    ]


def test_progress_of_something_never_started_is_ignored():
    assert shown(events.Progress(urn="urn:unknown", message="waiting")) == []


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        pytest.param(events.Severity.INFO, ["info: hello"], id="info"),
        pytest.param(events.Severity.WARNING, ["warning: hello"], id="warning"),
        pytest.param(events.Severity.DEBUG, [], id="debug"),
        pytest.param(events.Severity.ERROR, [], id="errors are told at the end"),
    ],
)
def test_messages_of_the_program(severity, expected):
    assert shown(events.Diagnostic(severity=severity, message="hello\n")) == expected


def test_the_same_note_twice_in_a_row_is_said_once():
    stream = io.StringIO()
    display = lines.Lines(stream, planned=False, show_changes=False, full_changes=False)
    for message in ("starting", "starting", "started"):
        display.note(message)
    assert stream.getvalue() == "starting\nstarted\n"
