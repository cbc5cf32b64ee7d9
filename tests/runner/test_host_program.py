"""Real programs in a process of their own, against a provider in memory."""

from __future__ import annotations

import os
import pathlib

import pytest

from runner.engine import values
from tests.runner import engine_doubles as doubles


@pytest.fixture
def bench(tmp_path: pathlib.Path) -> doubles.Bench:
    return doubles.Bench(tmp_path)


def test_a_program_is_deployed_and_exports_what_its_resources_became(bench: doubles.Bench) -> None:
    told = bench.run("up", 'pulumi.export("made", Thing("a", color="red").made)')

    assert told.operations == {"a": "create"}
    assert told.outputs == {"made": "as a-1"}
    assert bench.provider.things == {"a-1": {"color": "red"}}


def test_an_unchanged_program_changes_and_writes_nothing(bench: doubles.Bench) -> None:
    program = """
        first, second = Thing("a"), Thing("b")
        Thing("c", color="red", opts=Options(depends_on=[second, first]))
        pulumi.export("made", first.made)
    """
    bench.run("up", program)
    bench.cluster.writes.clear()

    told = bench.run("up", program)

    assert told.operations == {"a": "same", "b": "same", "c": "same"}
    assert bench.cluster.writes == []


def test_a_preview_plans_and_writes_nothing(bench: doubles.Bench) -> None:
    told = bench.run("preview", 'pulumi.export("made", Thing("a", color="red").made)')

    assert told.operations == {"a": "create"}
    assert told.outputs == {"made": values.UNKNOWN}
    assert (bench.provider.things, bench.cluster.writes) == ({}, [])


def test_resources_wait_for_what_they_depend_on(bench: doubles.Bench) -> None:
    bench.run(
        "up",
        """
        first = Thing("first")
        Thing("second", below=first.made)
        Thing("third", opts=Options(depends_on=[first]))
        """,
    )

    assert bench.provider.calls[0] == "write first-1"
    assert bench.provider.things["second-1"] == {"below": "as first-1"}
    assert bench.remembered["third"].dependencies == (doubles.thing_urn("first"),)


def test_a_component_lends_its_children_its_name_and_its_protection(bench: doubles.Bench) -> None:
    bench.run(
        "up",
        """
        group = Group("group", opts=Options(protect=True))
        Thing("inner", opts=Options(parent=group))
        """,
    )

    entry = bench.remembered["inner"]
    assert entry.urn == "urn:pulumi:dev::shop::test:index:Group$test:index:Thing::inner"
    assert entry.parent == "urn:pulumi:dev::shop::test:index:Group::group"
    assert entry.protect


def test_a_secret_reaches_the_provider_and_nobody_else(bench: doubles.Bench) -> None:
    told = bench.run(
        "up",
        """
        password = pulumi.Config().require_secret("password")
        thing = Thing("a", password=password)
        password.apply(print)
        pulumi.export("password", password)
        """,
        config={"shop:password": "correct-horse"},
        secret_keys=frozenset({"shop:password"}),
    )

    assert bench.provider.things == {"a-1": {"password": "correct-horse"}}
    assert told.outputs == {"password": values.Secret("correct-horse")}
    assert "[secret]" in told.messages
    assert "correct-horse" not in repr((told, bench.events))
    assert "correct-horse" not in repr(bench.cluster.objects)


def test_the_data_of_a_kubernetes_secret_is_secret_whatever_the_program_says(bench: doubles.Bench) -> None:
    told = bench.run(
        "up", 'pulumi.CustomResource("kubernetes:core/v1:Secret", "key", {"stringData": {"p": "swordfish"}})'
    )

    (made,) = [event for event in told.finished if event.name == "key"]
    assert made.inputs == {"stringData": {"p": "[secret]"}}
    assert bench.provider.things == {"key-1": {"stringData": {"p": "swordfish"}}}


def test_what_a_program_prints_is_told_line_by_line(bench: doubles.Bench) -> None:
    told = bench.run("up", 'import sys; print("one\\ntwo"); print("three", file=sys.stderr)')

    assert sorted(told.messages) == ["one", "three", "two"]


def test_an_exception_is_shown_from_the_program_on_and_nothing_is_pruned(bench: doubles.Bench) -> None:
    bench.run("up", 'Thing("a"); Thing("b")')

    told = bench.run("up", 'Thing("a")\nraise ValueError("the shelf is empty")')

    assert told.failed
    first, *_, last = told.errors.splitlines()[1:]
    assert (first, last) == ("Traceback (most recent call last):", "ValueError: the shelf is empty")
    assert f'File "{bench.folder}/__main__.py"' in told.errors
    assert "launcher.py" not in told.errors
    assert set(bench.provider.things) == {"a-1", "b-1"}


def test_a_syntax_error_is_shown_by_its_own_line_alone(bench: doubles.Bench) -> None:
    told = bench.run("up", "Thing(")

    assert "SyntaxError: '(' was never closed" in told.errors
    assert "Traceback" not in told.errors
    assert "launcher.py" not in told.errors


def test_a_run_error_is_shown_without_a_traceback(bench: doubles.Bench) -> None:
    told = bench.run("up", 'raise pulumi.RunError("no shelf is configured")')

    assert told.errors == "no shelf is configured"


def test_a_program_that_ends_itself_has_failed(bench: doubles.Bench) -> None:
    told = bench.run("up", "import os; os._exit(7)")

    assert told.errors == "the program ended with exit code 7"


def test_a_program_that_ends_itself_half_way_deletes_nothing(bench: doubles.Bench) -> None:
    bench.run("up", 'Thing("a"); Thing("b")')

    told = bench.run("up", 'Thing("a"); import os; os._exit(0)')

    assert told.errors.startswith(
        "the program ended itself before it had registered everything, so nothing was deleted"
    )
    assert set(bench.provider.things) == {"a-1", "b-1"}


def test_a_program_that_was_killed_is_told_by_its_signal(bench: doubles.Bench) -> None:
    told = bench.run("up", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")

    assert told.errors == "the program was ended by SIGKILL"


def test_what_needs_a_failed_resource_is_skipped_and_the_rest_goes_on(bench: doubles.Bench) -> None:
    bench.provider.failing = {"bad"}

    told = bench.run(
        "up",
        """
        bad = Thing("bad")
        Thing("needs", value=bad.made)
        Thing("needs too", opts=Options(depends_on=[bad]))
        Thing("free")
        """,
    )

    assert told.failures == {
        "bad": "bad was refused",
        "needs": "skipped: bad failed",
        "needs too": "skipped: bad failed",
    }
    assert set(bench.provider.things) == {"free-1"}


def test_two_resources_of_one_name_are_refused_and_the_first_is_kept(bench: doubles.Bench) -> None:
    told = bench.run("up", 'Thing("a"); Thing("a")')

    assert "duplicate resource a (test:index:Thing)" in told.errors
    assert set(bench.provider.things) == {"a-1"}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("hide_diffs=['x']", "hide_diffs"),
        ("env_var_mappings={'A': 'B'}, replacement_trigger='x'", "replacement_trigger, env_var_mappings"),
        ("custom_timeouts=pulumi.CustomTimeouts(read='5m')", "custom_timeouts.read"),
    ],
)
def test_an_option_that_is_not_implemented_is_refused_by_name(bench: doubles.Bench, options: str, named: str) -> None:
    told = bench.run("up", f'Thing("a", opts=Options({options}))\nThing("b")')

    assert f"the embedded engine does not implement {named}, asked for by a (test:index:Thing)" in told.failures["a"]
    assert "--engine pulumi" in told.failures["a"]
    assert set(bench.provider.things) == {"b-1"}


def test_an_option_that_the_sdk_itself_refuses_is_explained(bench: doubles.Bench) -> None:
    told = bench.run("up", 'Thing("a", opts=Options(transforms=[lambda args: None]))')

    assert "the embedded engine does not implement transforms; remove it, or run the stack with --engine pulumi" in (
        told.errors
    )
    assert bench.provider.things == {}


def test_a_package_without_a_provider_is_refused(bench: doubles.Bench) -> None:
    told = bench.run("up", 'pulumi.CustomResource("aws:s3/bucket:Bucket", "photos", {})')

    assert "the embedded engine has no provider for aws" in told.failures["photos"]


def test_an_asset_is_refused(bench: doubles.Bench) -> None:
    told = bench.run("up", 'Thing("a", file=pulumi.StringAsset("text"))')

    assert "the embedded engine cannot carry an asset" in told.failures["a"]


def test_a_function_of_a_provider_is_refused(bench: doubles.Bench) -> None:
    told = bench.run("up", 'pulumi.runtime.invoke("test:index:find", {})')

    assert "invoke of test:index:find failed: the embedded engine does not implement it" in told.errors


def test_another_stack_is_read_with_its_secrets_kept_secret(bench: doubles.Bench) -> None:
    async def outputs(name: str) -> dict[str, object]:
        return {"host": f"{name}.example", "password": values.Secret("correct-horse")}

    told = bench.run(
        "up",
        """
        other = pulumi.StackReference("base-dev")
        pulumi.export("host", other.get_output("host"))
        pulumi.export("password", other.get_output("password"))
        """,
        stack_outputs=outputs,
    )

    assert told.outputs == {"host": "base-dev.example", "password": values.Secret("correct-horse")}


def test_an_existing_resource_is_read_and_not_owned(bench: doubles.Bench) -> None:
    bench.provider.things["theirs"] = {"made": "elsewhere"}

    told = bench.run(
        "up",
        """
        theirs = Thing("mine", opts=Options(id="theirs"))
        pulumi.export("made", theirs.made)
        """,
    )

    assert told.outputs == {"made": "elsewhere"}
    assert bench.remembered == {}


def test_a_program_can_be_run_with_modules_of_its_own_folder(bench: doubles.Bench) -> None:
    (bench.folder / "shelves.py").write_text("HEIGHT = 3\n")

    told = bench.run("up", 'import shelves, os\npulumi.export("found", [shelves.HEIGHT, os.getcwd()])')

    assert told.outputs == {"found": [3, str(bench.folder)]}


def test_configuration_is_in_no_process_list(bench: doubles.Bench) -> None:
    told = bench.run(
        "up",
        """
        import os, pathlib
        pulumi.export("configured", pulumi.Config().get("color"))
        pulumi.export("shown", "vermilion" in pathlib.Path(f"/proc/{os.getpid()}/environ").read_text())
        """,
        config={"shop:color": "vermilion"},
    )

    assert told.outputs == {"configured": "vermilion", "shown": False}


PERMISSION = 'pulumi.export("permitted", os.environ["PAASPORT_STAND_INS"] == str(os.getppid()))'


@pytest.mark.parametrize("permitted", [True, False])
def test_a_program_may_use_stand_ins_only_where_its_own_run_permits_it(
    bench: doubles.Bench, monkeypatch: pytest.MonkeyPatch, *, permitted: bool
) -> None:
    monkeypatch.setenv("PAASPORT_STAND_INS", str(os.getpid()))

    told = bench.run("up", f"import os\n{PERMISSION}", stand_ins=permitted)

    assert told.outputs == {"permitted": permitted}
