from __future__ import annotations

import os
import pathlib
import signal
import sys
import threading
import time

import pytest

from local.toolchain import processes

# Tells its own and its child's process id, then sleeps.
FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""


def run(code: str, *, folder: pathlib.Path, tick=lambda _lines: None, stop=None):
    return processes.run([sys.executable, "-c", code], folder=folder, environment=os.environ, tick=tick, stop=stop)


def is_running(pid: int) -> bool:
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def assert_ended(pids: list[int]) -> None:
    deadline = time.monotonic() + 10
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < deadline, "a child was left behind"
        time.sleep(0.02)


def test_both_streams_come_in_order_with_the_exit_code(tmp_path: pathlib.Path):
    code = "import sys; print('out', flush=True); print('err', file=sys.stderr, flush=True); print('end', end=''); sys.exit(3)"
    assert run(code, folder=tmp_path) == processes.Finished(returncode=3, lines=("out", "err", "end"))


def test_tick_sees_the_lines_while_the_command_runs(tmp_path: pathlib.Path):
    go_on, seen = tmp_path / "go-on", []

    def tick(lines):
        seen.append(list(lines))
        if lines:
            go_on.touch()

    run(
        "import os, time; print('first', flush=True)\nwhile not os.path.exists('go-on'): time.sleep(0.01)",
        folder=tmp_path,
        tick=tick,
    )
    assert ["first"] in seen


def test_stop_from_another_thread_ends_the_whole_family(tmp_path: pathlib.Path):
    stop, pids = threading.Event(), []

    def tick(lines):
        if lines:
            pids[:] = [int(pid) for pid in lines[0].split()]
            stop.set()

    with pytest.raises(KeyboardInterrupt):
        run(FAMILY, folder=tmp_path, tick=tick, stop=stop)
    assert len(pids) == 2
    assert_ended(pids)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_the_whole_family(tmp_path: pathlib.Path, number: signal.Signals):
    pids = []

    def tick(lines):
        if lines and not pids:
            pids[:] = [int(pid) for pid in lines[0].split()]
            signal.raise_signal(number)

    with pytest.raises(KeyboardInterrupt):
        run(FAMILY, folder=tmp_path, tick=tick)
    assert len(pids) == 2
    assert_ended(pids)


def test_signal_handlers_are_as_before_afterwards(tmp_path: pathlib.Path):
    before = signal.getsignal(signal.SIGTERM)
    run("", folder=tmp_path)
    assert signal.getsignal(signal.SIGTERM) == before
