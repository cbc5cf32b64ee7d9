"""What the layers pass on that today's stack files do not ask for yet: requirements between operators, protection."""

from __future__ import annotations

import dataclasses
import shutil

import pulumi
import pytest
import yaml

from components import contracts
from components.clusters import catalogue as clusters
from components.operators import install, prometheus_operator, sources
from components.services import prometheus, service
from stacks import settings
from stacks.services import prometheus as prometheus_settings

from . import conftest

GROUP = "kubernetes:yaml/v2:ConfigGroup"
FILE = "kubernetes:yaml/v2:ConfigFile"
PROMETHEUS = "kubernetes:monitoring.coreos.com/v1:Prometheus"


def cluster():
    args = contracts.ClusterArgs(name="local-dev", options=settings.LocalCluster(vendor="local"))
    return clusters.create("local", args, opts=pulumi.ResourceOptions()).facts


@pytest.fixture
def second_release(project, monkeypatch):
    """A mirror and a lock file that also have an operator `second`."""
    mirror = project / "mirror"
    shutil.copytree(conftest.MIRROR, mirror)
    shutil.copytree(mirror / "prometheus-operator", mirror / "second")
    lock = yaml.safe_load((mirror / "releases.lock.yaml").read_text())
    (mirror / "releases.lock.yaml").write_text(yaml.safe_dump(lock | {"second": lock["prometheus-operator"]}))
    monkeypatch.setenv("PAASPORT_MIRROR", str(mirror))
    monkeypatch.setattr(sources, "LOCK_FILE", mirror / "releases.lock.yaml")


@pytest.mark.usefixtures("control_plane_file", "second_release")
def test_an_operator_waits_for_those_that_it_requires(run):
    first = prometheus_operator.OPERATOR
    second = dataclasses.replace(first, name="second", manifests=list)

    def program():
        facts = cluster()
        required = install.Operator("first", install.OperatorArgs(entry=first, cluster=facts))
        install.Operator("second", install.OperatorArgs(entry=second, cluster=facts, requires=[required]))

    ran = run(program)
    assert ran.one(GROUP, "first").urn in ran.one(FILE, "second-crds").dependencies


@pytest.mark.usefixtures("control_plane_file")
@pytest.mark.parametrize("protect", [True, False])
def test_only_what_holds_data_is_protected(run, protect):
    def program():
        options = prometheus_settings.Prometheus(service="prometheus")
        args = service.InstanceArgs(
            entry=prometheus.SERVICE, options=options, cluster=cluster(), operators=(), protect=protect
        )
        service.Instance("metrics", args)

    ran = run(program)
    assert ran.one(PROMETHEUS, "metrics").protect is protect
    assert ran.one(GROUP, "metrics").protect is False
