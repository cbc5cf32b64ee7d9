"""Hooks before an update: called by the embedded engine as by Pulumi's own, told by real programs."""

from __future__ import annotations

import pathlib

import pytest

from tests.runner import engine_doubles as doubles

PROGRAM = """
def judge(args):
    pulumi.log.info(f"from {{args.old_inputs['input']}} to {{args.new_inputs['input']}}")
    if args.new_inputs["input"] == "wrong":
        raise ValueError("this cannot be")

hook = pulumi.ResourceHook("judge", judge, pulumi.ResourceHookOptions({options}))
pulumi.Stash("a", Options(hooks=pulumi.ResourceHookBinding(before_update=[hook])), input="{value}")
"""


@pytest.fixture
def bench(tmp_path: pathlib.Path) -> doubles.Bench:
    return doubles.Bench(tmp_path)


def program(value: str, *, options: str = "on_dry_run=True") -> str:
    return PROGRAM.format(value=value, options=options)


def test_a_hook_is_told_what_is_and_what_is_to_be(bench: doubles.Bench) -> None:
    assert bench.simulate("up", program("v1")).messages == []

    assert bench.simulate("up", program("v1")).messages == []
    assert bench.simulate("up", program("v2")).messages == ["from v1 to v2"]
    assert bench.simulate("up", program("v3")).messages == ["from v2 to v3"]


@pytest.mark.parametrize("operation", ["preview", "up"])
def test_what_a_hook_refuses_is_not_done(bench: doubles.Bench, operation: str) -> None:
    bench.simulate("up", program("v1"))

    told = bench.simulate(operation, program("wrong"))

    assert told.failures == {"a": "this cannot be"}
    assert bench.remembered["a"].inputs == {"input": "v1"}


def test_a_preview_calls_those_alone_that_ask_for_it(bench: doubles.Bench) -> None:
    bench.simulate("up", program("v1"))

    assert bench.simulate("preview", program("wrong", options="")).failures == {}
    assert bench.simulate("up", program("wrong", options="")).failures == {"a": "this cannot be"}


def test_a_hook_whose_errors_do_not_matter_warns(bench: doubles.Bench) -> None:
    bench.simulate("up", program("v1"))

    told = bench.simulate("up", program("wrong", options="ignore_errors=True"))

    assert told.failures == {}
    assert told.messages == ["from v1 to wrong", "the hook judge failed: this cannot be"]


def test_drift_is_found_and_not_refused(bench: doubles.Bench) -> None:
    bench.simulate("up", program("v1"))

    assert bench.simulate("drift", program("wrong")).failures == {}


def test_two_hooks_of_one_name_are_a_mistake(bench: doubles.Bench) -> None:
    twice = program("v1") + 'pulumi.ResourceHook("judge", judge)\n'

    told = bench.simulate("up", twice)

    assert told.failed
    assert "the program registers two hooks judge" in told.errors
