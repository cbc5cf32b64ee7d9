"""The commands with nothing replaced: a small program, the real engine, a real API server, the published schema."""

from __future__ import annotations

import json
import pathlib
import shutil
import uuid
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from runner import cli

pytestmark = pytest.mark.cluster

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "cli.schema.json").read_text(encoding="utf-8"))
PROGRAM = """
import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace

space = Namespace("space", metadata={"name": "NAMESPACE"})
settings = ConfigMap(
    "settings",
    metadata={"name": "settings", "namespace": "NAMESPACE", "labels": {"level": "LEVEL"}},
    opts=pulumi.ResourceOptions(depends_on=[space]),
)
pulumi.export("name", settings.metadata["name"])
pulumi.export("password", pulumi.Output.secret("hunter2"))
"""
STACK = """
config:
  paasport:cluster:
    vendor: existing
    name: guest
    kubeconfig: { path: KUBECONFIG }
    storage: { provisioner: csi.example.com }
"""

Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def project(control_plane, tmp_path) -> pathlib.Path:
    """A project whose only stack, `guest-dev`, lives in a namespace of this test."""
    for folder in ("stacks", "components/operators"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    (tmp_path / "components" / "operators" / "releases.lock.yaml").write_text("{}\n")
    stack = STACK.replace("KUBECONFIG", str(control_plane.kubeconfig))
    (tmp_path / "stacks" / f"Pulumi.{stack_name(tmp_path)}.yaml").write_text(stack)
    write_program(tmp_path, level="1")
    return tmp_path


def stack_name(root: pathlib.Path) -> str:
    """A name that no other test session's inventory has: it lies in the cluster."""
    return f"guest-{uuid.uuid5(uuid.NAMESPACE_URL, str(root)).hex[:8]}"


def write_program(root: pathlib.Path, *, level: str) -> None:
    text = PROGRAM.replace("NAMESPACE", stack_name(root)).replace("LEVEL", level)
    (root / "__main__.py").write_text(text)


@pytest.fixture
def call(project, capsys) -> Call:
    """Run a command with `--json`: its exit code and its document, which is the whole of standard output."""

    def run(command: str, *flags: str, definition: str) -> tuple[int, Any]:
        code = cli.main([command, stack_name(project), "--json", *flags], root=project)
        document = json.loads(capsys.readouterr().out)
        jsonschema.Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": SCHEMA["$defs"]}).validate(document)
        return code, document

    return run


def changed(document: Any) -> dict[str, str]:
    """Operation by name, of what does not stay the same."""
    return {item["name"]: item["op"] for item in document["resources"] if item["op"] != "same"}


def test_a_stack_from_its_first_preview_to_its_end(call, project, kubectl):
    stack = f"paasport-{stack_name(project)}"
    created = {stack: "create", "space": "create", "settings": "create"}

    code, planned = call("preview", definition="preview")
    assert (code, changed(planned)) == (0, created)
    assert planned["outputs"]["password"] == "[secret]"

    code, done = call("up", "--yes", definition="run")
    assert (code, changed(done)) == (0, created)
    assert done["outputs"] == {"name": "settings", "password": "[secret]"}

    code, again = call("up", "--yes", definition="run")
    assert (code, changed(again)) == (0, {})
    assert call("drift", definition="drift")[0] == 0

    write_program(project, level="2")
    _, planned = call("preview", definition="preview")
    assert changed(planned) == {"settings": "update"}
    (change,) = [item["changes"] for item in planned["resources"] if item["name"] == "settings"]
    assert change == [{"path": "metadata.labels.level", "before": "1", "after": "2"}]
    write_program(project, level="1")

    kubectl("-n", stack_name(project), "label", "configmap", "settings", "level=9", "--overwrite")
    code, drifted = call("drift", definition="drift")
    assert (code, [item["name"] for item in drifted["resources"]]) == (3, ["settings"])

    assert call("outputs", definition="outputs")[1]["outputs"]["password"] == "[secret]"
    assert call("outputs", "--show-secrets", definition="outputs")[1]["outputs"]["password"] == "hunter2"

    code, gone = call("destroy", "--yes", definition="run")
    assert (code, gone["summary"]["delete"], gone["summary"]["failed"]) == (0, 3, 0)


def test_the_graph_of_a_deployed_stack_has_its_dependencies(project, capsys):
    name = stack_name(project)
    assert cli.main(["up", name, "--yes"], root=project) == 0
    capsys.readouterr()
    assert cli.main(["graph", name], root=project) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"Stack paasport-{name}",
        "  Namespace space",
        "  ConfigMap settings  -> Namespace space",
    ]
    assert cli.main(["destroy", name, "--yes"], root=project) == 0


def test_a_program_that_raises_is_a_failure_with_its_reason(project, capsys):
    (project / "__main__.py").write_text('raise ValueError("the reason")\n')
    assert cli.main(["up", stack_name(project), "--yes"], root=project) == 1
    assert "the reason" in capsys.readouterr().err
