"""Pulumi's own resource that remembers a value: what it was first, for as long as the name is the same."""

from __future__ import annotations

import pathlib

import pytest

from runner.engine import values
from tests.runner import engine_doubles as doubles


@pytest.fixture
def bench(tmp_path: pathlib.Path) -> doubles.Bench:
    return doubles.Bench(tmp_path)


def stash(value: str, *, name: str = "a", options: str = "None") -> str:
    return f"""
kept = pulumi.Stash("{name}", {options}, input={value})
pulumi.export("input", kept.input)
pulumi.export("output", kept.output)
"""


def test_the_first_value_is_the_one_that_is_remembered(bench: doubles.Bench) -> None:
    assert bench.simulate("up", stash('{"a": [1, "x"]}')).outputs["output"] == {"a": [1, "x"]}

    told = bench.simulate("up", stash('"later"'))

    assert told.operations == {"a": "update"}
    assert told.outputs == {"input": "later", "output": {"a": [1, "x"]}}
    (event,) = [event for event in told.finished if event.name == "a"]
    assert [change.path for change in event.changes] == ["input"]
    assert not event.simulated


def test_the_same_value_changes_nothing(bench: doubles.Bench) -> None:
    bench.simulate("up", stash('"v1"'))
    assert bench.simulate("up", stash('"v1"')).operations == {"a": "same"}


def test_another_name_asks_anew_and_the_old_one_is_forgotten(bench: doubles.Bench) -> None:
    bench.simulate("up", stash('"v1"', name="for-1.35"))

    told = bench.simulate("up", stash('"v2"', name="for-1.36"))

    assert told.operations == {"for-1.36": "create", "for-1.35": "delete"}
    assert told.outputs["output"] == "v2"
    assert bench.remembered.keys() == {"for-1.36"}


def test_a_value_that_is_ignored_is_not_even_noted(bench: doubles.Bench) -> None:
    options = 'Options(ignore_changes=["input"])'
    bench.simulate("up", stash('"v1"', options=options))

    told = bench.simulate("up", stash('"v2"', options=options))

    assert told.operations == {"a": "same"}
    assert told.outputs == {"input": "v1", "output": "v1"}


def test_a_preview_shows_what_would_be_remembered_and_remembers_nothing(bench: doubles.Bench) -> None:
    told = bench.simulate("preview", stash('"v1"'))
    assert told.operations == {"a": "create"}
    assert told.outputs["output"] == "v1"
    assert bench.remembered == {}

    bench.simulate("up", stash('"v1"'))
    assert bench.simulate("preview", stash('"v2"')).outputs["output"] == "v1"
    assert bench.simulate("up", stash('"v1"')).operations == {"a": "same"}


def test_a_replacement_takes_the_value_of_the_day(bench: doubles.Bench) -> None:
    options = 'Options(replace_on_changes=["input"])'
    bench.simulate("up", stash('"v1"', options=options))

    told = bench.simulate("up", stash('"v2"', options=options))

    assert told.operations == {"a": "replace"}
    assert told.outputs["output"] == "v2"


def test_a_secret_stays_one(bench: doubles.Bench) -> None:
    bench.simulate("up", stash('pulumi.Output.secret("hunter2")'))
    written = str(bench.cluster.objects)
    assert "hunter2" not in written
    told = bench.simulate("up", stash('pulumi.Output.secret("hunter3")'))
    assert told.outputs["output"] == values.Secret("hunter2")
    assert not [event for event in told.finished if "hunter" in str(event)]


def test_destroy_forgets_it(bench: doubles.Bench) -> None:
    bench.simulate("up", stash('"v1"'))
    assert bench.simulate("destroy").operations == {"a": "delete"}
    assert bench.remembered == {}


@pytest.mark.parametrize(
    ("program", "named"),
    [
        (stash('"v1"', options='Options(import_="some-id")'), "cannot import"),
        ('pulumi.CustomResource("pulumi:index:Chest", "a", {})', "pulumi:index:Chest"),
    ],
)
def test_what_the_engine_does_not_implement_is_refused(bench: doubles.Bench, program: str, named: str) -> None:
    told = bench.simulate("up", program)
    assert named in told.failures["a"]
    assert "--engine pulumi" in told.failures["a"]
