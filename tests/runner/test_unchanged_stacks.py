"""An `up` of a stack with data that is as it should be runs its program once, and misses nothing for it."""

from __future__ import annotations

import asyncio
import dataclasses
import pathlib
import textwrap
from typing import Any

import pytest

from runner import operations, request, session
from runner.engine import events, model, providers, records, values
from tests.runner import engine_doubles as doubles

PREAMBLE = """
with open("runs", "a") as runs:
    runs.write("x")

def database(name, opts=None, **inputs):
    metadata = {"name": name, "annotations": {"paasport.dev/deletion-loses": "databases"}}
    return pulumi.CustomResource("kubernetes:db.test/v1:Replicas", name, {"metadata": metadata, **inputs}, opts)

"""


class Knowing(doubles.FakeProvider):
    """Things that tell in a preview whether they are as they should be."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = True

    async def reconcile(
        self, goal: model.Goal, old: model.Entry | None, run: model.Run, *, outputs_needed: bool = True
    ) -> model.Outcome:
        self.calls += [] if run.preview else [f"turn {goal.name}"]
        outcome = await super().reconcile(goal, old, run, outputs_needed=outputs_needed)
        return dataclasses.replace(outcome, at_rest=self.ready)


class Bench(doubles.Bench):
    """A stack that is brought up as the command line does it."""

    def __init__(self, folder: pathlib.Path) -> None:
        super().__init__(folder)
        self.provider = Knowing()

    def up(self, program: str, **more: Any) -> request.Result:
        self.events.clear()
        (self.folder / "runs").unlink(missing_ok=True)
        (self.folder / "__main__.py").write_text(doubles.PREAMBLE + PREAMBLE + textwrap.dedent(program))
        asked = request.Request(
            operation=request.Operation.UP,
            root=self.folder,
            project=doubles.PROJECT,
            stack=doubles.STACK,
            inventory=self.cluster,
            **more,
        )
        return asyncio.run(operations.run(asked, self.events.append))

    @property
    def runs(self) -> int:
        return len((self.folder / "runs").read_text())

    @property
    def stack_outputs(self) -> Any:
        return asyncio.run(self.inventory()).entries[doubles.STACK_URN].outputs


@pytest.fixture
def bench(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(tmp_path)

    def served(_asked: Any, memory: Any, **_: Any) -> providers.Providers:
        return providers.Providers(
            dict.fromkeys(("test", "kubernetes"), lambda _: made.provider), defaults={}, entries=memory.entries.get
        )

    monkeypatch.setattr(session, "_providers", served)
    return made


def written(bench: Bench) -> list[str]:
    """What has been written since this was asked last, to the inventory or to things."""
    found = [*bench.cluster.writes, *bench.provider.calls]
    bench.cluster.writes.clear()
    bench.provider.calls.clear()
    return found


def test_an_unchanged_stack_runs_its_program_once_and_tells_of_every_resource(bench: Bench) -> None:
    program = 'database("a"); Thing("b"); pulumi.export("url", "http://a")'
    assert not bench.up(program).failed
    written(bench)

    result = bench.up(program)

    assert (bench.runs, result.failed, written(bench)) == (1, False, [])
    assert result.outputs == {"url": "http://a"}
    assert {event.name: str(event.operation) for event in result.resources} == {
        "shop-dev": "same",
        "a": "same",
        "b": "same",
    }
    assert [event for event in bench.events if isinstance(event, events.Finished)] != []


def test_what_is_not_at_rest_gets_its_own_turn(bench: Bench) -> None:
    bench.up('database("a")')
    written(bench)
    bench.provider.ready = False

    bench.up('database("a")')

    assert bench.runs == 2
    assert written(bench) == ["turn a"]


@pytest.mark.parametrize(("option", "field"), [("protect", "protect"), ("retain_on_delete", "retain_on_delete")])
def test_an_option_that_changes_alone_is_remembered(bench: Bench, option: str, field: str) -> None:
    bench.up('database("a")')
    assert not getattr(bench.remembered["a"], field)

    bench.up(f'database("a", Options({option}=True))')

    assert getattr(bench.remembered["a"], field)


def test_a_dependency_that_is_new_is_remembered(bench: Bench) -> None:
    bench.up('database("a"); Thing("b")')

    bench.up('a = database("a"); Thing("b", opts=Options(depends_on=[a]))')

    assert bench.remembered["b"].dependencies == (bench.remembered["a"].urn,)


def test_a_new_name_of_the_same_object_is_remembered(bench: Bench) -> None:
    bench.up('database("a"); Thing("b")')

    bench.up('database("a"); Thing("c", opts=Options(aliases=[pulumi.Alias(name="b")]))')

    assert set(bench.remembered) == {"a", "c"}


def test_a_new_component_is_remembered(bench: Bench) -> None:
    bench.up('database("a")')

    bench.up('database("a"); Group("g")')

    assert set(bench.remembered) == {"a", "g"}


def test_what_somebody_has_changed_is_mended(bench: Bench) -> None:
    bench.up('database("a"); Thing("b", colour="red")')
    bench.provider.things["b-1"]["colour"] = "blue"

    bench.up('database("a"); Thing("b", colour="red")')

    assert bench.provider.things["b-1"]["colour"] == "red"


def test_what_has_left_the_program_is_deleted(bench: Bench) -> None:
    bench.up('database("a"); Thing("b")')

    bench.up('database("a")')

    assert set(bench.provider.things) == {"a-1"}


def test_an_output_that_changes_alone_is_remembered_and_one_that_is_secret_sealed(bench: Bench) -> None:
    bench.up('database("a"); pulumi.export("token", pulumi.Output.secret("hush-hush"))')

    program = 'database("a"); pulumi.export("token", pulumi.Output.secret("whispered"))'
    bench.up(program)
    assert bench.runs == 2
    unchanged = bench.up(program)

    assert bench.runs == 1
    assert unchanged.outputs == {"token": values.Secret("whispered")}
    assert bench.stack_outputs == {"token": values.Secret("whispered")}
    assert "whispered" not in repr(bench.cluster.objects) + plain(bench)


def plain(bench: Bench) -> str:
    """All that the inventory's Secrets say once unpacked, still sealed."""
    content = asyncio.run(bench.inventory())._storage.content
    assert content is not None
    return records.gzip.decompress(content).decode()


def test_a_program_that_fails_in_the_plan_fails_the_run(bench: Bench) -> None:
    bench.up('database("a")')

    result = bench.up('database("a"); raise ValueError("no")')

    assert result.failed
    assert set(bench.provider.things) == {"a-1"}
