"""`up`, `preview`, `destroy` and `drift` around an engine that is not the real one."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

import jsonschema
import pytest

from local import control_plane, releases
from runner import cli, cluster, operations, request
from runner.commands import project
from runner.engine import events, model, values
from stacks import errors
from tests.runner import builders

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "cli.schema.json").read_text(encoding="utf-8"))
Operation = model.Operation
EMPTY = request.Result(resources=(), outputs={}, diagnostics=(), failed=False, drifted=False, seconds=0.5)


@dataclasses.dataclass
class Machine:
    """What the command line found and did around the engine."""

    result: request.Result = EMPTY
    condition: control_plane.Condition = control_plane.Condition.RUNNING
    reachable: bool = True
    did: list[str] = dataclasses.field(default_factory=list)
    requests: list[request.Request] = dataclasses.field(default_factory=list)
    remembered: tuple[model.Entry, ...] = ()


@pytest.fixture
def machine(monkeypatch) -> Machine:
    state = Machine()

    async def run(wanted: request.Request, listener: events.Listener) -> request.Result:
        state.requests.append(wanted)
        state.did.append(f"run {wanted.operation}")
        for event in state.result.resources:
            listener(event)
        return state.result

    async def version(place: cluster.Cluster) -> str:
        state.did.append("reach")
        if not state.reachable:
            raise errors.ClusterUnreachable.of("the API server cannot be reached")
        return "v1.36.3"

    async def entries(_request: request.Request) -> tuple[model.Entry, ...]:
        return state.remembered

    def start(name: str, *, report: control_plane.Report, **_: Any) -> None:
        state.did.append(f"start {name}")
        report(f"starting control plane {name}")

    monkeypatch.setattr(operations, "run", run)
    monkeypatch.setattr(operations, "entries", entries)
    monkeypatch.setattr(cluster, "version", version)
    monkeypatch.setattr(control_plane, "start", start)
    monkeypatch.setattr(
        control_plane, "status", lambda name: control_plane.Status(name=name, condition=state.condition)
    )
    monkeypatch.setattr(releases, "fill_cache", lambda *_, **__: state.did.append("releases"))
    return state


@pytest.fixture
def answers(monkeypatch) -> list[str]:
    """A terminal on which every question is answered with yes; the questions."""
    asked: list[str] = []
    monkeypatch.setattr(project, "can_ask", lambda: True)
    monkeypatch.setattr("click.confirm", lambda text, **_: not asked.append(text))
    return asked


def result(*resources: events.Finished, **fields: Any) -> request.Result:
    return dataclasses.replace(EMPTY, resources=resources, **fields)


def test_up_prepares_the_machine_then_the_cluster_then_runs(machine, capsys):
    assert cli.main(["up", "local-dev"]) == 0
    assert machine.did == ["start local-dev", "releases", "reach", "run up"]
    assert capsys.readouterr().out.splitlines() == ["starting control plane local-dev", "nothing to do in 0.5 s"]


def test_the_engine_is_asked_for_what_the_call_says(machine):
    cli.main(["up", "local-dev", "--target", "a", "--target", "b", "--parallel", "3"])
    (wanted,) = machine.requests
    assert wanted.targets == ("a", "b")
    assert wanted.parallel == 3
    assert wanted.stack == "local-dev"
    assert wanted.project == "paasport"
    assert wanted.kubeconfig.endswith("/control-planes/local-dev/kubeconfig.yaml")
    assert "paasport:cluster" in wanted.config


def test_changes_outputs_and_summary_are_told(machine, capsys):
    machine.result = result(
        builders.finished("a"), builders.finished("b", Operation.SAME), outputs={"password": values.Secret("hunter2")}
    )
    cli.main(["up", "local-dev"])
    assert capsys.readouterr().out.splitlines()[1:] == [
        "create   kubernetes:apps/v1:Deployment  a  1.2 s",
        "outputs:",
        "  password  [secret]",
        "1 created, 1 unchanged in 0.5 s",
    ]


def test_a_preview_always_shows_the_changed_fields(machine, capsys):
    machine.result = result(builders.finished("a", Operation.UPDATE, changes=(builders.change("spec.replicas", 1, 2),)))
    assert cli.main(["preview", "local-dev"]) == 0
    assert "spec.replicas: 1 -> 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "given", "expected"),
    [
        pytest.param(["up", "local-dev"], EMPTY, 0, id="done"),
        pytest.param(["up", "local-dev"], result(failed=True), 1, id="failed"),
        pytest.param(["drift", "local-dev"], result(drifted=True), 3, id="drift found"),
        pytest.param(["drift", "local-dev"], EMPTY, 0, id="no drift"),
        pytest.param(["preview", "local-dev"], result(drifted=True), 0, id="drift is not what preview is about"),
        pytest.param(["drift", "local-dev"], result(failed=True, drifted=True), 1, id="failed drift"),
    ],
)
def test_exit_codes(machine, command, given, expected):
    machine.result = given
    assert cli.main(command) == expected


@pytest.mark.parametrize(
    ("command", "definition"),
    [("preview", "preview"), ("up", "run"), ("destroy", "run"), ("drift", "drift")],
)
def test_with_json_stdout_is_one_valid_document(machine, capsys, command, definition):
    machine.result = result(builders.finished("a", failure="denied"), failed=True)
    assert cli.main([command, "local-dev", "--json", *(["--yes"] if command == "destroy" else [])]) == 1
    out, err = capsys.readouterr()
    document = json.loads(out)
    jsonschema.Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": SCHEMA["$defs"]}).validate(document)
    assert document["summary"]["failed"] == 1
    assert document["diagnostics"] == [{"severity": "error", "message": "denied", "urn": "urn:a"}]
    assert "denied" in err


def test_errors_are_told_once_more_at_the_end_on_stderr(machine, capsys):
    machine.result = result(builders.finished("a", failure="denied"), failed=True)
    cli.main(["up", "local-dev"])
    out, err = capsys.readouterr()
    assert err == "failed  kubernetes:apps/v1:Deployment  a\n  denied\n"
    assert out.splitlines()[-1] == "1 failed in 0.5 s"


def test_an_unreachable_cluster_is_told_before_anything_is_done(machine, capsys):
    machine.reachable = False
    assert cli.main(["up", "existing-dev", "--yes"]) == 2
    assert machine.requests == []
    assert "cannot be reached" in capsys.readouterr().err


def test_an_existing_cluster_is_not_changed_without_a_yes(machine, capsys):
    assert cli.main(["up", "existing-dev"]) == 2
    assert machine.did == []
    assert "./paasport up existing-dev --yes" in capsys.readouterr().err


def test_nothing_is_destroyed_without_a_yes(machine, capsys):
    assert cli.main(["destroy", "local-dev"]) == 2
    assert machine.did == []
    assert "next: ./paasport destroy local-dev --yes" in capsys.readouterr().err


def test_on_a_terminal_up_shows_a_preview_and_asks(machine, answers):
    assert cli.main(["up", "existing-dev"]) == 0
    assert answers == ["do this to existing-dev?"]
    assert [wanted.operation for wanted in machine.requests] == ["preview", "up"]


def test_on_a_terminal_destroy_lists_what_goes_and_asks(machine, answers, capsys):
    machine.remembered = (
        model.Entry(
            urn="urn:pulumi:s::p::kubernetes:core/v1:Secret::a", type="kubernetes:core/v1:Secret", id="a", custom=True
        ),
    )
    assert cli.main(["destroy", "local-dev"]) == 0
    assert answers == ["delete these 1 resources of local-dev?"]
    assert "delete   kubernetes:core/v1:Secret  a" in capsys.readouterr().out


def test_a_no_changes_nothing(machine, answers, monkeypatch, capsys):
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    assert cli.main(["up", "existing-dev"]) == 1
    assert [wanted.operation for wanted in machine.requests] == ["preview"]
    assert capsys.readouterr().out.splitlines()[-1] == "nothing was changed"


def test_nobody_is_asked_about_a_plan_that_fails(machine, answers):
    machine.result = result(failed=True)
    assert cli.main(["up", "existing-dev"]) == 1
    assert answers == []


@pytest.mark.parametrize("command", [["destroy", "local-dev", "--yes"], ["drift", "local-dev"]])
def test_where_there_was_never_a_control_plane_there_is_nothing_to_do(machine, capsys, command):
    machine.condition = control_plane.Condition.ABSENT
    assert cli.main(command) == 0
    assert machine.did == []
    assert "local-dev was never deployed" in capsys.readouterr().out


def test_a_stopped_control_plane_is_started_to_destroy_what_is_in_it(machine):
    machine.condition = control_plane.Condition.STOPPED
    assert cli.main(["destroy", "local-dev", "--yes"]) == 0
    assert machine.did == ["start local-dev", "reach", "run destroy"]


def test_an_unknown_stack_is_told_with_the_nearest_name(machine, capsys):
    assert cli.main(["up", "locl-dev"]) == 2
    assert "local-dev" in capsys.readouterr().err
    assert machine.did == []


def test_the_sdk_s_own_log_lines_are_in_no_document(machine, capsys):
    told = [events.Diagnostic(severity=severity, message=severity.value) for severity in events.Severity]
    machine.result = dataclasses.replace(EMPTY, diagnostics=tuple(told))
    cli.main(["preview", "local-dev", "--json"])
    messages = [item["message"] for item in json.loads(capsys.readouterr().out)["diagnostics"]]
    assert messages == ["info", "warning", "error"]
