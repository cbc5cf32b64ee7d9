from __future__ import annotations

import pytest

from runner.display import report, text
from runner.engine import events, model, values
from tests.runner import builders

Operation = model.Operation


@pytest.mark.parametrize(
    ("duration", "expected"),
    [(0.04, "0.0 s"), (1.25, "1.2 s"), (9.94, "9.9 s"), (9.96, "10 s"), (75.4, "75 s"), (185.0, "3 min 05 s")],
)
def test_durations(duration, expected):
    assert text.seconds(duration) == expected


def test_summary_counts_only_what_happened():
    resources = [builders.finished("a"), builders.finished("b", Operation.SAME), builders.finished("c", failure="no")]
    assert text.summary(resources, duration=4.1, planned=False) == "1 created, 1 unchanged, 1 failed in 4.1 s"
    assert text.summary(resources, duration=4.1, planned=True) == "1 to create, 1 unchanged, 1 failed in 4.1 s"
    assert text.summary([], duration=0.1, planned=False) == "nothing to do in 0.1 s"


def test_summary_says_what_was_simulated():
    assert text.summary([builders.finished("a", simulated=True)], duration=1, planned=False) == (
        "1 created in 1.0 s (1 of them simulated: no cloud was asked)"
    )


def test_summary_of_drift():
    drifted = builders.finished("a", Operation.UPDATE, drifted=True)
    assert text.summary([drifted], duration=0.5, planned=True, drift=True) == "1 drifted in 0.5 s"
    assert text.summary([], duration=0.5, planned=True, drift=True) == "nothing has drifted in 0.5 s"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(None, "(none)", id="absent"),
        pytest.param("10Gi", '"10Gi"', id="text"),
        pytest.param({"a": 1}, '{"a": 1}', id="mapping"),
        pytest.param(values.Secret("hunter2"), "[secret]", id="secret"),
        pytest.param(values.UNKNOWN, "[unknown]", id="unknown"),
        pytest.param({"a": values.Secret("hunter2")}, '{"a": "[secret]"}', id="secret inside"),
    ],
)
def test_values(content, expected):
    assert text.value(content) == expected


def test_short_changes_cut_long_values_and_long_lists():
    fields = [builders.change(f"field{number}", 0, "x" * 100) for number in range(10)]
    short = text.changes(fields, full=False)
    assert len(short) == 9
    assert short[0] == 'field0: 0 -> "' + "x" * 44 + "..."
    assert short[-1] == "and 2 more fields (--diff shows them)"
    full = text.changes(fields, full=True)
    assert full[9] == 'field9: 0 -> "' + "x" * 100 + '"'


def test_outputs_are_aligned_and_masked():
    given = {"url": "http://a", "password": values.Secret("hunter2"), "metrics": {"ports": [1, 2], "size": "small"}}
    assert report.outputs(given) == [
        "outputs:",
        "  metrics",
        "    ports  [1, 2]",
        "    size   small",
        "  password  [secret]",
        "  url       http://a",
    ]
    assert report.outputs({}) == []


def test_outputs_without_a_value_are_left_out():
    given = {"cluster": {"location": "", "name": "local-dev", "version": None, "network": {"id": None, "subnets": []}}}
    assert report.outputs(given) == ["outputs:", "  cluster", "    name  local-dev"]


def test_errors_are_grouped_by_resource_and_each_reason_is_told_once():
    resources = [builders.finished("a", failure="denied\nby policy"), builders.finished("b")]
    diagnostics = [
        events.Diagnostic(severity=events.Severity.ERROR, message="denied\nby policy", urn="urn:a"),
        events.Diagnostic(severity=events.Severity.ERROR, message="the program raised ValueError"),
        events.Diagnostic(severity=events.Severity.INFO, message="hello"),
    ]
    assert report.failures(resources, diagnostics) == [
        "failed  kubernetes:apps/v1:Deployment  a",
        "  denied",
        "  by policy",
        "the program raised ValueError",
    ]


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        ("kubectl ... building", "kubectl ... 3 s", True),
        ("kubectl ... 3 s", "etcd ... 3 s", False),
        ("ready", "ready", True),
        ("ready", "done", False),
    ],
)
def test_notes_of_one_step_are_known_by_their_beginning(earlier, later, expected):
    assert text.is_same_step(earlier, later) is expected
