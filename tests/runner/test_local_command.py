import json
import pathlib

import pytest

from local import control_plane as control_planes
from local import processes, records
from local.toolchain import binaries
from runner import cli
from runner.commands import local

ROOT = pathlib.Path(cli.PROJECT_ROOT)
RUNNING = control_planes.Status(
    name="local-dev",
    condition=control_planes.Condition.RUNNING,
    version="v1.36.3",
    address="https://127.0.0.1:20001",
    kubeconfig="/home/me/kubeconfig.yaml",
    nodes_ready=3,
    processes=(
        processes.Process(pid=11, program=pathlib.Path("/x/etcd"), memory=40_000_000),
        processes.Process(pid=12, program=pathlib.Path("/x/kube-apiserver"), memory=260_000_000),
    ),
    beside=(
        records.Beside(
            namespace="ops",
            deployment="operator",
            program="prometheus-operator",
            restarts=2,
            problem="ended with code 1",
        ),
    ),
)


@pytest.fixture(autouse=True)
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def run(capsys, *arguments):
    code = cli.main(["local", *arguments], root=ROOT)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_status_tells_a_person_what_runs():
    assert local.text(RUNNING).splitlines() == [
        "local-dev: running, Kubernetes v1.36.3 at https://127.0.0.1:20001, 3 nodes ready",
        "  kubeconfig: /home/me/kubeconfig.yaml",
        "  etcd                     pid 11          40 MB",
        "  kube-apiserver           pid 12         260 MB",
        "  together                                300 MB",
        "  beside the cluster: prometheus-operator for ops/operator, does not run, restarted 2 times",
        "    ended with code 1",
    ]


def test_status_of_an_absent_one_is_one_line(capsys):
    assert run(capsys, "status") == (0, "local-dev: absent\n", "")


def test_status_as_json_is_a_document_with_every_field(capsys):
    code, out, _ = run(capsys, "status", "elsewhere", "--json")
    assert code == 0
    assert json.loads(out) == {
        "controlPlanes": [
            {
                "name": "elsewhere",
                "state": "absent",
                "message": "",
                "version": "",
                "address": "",
                "kubeconfig": "",
                "nodesReady": 0,
                "memoryBytes": 0,
                "processes": [],
                "beside": [],
            }
        ]
    }


def test_json_of_a_running_one_names_its_processes():
    document = local.document(RUNNING)
    assert document["state"] == "running"
    assert document["memoryBytes"] == 300_000_000
    assert document["processes"][0] == {"name": "etcd", "pid": 11, "memoryBytes": 40_000_000}
    assert document["beside"][0]["problem"] == "ended with code 1"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(("status", "Not_A_Name"), "'Not_A_Name' cannot be the name of a control plane", id="bad-name"),
        pytest.param(("stop", "one", "--all"), "both one and --all were given", id="name-and-all"),
        pytest.param(("start", "existing-dev"), "the stack existing-dev does not run on this machine", id="not-local"),
        pytest.param(("kubectl", "get", "nodes"), "./paasport local kubectl -- get nodes", id="separator-missing"),
        pytest.param(
            ("kubectl", "--", "get", "nodes"), "./paasport local start local-dev", id="kubectl-without-cluster"
        ),
        pytest.param(("stqp",), "No such command 'stqp'", id="unknown-command"),
    ],
)
def test_a_wrong_call_ends_with_2_and_a_way_out_and_writes_nothing(capsys, tmp_path, arguments, told):
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("command", "told"), [("stop", "does not run"), ("delete", "does not exist")])
def test_what_is_already_so_is_no_error(capsys, command, told):
    assert run(capsys, command) == (0, f"control plane local-dev {told}\n", "")


def test_all_of_none_says_so(capsys):
    assert run(capsys, "delete", "--all") == (0, "", "there is no control plane on this machine\n")


def test_start_and_kubectl_and_delete_together(capsys, monkeypatch, tmp_path):
    """The way of a user, kubectl's process excepted, which would replace this one."""
    called = []
    monkeypatch.setattr(local.os, "execve", lambda *given: called.append(given))
    monkeypatch.setattr(
        control_planes,
        "start",
        lambda name, **_: control_planes.ControlPlane(
            name=name, kubeconfig=tmp_path / "kubeconfig.yaml", folder=tmp_path
        ),
    )
    monkeypatch.setattr("local.locks.held", lambda _path: True)
    built = binaries.Binaries(paths={"kubectl": pathlib.Path("/built/kubectl")})
    monkeypatch.setattr(binaries, "ensure", lambda _names, **_: built)
    assert run(capsys, "start", "mine") == (
        0,
        f"control plane mine runs\n  kubeconfig: {tmp_path}/kubeconfig.yaml\n",
        "",
    )
    assert run(capsys, "kubectl", "mine", "--", "get", "pods", "--", "x")[0] == 0
    ((program, arguments, environment),) = called
    assert program == "/built/kubectl"
    assert arguments == ["kubectl", "get", "pods", "--", "x"]
    assert environment["KUBECONFIG"] == f"{tmp_path}/paasport/control-planes/mine/kubeconfig.yaml"
