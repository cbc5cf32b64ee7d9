"""The commands on stacks whose cluster a vendor of the cloud makes: planned here, done by the official engine."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shutil
from typing import Any

import jsonschema
import pytest

from local.simulated import account as accounts
from local.simulated import values as simulated
from runner import cli, request
from runner.commands import clouds
from runner.engine import nowhere
from runner.rehearsals import places as rehearsals
from stacks import errors, files
from tests.runner import account_double

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIRROR = ROOT / "tests/components/mirror"
PLUGINS = ("aws", "az", "gcloud", "gke-gcloud-auth-plugin", "kubelogin")
SCHEMA = json.loads((ROOT / "docs/cli.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The project with small releases of its operators."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("components", "stacks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__main__.py", "Pulumi.yaml"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copy(MIRROR / "releases.lock.yaml", folder / "components/operators/releases.lock.yaml")
    return folder


@pytest.fixture
def machine(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """An empty machine of this test's own, without a kubeconfig and without `pulumi`; its home."""
    for variable in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setenv("PAASPORT_MIRROR", str(MIRROR))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nothing"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return tmp_path


@pytest.fixture
def pulumi(machine: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A `pulumi` that only writes down its calls, beside all that kubeconfigs need; the file."""
    folder = machine / "bin"
    folder.mkdir()
    for name in ("pulumi", *PLUGINS):
        (folder / name).write_text(f'#!/bin/sh\necho "$*" >> {machine}/calls\n')
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return machine / "calls"


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("stack", ["eks-prod", "gke-prod", "aks-prod"])
@pytest.mark.usefixtures("machine")
def test_a_preview_needs_nothing_and_says_what_is_simulated(
    project: pathlib.Path, capsys: pytest.CaptureFixture[str], stack: str
) -> None:
    assert cli.main(["preview", stack, "--json"], root=project) == 0

    plan = document(capsys)
    jsonschema.Draft202012Validator({"$ref": "#/$defs/preview", "$defs": SCHEMA["$defs"]}).validate(plan)
    clouds_own = ("aws:", "gcp:", "azure-native:")
    simulated = {item["name"]: item["simulated"] for item in plan["resources"] if item["type"].startswith(clouds_own)}
    others = [item for item in plan["resources"] if item["type"].startswith("kubernetes:")]
    assert len(simulated) > 20
    assert all(simulated.values())
    assert not any(item["simulated"] for item in others)
    assert {item["op"] for item in plan["resources"]} == {"create"}
    assert "Prometheus" in {item["type"].rpartition(":")[2] for item in others}
    assert plan["outputs"]["kubeconfig"] == "[unknown]"


@pytest.mark.usefixtures("machine")
def test_the_first_line_says_that_nobody_was_asked(project: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["preview", "gke-dev"], root=project) == 0

    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("Google Cloud is simulated on this machine and not asked for anything")
    assert "simulated: no cloud was asked)" in told[-1]


@pytest.mark.usefixtures("machine")
def test_a_release_that_cannot_be_had_is_stood_in_for_and_every_use_is_told(
    project: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offline = tmp_path / "offline"
    shutil.copytree(project, offline, ignore=shutil.ignore_patterns(".paasport"))
    lock = offline / "components/operators/releases.lock.yaml"
    pins = [line for line in lock.read_text().splitlines() if "go_module" not in line]
    lock.write_text("\n".join(pins))
    monkeypatch.delenv("PAASPORT_MIRROR")

    assert cli.main(["preview", "eks-prod", "--json"], root=offline) == 0

    plan = document(capsys)
    warnings = [item["message"] for item in plan["diagnostics"] if item["severity"] == "warning"]
    assert sorted(message.partition(" has ")[0] for message in warnings) == [
        "stand-in: barman-cloud 0.14.0",
        "stand-in: cert-manager 1.21.2",
        "stand-in: cloudnative-pg 1.30.0",
        "stand-in: contour 1.33.8",
        "stand-in: mongodb-kubernetes 1.10.0",
        "stand-in: prometheus-operator 0.85.0",
    ]
    assert "CustomResourceDefinition" in {item["type"].rpartition(":")[2] for item in plan["resources"]}
    assert not list((tmp_path / "XDG_CACHE_HOME").rglob("releases/*"))


@pytest.mark.usefixtures("machine")
def test_a_graph_needs_no_deployed_stack(project: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["graph", "gke-prod", "--json"], root=project) == 0

    graph = document(capsys)
    names = {node["urn"]: f"{node['type'].rpartition(':')[2]} {node['name']}" for node in graph["nodes"]}
    edges = {(names[edge["from"]], names[edge["to"]]) for edge in graph["edges"]}
    assert ("kubernetes gke-prod", "Cluster gke-prod") in edges


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["outputs", "eks-prod"], "stack output --stack eks-prod --cwd {root}"),
        (
            ["outputs", "eks-prod", "--json", "--show-secrets"],
            "stack output --stack eks-prod --cwd {root} --json --show-secrets",
        ),
        (["drift", "aks-prod"], "refresh --preview-only --expect-no-changes --stack aks-prod --cwd {root}"),
        (["destroy", "gke-dev", "--yes"], "destroy --stack gke-dev --cwd {root} --yes"),
    ],
)
def test_the_official_engine_is_asked_what_only_it_knows(
    project: pathlib.Path, pulumi: pathlib.Path, command: list[str], expected: str
) -> None:
    assert cli.main(command, root=project) == 0

    # What a destroy would lose is looked at first.
    calls = [line for line in pulumi.read_text().splitlines() if not line.startswith("stack export")]
    assert calls == [expected.format(root=project)]


@pytest.mark.parametrize(
    ("command", "gone"),
    [
        (["up", "eks-prod"], "aws"),
        (["up", "gke-dev", "--engine", "pulumi"], "gke-gcloud-auth-plugin"),
        (["destroy", "gke-dev", "--yes"], "gcloud"),
        (["drift", "aks-dev"], "kubelogin"),
    ],
)
def test_what_the_kubeconfig_needs_is_missed_before_anything_begins(
    project: pathlib.Path,
    pulumi: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    gone: str,
) -> None:
    (pulumi.parent / "bin" / gone).unlink()

    assert cli.main(command, root=project) == 2

    told = capsys.readouterr().err
    assert f"{gone} is not on the PATH" in told
    assert f"the kubeconfig of {command[1]} gets its tokens from it" in told
    assert "next: install " in told
    assert not pulumi.exists()


def test_a_preview_by_the_official_engine_needs_no_login(project: pathlib.Path, pulumi: pathlib.Path) -> None:
    for name in PLUGINS:
        (pulumi.parent / "bin" / name).unlink()

    assert cli.main(["preview", "eks-prod", "--engine", "pulumi"], root=project) == 0
    assert pulumi.read_text().startswith("preview --stack eks-prod")


def test_everything_that_is_missing_is_told_at_once(
    project: pathlib.Path, machine: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(machine))

    assert cli.main(["up", "aks-prod"], root=project) == 2

    told = [line for line in capsys.readouterr().err.splitlines() if "is not on the PATH" in line]
    assert [line.split(" is not ")[0].removeprefix("error: ") for line in told] == [
        "the pulumi command",
        "kubelogin",
        "az",
    ]


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("command", [["outputs", "eks-prod"], ["drift", "eks-prod"], ["up", "eks-prod", "--yes"]])
def test_without_the_official_engine_the_way_to_it_is_told(
    project: pathlib.Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert cli.main(command, root=project) == 2

    assert "the pulumi command is not on the PATH" in capsys.readouterr().err


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("operation", ["up", "destroy", "drift"])
def test_the_embedded_engine_never_reaches_a_cloud(
    project: pathlib.Path, capsys: pytest.CaptureFixture[str], operation: str
) -> None:
    assert cli.main([operation, "eks-prod", "--engine", "embedded"], root=project) == 2

    assert f"{operation} on the vendor eks is not done by the embedded engine" in capsys.readouterr().err


ASKED = request.Request(operation=request.Operation.PREVIEW, root=ROOT, project="paasport", stack="eks-prod")


@pytest.mark.usefixtures("machine")
def test_without_a_kept_rehearsal_there_is_no_cluster_and_an_empty_account() -> None:
    completed = clouds.completed(ASKED)

    assert isinstance(completed.inventory, nowhere.Nowhere)
    assert completed.account is not None
    assert completed.account.resources() == ()


def test_a_kept_rehearsal_is_what_a_preview_compares_with(
    machine: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = rehearsals.place("eks-prod")
    place.kubeconfig.parent.mkdir(parents=True)
    place.kubeconfig.write_text("text of the control plane's kubeconfig")
    monkeypatch.setattr(rehearsals, "kept", lambda _: place)

    completed = clouds.completed(ASKED)

    assert (completed.inventory, completed.kubeconfig) == (None, str(place.kubeconfig))
    stack = files.read(ROOT, "eks-prod", passphrase=lambda: None)
    assert clouds.notice(stack, operation=ASKED.operation).endswith("eks-prod is compared with its kept rehearsal")
    assert machine in place.folder.parents


@pytest.mark.usefixtures("machine")
def test_another_stack_cannot_use_a_cluster_that_only_the_official_engine_knows() -> None:
    drift = dataclasses.replace(ASKED, operation=request.Operation.DRIFT)

    with pytest.raises(errors.UsageError, match="the cluster of eks-prod is made and known by the official engine"):
        clouds.completed(drift)


@pytest.mark.usefixtures("machine")
def test_a_kept_rehearsal_with_a_far_older_kubernetes_is_not_compared_with(monkeypatch: pytest.MonkeyPatch) -> None:
    account = account_double.FakeAccount()
    token = "aws:eks/cluster:Cluster"
    state = {"name": "eks-prod", "version": "1.33"}
    account.made["eks-prod"] = simulated.Resource(token=token, name="x", id="x", inputs=state, outputs=state)
    monkeypatch.setattr(rehearsals, "kept", rehearsals.place)
    monkeypatch.setattr(accounts, "Account", lambda **_: account)

    with pytest.raises(errors.UsageError, match=r"eks-prod runs Kubernetes 1\.33, and the stack file wants 1\.35"):
        clouds.completed(ASKED)


def test_a_preview_tells_that_a_raised_minor_changes_nothing_on_a_channel_of_aks(
    machine: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = account_double.FakeAccount()
    state = {"resourceName": "aks-dev", "kubernetesVersion": "1.34"}
    token = "azure-native:containerservice:ManagedCluster"
    account.made["aks-dev"] = simulated.Resource(token=token, name="x", id="x", inputs=state, outputs=state)
    place = rehearsals.place("aks-dev")
    place.kubeconfig.parent.mkdir(parents=True)
    place.kubeconfig.write_text("text of the control plane's kubeconfig")
    monkeypatch.setattr(rehearsals, "kept", lambda _: place)
    monkeypatch.setattr(accounts, "Account", lambda **_: account)

    completed = clouds.completed(dataclasses.replace(ASKED, stack="aks-dev"))

    assert completed.warning.startswith("the cluster aks-dev runs Kubernetes 1.34, and `minor:")
    assert machine in place.folder.parents
