"""A ScyllaDB on a real API server, whose operator is played: it comes up, stays, grows, shrinks and goes."""

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

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = pathlib.Path(__file__).resolve().parents[2]
STACK = "local-dev"


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """A control plane of this test alone."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    yield
    for name in control_planes.names():
        control_planes.delete(name)


@pytest.fixture
def run(monkeypatch, capsys):
    """A command on a stack with nothing but a zonal ScyllaDB of this many nodes: its exit code, and what has changed."""
    read = project.read

    def call(command, *, replicas=3):
        overrides = {"replicas": replicas}
        service = {"service": "scylla", "nodes": "shared", "availability": "zonal", "overrides": overrides}
        config = {"paasport:services": {"db": service}}

        def changed(root, name):
            stack = read(root, name)
            wanted = {**stack.config, **config}
            return dataclasses.replace(stack, config=wanted, settings=settings.parse(wanted))

        monkeypatch.setattr(project, "read", changed)
        named = ["--yes-lose-data", "db"] if command == "destroy" else []
        code = cli.main([command, STACK, "--yes", "--json", *named], root=ROOT)
        document = json.loads(capsys.readouterr().out)
        return code, {item["name"]: item["op"] for item in document["resources"] if item["op"] != "same"}

    return call


def seen(*arguments):
    """What kubectl says, as JSON."""
    command = [str(ROOT / "paasport"), "local", "kubectl", STACK, "--", *arguments, "-o", "json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def nodes():
    """Zone by pod."""
    zones = {
        item["metadata"]["name"]: item["metadata"]["labels"]["topology.kubernetes.io/zone"]
        for item in seen("get", "nodes")["items"]
    }
    return {
        item["metadata"]["name"]: zones[item["spec"]["nodeName"]] for item in seen("-n", "db", "get", "pods")["items"]
    }


def test_it_comes_up_stays_grows_shrinks_and_goes(run):
    code, created = run("up")
    assert code == 0
    assert {created["db"], created["paasport"], created["db-config"]} == {"create"}
    racks = nodes()
    assert racks.keys() == {"db-dc1-a-0", "db-dc1-b-0", "db-dc1-c-0"}
    assert len(set(racks.values())) == 3

    assert run("up") == (0, {})

    assert run("up", replicas=6) == (0, {"db": "update"})
    grown = nodes()
    assert len(grown) == 6
    for rack in "abc":
        assert grown[f"db-dc1-{rack}-1"] == racks[f"db-dc1-{rack}-0"]

    assert run("up") == (0, {"db": "update"})
    status = seen("-n", "db", "get", "scyllacluster", "db")["status"]
    assert (status["members"], status["readyMembers"]) == (3, 3)
    assert len(seen("-n", "db", "get", "pvc")["items"]) == 3

    code, gone = run("destroy")
    assert code == 0
    assert set(gone.values()) == {"delete"}
    assert "db" not in [item["metadata"]["name"] for item in seen("get", "namespaces")["items"]]
