"""The commands that change nothing: `check`, `stacks`, `outputs`, `graph`."""

from __future__ import annotations

import asyncio
import json
import pathlib
import shutil

import jsonschema
import pytest

from runner import cli, cluster, operations, request
from runner.commands import preparation
from runner.engine import model, values
from stacks import errors, files, settings

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "cli.schema.json").read_text(encoding="utf-8"))
LOCAL = "config:\n  paasport:cluster: {vendor: local}\n  paasport:services: {metrics: {service: prometheus}}\n"
BROKEN = "config:\n  paasport:cluster: {vendor: locl}\n  paasport:services: {metrics: {service: prometeus}}\n"


@pytest.fixture
def project(tmp_path, monkeypatch) -> pathlib.Path:
    """A project with one stack, `tiny-dev`, on a machine without control planes."""
    (tmp_path / "stacks").mkdir()
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    write(tmp_path, "tiny-dev", LOCAL)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def deployed(monkeypatch, project) -> pathlib.Path:
    """The same project, deployed."""

    async def outputs(_request: request.Request) -> dict[str, object]:
        return {"url": "http://a", "password": values.Secret("hunter2")}

    async def entries(_request: request.Request) -> tuple[model.Entry, ...]:
        return (
            entry("config"),
            entry("server", dependencies=(entry("config").urn,)),
        )

    async def version(_place: cluster.Cluster) -> str:
        return "v1.36.3"

    monkeypatch.setattr(operations, "outputs", outputs)
    monkeypatch.setattr(operations, "entries", entries)
    monkeypatch.setattr(cluster, "version", version)
    monkeypatch.setattr(preparation, "prepare", lambda *_, **__: True)
    return project


def entry(name: str, **fields: object) -> model.Entry:
    token = "kubernetes:core/v1:ConfigMap"
    return model.Entry(urn=f"urn:pulumi:s::p::{token}::{name}", type=token, id=name, custom=True, **fields)


def write(root: pathlib.Path, stack: str, text: str) -> None:
    (root / "stacks" / f"Pulumi.{stack}.yaml").write_text(text, encoding="utf-8")


def document(text: str, definition: str) -> dict:
    found = json.loads(text)
    jsonschema.Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": SCHEMA["$defs"]}).validate(found)
    return found


def test_check_of_sound_files(project, capsys):
    assert cli.main(["check"], root=project) == 0
    assert capsys.readouterr().out == "1 stack: no problems\n"


def test_check_tells_all_problems_of_all_files_with_lines(project, capsys):
    write(project, "broken-dev", BROKEN)
    write(project, "odd-dev", "config: [\n")
    assert cli.main(["check", "--all"], root=project) == 2
    shown = capsys.readouterr().out
    assert "stacks/Pulumi.broken-dev.yaml:2" in shown
    assert "stacks/Pulumi.broken-dev.yaml:3" in shown
    assert "stacks/Pulumi.odd-dev.yaml" in shown
    assert shown.splitlines()[-1] == "3 stacks: 3 problems"


def test_check_of_one_stack_as_json(project, capsys):
    write(project, "broken-dev", BROKEN)
    assert cli.main(["check", "broken-dev", "--json"], root=project) == 2
    found = document(capsys.readouterr().out, "check")
    assert found["stacks"] == ["broken-dev"]
    assert [item["line"] for item in found["diagnostics"]] == [2, 3]


def test_check_of_one_and_all_is_a_contradiction(project):
    assert cli.main(["check", "tiny-dev", "--all"], root=project) == 2


def test_check_of_an_unknown_stack(project, capsys):
    assert cli.main(["check", "tny-dev"], root=project) == 2
    assert "tiny-dev" in capsys.readouterr().err


def test_stacks_are_a_table(project, capsys):
    write(project, "broken-prod", BROKEN)
    assert cli.main(["stacks"], root=project) == 0
    assert capsys.readouterr().out.splitlines() == [
        "STACK        VENDOR  ENVIRONMENT  SERVICES                                      CONTROL PLANE",
        "broken-prod  -       prod         cannot be read: ./paasport check broken-prod  -",
        "tiny-dev     local   dev          metrics (prometheus)                          tiny-dev absent",
    ]


def test_stacks_as_json(project, capsys):
    write(project, "broken-prod", BROKEN)
    assert cli.main(["stacks", "--json"], root=project) == 0
    found = document(capsys.readouterr().out, "stacks")
    assert found["stacks"][1] == {
        "name": "tiny-dev",
        "vendor": "local",
        "environment": "dev",
        "services": {"metrics": "prometheus"},
        "controlPlane": {"name": "tiny-dev", "state": "absent"},
    }
    assert len(found["diagnostics"]) == 2


def test_outputs_mask_secrets(deployed, capsys):
    assert cli.main(["outputs"], root=deployed) == 0
    assert capsys.readouterr().out == "password  [secret]\nurl       http://a\n"


def test_outputs_show_secrets_on_demand(deployed, capsys):
    assert cli.main(["outputs", "tiny-dev", "--show-secrets", "--json"], root=deployed) == 0
    found = document(capsys.readouterr().out, "outputs")
    assert found == {"stack": "tiny-dev", "outputs": {"password": "hunter2", "url": "http://a"}}


def test_outputs_of_a_stack_that_was_never_deployed(project, capsys):
    assert cli.main(["outputs", "tiny-dev"], root=project) == 1
    assert capsys.readouterr().err == (
        "error: stack tiny-dev has not been deployed\n  nothing is known of it before\n  next: ./paasport up tiny-dev\n"
    )


def test_without_a_name_one_of_several_stacks_is_not_guessed(project, capsys):
    write(project, "other-dev", LOCAL)
    assert cli.main(["outputs"], root=project) == 2
    assert "say which stack is meant: other-dev, tiny-dev" in capsys.readouterr().err


def test_graph_of_what_is_deployed(deployed, capsys):
    assert cli.main(["graph", "tiny-dev"], root=deployed) == 0
    assert capsys.readouterr().out == "ConfigMap config\nConfigMap server  -> ConfigMap config\n"


def test_graph_as_json(deployed, capsys):
    assert cli.main(["graph", "tiny-dev", "--format", "json"], root=deployed) == 0
    assert len(document(capsys.readouterr().out, "graph")["edges"]) == 1


def test_graph_of_a_stack_that_was_never_deployed(project, capsys):
    assert cli.main(["graph", "tiny-dev"], root=project) == 1
    assert "tiny-dev has not been deployed" in capsys.readouterr().err


def existing(name: str, kubeconfig: str) -> str:
    return (
        "config:\n  paasport:cluster:\n"
        f"    {{vendor: existing, name: {name}, storage: {{provisioner: csi.example.com}}, kubeconfig: {kubeconfig}}}\n"
    )


def test_a_kubeconfig_can_be_an_output_of_another_stack(deployed, monkeypatch):
    async def outputs(_request: request.Request) -> dict[str, object]:
        return {"url": "keys/admin.yaml"}

    monkeypatch.setattr(operations, "outputs", outputs)
    (deployed / "keys").mkdir()
    (deployed / "keys" / "admin.yaml").write_text("kind: Config\n")
    write(deployed, "guest-dev", existing("guest", "{stack: tiny-dev, output: url}"))
    stack = files.read(deployed, "guest-dev", passphrase=lambda: None)
    wanted = asyncio.run(preparation.requested(deployed, stack, operation=request.Operation.UP))
    assert wanted.kubeconfig == str(deployed / "keys" / "admin.yaml")
    assert not wanted.stand_ins


def test_an_output_that_is_not_there_is_told(deployed, capsys):
    write(deployed, "guest-dev", existing("guest", "{stack: tiny-dev, output: nothing}"))
    assert cli.main(["outputs", "guest-dev"], root=deployed) == 2
    assert "the stack tiny-dev has no output 'nothing' with a kubeconfig" in capsys.readouterr().err


def test_stacks_that_wait_for_each_other_are_told(deployed, capsys):
    write(deployed, "a-dev", existing("a", "{stack: b-dev}"))
    write(deployed, "b-dev", existing("b", "{stack: a-dev}"))
    assert cli.main(["outputs", "a-dev"], root=deployed) == 2
    assert "a-dev -> b-dev -> a-dev" in capsys.readouterr().err


def test_a_stack_of_another_project_is_refused(deployed, capsys):
    write(deployed, "guest-dev", existing("guest", "{stack: acme/network/prod}"))
    assert cli.main(["outputs", "guest-dev"], root=deployed) == 2
    assert "belongs to the project network" in capsys.readouterr().err


def test_a_relative_kubeconfig_starts_at_the_project(deployed):
    place = settings.ExistingCluster(
        vendor="existing",
        name="a",
        kubeconfig=settings.KubeconfigFile(path="keys/config", context="blue"),
        storage=settings.ExistingStorage(provisioner="csi.example.com"),
    )
    found = asyncio.run(cluster.of(place, stack="a", root=pathlib.Path("/project"), stack_outputs=None))
    assert (found.kubeconfig, found.context) == ("/project/keys/config", "blue")


def test_an_encrypted_value_that_is_no_kubeconfig_is_told_and_not_taken_for_a_path():
    place = settings.ExistingCluster(
        vendor="existing",
        name="a",
        kubeconfig=settings.KubeconfigValue(value="hunter2\n"),
        storage=settings.ExistingStorage(provisioner="csi.example.com"),
    )
    with pytest.raises(errors.UsageError, match="value of a is not the text of a kubeconfig") as refused:
        asyncio.run(cluster.of(place, stack="a", root=ROOT, stack_outputs=None))
    assert "hunter2" not in str(refused.value)


def test_an_encrypted_kubeconfig_never_shows_itself():
    shown = repr(cluster.Cluster(kubeconfig="token: hunter2"))
    assert "hunter2" not in shown
