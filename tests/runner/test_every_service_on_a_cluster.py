"""One of each service on a real API server, side by side: born, grown, upgraded, unchanged and gone.

Their operators are real where a Go module has them, and played where not; the pods are those of simulated nodes.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import subprocess

import pytest

from local import control_plane as control_planes
from runner import cli
from runner.commands import project
from stacks import settings
from tests.components.every_service import lives

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = pathlib.Path(__file__).resolve().parents[2]
STACK = "local-prod"
"""Its nodes are large enough for one of each."""


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """A control plane of this test alone."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    yield
    for name in control_planes.names():
        control_planes.delete(name)


@pytest.fixture
def run(monkeypatch, capsys):
    """A command on a stack with these services alone: its exit code, and what has changed by type and name."""
    read = project.read

    def call(*command, services):
        def changed(root, name):
            stack = read(root, name)
            wanted = {**stack.config, "paasport:services": services}
            return dataclasses.replace(stack, config=wanted, settings=settings.parse(wanted))

        monkeypatch.setattr(project, "read", changed)
        code = cli.main([command[0], STACK, *command[1:], "--yes", "--json"], root=ROOT)
        document = json.loads(capsys.readouterr().out)
        changes = {(item["type"], item["name"]): item["op"] for item in document["resources"] if item["op"] != "same"}
        return code, changes, [item["message"] for item in document["diagnostics"] if item["severity"] == "error"]

    return call


def seen(*arguments):
    """What kubectl says of these objects."""
    command = [str(ROOT / "paasport"), "local", "kubectl", STACK, "--", "get", *arguments, "-o", "json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["items"]


def servers():
    """How many pods run, by instance; without what looks after a Cassandra's, and of an Astarte those of its broker."""
    counts = {}
    selector = "!k8ssandra.io/reaper,!astarte-component,app!=my-astarte-cfssl"
    for pod in seen("pods", "-A", "--field-selector=status.phase=Running", f"--selector={selector}"):
        namespace = pod["metadata"]["namespace"]
        counts[namespace] = counts.get(namespace, 0) + 1
    return {name: counts.get(name, 0) for name in lives.together(lives.born)}


def expected(services):
    return {name: lives.options(given).servers for name, given in services.items()}


def custom_resources(changes):
    """Names of those that changed, by what became of them."""
    found = {}
    for (kind, name), op in changes.items():
        if kind.startswith("kubernetes:") and "." in kind.split(":")[1].partition("/")[0]:
            found.setdefault(op, set()).add(name)
    return found


def test_every_service_is_born_grows_gets_another_version_and_goes(run):
    born, grown, upgraded = lives.together(lives.born), lives.together(lives.grown), lives.together(lives.upgraded)
    code, changes, errors = run("up", services=born)
    assert (code, errors) == (0, [])
    assert set(changes.values()) == {"create"}
    assert servers() == expected(born)

    code, changes, errors = run("up", services=grown)
    assert (code, errors) == (0, [])
    assert set(grown) <= custom_resources(changes)["update"]
    assert "replace" not in changes.values()
    assert servers() == expected(grown)

    code, changes, errors = run("up", services=upgraded)
    assert (code, errors) == (0, [])
    assert custom_resources(changes).keys() == {"update"}
    assert {name for name in upgraded if upgraded[name] != grown[name]} <= custom_resources(changes)["update"]
    assert servers() == expected(upgraded)

    assert run("up", services=upgraded) == (0, {}, [])

    # Not by a yes alone, where data goes with it.
    assert run("destroy", services=upgraded)[0] == 1
    named = [word for name in upgraded for word in ("--yes-lose-data", name)]
    code, changes, errors = run("destroy", *named, services=upgraded)
    assert (code, errors) == (0, [])
    assert set(changes.values()) == {"delete"}
    assert {item["metadata"]["name"] for item in seen("namespaces")}.isdisjoint(born)
