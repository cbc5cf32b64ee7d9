"""The official engine's plan is judged before it is carried out.

`recorded_preview.json` is what `pulumi preview --json` (3.259) printed for a program with a dynamic resource, replaced
with a Kubernetes provider, and another that has left the program; the dynamic type was then renamed to a cluster's.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from runner import cli, pulumi_plan

RECORDED = pathlib.Path(__file__).with_name("recorded_preview.json")
PREFIX = "urn:pulumi:dev::shop::"


@pytest.fixture
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RECORDED.read_text())
    return found


def step(operation: str, type_token: str, name: str = "x", **old: Any) -> pulumi_plan.Step:
    return pulumi_plan.Step(operation=operation, urn=f"{PREFIX}{type_token}::{name}", before=old)


def told(*found: pulumi_plan.Step, permitted: tuple[str, ...] = ()) -> list[str]:
    return [problem.what for problem in pulumi_plan.problems(found, permitted=permitted)]


def test_the_steps_of_a_real_preview_are_read(document: dict[str, Any]) -> None:
    found = [(item.operation, item.urn.removeprefix(PREFIX), item.reasons) for item in pulumi_plan.steps(document)]

    assert found == [
        ("same", "pulumi:pulumi:Stack::shop-dev", ()),
        ("replace", "aws:eks/cluster:Cluster::shop-dev", ("region",)),
        ("replace", "pulumi:providers:kubernetes::shop-dev", ("replaceWith",)),
        ("delete", "aws:eks/cluster:Cluster::old-dev", ()),
    ]


def test_every_replaced_and_every_deleted_cluster_of_it_is_told(document: dict[str, Any]) -> None:
    assert told(*pulumi_plan.steps(document)) == [
        "shop-dev (aws:eks/cluster:Cluster) is a cluster and would be replaced because of region",
        "shop-dev (pulumi:providers:kubernetes) is the way to a cluster and would be replaced because of replaceWith",
        "old-dev (aws:eks/cluster:Cluster) is a cluster and would be deleted",
    ]


def test_what_the_user_has_named_is_permitted(document: dict[str, Any]) -> None:
    assert told(*pulumi_plan.steps(document), permitted=("shop-dev", "old-dev")) == []


@pytest.mark.parametrize("operation", ["replace", "create-replacement", "delete-replaced"])
def test_every_way_to_replace_counts(operation: str) -> None:
    assert told(step(operation, "gcp:container/nodePool:NodePool")) == [
        "x (gcp:container/nodePool:NodePool) is a node pool and would be replaced"
    ]


def test_a_replacement_in_two_steps_is_told_once() -> None:
    found = [step(name, "aws:s3/bucket:Bucket") for name in ("create-replacement", "replace", "delete-replaced")]

    assert len(told(*found)) == 1


@pytest.mark.parametrize(
    ("operation", "type_token"),
    [
        ("update", "aws:eks/cluster:Cluster"),
        ("create", "aws:eks/cluster:Cluster"),
        ("same", "aws:eks/cluster:Cluster"),
        ("delete", "aws:eks/nodeGroup:NodeGroup"),
        ("replace", "aws:eks/addon:Addon"),
    ],
)
def test_everything_else_needs_no_permission(operation: str, type_token: str) -> None:
    assert told(step(operation, type_token)) == []


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (step("same", "aws:eks/cluster:Cluster", version="1.35"), "1.35"),
        (
            step("update", "gcp:container/cluster:Cluster", minMasterVersion="1.34", masterVersion="1.35.2-gke.1"),
            "1.35.2-gke.1",
        ),
        (step("same", "azure-native:containerservice:ManagedCluster", kubernetesVersion="1.34"), "1.34"),
        (step("create", "aws:eks/cluster:Cluster"), ""),
        (step("same", "aws:ec2/vpc:Vpc", version="1.35"), ""),
    ],
)
def test_the_live_version_is_what_the_cluster_says(found: pulumi_plan.Step, expected: str) -> None:
    assert pulumi_plan.live_version([found]) == expected


def fake_pulumi(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch, *, plan: str, code: int = 0) -> pathlib.Path:
    """A `pulumi` that writes down its calls and answers a preview with `plan`."""
    (folder / "plan.json").write_text(plan)
    for name in ("pulumi", "aws"):
        (folder / name).touch(mode=0o755)
    (folder / "pulumi").write_text(
        f'#!/bin/sh\necho "$*" >> {folder}/calls\n'
        f'if [ "$1 $2" = "stack export" ]; then cat {folder}/state.json; exit $?; fi\n'
        f'case "$*" in preview*--json*) cat {folder}/plan.json; exit {code};; esac\n'
    )
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder / "calls"


def planned(*found: dict[str, Any]) -> str:
    return json.dumps({"steps": [{"urn": f"{PREFIX}{item.pop('type')}::x", **item} for item in found]})


REPLACING = {"op": "replace", "type": "aws:eks/cluster:Cluster", "replaceReasons": ["roleArn"]}


def test_an_up_that_would_replace_a_cluster_is_not_begun(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = fake_pulumi(tmp_path, monkeypatch, plan=planned(dict(REPLACING)))

    assert cli.main(["up", "eks-prod", "--yes"]) == 1
    assert (
        "x (aws:eks/cluster:Cluster) is a cluster and would be replaced because of roleArn" in capsys.readouterr().err
    )
    assert [line.split()[0] for line in calls.read_text().splitlines()] == ["preview"]


def test_an_up_goes_on_where_the_user_has_named_the_cluster(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = fake_pulumi(tmp_path, monkeypatch, plan=planned(dict(REPLACING)))

    assert cli.main(["up", "eks-prod", "--yes", "--replace", "x"]) == 0
    assert calls.read_text().splitlines()[1].startswith("up --stack eks-prod")
    assert "--replace" not in calls.read_text()


def test_an_up_that_skips_a_minor_is_not_begun(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    live = {"op": "update", "type": "aws:eks/cluster:Cluster", "oldState": {"inputs": {"version": "1.33"}}}
    calls = fake_pulumi(tmp_path, monkeypatch, plan=planned(live))

    assert cli.main(["up", "eks-prod", "--yes"]) == 1
    assert "the cluster eks-prod runs Kubernetes 1.33, and the stack file wants 1.35" in capsys.readouterr().err
    assert len(calls.read_text().splitlines()) == 1


def test_an_up_tells_that_a_raised_minor_changes_nothing_on_a_channel_of_aks(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token = "azure-native:containerservice:ManagedCluster"
    live = {"op": "same", "type": token, "oldState": {"outputs": {"currentKubernetesVersion": "1.34.2"}}}
    calls = fake_pulumi(tmp_path, monkeypatch, plan=planned(live))
    for name in ("az", "kubelogin"):
        (tmp_path / name).touch(mode=0o755)

    assert cli.main(["up", "aks-dev", "--yes"]) == 0
    assert 'warning: the cluster aks-dev runs Kubernetes 1.34, and `minor: "1.35"` in the stack file has no effect' in (
        capsys.readouterr().err
    )
    assert [line.split()[0] for line in calls.read_text().splitlines()] == ["preview", "up"]


def test_a_plan_that_fails_ends_the_up_with_its_reason_and_exit_code(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = {"steps": [], "diagnostics": [{"message": "error: no credentials\n", "severity": "error"}]}
    calls = fake_pulumi(tmp_path, monkeypatch, plan=json.dumps(failed), code=2)

    assert cli.main(["up", "eks-prod", "--yes"]) == 2
    assert capsys.readouterr().err == "error: no credentials\n"
    assert len(calls.read_text().splitlines()) == 1


def test_a_plan_that_cannot_be_read_is_not_carried_out(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_pulumi(tmp_path, monkeypatch, plan="Previewing update (dev):")

    assert cli.main(["up", "eks-prod", "--yes"]) == 1
    assert "the plan that `pulumi preview --json` printed cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("operation", ["up", "preview"])
def test_names_that_mean_nothing_in_the_plan_are_refused_with_the_nearest(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], operation: str
) -> None:
    plan = json.dumps(
        {"steps": [{"op": "same", "urn": f"{PREFIX}a:b/c:C::shop-{part}"} for part in ("nodes", "cluster")]}
    )
    calls = fake_pulumi(tmp_path, monkeypatch, plan=plan)
    flags = ["--engine", "pulumi", "--target", "shop-nodes", "--target", "shop-node", "--replace", "shop-clustr"]

    assert cli.main([operation, "eks-prod", *flags]) == 2
    assert capsys.readouterr().err == (
        "error: --target shop-node means no resource of eks-prod\n"
        "  nothing would be done to it, and that would look like success\n"
        "  next: write --target shop-nodes\n"
        "error: --replace shop-clustr means no resource of eks-prod\n"
        "  it would permit nothing: what it is meant for would be refused, or is called otherwise\n"
        "  next: write --replace shop-cluster\n"
    )
    [call] = calls.read_text().splitlines()
    assert call.startswith("preview --stack eks-prod")
    assert call.endswith("--json --show-sames --non-interactive --target **::shop-nodes --target **::shop-node")


def test_a_preview_without_names_is_handed_over_at_once(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = fake_pulumi(tmp_path, monkeypatch, plan="")

    assert cli.main(["preview", "eks-prod", "--engine", "pulumi"]) == 0
    assert [line.split("--cwd")[0] for line in calls.read_text().splitlines()] == ["preview --stack eks-prod "]


STATE = json.dumps({"version": 3, "deployment": {"resources": [{"urn": f"{PREFIX}a:b/c:C::shop-nodes"}]}})


@pytest.mark.parametrize("operation", ["destroy", "drift"])
def test_names_that_mean_nothing_in_the_state_are_refused(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], operation: str
) -> None:
    calls = fake_pulumi(tmp_path, monkeypatch, plan="")
    (tmp_path / "state.json").write_text(STATE)

    assert cli.main([operation, "eks-prod", "--target", "shop-node"]) == 2
    assert "--target shop-node means no resource of eks-prod" in capsys.readouterr().err
    assert [line.split()[:2] for line in calls.read_text().splitlines()] == [["stack", "export"]]


@pytest.mark.parametrize("state", [STATE, "no state", '{"deployment": null}'])
def test_names_that_mean_something_and_a_state_that_cannot_be_read_are_no_obstacle(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    calls = fake_pulumi(tmp_path, monkeypatch, plan="")
    (tmp_path / "state.json").write_text(state)

    assert cli.main(["destroy", "eks-prod", "--target", "shop-nodes"]) == 0
    assert [line.split()[0] for line in calls.read_text().splitlines()] == ["stack", "destroy"]


DATABASE = {
    "urn": f"{PREFIX}paasport:services:Mongodb$kubernetes:db.test/v1:Replicas::documents",
    "parent": f"{PREFIX}paasport:services:Mongodb::documents",
    "inputs": {"metadata": {"annotations": {"paasport.dev/deletion-loses": "databases and users"}}},
}


def state(**changed: object) -> str:
    return json.dumps({"version": 3, "deployment": {"resources": [{**DATABASE, **changed}]}})


@pytest.mark.parametrize("flags", [[], ["--yes"], ["--yes", "--yes-lose-data", "other"]])
def test_a_destroy_that_loses_data_needs_the_name_of_each_service(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    calls = fake_pulumi(tmp_path, monkeypatch, plan="")
    (tmp_path / "state.json").write_text(state())

    assert cli.main(["destroy", "eks-prod", *flags]) == 1
    told = capsys.readouterr().err
    assert "documents (Replicas) would be deleted, and with it its databases and users" in told
    assert "its volumes could not be listed" in told
    assert [line.split()[0] for line in calls.read_text().splitlines()] == ["stack"]


def test_a_destroy_that_names_what_it_loses_is_handed_over(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = fake_pulumi(tmp_path, monkeypatch, plan="")
    (tmp_path / "state.json").write_text(state())

    assert cli.main(["destroy", "eks-prod", "--yes", "--yes-lose-data", "documents"]) == 0
    assert [line.split()[0] for line in calls.read_text().splitlines()] == ["stack", "destroy"]


def test_what_is_protected_is_refused_by_the_official_engine_itself(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = fake_pulumi(tmp_path, monkeypatch, plan="")
    (tmp_path / "state.json").write_text(state(protect=True))

    assert cli.main(["destroy", "eks-prod", "--yes"]) == 0
    assert [line.split()[0] for line in calls.read_text().splitlines()] == ["stack", "destroy"]


@pytest.mark.parametrize(
    ("operation", "done"), [("delete", "deleted"), ("replace", "replaced"), ("update", ""), ("same", "")]
)
def test_a_plan_loses_what_it_deletes_or_replaces(operation: str, done: str) -> None:
    found = pulumi_plan.steps({"steps": [{"op": operation, "urn": DATABASE["urn"], "oldState": DATABASE}]})

    assert [(lost.instance, lost.done) for lost in pulumi_plan.losses(found)] == ([("documents", done)] if done else [])
