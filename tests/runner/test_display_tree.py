from __future__ import annotations

import io
import re

import pytest

from runner.display import progress, selection, tree
from runner.engine import events, model
from tests.runner import builders

Operation = model.Operation
GROUP = "kubernetes:yaml/v2:ConfigGroup"


def after(*happened: events.Event) -> progress.Progress:
    state = progress.Progress()
    for event in happened:
        state.apply(event, now=0.0)
    return state


def outline(branches: tuple[progress.Branch, ...], indent: str = "") -> list[str]:
    """Name and what is counted, indented."""
    lines: list[str] = []
    for branch in branches:
        counted = "".join(f" {number} {word}" for word, number in branch.counted)
        lines += [f"{indent}{branch.row.name}{counted}", *outline(branch.children, indent + "  ")]
    return lines


def test_unchanged_children_are_counted_in_their_component():
    state = after(
        builders.finished("platform"),
        builders.finished("kept", Operation.SAME, parent="urn:platform"),
        builders.finished("made", parent="urn:platform"),
    )
    assert outline(state.branches(now=1.0)) == ["platform 1 same", "  made"]


def test_a_run_without_changes_is_one_line():
    state = after(
        builders.finished("stack", Operation.SAME),
        builders.finished("platform", Operation.SAME, parent="urn:stack"),
        builders.finished("a", Operation.SAME, parent="urn:platform"),
        builders.finished("b", Operation.SAME, parent="urn:platform"),
    )
    assert outline(state.branches(now=1.0)) == ["stack 3 same"]


def test_many_objects_of_a_group_are_counted_but_not_failed_or_unfinished_ones():
    state = after(
        builders.finished("group", type=GROUP),
        *(builders.finished(f"object{number}", parent="urn:group") for number in range(4)),
        builders.finished("changed", Operation.UPDATE, parent="urn:group"),
        builders.finished("broken", parent="urn:group", failure="no"),
        builders.started("slow", parent="urn:group"),
    )
    assert outline(state.branches(now=1.0)) == ["group 4 create", "  changed", "  broken", "  slow"]


def test_an_unchanged_component_is_shown_for_what_has_changed_inside():
    state = after(
        builders.finished("stack", Operation.SAME),
        builders.finished("group", Operation.SAME, type=GROUP, parent="urn:stack"),
        builders.finished("kept", Operation.SAME, parent="urn:group"),
        builders.finished("changed", Operation.UPDATE, parent="urn:group"),
        builders.finished("other", Operation.SAME, type=GROUP, parent="urn:stack"),
        *(builders.finished(f"object{number}", parent="urn:other") for number in range(4)),
    )
    assert outline(state.branches(now=1.0)) == ["stack", "  group 1 same", "    changed", "  other 4 create"]


def test_a_small_terminal_shows_what_is_under_way():
    state = after(
        builders.finished("platform"),
        *(builders.finished(f"object{number}", parent="urn:platform") for number in range(8)),
        builders.started("slow", parent="urn:platform"),
    )
    assert len(outline(state.branches(now=1.0))) == 10
    assert outline(state.branches(now=1.0, height=5)) == ["platform 8 create", "  slow"]


def test_a_small_terminal_leaves_out_what_is_done_and_has_no_component_yet():
    deleted = (builders.finished(f"object{number}", Operation.DELETE, parent="urn:later") for number in range(8))
    state = after(*deleted, builders.started("slow"))
    assert outline(state.branches(now=1.0, height=5)) == ["slow"]
    assert len(state.branches(now=1.0)) == 9


def test_a_component_takes_as_long_as_what_it_contains():
    state = progress.Progress()
    state.apply(builders.started("platform"), now=10.0)
    state.apply(builders.finished("platform"), now=10.0)
    state.apply(builders.started("slow", parent="urn:platform"), now=11.0)
    (branch,) = state.branches(now=14.0)
    assert (branch.active, branch.seconds) == (True, 4.0)
    state.apply(builders.finished("slow", parent="urn:platform"), now=15.0)
    (branch,) = state.branches(now=99.0)
    assert (branch.active, branch.seconds) == (False, 5.0)


def test_what_has_an_unknown_parent_stands_outermost():
    assert outline(after(builders.finished("a", Operation.DELETE, parent="urn:gone")).branches(now=0.0)) == ["a"]


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        pytest.param([builders.finished("a")], "+ Deployment a  create  1.2 s", id="created"),
        pytest.param(
            [builders.started("a"), events.Progress(urn="urn:a", message="0 of 1 pods [are] ready")],
            "… Deployment a  2.0 s  0 of 1 pods [are] ready",
            id="awaited",
        ),
        pytest.param(
            [builders.started("a"), builders.finished("a", failure="denied\nmore")],
            "✗ Deployment a  failed  0.0 s  denied",
            id="failed",
        ),
        pytest.param(
            [builders.started("a"), builders.finished("a", Operation.REPLACE, simulated=True)],
            "± Deployment a  replace  0.0 s  simulated",
            id="simulated",
        ),
    ],
)
def test_a_line_tells_sign_kind_name_and_what_is_awaited(happened, expected):
    (branch,) = after(*happened).branches(now=2.0)
    assert tree.label(branch, planned=False).plain == expected


def test_a_component_that_is_deleted_last_took_as_long_as_its_children():
    state = progress.Progress()
    state.apply(builders.finished("child", Operation.DELETE, parent="urn:group", seconds=4.0), now=14.0)
    state.apply(builders.finished("group", Operation.DELETE, seconds=0.0), now=15.0)
    (branch,) = state.branches(now=99.0)
    assert branch.seconds == 5.0


def test_an_object_of_a_group_does_not_repeat_the_name_of_the_group():
    row = builders.finished("crds:probes", parent="urn:pulumi:s::p::kubernetes:yaml/v2:ConfigFile::crds")
    (branch,) = after(row).branches(now=0.0)
    assert tree.label(branch, planned=True).plain == "+ Deployment probes  create"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def screen(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "40", "LINES": "20"}.items():
        monkeypatch.setenv(name, value)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = Terminal()
    with selection.display(stream, planned=False, full_changes=True) as display:
        display.note("starting the control plane ... 1 s")
        display.event(builders.started("a-name-that-is-longer-than-the-terminal-is-wide"))
        changes = (builders.change("spec.replicas", 1, 2),)
        display.event(
            builders.finished("a-name-that-is-longer-than-the-terminal-is-wide", Operation.UPDATE, changes=changes)
        )
    return stream.getvalue()


def test_the_tree_stays_on_the_screen_with_notes_and_changes(monkeypatch):
    text = screen(monkeypatch, NO_COLOR="1")
    assert "starting the control plane ... 1 s" in text
    assert "spec.replicas: 1 -> 2" in text


def test_no_line_is_wider_than_the_terminal(monkeypatch):
    final = re.sub(r"\x1b\[[0-9?]*[A-Za-z]", "", screen(monkeypatch, NO_COLOR="1").splitlines()[-2]).strip()
    assert final == "~ Deployment a-name-that-is-longer-than…"
    assert len(final) == 40


def test_no_color_is_honoured(monkeypatch):
    assert "\x1b[33m" in screen(monkeypatch)
    assert "\x1b[33m" not in screen(monkeypatch, NO_COLOR="1")


def test_a_dumb_terminal_gets_lines(monkeypatch):
    assert "\x1b" not in screen(monkeypatch, TERM="dumb")
