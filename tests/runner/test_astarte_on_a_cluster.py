"""An Astarte and all that it uses on a real API server, whose operators are played: it comes up, stays, grows, goes."""

from __future__ import annotations

import base64
import dataclasses
import json
import pathlib
import subprocess

import pytest

from local import control_plane as control_planes
from runner import cli
from runner.commands import project
from stacks import settings

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = pathlib.Path(__file__).resolve().parents[2]
STACK = "local-iot"


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """A control plane of this test alone."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    yield
    for name in control_planes.names():
        control_planes.delete(name)


@pytest.fixture
def run(monkeypatch, capsys):
    """A command on the stack, with changes to its Astarte: its exit code, and what has changed."""
    read = project.read

    def call(command, *arguments, **changes):
        def changed(root, name):
            stack = read(root, name)
            services = stack.config[settings.SERVICES_KEY]
            changed = {**services, "iot": {**services["iot"], **changes}}
            wanted = {**stack.config, settings.SERVICES_KEY: changed}
            return dataclasses.replace(stack, config=wanted, settings=settings.parse(wanted))

        monkeypatch.setattr(project, "read", changed)
        code = cli.main([command, STACK, "--yes", "--json", *arguments], root=ROOT)
        document = json.loads(capsys.readouterr().out)
        return code, {item["name"]: item["op"] for item in document["resources"] if item["op"] != "same"}

    return call


def seen(*arguments):
    """What kubectl says, as JSON."""
    command = [str(ROOT / "paasport"), "local", "kubectl", STACK, "--", *arguments, "-o", "json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def secret(namespace, name, key):
    return base64.b64decode(seen("-n", namespace, "get", "secret", name)["data"][key])


def test_the_whole_chain_comes_up_stays_grows_and_goes(run):
    code, created = run("up")
    assert code == 0
    assert created["iot"] == created["iot-realm-test"] == "create"
    assert seen("-n", "iot", "get", "astarte", "iot")["status"]["health"] == "green"
    assert secret("iot", "iot-rabbitmq", "password") == secret("messages", "messages-default-user", "password")
    assert secret("iot", "iot-rabbitmq-ca", "ca.crt") == secret("messages", "messages-tls", "ca.crt")
    authority = secret("iot", "iot-devices-ca", "tls.crt")

    assert run("up") == (0, {})

    code, changed = run("up", overrides={"replicas": 3})
    assert code == 0
    assert changed["iot"] == "update"
    assert seen("-n", "iot", "get", "statefulset", "iot-vernemq")["status"]["readyReplicas"] == 3
    assert secret("iot", "iot-devices-ca", "tls.crt") == authority

    lost = [word for name in ("messages", "telemetry", "iot") for word in ("--yes-lose-data", name)]
    code, gone = run("destroy", *lost)
    assert code == 0
    assert set(gone.values()) == {"delete"}
    assert "iot" not in [item["metadata"]["name"] for item in seen("get", "namespaces")["items"]]
