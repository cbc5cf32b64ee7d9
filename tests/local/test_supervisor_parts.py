import asyncio
import os
import socket
import stat
import sys

import hypothesis
import pytest
from hypothesis import strategies as st

from local import backoff, kwokctl, layout, leases, locks, ports, processes, records
from stacks import settings


def test_waiting_doubles_up_to_half_a_minute():
    patience = backoff.Backoff()
    assert [patience.after(1) for _ in range(9)] == [0, 0.5, 1, 2, 4, 8, 16, 30, 30]


def test_waiting_starts_anew_after_a_minute_of_good_work():
    patience = backoff.Backoff()
    for _ in range(5):
        patience.after(1)
    assert patience.after(60) == 0


@hypothesis.given(st.lists(st.floats(min_value=0, max_value=1e6), max_size=40))
def test_waiting_is_always_bounded(durations):
    patience = backoff.Backoff()
    assert all(0 <= patience.after(ran) <= 30 for ran in durations)


def test_a_record_is_read_as_it_was_written_and_only_by_its_user(tmp_path):
    spec = records.Spec(nodes=settings.LocalNodes(count=2), binaries={"etcd": "/x/etcd"}, code="abc")
    records.write(tmp_path / "a" / "spec.json", spec)
    assert records.read(tmp_path / "a" / "spec.json", records.Spec) == spec
    assert stat.S_IMODE((tmp_path / "a" / "spec.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "{", '{"phase": "dancing"}', '{"phase": "ready", "of": "another version"}'])
def test_a_record_of_another_version_counts_as_none(tmp_path, text):
    (tmp_path / "state.json").write_text(text)
    assert records.read(tmp_path / "state.json", records.State) is None


def test_a_lock_is_held_by_one_and_free_once_its_holder_is_gone(tmp_path):
    path = tmp_path / "lock"
    assert not locks.held(path)
    descriptor = locks.acquire(path)
    assert descriptor is not None
    assert locks.held(path)
    assert locks.acquire(path) is None
    os.close(descriptor)
    assert not locks.held(path)


def test_a_lock_whose_file_was_deleted_is_not_taken_for_the_new_one(tmp_path):
    path = tmp_path / "lock"
    old = locks.acquire(path)
    path.unlink()
    new = locks.acquire(path)
    assert new is not None
    assert not os.path.samestat(os.fstat(old), os.fstat(new))
    os.close(old)
    os.close(new)


def test_waiting_for_a_lock_ends(tmp_path):
    descriptor = locks.acquire(tmp_path / "lock")
    with pytest.raises(TimeoutError), locks.holding(tmp_path / "lock", seconds=0.2):
        pytest.fail("held twice")
    os.close(descriptor)


def test_free_ports_are_different_free_and_below_the_ephemeral_range():
    found = ports.free(6)
    assert len(set(found)) == 6
    assert all(20_000 < port < 32_768 for port in found)
    assert all(ports.is_free(port) for port in found)


def test_a_port_in_use_is_not_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not ports.is_free(server.getsockname()[1])


def test_ports_move_only_where_they_are_ports():
    text = "--secure-port=21001\nurl: http://127.0.0.1:21001/\nport: 21001\nmilliseconds: 210010\nhash: a21001\n"
    assert ports.moved(text, {21001: 30003}) == (
        "--secure-port=30003\nurl: http://127.0.0.1:30003/\nport: 30003\nmilliseconds: 210010\nhash: a21001\n"
    )


def test_two_ports_can_change_places():
    assert ports.moved("a=21001 b=21002", {21001: 21002, 21002: 21001}) == "a=21002 b=21001"


def test_processes_are_found_by_where_their_program_lies(tmp_path):
    program = tmp_path / "sleeper"
    program.symlink_to("/bin/sleep")
    pid = processes.spawn([str(program), "60"], environment={}, log=tmp_path / "log")
    try:
        (found,) = processes.below(tmp_path)
        assert (found.pid, found.name) == (pid, "sleeper")
        assert processes.below(tmp_path / "elsewhere") == []
    finally:
        processes.end(processes.below(tmp_path), seconds=5)
    assert processes.below(tmp_path) == []
    assert processes.collect(pid) == -15


def test_a_process_is_found_as_soon_as_it_was_started(tmp_path):
    program = tmp_path / "sleeper"
    program.symlink_to("/bin/sleep")
    for _ in range(100):
        pid = processes.spawn([str(program), "60"], environment={}, log=tmp_path / "log")
        found = [process.pid for process in processes.below(tmp_path)]
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        assert found == [pid]


def test_a_program_that_ends_at_once_is_not_waited_for(tmp_path):
    pid = processes.spawn(["/bin/true"], environment={}, log=tmp_path / "log")
    asyncio.run(processes.first_end([pid]))
    assert processes.collect(pid) == 0


def test_memory_is_that_of_a_process_that_there_is():
    assert processes.memory(os.getpid()) > 1 << 20
    assert processes.memory(1 << 30) == 0


def test_a_process_that_will_not_end_is_killed(tmp_path):
    program = tmp_path / "stubborn"
    program.symlink_to(sys.executable)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    pid = processes.spawn([str(program), "-S", "-c", code], environment={}, log=tmp_path / "log")
    while "up" not in (tmp_path / "log").read_text():
        assert processes.is_alive(pid)
    processes.end(processes.below(tmp_path), seconds=0.2)
    assert processes.collect(pid) == -9


def test_the_first_end_is_noticed(tmp_path):
    quick = processes.spawn(["/bin/sleep", "0.1"], environment={}, log=tmp_path / "log")
    slow = processes.spawn(["/bin/sleep", "60"], environment={}, log=tmp_path / "log")
    asyncio.run(asyncio.wait_for(processes.first_end([quick, slow]), timeout=10))
    assert processes.collect(quick) == 0
    assert processes.collect(slow) is None
    os.kill(slow, 9)
    os.waitpid(slow, 0)


def test_a_program_that_takes_too_long_is_not_left_running(tmp_path):
    program = tmp_path / "slow"
    program.symlink_to("/bin/sleep")
    with pytest.raises(TimeoutError):
        asyncio.run(processes.run([str(program), "60"], environment={}, log=tmp_path / "log", seconds=0.2))
    assert processes.below(tmp_path) == []


def test_a_kubelets_lease_is_left_alone_and_a_kwoks_is_not():
    def lease(name, holder):
        return {"metadata": {"name": name}, "spec": {"holderIdentity": holder} if holder else {}}

    found = [lease("node-1", "vm_49d4a3cd"), lease("real", "real"), lease("node-2", None)]
    assert leases.stale(found) == ["node-1"]


def test_kwokctl_is_asked_for_loopback_given_ports_and_no_client_limits():
    document = kwokctl.configuration(layout.of("x"), ports=[1, 2, 3, 4, 5, 6])
    assert document["options"]["bindAddress"] == "127.0.0.1"
    assert document["options"]["disableQPSLimits"] is True
    assert [document["options"][option] for option in kwokctl.PORTS] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("text", ["", "a: [", "kind: KwokctlConfiguration", "kind: Stage\nmetadata: {}"])
def test_a_layout_that_was_never_finished_is_none(text):
    with pytest.raises(ValueError, match=r"kwok\.yaml"):
        kwokctl.laid_out(text)
