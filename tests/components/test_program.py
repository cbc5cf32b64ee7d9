"""The program itself, `__main__.py`, for every stack file there is."""

from __future__ import annotations

import json
import pathlib
import runpy

import pulumi
import pytest
import yaml

from .clusters import conftest as vendors

ROOT = pathlib.Path(__file__).parents[2]
STACKS = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
GROUP = "kubernetes:yaml/v2:ConfigGroup"
PROMETHEUS = "kubernetes:monitoring.coreos.com/v1:Prometheus"


def program(config):
    def run_main():
        pulumi.runtime.set_all_config({key: json.dumps(value) for key, value in config.items()})
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
        return pulumi.runtime.get_root_resource().outputs

    return run_main


@pytest.fixture
def reachable(control_plane_file):
    """A started control plane and a kubeconfig of one's own."""
    folder = control_plane_file.parents[5] / ".kube"
    folder.mkdir(parents=True)
    for name in ("config", "existing-prod"):
        (folder / name).write_text("apiVersion: v1\n")


@pytest.mark.usefixtures("reachable")
@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.stem.removeprefix("Pulumi."))
def test_every_stack_file_runs_and_says_where_its_services_are(run, path):
    config = yaml.safe_load(path.read_text())["config"]
    stack = path.stem.removeprefix("Pulumi.")
    outputs = run(program(config), stack=stack, answers=vendors.SimulatedAnswers(stack)).result
    assert outputs["cluster"]["vendor"] == config["paasport:cluster"]["vendor"]
    assert outputs["services"].keys() == config["paasport:services"].keys()


@pytest.mark.usefixtures("reachable")
def test_a_service_is_the_same_on_every_vendor_to_the_last_byte(run):
    services = {"metrics": {"service": "prometheus", "size": "medium", "availability": "zonal"}}
    existing = {
        "vendor": "existing",
        "name": "shared",
        "kubeconfig": {"path": "~/.kube/config"},
        "storage": {"provisioner": "ebs.csi.aws.com"},
    }
    rendered = []
    for cluster in ({"vendor": "local"}, existing):
        deployed = run(program({"paasport:cluster": cluster, "paasport:services": services}))
        objects = [deployed.one(kind, "metrics").inputs for kind in (GROUP, PROMETHEUS)]
        operator = deployed.one(GROUP, "prometheus-operator").inputs
        rendered.append(json.dumps([*objects, operator], sort_keys=True))
    assert rendered[0] == rendered[1]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        pytest.param(
            {"paasport:cluster": {"vendor": "local"}}, "./paasport local start local-dev", id="no control plane"
        ),
        pytest.param({"paasport:cluster": {"vendor": "moon"}}, "paasport:cluster.vendor", id="unknown vendor"),
        pytest.param({}, "paasport:cluster", id="nothing"),
    ],
)
def test_a_mistake_is_told_without_a_traceback(run, project, config, told):
    with pytest.raises(pulumi.RunError) as caught:
        run(program(config))
    assert told in str(caught.value)
