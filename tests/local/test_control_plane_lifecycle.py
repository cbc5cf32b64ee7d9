import concurrent.futures
import contextlib
import os
import pathlib
import re
import socket
import stat
import subprocess
import sys
import time

import pytest

from local import control_plane as control_planes
from local import layout, processes
from stacks import settings
from tests import conftest

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

NODES = settings.LocalNodes()


def restart(victim, report=print):
    return control_planes.start(victim.name, nodes=NODES, report=report)


def listening(pids):
    """Addresses on which these processes listen, from /proc: hexadecimal, 0100007F being 127.0.0.1."""
    inodes = set()
    for pid in pids:
        for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            # A connection may close while we look; the sockets that listen stay.
            with contextlib.suppress(FileNotFoundError):
                target = str(descriptor.readlink())
                inodes |= {target[8:-1]} if target.startswith("socket:[") else set()
    lines = [
        line.split() for kind in ("tcp", "tcp6") for line in pathlib.Path(f"/proc/net/{kind}").read_text().splitlines()
    ]
    return [line[1].split(":")[0] for line in lines if len(line) > 9 and line[3] == "0A" and line[9] in inodes]


def test_everything_listens_on_loopback_only(victim):
    pids = [process.pid for process in control_planes.status(victim.name).processes]
    addresses = listening(pids)
    assert len(addresses) == 6
    assert set(addresses) == {"0100007F"}


def test_kubeconfig_holds_no_secret_and_only_the_user_may_read_the_keys(victim):
    text = victim.kubeconfig.read_text()
    assert "PRIVATE KEY" not in text
    assert "-data:" not in text
    key = pathlib.Path(re.search(r"client-key: (/\S+)", text)[1])
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(victim.folder.stat().st_mode) == 0o700


def test_a_start_that_finds_all_well_says_nothing_and_is_quick(victim):
    told = []
    started = time.monotonic()
    assert restart(victim, told.append) == victim
    assert time.monotonic() - started < 1
    assert told == []


def test_processes_survive_the_command_that_started_them():
    name = f"pytest-survives-{os.getpid()}"
    program = (
        "from local import control_plane; from stacks import settings;"
        f"control_plane.start({name!r}, nodes=settings.LocalNodes(count=1), report=print)"
    )
    try:
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=180)
        status = control_planes.status(name)
        assert status.condition is control_planes.Condition.RUNNING
        assert status.nodes_ready == 1
        for process in status.processes:
            assert os.getsid(process.pid) == process.pid
            assert pathlib.Path(f"/proc/{process.pid}/fd/0").readlink() == pathlib.Path("/dev/null")
    finally:
        control_planes.delete(name)


def test_stop_ends_every_process_and_start_finds_the_data_again(victim):
    conftest.kubectl_for(victim.kubeconfig)("create", "namespace", "kept")
    assert control_planes.stop(victim.name)
    assert processes.below(victim.folder) == []
    assert control_planes.status(victim.name).condition is control_planes.Condition.STOPPED
    assert not control_planes.stop(victim.name)
    restart(victim)
    assert "kept" in conftest.kubectl_for(victim.kubeconfig)("get", "namespaces", "-o", "name")


def test_pods_become_ready_right_after_a_restart(victim):
    kubectl = conftest.kubectl_for(victim.kubeconfig)
    control_planes.stop(victim.name)
    restart(victim)
    kubectl("create", "deployment", "after", "--image=example.org/none:1", "--replicas=5")
    kubectl("rollout", "status", "deployment/after", "--timeout=30s")


def test_a_port_that_another_program_took_is_left_and_said(victim):
    control_planes.stop(victim.name)
    taken = int(re.search(r"127\.0\.0\.1:(\d+)", victim.kubeconfig.read_text())[1])
    told = []
    with socket.create_server(("127.0.0.1", taken)):
        restart(victim, told.append)
        assert conftest.kubectl_for(victim.kubeconfig)("get", "nodes", "-o", "name").split() == [
            "node/node-1",
            "node/node-2",
            "node/node-3",
        ]
    assert any(f"port {taken} of kube-apiserver is taken by another program" in line for line in told)


def test_two_starts_at_once_end_with_one_control_plane():
    name = f"pytest-twice-{os.getpid()}"
    try:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            starts = [pool.submit(control_planes.start, name, nodes=NODES, report=print) for _ in range(2)]
            assert starts[0].result() == starts[1].result()
        names = sorted(process.name for process in control_planes.status(name).processes)
        assert names == sorted([*layout.COMPONENTS, "supervisor"])
    finally:
        control_planes.delete(name)


def test_delete_leaves_no_process_and_no_file(victim):
    name = f"pytest-deleted-{os.getpid()}"
    started = control_planes.start(name, nodes=NODES, report=print)
    assert name in control_planes.names()
    pids = [process.pid for process in control_planes.status(name).processes]
    assert control_planes.delete(name)
    assert not started.folder.exists()
    assert name not in control_planes.names()
    assert not [pid for pid in pids if processes.is_alive(pid)]
    assert not control_planes.delete(name)
    assert control_planes.status(name).condition is control_planes.Condition.ABSENT
    # Another one beside it was not harmed.
    assert control_planes.status(victim.name).condition is control_planes.Condition.RUNNING


def test_other_nodes_are_applied_to_a_running_control_plane(victim):
    kubectl = conftest.kubectl_for(victim.kubeconfig)
    column = "jsonpath={range .items[*]}{.metadata.name} {.status.capacity.cpu} {.metadata.labels.topology\\.kubernetes\\.io/zone};{end}"
    fewer = settings.LocalNodes(count=2, zones=("east", "west"), cpu="4", memory="8Gi", pods=10)
    control_planes.start(victim.name, nodes=fewer, report=print)
    assert kubectl("get", "nodes", "-o", column) == "node-1 4 east;node-2 4 west;"
    restart(victim)
    assert kubectl("get", "nodes", "-o", column) == "node-1 16 zone-a;node-2 16 zone-b;node-3 16 zone-c;"
