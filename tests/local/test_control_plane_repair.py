import os
import pathlib
import signal
import time

import pytest

from local import control_plane as control_planes
from local import layout, processes
from stacks import errors, settings
from tests import conftest

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

NODES = settings.LocalNodes()


def pids(victim):
    return {process.name: process.pid for process in control_planes.status(victim.name).processes}


def await_all_running(victim, *, besides):
    """Until every component runs again, none of them as one of the processes `besides`."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = pids(victim)
        if found.keys() >= set(layout.COMPONENTS) and not set(found.values()) & besides:
            return
        time.sleep(0.1)
    pytest.fail(f"not repaired: {control_planes.status(victim.name)}")


@pytest.mark.parametrize("component", layout.COMPONENTS)
def test_a_killed_component_is_started_again_without_being_asked(victim, component):
    killed = pids(victim)[component]
    os.kill(killed, signal.SIGKILL)
    await_all_running(victim, besides={killed})
    control_planes.start(victim.name, nodes=NODES, report=print)
    assert len(conftest.kubectl_for(victim.kubeconfig)("get", "nodes", "-o", "name").split()) == 3


def test_a_killed_supervisor_is_replaced_and_the_control_plane_runs_on(victim):
    before = pids(victim)
    os.kill(before["supervisor"], signal.SIGKILL)
    while processes.is_alive(before["supervisor"]):
        time.sleep(0.01)
    control_planes.start(victim.name, nodes=NODES, report=print)
    after = pids(victim)
    assert after.pop("supervisor") != before.pop("supervisor")
    assert after == before


def test_when_all_was_killed_at_once_the_data_are_still_there(victim):
    kubectl = conftest.kubectl_for(victim.kubeconfig)
    kubectl("create", "configmap", "kept")
    for pid in pids(victim).values():
        os.kill(pid, signal.SIGKILL)
    control_planes.start(victim.name, nodes=NODES, report=print)
    assert kubectl("get", "configmap", "kept", "-o", "name") == "configmap/kept\n"


def test_an_api_server_that_hangs_is_restarted_with_a_message(victim):
    told = []
    os.kill(pids(victim)["kube-apiserver"], signal.SIGSTOP)
    control_planes.start(victim.name, nodes=NODES, report=told.append)
    assert any("did not answer" in line and "its data are kept" in line for line in told)
    assert control_planes.status(victim.name).condition is control_planes.Condition.RUNNING


@pytest.mark.parametrize("text", ["x: [\n", "", None], ids=["other text", "empty", "missing"])
def test_a_kubeconfig_that_somebody_changed_is_written_anew_with_a_message(victim, text):
    written = victim.kubeconfig.read_text()
    before = pids(victim)
    victim.kubeconfig.unlink() if text is None else victim.kubeconfig.write_text(text)
    told = []
    control_planes.start(victim.name, nodes=NODES, report=told.append)
    assert victim.kubeconfig.read_text() == written
    assert told == [f"writing the kubeconfig of control plane {victim.name} anew: it is not as it was written"]
    assert pids(victim) == before


def test_data_that_etcd_cannot_read_are_put_aside_with_a_message(victim):
    control_planes.stop(victim.name)
    place = layout.of(victim.name)
    for file in [*place.etcd_data.rglob("*.wal"), *place.etcd_data.rglob("db")]:
        file.write_bytes(b"\xff" * 100_000)
    told = []
    control_planes.start(victim.name, nodes=NODES, report=told.append)
    assert any(f"the old are in {place.unreadable_data}" in line for line in told)
    assert (place.unreadable_data / "member").is_dir()
    assert control_planes.status(victim.name).nodes_ready == 3


def test_a_creation_that_was_killed_half_way_is_replaced_with_a_message(victim):
    control_planes.stop(victim.name)
    # As a kill leaves it: kwokctl writes its options first, and the components it decided on last.
    layout.of(victim.name).kwok_yaml.write_text("kind: KwokctlConfiguration\noptions: {}\n")
    told = []
    control_planes.start(victim.name, nodes=NODES, report=told.append)
    assert any("a control plane that was never finished is replaced" in line for line in told)
    assert control_planes.status(victim.name).nodes_ready == 3


def test_a_control_plane_that_cannot_start_says_why_and_what_next(victim):
    control_planes.stop(victim.name)
    program = layout.of(victim.name).cluster / "bin" / "kube-apiserver"
    original = program.readlink()
    program.unlink()
    program.symlink_to("/bin/false")
    try:
        with pytest.raises(errors.ControlPlaneError) as failed:
            control_planes.start(victim.name, nodes=NODES, report=print)
        assert "kube-apiserver" in str(failed.value)
        assert f"./paasport local delete {victim.name}" in str(failed.value)
        assert control_planes.status(victim.name).condition is control_planes.Condition.BROKEN
        assert pids(victim) == {}
    finally:
        program.unlink()
        program.symlink_to(original)
    control_planes.start(victim.name, nodes=NODES, report=print)


def test_other_binaries_restart_it_with_a_message_and_data_kept(victim, tmp_path, monkeypatch):
    kubectl = conftest.kubectl_for(victim.kubeconfig)
    kubectl("create", "configmap", "older")
    other = tmp_path / "kube-scheduler"
    built = control_planes.binaries.ensure(report=print)
    other.symlink_to(built.path("kube-scheduler"))
    paths = {**built.paths, "kube-scheduler": other}
    with monkeypatch.context() as patched:
        patched.setattr(control_planes.binaries, "ensure", lambda **_: type(built)(paths=paths))
        told = []
        control_planes.start(victim.name, nodes=NODES, report=told.append)
    assert any("with other versions; its data are kept" in line for line in told)
    assert pathlib.Path(layout.of(victim.name).binaries / "kube-scheduler").readlink() == other
    assert kubectl("get", "configmap", "older", "-o", "name") == "configmap/older\n"
    control_planes.start(victim.name, nodes=NODES, report=print)
