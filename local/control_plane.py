"""Local control planes as the rest of the project sees them: start, stop, delete, status.

Every call is safe at any time and from several processes at once, and none waits without bound. The work is done by a
supervisor that stays behind (`supervisor.py`); here it is started, told what is wanted, and waited for.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import os
import pathlib
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

from local import components, health, installation, kwokctl, locks, processes, records
from local import layout as layouts
from local.toolchain import binaries
from stacks import errors, locations, settings

Nodes = settings.LocalNodes
Report = Callable[[str], None]
"""Takes one line about what is being done."""

START_SECONDS: Final = 180.0
"""Within this a start has succeeded or failed; it takes 6 s on an idle machine of two cores."""
_STOP_SECONDS: Final = 30.0
_LOCK_SECONDS: Final = 240.0
_ANSWER_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.05
_SPACE_BYTES: Final = 300_000_000
"""What etcd allocates at its start, and as much again."""
_PROJECT: Final = pathlib.Path(__file__).resolve().parents[1]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """A control plane that runs."""

    name: str
    kubeconfig: pathlib.Path
    """Of its administrator. File references in it are absolute, and no secret stands in it."""
    folder: pathlib.Path
    """Everything that belongs to it."""


class Condition(enum.StrEnum):
    """How a control plane is."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPED = "stopped"
    BROKEN = "broken"
    """Some of it runs, or its last start failed; starting it again repairs it or says why not."""
    ABSENT = "absent"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Status:
    """What can be said about a control plane without changing it."""

    name: str
    condition: Condition
    message: str = ""
    """Why it is not running, where that is not plain."""
    version: str = ""
    """Of Kubernetes, for example `v1.36.3`; empty unless it answers."""
    address: str = ""
    """URL of the API server; empty unless it answers."""
    kubeconfig: str = ""
    nodes_ready: int = 0
    processes: tuple[processes.Process, ...] = ()
    """Everything that runs for it, the supervisor and what runs beside it included."""
    beside: tuple[records.Beside, ...] = ()

    @property
    def memory(self) -> int:
        """Resident memory of all its processes together, in bytes; shared pages count several times."""
        return sum(process.memory for process in self.processes)


def start(name: str, *, nodes: Nodes | None, report: Report) -> ControlPlane:
    """Make the control plane run with these nodes; quick when it does already. Data are always kept where readable.

    With None it has no nodes, and no volumes or addresses either: the caller plays its cloud (`local/simulated/`).
    Builds the toolchain where it is missing, which takes about ten minutes. Raises `UsageError` for a bad name,
    `ToolchainError` and `ControlPlaneError`.
    """
    layout = layouts.of(name)
    built = binaries.ensure(report=report)
    _make_folder(layout)
    spec = records.Spec(nodes=nodes, binaries=dict(built.paths), code=records.code_digest())
    if not _is_in_force(layout, spec):
        with _exclusively(layout, report=report):
            _start(layout, spec, report=report)
    return ControlPlane(name=name, kubeconfig=layout.kubeconfig, folder=layout.folder)


def stop(name: str) -> bool:
    """End all its processes; its data stay. False when none ran."""
    layout = layouts.of(name)
    if not _exists(layout):
        return False
    with _exclusively(layout):
        return _stop(layout)


def delete(name: str) -> bool:
    """End all its processes and remove everything that belongs to it. False when there was nothing."""
    layout = layouts.of(name)
    if not layout.folder.exists():
        return False
    with _exclusively(layout):
        _stop(layout)
        # The lock goes last and is held until then; whoever waits for it notices that its file is gone.
        for entry in layout.folder.iterdir():
            if entry != layout.lock:
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        shutil.rmtree(layout.folder)
    return True


def names() -> list[str]:
    """The control planes of this user, running or not."""
    folder = locations.control_planes_folder()
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if _exists(layouts.Layout(entry.name)))


def nodes(name: str) -> Nodes | None:
    """The nodes that it was last started with; None where it never was, or where somebody else makes its nodes."""
    spec = records.read(layouts.of(name).spec, records.Spec)
    return spec.nodes if spec else None


def status(name: str) -> Status:
    """How it is now. Takes at most a few seconds and changes nothing."""
    layout = layouts.of(name)
    if not _exists(layout):
        return Status(name=name, condition=Condition.ABSENT)
    state = records.read(layout.state, records.State)
    supervised = locks.held(layout.supervisor_lock)
    problem = _unanswered(layout, state)
    version = "" if problem else _ask_version(layout, state)
    running = tuple(processes.below(layout.folder))
    condition, message = judge(state, supervised=supervised, processes=len(running), problem=problem)
    if supervised and (pid := _supervisor_pid(layout)):
        own = processes.Process(pid=pid, program=pathlib.Path("supervisor"), memory=processes.memory(pid))
        running = (own, *running)
    return Status(
        name=name,
        condition=condition,
        message=message,
        version=version,
        address=f"https://{state.address}" if state and not problem else "",
        kubeconfig=str(layout.kubeconfig) if layout.kubeconfig.exists() else "",
        nodes_ready=state.nodes_ready if state and supervised else 0,
        processes=running,
        beside=state.beside if state and supervised else (),
    )


def judge(state: records.State | None, *, supervised: bool, processes: int, problem: str) -> tuple[Condition, str]:
    """The condition and why, from what was found: `problem` is why the API server does not answer, empty if it does."""
    if supervised and state and state.phase is records.Phase.READY:
        return (Condition.BROKEN, problem) if problem else (Condition.RUNNING, "")
    if supervised and not (state and state.phase is records.Phase.FAILED):
        return Condition.STARTING, state.message if state else ""
    if processes:
        return Condition.BROKEN, "its supervisor does not run, some of its processes do"
    if state and state.phase is records.Phase.FAILED:
        return Condition.BROKEN, state.message
    return Condition.STOPPED, ""


def _exists(layout: layouts.Layout) -> bool:
    """A folder alone is what a call leaves that waited for the lock of one that was being deleted."""
    return layout.spec.exists()


def _start(layout: layouts.Layout, spec: records.Spec, *, report: Report) -> None:
    if _is_in_force(layout, spec):
        return
    _check_space(layout)
    old = records.read(layout.spec, records.Spec)
    if locks.held(layout.supervisor_lock):
        _retire(layout, old=old, spec=spec, report=report)
    elif processes.below(layout.folder):
        report(f"repairing control plane {layout.name}: its supervisor does not run")
        if old is not None and _changed_programs(old, spec):
            components.end(layout)
    records.write(layout.spec, spec)
    child = 0
    if locks.held(layout.supervisor_lock):
        _signal_supervisor(layout, signal.SIGHUP)
    else:
        if not processes.below(layout.cluster):
            report(f"starting control plane {layout.name}")
        layout.state.unlink(missing_ok=True)
        child = _spawn_supervisor(layout)
    _await_in_force(layout, spec, child=child, report=report)


def _retire(layout: layouts.Layout, *, old: records.Spec | None, spec: records.Spec, report: Report) -> None:
    """End the running supervisor where it cannot do what is wanted now."""
    state = records.read(layout.state, records.State)
    if old is None or _changed_programs(old, spec):
        report(f"restarting control plane {layout.name} with other versions; its data are kept")
        _stop(layout)
    elif state and state.phase is records.Phase.READY and (problem := _unanswered(layout, state)):
        report(f"restarting control plane {layout.name}: {problem}; its data are kept")
        _stop(layout)
    elif old.code != spec.code or old.binaries != spec.binaries:
        report(f"renewing the supervisor of control plane {layout.name}, which goes on running")
        _signal_supervisor(layout, signal.SIGUSR1)
        _await_no_supervisor(layout)


def _changed_programs(old: records.Spec, spec: records.Spec) -> bool:
    """Whether the control plane's own programs are others; what runs beside it does not count."""
    return any(old.binaries.get(name) != spec.binaries.get(name) for name in kwokctl.PROGRAMS)


def _stop(layout: layouts.Layout) -> bool:
    supervised = locks.held(layout.supervisor_lock)
    if supervised:
        _signal_supervisor(layout, signal.SIGTERM)
        _await_no_supervisor(layout)
    left = processes.below(layout.folder)
    processes.end([process for process in left if process.program.parent == layout.binaries], seconds=5)
    components.end(layout)
    layout.state.unlink(missing_ok=True)
    return supervised or bool(left)


def _is_in_force(layout: layouts.Layout, spec: records.Spec) -> bool:
    state = records.read(layout.state, records.State)
    return (
        state is not None
        and state.phase is records.Phase.READY
        and state.spec == spec
        and locks.held(layout.supervisor_lock)
        and installation.is_kubeconfig_intact(layout, port=_port(state))
        and not _unanswered(layout, state)
    )


def _mend_kubeconfig(layout: layouts.Layout, state: records.State | None, *, report: Report) -> None:
    """Write the kubeconfig anew where somebody changed it; the supervisor writes it only when it starts something."""
    if state is None or state.phase is not records.Phase.READY or not locks.held(layout.supervisor_lock):
        return
    if not installation.is_kubeconfig_intact(layout, port=_port(state)):
        report(f"writing the kubeconfig of control plane {layout.name} anew: it is not as it was written")
        installation.write_kubeconfig(layout, port=_port(state))


def _unanswered(layout: layouts.Layout, state: records.State | None) -> str:
    """Why the API server cannot be used; empty when it can."""
    if state is None or not state.address:
        return "the API server was not started"
    return health.unready(_port(state), authority=_authority(layout), seconds=_ANSWER_SECONDS)


def _ask_version(layout: layouts.Layout, state: records.State | None) -> str:
    return health.version(_port(state), authority=_authority(layout), seconds=_ANSWER_SECONDS) if state else ""


def _port(state: records.State) -> int:
    return int(state.address.rpartition(":")[2])


def _authority(layout: layouts.Layout) -> pathlib.Path:
    return layout.cluster / "pki" / "ca.crt"


def _await_in_force(layout: layouts.Layout, spec: records.Spec, *, child: int, report: Report) -> None:
    """Wait until the supervisor has made the spec true, or has given up, or `child`, which it is to be, has ended."""
    deadline = time.monotonic() + START_SECONDS
    told: tuple[str, ...] = ()
    message = ""
    while time.monotonic() < deadline:
        state = records.read(layout.state, records.State)
        for note in state.notes[len(told) :] if state else ():
            report(f"control plane {layout.name}: {note}")
        told = state.notes if state else told
        message = state.message if state else message
        _mend_kubeconfig(layout, state, report=report)
        if _is_in_force(layout, spec):
            return
        if state and state.phase is records.Phase.FAILED:
            _await_no_supervisor(layout)
            break
        if child and processes.collect(child) is not None:
            break
        time.sleep(_POLL_SECONDS)
    raise errors.ControlPlaneError.of(
        f"the control plane {layout.name} could not be started",
        why=message or processes.last_lines(layout.supervisor_log) or f"nothing happened for {START_SECONDS:.0f} s",
        next=f"./paasport local start {layout.name} tries again; ./paasport local delete {layout.name} removes it",
    )


def _spawn_supervisor(layout: layouts.Layout) -> int:
    """In its own session and without what may be secret in this environment. Its process id."""
    kept = {name: value for name, value in os.environ.items() if name in ("HOME", "PATH", "LANG", "TMPDIR", "TZ")}
    kept |= {name: value for name, value in os.environ.items() if name.startswith("XDG_")}
    environment = {**kept, "PYTHONPATH": str(_PROJECT)}
    # -P: the current folder is not searched for modules.
    command = [sys.executable, "-P", "-m", "local.supervisor", layout.name]
    return processes.spawn(command, environment=environment, log=layout.supervisor_log)


def _supervisor_pid(layout: layouts.Layout) -> int:
    try:
        return int(layout.supervisor_lock.read_text() or 0)
    except (OSError, ValueError):
        return 0


def _signal_supervisor(layout: layouts.Layout, number: signal.Signals) -> None:
    """The lock that only a living supervisor holds makes sure that its process id is still its own."""
    if (pid := _supervisor_pid(layout)) and locks.held(layout.supervisor_lock):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _await_no_supervisor(layout: layouts.Layout) -> None:
    """Wait for its end, and force it in the end."""
    pid = _supervisor_pid(layout)
    for number in (None, signal.SIGKILL):
        if number:
            _signal_supervisor(layout, number)
        deadline = time.monotonic() + _STOP_SECONDS
        while locks.held(layout.supervisor_lock):
            if time.monotonic() > deadline:
                break
            time.sleep(_POLL_SECONDS)
    # It may be this very process' child.
    processes.collect(pid)


def _make_folder(layout: layouts.Layout) -> None:
    try:
        layout.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        reason = problem.strerror
    else:
        reason = "" if os.access(layout.folder, os.R_OK | os.W_OK | os.X_OK) else "it cannot be written"
    if reason:
        raise errors.ControlPlaneError.of(
            f"the folder of the control plane {layout.name} cannot be used: {reason}: {layout.folder}",
            why="its data, its logs and its kubeconfig are kept there",
            next="make that folder writable, or set XDG_DATA_HOME to another, then run the same command again",
        )


def _check_space(layout: layouts.Layout) -> None:
    free = shutil.disk_usage(layout.folder).free
    if free < _SPACE_BYTES:
        raise errors.ControlPlaneError.of(
            f"no space left for the control plane {layout.name}: {free // 1_000_000} MB are free in {layout.folder}",
            why=f"etcd needs {_SPACE_BYTES // 1_000_000} MB there and damages nothing when it has them",
            next="make room, or set XDG_DATA_HOME to a folder on a larger disk",
        )


@contextlib.contextmanager
def _exclusively(layout: layouts.Layout, *, report: Report | None = None) -> Iterator[None]:
    """Only one call at a time changes a control plane."""
    if report and locks.held(layout.lock):
        report(f"waiting for another call that works on control plane {layout.name}")
    try:
        with locks.holding(layout.lock, seconds=_LOCK_SECONDS):
            yield
    except TimeoutError:
        raise errors.ControlPlaneError.of(
            f"another call has been working on the control plane {layout.name} for {_LOCK_SECONDS / 60:.0f} minutes",
            why="two calls that change one control plane would undo each other's work",
            next="wait for the other call or end it, then try again",
        ) from None
