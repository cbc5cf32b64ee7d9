"""What becomes of resources from run to run, told by real programs against a provider in memory."""

from __future__ import annotations

import asyncio
import pathlib

import pytest

from tests.runner import engine_doubles as doubles


@pytest.fixture
def bench(tmp_path: pathlib.Path) -> doubles.Bench:
    return doubles.Bench(tmp_path)


def test_a_changed_input_is_an_update_of_that_resource_alone(bench: doubles.Bench) -> None:
    bench.run("up", 'Thing("a", color="red"); Thing("b")')

    told = bench.run("up", 'Thing("a", color="blue"); Thing("b")')

    assert told.operations == {"a": "update", "b": "same"}
    assert bench.provider.things["a-1"] == {"color": "blue"}


def test_a_replaced_object_is_deleted_after_its_successor_is_there(bench: doubles.Bench) -> None:
    bench.run("up", 'Thing("a", size=1)')
    bench.provider.calls.clear()

    told = bench.run("up", 'Thing("a", size=2)')

    assert told.operations == {"a": "replace"}
    assert bench.provider.calls == ["write a-2", "delete a-1"]
    assert bench.remembered["a"].id == "a-2"


def test_a_replacement_of_a_protected_resource_is_refused(bench: doubles.Bench) -> None:
    bench.run("up", 'Thing("a", size=1, opts=Options(protect=True))')

    told = bench.run("up", 'Thing("a", size=2, opts=Options(protect=True))')

    assert "a would have to be replaced, but is protected: size" in told.failures["a"]
    assert set(bench.provider.things) == {"a-1"}


def test_what_leaves_the_program_is_deleted_dependents_first(bench: doubles.Bench) -> None:
    bench.run("up", 'a = Thing("a"); Thing("b", value=a.made); Thing("c")')
    bench.provider.calls.clear()

    told = bench.run("up", 'Thing("c")')

    assert [event.name for event in told.finished if event.operation == "delete"] == ["b", "a"]
    assert bench.provider.calls == ["delete b-1", "delete a-1"]
    assert set(bench.remembered) == {"c"}


def test_a_preview_tells_what_would_be_deleted(bench: doubles.Bench) -> None:
    bench.run("up", 'Thing("a")')

    told = bench.run("preview", "")

    assert told.operations == {"a": "delete"}
    assert set(bench.provider.things) == {"a-1"}


def test_a_protected_resource_that_leaves_the_program_stops_all_deletions(bench: doubles.Bench) -> None:
    bench.run("up", 'Thing("a", opts=Options(protect=True)); Thing("b")')

    told = bench.run("up", "")

    assert "a (test:index:Thing): protected, so nothing was deleted" in told.errors
    assert set(bench.provider.things) == {"a-1", "b-1"}


def test_a_retained_resource_is_forgotten_and_kept(bench: doubles.Bench) -> None:
    bench.run("up", 'Thing("a", opts=Options(retain_on_delete=True))')

    told = bench.run("up", "")

    assert set(bench.provider.things) == {"a-1"}
    assert bench.remembered == {}
    assert told.messages == ["a is kept: retain_on_delete"]


def test_what_is_deleted_with_another_is_not_deleted_by_itself(bench: doubles.Bench) -> None:
    bench.run("up", 'a = Thing("a"); Thing("b", value=a.made, opts=Options(deleted_with=a))')
    bench.provider.calls.clear()

    bench.run("destroy")

    assert bench.provider.calls == ["delete a-1"]
    assert bench.remembered == {}


def test_an_alias_keeps_the_object(bench: doubles.Bench) -> None:
    bench.run("up", 'Thing("old"); Thing("other")')
    bench.provider.calls.clear()

    told = bench.run("up", 'Thing("new", opts=Options(aliases=[pulumi.Alias(name="old")])); Thing("other")')

    assert told.operations == {"new": "same", "other": "same"}
    assert bench.provider.calls == []
    assert bench.remembered["new"].id == "old-1"


def test_children_of_a_renamed_component_keep_their_objects(bench: doubles.Bench) -> None:
    program = """
        group = Group("{name}", opts=Options(aliases=[pulumi.Alias(name="old")]))
        Thing("{name}-inner", opts=Options(parent=group))
    """
    bench.run("up", program.format(name="old"))

    told = bench.run("up", program.format(name="new"))

    assert told.operations == {"new": "same", "new-inner": "same"}
    assert bench.remembered["new-inner"].id == "old-inner-1"


def test_destroy_needs_no_program_and_leaves_nothing(bench: doubles.Bench) -> None:
    bench.run("up", 'a = Thing("a"); Thing("b", value=a.made)')

    told = bench.run("destroy", "raise ValueError('not to be run')")

    assert not told.failed
    assert bench.provider.things == {}
    assert bench.cluster.objects == {}


def test_destroy_of_protected_resources_names_them_all_and_deletes_nothing(bench: doubles.Bench) -> None:
    bench.run("up", 'for name in "abc": Thing(name, opts=Options(protect=name != "b"))')

    told = bench.run("destroy")

    assert "a (test:index:Thing), c (test:index:Thing): protected" in told.errors
    assert set(bench.provider.things) == {"a-1", "b-1", "c-1"}


def test_what_cannot_be_deleted_keeps_what_it_needs(bench: doubles.Bench) -> None:
    bench.run("up", 'a = Thing("a"); Thing("b", value=a.made); Thing("c")')
    bench.provider.undeletable = {"b-1"}

    told = bench.run("destroy")

    assert told.failures == {
        "b": "b-1 cannot be deleted",
        "a": "not begun: something that has to be deleted before could not be",
    }
    assert set(bench.remembered) == {"a", "b"}


def test_only_targets_are_made(bench: doubles.Bench) -> None:
    told = bench.run("up", 'Thing("a"); Thing("b")', targets=("a",))

    assert told.operations == {"a": "create"}
    assert set(bench.provider.things) == {"a-1"}


def test_a_target_sees_what_the_others_are(bench: doubles.Bench) -> None:
    bench.run("up", 'Thing("a", color="red")')

    told = bench.run("up", 'a = Thing("a", color="blue"); Thing("b", value=a.made)', targets=("b",))

    assert told.operations == {"b": "create"}
    assert bench.provider.things["a-1"] == {"color": "red"}


def test_a_target_that_needs_what_does_not_exist_is_refused(bench: doubles.Bench) -> None:
    told = bench.run("up", 'a = Thing("a"); Thing("b", opts=Options(depends_on=[a]))', targets=("b",))

    assert "b needs a, which does not exist and is no target" in told.failures["b"]


def test_with_targets_only_they_are_deleted(bench: doubles.Bench) -> None:
    bench.run("up", 'Thing("a"); Thing("b")')

    bench.run("destroy", targets=("a",))

    assert set(bench.provider.things) == {"b-1"}


def test_a_target_that_others_need_is_not_deleted(bench: doubles.Bench) -> None:
    bench.run("up", 'a = Thing("a"); Thing("b", value=a.made)')

    told = bench.run("destroy", targets=("a",))

    assert "b: still needed by what is not a target, so nothing was deleted" in told.errors
    assert set(bench.provider.things) == {"a-1", "b-1"}


def test_outputs_of_a_failed_run_do_not_replace_the_last_good_ones(bench: doubles.Bench) -> None:
    bench.run("up", 'pulumi.export("n", 1)')

    bench.run("up", 'pulumi.export("n", 2)\nraise ValueError')

    loaded = asyncio.run(bench.inventory())
    assert loaded.entries[doubles.STACK_URN].outputs == {"n": 1}


def test_a_killed_run_is_resumed_by_the_next(bench: doubles.Bench) -> None:
    bench.provider.crash_after_write = True
    bench.run("up", 'Thing("a")')
    assert bench.remembered["a"].pending
    bench.provider.crash_after_write = False

    bench.run("up", 'Thing("a")')

    assert set(bench.provider.things) == {"a-1"}
    assert not bench.remembered["a"].pending


def test_what_a_killed_run_began_and_the_program_no_longer_has_is_deleted(bench: doubles.Bench) -> None:
    bench.provider.crash_after_write = True
    bench.run("up", 'Thing("a")')
    bench.provider.crash_after_write = False

    bench.run("up", "")

    assert bench.provider.things == {}


def test_a_killed_replacement_leaves_no_old_object_behind(bench: doubles.Bench) -> None:
    bench.run("up", 'Thing("a", size=1)')
    bench.provider.crash_after_write = True
    bench.run("up", 'Thing("a", size=2)')
    assert set(bench.provider.things) == {"a-1", "a-2"}
    bench.provider.crash_after_write = False

    bench.run("up", 'Thing("a", size=2)')

    assert set(bench.provider.things) == {"a-2"}


def test_a_run_that_is_interrupted_finishes_what_it_began_and_begins_nothing_more(bench: doubles.Bench) -> None:
    bench.provider.seconds = 0.5
    program = """
        first = Thing("first")
        Thing("second", value=first.made)
    """

    async def interrupted() -> None:
        work = asyncio.create_task(bench.running("up", program))
        while not bench.provider.calls:  # noqa: ASYNC110 - the double tells nobody
            await asyncio.sleep(0.01)
        bench.session.stop()
        await work

    asyncio.run(interrupted())

    assert bench.provider.calls == ["write first-1"]
    assert not bench.remembered["first"].pending
