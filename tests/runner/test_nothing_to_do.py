"""What a plan must not take for "nothing to do": everything that the run itself would do, wait for or remember."""

from __future__ import annotations

import pathlib

import pytest

from tests.runner import engine_doubles as doubles

PROGRAM = """
group = Group("group")
thing = Thing("a", colour="red", opts=Options(parent=group))
Thing("b", word=pulumi.Output.secret("hidden"), opts=Options(depends_on=[thing]))
Thing("kept")
pulumi.export("colour", "red")
pulumi.export("word", pulumi.Output.secret("hidden"))
"""


@pytest.fixture
def bench(tmp_path: pathlib.Path) -> doubles.Bench:
    made = doubles.Bench(tmp_path)
    assert not made.run("up", PROGRAM).failed
    return made


def rests(bench: doubles.Bench, program: str) -> bool:
    bench.run("preview", program)
    return bench.session.at_rest


def test_an_unchanged_program_has_nothing_to_do(bench: doubles.Bench) -> None:
    assert rests(bench, PROGRAM)
    assert sorted(bench.provider.calls) == ["write a-1", "write b-1", "write kept-1"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('colour="red"', 'colour="blue"'),
        ('"hidden"), opts', '"seen"), opts'),
        ("Options(parent=group)", "Options(parent=group, protect=True)"),
        ("Options(parent=group)", "Options(parent=group, retain_on_delete=True)"),
        ("Options(parent=group)", "Options(parent=group, deleted_with=group)"),
        (
            "Options(parent=group)",
            'Options(parent=group, custom_timeouts=pulumi.CustomTimeouts(delete="5m"))',
        ),
        ("Options(parent=group)", "Options()"),
        ("Options(depends_on=[thing])", "Options()"),
        ('Thing("a"', 'Thing("other"'),
        ('Group("group")', 'Group("group", opts=Options(protect=True))'),
        ('pulumi.export("colour", "red")', 'pulumi.export("colour", "blue")'),
        ('pulumi.export("colour", "red")', 'pulumi.export("colour", thing.made)'),
        ('pulumi.export("colour", "red")', ""),
        ('pulumi.export("word", pulumi.Output.secret("hidden"))', 'pulumi.export("word", "hidden")'),
        ('Thing("kept")', ""),
        ('Thing("kept")', 'Thing("kept"); Thing("more")'),
        ("group = Group", "raise SystemExit(3)\ngroup = Group"),
    ],
    ids=[
        "a property",
        "a secret",
        "protection",
        "retention",
        "deleted with another",
        "time to delete",
        "parent",
        "dependency",
        "name",
        "protection of a component",
        "an export",
        "an export that is not known yet",
        "an export less",
        "an export that is no secret any more",
        "a resource less",
        "a resource more",
        "a program that fails",
    ],
)
def test_any_change_of_the_program_is_something_to_do(bench: doubles.Bench, before: str, after: str) -> None:
    assert before in PROGRAM
    assert not rests(bench, PROGRAM.replace(before, after))


def test_what_somebody_else_has_changed_or_deleted_is_something_to_do(bench: doubles.Bench) -> None:
    bench.provider.things["a-1"]["colour"] = "green"
    assert not rests(bench, PROGRAM)
    del bench.provider.things["a-1"]
    assert not rests(bench, PROGRAM)


def test_what_cannot_be_planned_is_something_to_do(bench: doubles.Bench) -> None:
    bench.provider.failing.add("a")
    assert not rests(bench, PROGRAM)


def test_what_was_replaced_and_is_still_there_is_something_to_do(bench: doubles.Bench) -> None:
    bench.provider.undeletable.add("a-1")
    larger = PROGRAM.replace('colour="red"', 'colour="red", size=2')
    assert bench.run("up", larger).failed
    assert not rests(bench, larger)
    bench.provider.undeletable.clear()
    assert not bench.run("up", larger).failed
    assert rests(bench, larger)


def test_a_run_that_was_cut_short_is_something_to_do(bench: doubles.Bench) -> None:
    bench.provider.crash_after_write = True
    more = PROGRAM + '\nThing("c")\n'
    bench.run("up", more)
    bench.provider.crash_after_write = False
    assert not rests(bench, more)
