"""Whole rehearsals of the project's own stacks, with nothing replaced: real control planes, real engine, real program."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

import jsonschema
import pytest

from local import control_plane as control_planes
from runner import cli, dynamic
from runner.commands import project
from runner.commands import rehearse as rehearse_command
from runner.rehearsals import leavings, variants
from stacks import settings
from stacks.services import catalogue, instance

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/cli.schema.json").read_text(encoding="utf-8"))
CLOUD = [f"{vendor}-{tier}" for vendor in ("eks", "gke", "aks") for tier in ("dev", "staging", "prod")]
VENDORS = ("aws:", "gcp:", "azure-native:")
STACKS = [*CLOUD, "existing-dev", "existing-prod", "local-dev", "local-prod"]


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """Rehearsals of this test alone; the user's kubeconfig is one that must not be read."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("of the user: not to be touched")
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    yield
    assert kubeconfig.read_text() == "of the user: not to be touched"
    for name in control_planes.names():
        control_planes.delete(name)


def rehearse(capsys, *arguments) -> tuple[int, dict[str, Any]]:
    code = cli.main(["rehearse", *arguments, "--json"], root=ROOT)
    document = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator({"$ref": "#/$defs/rehearsal", "$defs": SCHEMA["$defs"]}).validate(document)
    return code, document


def preview(capsys, stack) -> list[dict[str, Any]]:
    assert cli.main(["preview", stack, "--json"], root=ROOT) == 0
    resources: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["resources"]
    return resources


def titles(document):
    return [step["title"] for step in document["steps"]]


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_lives_and_goes_and_leaves_nothing(stack, capsys):
    code, document = rehearse(capsys, stack)
    assert [item["message"] for item in document["diagnostics"]] == []
    assert (code, document["passed"]) == (0, True)
    assert document["simulated"] is (stack in CLOUD)
    assert ("upgrade to Kubernetes 1.36" in titles(document)) is (stack in CLOUD)
    # Of a cloud's cluster, and on a cluster of somebody else of its databases.
    guarded = (stack in CLOUD and not stack.endswith("-dev")) or stack.startswith("existing")
    assert ("take the protection off" in titles(document)) is guarded
    assert titles(document)[-1] == "destroy"
    assert control_planes.names() == []


@pytest.mark.usefixtures("only_metrics")
@pytest.mark.parametrize("stack", ["eks-prod", "gke-staging", "aks-dev"])
def test_faults_of_the_vendor_cost_more_runs_and_nothing_else(stack, capsys):
    """All kinds together, and each vendor and each tier once, because a rehearsal takes its time.

    That nothing else differs is compared by the step that deploys the same again: a field of the account or of the
    cluster which is not as the program wants it would be a change.
    """
    planned = preview(capsys, stack)
    code, document = rehearse(capsys, stack, *(word for kind in rehearse_command.FAULTS for word in ("--fault", kind)))
    assert [item["message"] for item in document["diagnostics"]] == []
    assert (code, document["passed"]) == (0, True)
    assert document["faults"] == ["throttle", "conflict", "create-fails-once", "timeout"]
    # The cluster fails once and takes too long once, and so do its pools.
    assert document["steps"][1]["runs"] > 2
    assert document["resources"] == len([item for item in planned if item["type"].startswith(VENDORS)])
    assert titles(document)[-1] == "destroy"


@pytest.mark.usefixtures("only_metrics")
@pytest.mark.parametrize("stack", ["eks-staging", "aks-staging"])
def test_a_cluster_whose_vendor_makes_the_nodes_lives_and_goes_alike(stack, capsys, monkeypatch):
    """EKS Auto Mode and AKS' node auto provisioning; GKE's counterpart is a stack of its own."""
    read = project.read
    changes = {"compute": "auto", "pools": None}
    monkeypatch.setattr(project, "read", lambda root, name: variants.variant(read(root, name), changes))
    code, document = rehearse(capsys, stack)
    assert [item["message"] for item in document["diagnostics"]] == []
    assert (code, document["passed"]) == (0, True)
    assert titles(document)[-1] == "destroy"


def test_whatever_can_be_backed_up_lives_on_a_cloud_with_backups_and_goes(capsys, monkeypatch):
    """Of the clouds one: services differ between them in no object, as `tests/components/every_service/` shows."""
    read = project.read
    services = {
        f"my-{name}": {"service": name, "backups": {}}
        for name, model in catalogue.SERVICES.items()
        if issubclass(model, instance.Database) and "backups" not in model.REFUSED
    }

    def saved(root, name):
        found = read(root, name)
        cluster = {**found.config["paasport:cluster"], "backups": {"retentionDays": 30}}
        wanted = {**found.config, "paasport:cluster": cluster, "paasport:services": services}
        return dataclasses.replace(found, config=wanted, settings=settings.parse(wanted))

    monkeypatch.setattr(project, "read", saved)
    code, document = rehearse(capsys, "eks-dev")
    assert [item["message"] for item in document["diagnostics"]] == []
    assert (code, document["passed"]) == (0, True)
    assert titles(document)[-1] == "destroy"


@pytest.mark.usefixtures("only_metrics")
def test_without_the_drain_guard_the_leak_is_caught(capsys, monkeypatch):
    async def delete_nothing(*_):
        pass

    monkeypatch.setattr(dynamic.DynamicProvider, "delete", delete_nothing)
    forgiving = leavings.budget()
    forgiving["spec"]["maxUnavailable"] = 1
    monkeypatch.setattr(leavings, "budget", lambda: forgiving)
    code, document = rehearse(capsys, "eks-dev")
    assert code == 1
    told = "\n".join(item["message"] for item in document["diagnostics"])
    assert "LoadBalancer arn:aws:elasticloadbalancing" in told
    assert "of Service made-by-hand/entrance is left in the account" in told


@pytest.mark.usefixtures("only_metrics")
def test_a_kept_rehearsal_is_what_a_preview_compares_with(capsys):
    code, document = rehearse(capsys, "gke-dev", "--keep")
    assert (code, titles(document)[-1]) == (0, "deploy once more, to keep")
    assert {item["op"] for item in preview(capsys, "gke-dev")} == {"same"}
    assert control_planes.names() == ["gke-dev-rehearsal"]
