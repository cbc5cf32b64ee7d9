"""Dynamic resources through Pulumi's own server process; what they do is seen in files of the project's folder."""

from __future__ import annotations

import os
import pathlib

import pytest

from runner.engine import values
from tests.runner import engine_doubles as doubles

NOTES = """
import os
import pathlib
from pulumi import dynamic


class Notes(dynamic.ResourceProvider):
    def check(self, olds, news):
        failures = [dynamic.CheckFailure("text", "must not be empty")] if news.get("text") == "" else []
        return dynamic.CheckResult(news, failures)

    def diff(self, id, olds, news):
        return dynamic.DiffResult(
            changes=olds["text"] != news["text"] or olds["shelf"] != news["shelf"],
            replaces=["shelf"] if olds["shelf"] != news["shelf"] else [],
            delete_before_replace=news.get("alone", False),
        )

    def create(self, props):
        name = f"{props['shelf']}.txt"
        if props["text"] == "explode":
            raise ValueError("no room on the shelf")
        self._log("create", name)
        pathlib.Path("pid.txt").write_text(str(os.getpid()))
        pathlib.Path(name).write_text(props["text"])
        return dynamic.CreateResult(name, {**props, "length": len(props["text"])})

    def update(self, id, olds, news):
        self._log("update", id)
        pathlib.Path(id).write_text(news["text"])
        return dynamic.UpdateResult({**news, "length": len(news["text"])})

    def delete(self, id, props):
        self._log("delete", id)
        pathlib.Path(id).unlink()

    def read(self, id, props):
        return dynamic.ReadResult(id, {**props, "text": pathlib.Path(id).read_text()})

    def _log(self, what, id):
        with open("log.txt", "a") as log:
            log.write(f"{what} {id}\\n")


class Note(dynamic.Resource):
    length: pulumi.Output[int]
    text: pulumi.Output[str]

    def __init__(self, name, opts=None, shelf="a", **props):
        super().__init__(Notes(), name, {"length": None, "shelf": shelf, **props}, opts)


"""


class NoteBench(doubles.Bench):
    def up(self, program: str, **more: object) -> doubles.Told:
        return self.run("up", NOTES + program, **more)

    @property
    def log(self) -> list[str]:
        path = self.folder / "log.txt"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def bench(tmp_path: pathlib.Path) -> NoteBench:
    return NoteBench(tmp_path)


def test_create_update_and_delete_are_called_as_the_program_changes(bench: NoteBench) -> None:
    created = bench.up('pulumi.export("length", Note("n", text="milk").length)')
    unchanged = bench.up('pulumi.export("length", Note("n", text="milk").length)')
    updated = bench.up('pulumi.export("length", Note("n", text="cream").length)')
    deleted = bench.up("")

    assert [told.operations for told in (created, unchanged, updated, deleted)] == [
        {"n": "create"},
        {"n": "same"},
        {"n": "update"},
        {"n": "delete"},
    ]
    assert [told.outputs.get("length") for told in (created, unchanged, updated)] == [4, 4, 5]
    assert bench.log == ["create a.txt", "update a.txt", "delete a.txt"]


def test_a_preview_calls_nothing_that_writes(bench: NoteBench) -> None:
    told = bench.run("preview", NOTES + 'pulumi.export("length", Note("n", text="milk").length)')

    assert told.operations == {"n": "create"}
    assert told.outputs == {"length": values.UNKNOWN}
    assert bench.log == []


@pytest.mark.parametrize(
    ("alone", "log"), [(False, ["create b.txt", "delete a.txt"]), (True, ["delete a.txt", "create b.txt"])]
)
def test_a_replacement_keeps_the_order_that_the_provider_asks_for(
    bench: NoteBench,
    *,
    alone: bool,
    log: list[str],
) -> None:
    bench.up(f'Note("n", text="milk", shelf="a", alone={alone})')

    told = bench.up(f'Note("n", text="milk", shelf="b", alone={alone})')

    assert told.operations == {"n": "replace"}
    assert bench.log[1:] == log
    assert bench.remembered["n"].id == "b.txt"


def test_destroy_deletes_without_the_program(bench: NoteBench) -> None:
    bench.up('Note("n", text="milk")')

    told = bench.run("destroy", "raise ValueError")

    assert not told.failed
    assert bench.log == ["create a.txt", "delete a.txt"]


def test_the_change_of_a_secret_is_shown_masked_and_kept_sealed(bench: NoteBench) -> None:
    bench.up('Note("n", text=pulumi.Output.secret("first-secret"))')

    told = bench.up('pulumi.export("text", Note("n", text=pulumi.Output.secret("second-secret")).text)')

    (changed,) = [event for event in told.finished if event.name == "n"]
    assert [(change.path, change.before, change.after) for change in changed.changes] == [
        ("text", "[secret]", "[secret]")
    ]
    assert told.outputs == {"text": values.Secret("second-secret")}
    assert "second-secret" not in repr((told, bench.events, bench.cluster.objects))
    assert (bench.folder / "a.txt").read_text() == "second-secret"


def test_inputs_that_the_provider_rejects_fail_with_its_reason(bench: NoteBench) -> None:
    told = bench.up('Note("n", text="")')

    assert told.failures == {"n": "n has inputs that its provider does not accept: text: must not be empty"}


def test_an_exception_is_told_by_its_last_line(bench: NoteBench) -> None:
    told = bench.up('Note("n", text="explode")')

    assert told.failures["n"].splitlines()[0] == (
        "the dynamic provider failed in create: ValueError: no room on the shelf"
    )
    assert "Traceback" not in told.failures["n"]


def test_a_create_that_was_interrupted_is_repeated_with_a_warning(bench: NoteBench) -> None:
    bench.up('Note("n", text="explode")')
    assert bench.remembered["n"].pending

    told = bench.up('Note("n", text="milk")')

    assert told.operations == {"n": "create"}
    assert any("a run was interrupted while it created n" in message for message in told.messages)


def test_changes_that_are_to_be_ignored_are(bench: NoteBench) -> None:
    bench.up('Note("n", text="milk", opts=Options(ignore_changes=["text"]))')

    told = bench.up('Note("n", text="cream", opts=Options(ignore_changes=["text"]))')

    assert told.operations == {"n": "same"}


def test_an_import_is_refused(bench: NoteBench) -> None:
    told = bench.up('Note("n", text="milk", opts=Options(import_="a.txt"))')

    assert "cannot import a dynamic resource" in told.failures["n"]


def test_the_server_ends_with_the_run(bench: NoteBench) -> None:
    bench.up('Note("n", text="milk")')

    pid = int((bench.folder / "pid.txt").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
