"""A Cassandra on a real API server, whose operators are played: it comes up, stays, gets zones, grows, shrinks, goes."""

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
    """A command on a stack with nothing but a Cassandra: its exit code, and what has changed."""
    read = project.read

    def call(command, *, availability="zonal", **overrides):
        service = {"service": "cassandra", "availability": availability, "overrides": overrides}
        config = {
            "paasport:cluster": {"vendor": "local", "nodes": {"count": 6}},
            "paasport:services": {"db": service},
        }

        def changed(root, name):
            stack = read(root, name)
            wanted = {**stack.config, **config}
            return dataclasses.replace(stack, config=wanted, settings=settings.parse(wanted))

        monkeypatch.setattr(project, "read", changed)
        named = ["--yes-lose-data", "db"] if command == "destroy" else []
        code = cli.main([command, STACK, "--yes", *named, "--json"], root=ROOT)
        document = json.loads(capsys.readouterr().out)
        return code, {item["name"]: item["op"] for item in document["resources"] if item["op"] != "same"}

    return call


def seen(*arguments):
    """What kubectl says, as JSON."""
    command = [str(ROOT / "paasport"), "local", "kubectl", STACK, "--", *arguments, "-o", "json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def nodes():
    """Zone and host by pod, of Cassandra's own."""
    zones = {
        item["metadata"]["name"]: item["metadata"]["labels"]["topology.kubernetes.io/zone"]
        for item in seen("get", "nodes")["items"]
    }
    pods = seen("-n", "db", "get", "pods", "-l", "cassandra.datastax.com/cluster=db")["items"]
    return {
        item["metadata"]["name"]: (zones[item["spec"]["nodeName"]], item["spec"]["nodeName"])
        for item in pods
        if not item["metadata"].get("deletionTimestamp")
    }


def test_it_comes_up_stays_gets_zones_grows_shrinks_and_goes(run):
    code, created = run("up", availability="single", version="5.0.8")
    assert code == 0
    assert {created["db"], created["paasport"], created["db-superuser"]} == {"create"}
    first = nodes()
    assert first.keys() == {"db-dc1-r1-sts-0"}

    assert run("up", availability="single", version="5.0.8") == (0, {})

    code, _ = run("up")
    assert code == 0
    racks = nodes()
    assert racks.keys() == {"db-dc1-r1-sts-0", "db-dc1-r2-sts-0", "db-dc1-r3-sts-0"}
    assert len({zone for zone, _ in racks.values()}) == 3
    assert racks["db-dc1-r1-sts-0"][0] == first["db-dc1-r1-sts-0"][0]
    status = seen("-n", "db", "get", "k8ssandracluster", "db")["status"]
    assert status["datacenters"]["dc1"]["reaper"]["progress"] == "Running"

    assert run("up", replicas=6) == (0, {"db": "update"})
    grown = nodes()
    assert len(grown) == len({host for _, host in grown.values()}) == 6
    for rack in ("r1", "r2", "r3"):
        assert grown[f"db-dc1-{rack}-sts-1"][0] == grown[f"db-dc1-{rack}-sts-0"][0]

    assert run("up") == (0, {"db": "update"})
    assert nodes().keys() == racks.keys()
    claims = {item["metadata"]["name"] for item in seen("-n", "db", "get", "pvc")["items"]}
    assert {name for name in claims if name.startswith("server-data-")} == {f"server-data-{pod}" for pod in racks}

    code, gone = run("destroy")
    assert code == 0
    assert set(gone.values()) == {"delete"}
    assert "db" not in [item["metadata"]["name"] for item in seen("get", "namespaces")["items"]]
    kept = [item["spec"]["claimRef"]["name"] for item in seen("get", "pv")["items"]]
    assert {f"server-data-{pod}" for pod in racks} <= set(kept)
