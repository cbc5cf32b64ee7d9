"""What the user names must be there, or nothing is done."""

from __future__ import annotations

import asyncio
import pathlib
import textwrap
from typing import Any

import pytest

from runner import named, operations, request
from stacks import errors

from . import engine_doubles as doubles

NODES = "urn:pulumi:dev::shop::aws:eks/nodeGroup:NodeGroup::shop-nodes"
CLUSTER = "urn:pulumi:dev::shop::aws:eks/cluster:Cluster::shop"


@pytest.fixture
def bench(tmp_path: pathlib.Path) -> doubles.Bench:
    return doubles.Bench(tmp_path)


def told(*, targets: tuple[str, ...] = (), replace: tuple[str, ...] = ()) -> list[str]:
    found = named.strangers(targets=targets, replace=replace, known=[CLUSTER, NODES], stack="dev")
    return [problem.render() for problem in found]


@pytest.mark.parametrize("name", ["shop", "shop-nodes", NODES, "*NodeGroup*", "urn:pulumi:dev::*::shop"])
def test_a_name_a_urn_or_a_pattern_of_what_is_there_is_right(name: str) -> None:
    assert told(targets=(name,), replace=(name,)) == []


def test_a_wrong_name_is_told_once_for_each_flag_with_what_it_would_have_done() -> None:
    assert told(targets=("shop-node", "shop-node"), replace=("zzz",)) == [
        (
            "--target shop-node means no resource of dev; the nearest names are `shop-nodes`, `shop`\n"
            "  nothing would be done to it, and that would look like success\n"
            "  next: write --target shop-nodes"
        ),
        (
            "--replace zzz means no resource of dev\n"
            "  it would permit nothing: what it is meant for would be refused, or is called otherwise\n"
            "  next: ./paasport graph dev lists them"
        ),
    ]


def test_for_a_wrong_urn_the_nearest_urn_is_offered() -> None:
    [text] = told(replace=(NODES.replace("nodes", "nods"),))
    assert text.endswith(f"next: write --replace {NODES}")


@pytest.mark.parametrize(
    ("target", "glob"),
    [
        ("shop", "**::shop"),
        (NODES, NODES),
        ("*NodeGroup*", "**NodeGroup**"),
        ("urn:pulumi:dev::**::shop-*", "urn:pulumi:dev::**::shop-**"),
    ],
)
def test_pulumi_is_given_a_pattern_in_its_own_words(target: str, glob: str) -> None:
    assert list(named.globs([target])) == [glob]


@pytest.mark.parametrize("operation", ["preview", "drift"])
@pytest.mark.parametrize("flag", ["targets", "replace"])
def test_what_only_looks_refuses_a_name_of_nothing(bench: doubles.Bench, operation: str, flag: str) -> None:
    with pytest.raises(errors.UsageError, match="metrcs means no resource of"):
        bench.run(operation, 'Thing("metrics")', **{flag: ("metrcs",)})


def test_what_fails_anyway_tells_that_alone(bench: doubles.Bench) -> None:
    assert "metrcs" not in bench.run("preview", "raise ValueError", targets=("metrcs",)).errors


@pytest.mark.parametrize("targets", [("a", "typo"), ("typo",)])
def test_a_destroy_of_nothing_deletes_nothing(bench: doubles.Bench, targets: tuple[str, ...]) -> None:
    bench.run("up", 'Thing("a"); Thing("b")')

    with pytest.raises(errors.UsageError, match="--target typo means no resource of"):
        bench.run("destroy", targets=targets)
    assert set(bench.provider.things) == {"a-1", "b-1"}


@pytest.mark.parametrize("flag", ["targets", "replace"])
def test_what_has_left_the_program_may_be_named(bench: doubles.Bench, flag: str) -> None:
    bench.run("up", 'Thing("a"); Thing("b")')

    assert not bench.run("up", 'Thing("a")', **{flag: ("b",)}).failed
    assert set(bench.remembered) == {"a"}


def test_a_new_name_may_be_used_although_the_old_one_is_remembered(bench: doubles.Bench) -> None:
    bench.run("up", 'Thing("a")')

    told = bench.run("preview", 'Thing("b", opts=Options(aliases=[pulumi.Alias(name="a")]))', targets=("b",))
    assert not told.failed


def up(folder: pathlib.Path, cluster: doubles.FakeCluster, program: str, **more: Any) -> request.Result:
    (folder / "__main__.py").write_text(doubles.PREAMBLE + textwrap.dedent(program))
    asked = request.Request(
        operation=request.Operation.UP,
        root=folder,
        project=doubles.PROJECT,
        stack=doubles.STACK,
        inventory=cluster,
        **more,
    )
    return asyncio.run(operations.run(asked, lambda _: None))


@pytest.mark.parametrize("flag", ["targets", "replace"])
def test_an_up_that_names_nothing_writes_nothing(tmp_path: pathlib.Path, flag: str) -> None:
    cluster = doubles.FakeCluster()

    with pytest.raises(errors.UsageError, match="metrcs means no resource of") as caught:
        up(tmp_path, cluster, 'Group("metrics")', **{flag: ("metrcs",)})
    assert [problem.next.split()[-1] for problem in caught.value.problems] == ["metrics"]
    assert cluster.objects == {}


def test_an_up_may_name_what_it_will_make_first(tmp_path: pathlib.Path) -> None:
    result = up(tmp_path, doubles.FakeCluster(), 'Group("metrics")', targets=("metrics",))
    assert not result.failed
    assert "metrics" in [event.name for event in result.resources]


def test_an_up_that_cannot_even_be_planned_writes_nothing(tmp_path: pathlib.Path) -> None:
    cluster = doubles.FakeCluster()

    assert up(tmp_path, cluster, 'Group("metrics"); raise ValueError("no")', targets=("metrcs",)).failed
    assert cluster.objects == {}


def test_an_up_that_names_what_is_remembered_runs_the_program_once(tmp_path: pathlib.Path) -> None:
    cluster, program = doubles.FakeCluster(), 'open("runs", "a").write("x"); Group("metrics")'
    up(tmp_path, cluster, program)

    assert not up(tmp_path, cluster, program, targets=("metrics",)).failed
    assert (tmp_path / "runs").read_text() == "xx"


def test_a_warning_is_told_before_anything_else_and_is_no_failure(tmp_path: pathlib.Path) -> None:
    result = up(tmp_path, doubles.FakeCluster(), 'pulumi.log.warn("later")', warning="mind the gap")
    assert [(event.severity, event.message) for event in result.diagnostics if event.is_for_people] == [
        ("warning", "mind the gap"),
        ("warning", "later"),
    ]
    assert not result.failed


def test_a_name_that_is_like_a_part_of_another_alone_is_not_said_to_be_meant() -> None:
    known = [NODES, NODES.replace("shop-nodes", "prometheus-operator")]
    (problem,) = named.strangers(targets=[], replace=["nope"], known=known, stack="dev")
    assert problem.render().endswith("next: ./paasport graph dev lists them")
