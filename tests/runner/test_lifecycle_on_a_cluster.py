"""Services with data on a real API server: what would lose it or cannot be done is refused, and nothing is written."""

from __future__ import annotations

import dataclasses
import os
import pathlib

import pytest

from local import control_plane as control_planes
from runner import cli
from runner.commands import project
from stacks import settings
from tests.conftest import kubectl_for

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = pathlib.Path(__file__).resolve().parents[2]
STACK = "local-dev"
METRICS = {"service": "prometheus"}
DOCUMENTS = {"service": "mongodb", "overrides": {"version": "8.0.17"}}
MESSAGES = {"service": "rabbitmq"}
ALL = {"metrics": METRICS, "documents": DOCUMENTS, "messages": MESSAGES}


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A control plane of these tests alone."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield
        for name in control_planes.names():
            control_planes.delete(name)


@pytest.fixture
def run(machine, monkeypatch, capsys):
    """A command on a stack with these services: its exit code, and all that it told."""
    read = project.read

    def call(command, services, *flags):
        def changed(root, name):
            stack = read(root, name)
            wanted = {**stack.config, "paasport:services": services}
            return dataclasses.replace(stack, config=wanted, settings=settings.parse(wanted))

        monkeypatch.setattr(project, "read", changed)
        code = cli.main([command, STACK, *flags], root=ROOT)
        told = capsys.readouterr()
        return code, told.out + told.err

    return call


def written():
    """Everything that could have been written or deleted, as far as nobody but the engine changes it."""
    place = pathlib.Path(os.environ["XDG_DATA_HOME"]) / "paasport/control-planes" / STACK / "kubeconfig.yaml"
    kubectl = kubectl_for(place)
    names = kubectl("get", "namespaces,networkpolicies,secrets,pvc,configmaps", "-A", "-o", "name")
    kinds = kubectl("get", "crd", "-o", "name")
    served = [kind for kind in ("mongodbcommunity", "rabbitmqclusters", "prometheuses") if kind in kinds]
    return names, kubectl("get", ",".join(served), "-A", "-o", "jsonpath={.items[*].spec}") if served else ""


def test_what_would_lose_data_or_cannot_be_done_is_refused_before_anything_is_written(run):
    assert run("up", ALL)[0] == 0
    before = written()

    # A destroy, all services at once.
    code, told = run("destroy", ALL, "--yes")
    assert code == 1
    assert "documents (MongoDBCommunity) would be deleted, and with it its databases and users" in told
    assert "messages (RabbitmqCluster) would be deleted" in told
    assert "metrics (" not in told
    assert "volume data-volume-documents-0  10Gi  paasport-ssd-retain: the disk stays, without a claim" in told
    assert "volume logs-volume-documents-0  2Gi  paasport-ssd: the disk is deleted" in told
    assert written() == before

    # A destroy with one of two names, and with a wrong one.
    code, told = run("destroy", ALL, "--yes", "--yes-lose-data", "documents", "--yes-lose-data", "message")
    assert code == 1
    assert "./paasport destroy local-dev --yes --yes-lose-data documents --yes-lose-data messages" in told
    assert written() == before

    # A service that leaves the stack file, together with a change that could be made.
    grown = {**MESSAGES, "overrides": {"storage": "20Gi"}}
    code, told = run("up", {"metrics": METRICS, "messages": grown})
    assert code == 1
    assert "next: where that is meant, ./paasport up local-dev --yes-lose-data documents" in told
    assert "nothing was changed" in told
    assert written() == before

    # Changes that operators cannot make, together with one that could be.
    smaller = {**MESSAGES, "overrides": {"storage": "5Gi"}}
    older = {**DOCUMENTS, "overrides": {"version": "7.0.28"}}
    for command in ("preview", "up"):
        code, told = run(command, {"metrics": {**METRICS, "size": "medium"}, "messages": smaller, "documents": older})
        assert code == 1
        assert "the volumes of messages have 10Gi, and 5Gi is asked for (spec.persistence.storage)" in told
        assert "documents runs MongoDB 8.0.17, and 7.0.28 is asked for" in told
    assert written() == before

    # What can be done is said in one line, and done.
    newer = {"metrics": METRICS, "messages": grown, "documents": {**DOCUMENTS, "overrides": {"version": "8.0.20"}}}
    code, told = run("preview", newer)
    assert (code, "upgrade  documents: MongoDB 8.0.17 -> 8.0.20, one member at a time" in told) == (0, True)
    assert run("up", newer)[0] == 0
    assert written() != before

    # With its name a service goes, and what is left goes with its own.
    code, _ = run("up", {"metrics": METRICS, "messages": grown}, "--yes-lose-data", "documents")
    assert code == 0
    assert "namespace/documents" not in written()[0]
    assert run("destroy", ALL, "--yes", "--yes-lose-data", "messages")[0] == 0


def test_a_stack_without_data_needs_no_name(run):
    assert run("up", {"metrics": METRICS})[0] == 0
    assert run("destroy", {"metrics": METRICS}, "--yes")[0] == 0
