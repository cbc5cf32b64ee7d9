"""The processes of a control plane: brought up, repaired where that is possible, and kept alive."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import re
import shutil
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from local import backoff, health, installation, kwokctl, leases, processes
from local import layout as layouts
from stacks import errors

READY_SECONDS: Final = 90.0
"""An API server is ready 4 s after its start on an idle machine."""
_POLL_SECONDS: Final = 0.1
_ANSWER_SECONDS: Final = 2.0
_TRIES: Final = 3
"""How often a component may end at once during one bring-up."""
_AT_ONCE_SECONDS: Final = 5.0
_UNREADABLE: Final = re.compile(
    r"panic|corrupt|crc mismatch|failed to (recover|open|read|load)|invalid database", re.IGNORECASE
)
"""What etcd says about data that it will never read again."""
_NO_SPACE: Final = re.compile(r"no space left|disk quota exceeded", re.IGNORECASE)

Note = Callable[[str], None]
"""Takes one sentence that the user should read."""

_log = logging.getLogger(__name__)


class _Ended(Exception):
    """A component ends again and again."""

    def __init__(self, component: str) -> None:
        super().__init__(component)
        self.component = component


async def bring_up(layout: layouts.Layout, *, note: Note) -> int:
    """Make what is missing, start what does not run, and return the API server's port once it is ready.

    Data are kept, unless etcd cannot read them: then they are put aside, with a note. Raises `ControlPlaneError`.
    """
    document = installation.document(layout)
    if document is None:
        if layout.kwok.exists():
            note("a control plane that was never finished is replaced")
        document = await installation.lay_out(layout)
    document = _settle_ports(layout, document, note=note)
    try:
        return await _start(layout, document)
    except _Ended as ended:
        settled = _settle_ports(layout, document, note=note)
        if settled == document:
            _put_unreadable_data_aside(layout, ended.component, note=note)
    try:
        return await _start(layout, settled)
    except _Ended as ended:
        raise _failure(layout, ended.component) from None


async def keep_up(
    layout: layouts.Layout, *, note: Note, troubled: Callable[[str], None], ready: Callable[[int], None]
) -> None:
    """Bring up again whatever ends, for ever; `troubled` and `ready` are told each time."""
    patience = backoff.Backoff()
    while True:
        since = time.monotonic()
        running = {process.name: process.pid for process in processes.below(layout.cluster)}
        if running.keys() >= set(layouts.COMPONENTS):
            await processes.first_end(running.values())
        for pid in running.values():
            processes.collect(pid)
        left = {process.name for process in processes.below(layout.cluster)}
        gone = ", ".join(name for name in layouts.COMPONENTS if name not in left)
        if not gone:
            continue
        _log.warning("%s ended: starting it again", gone)
        troubled(f"{gone} ended and is started again")
        await asyncio.sleep(patience.after(time.monotonic() - since))
        try:
            ready(await bring_up(layout, note=note))
        except errors.ControlPlaneError as error:
            _log.error("%s", error)
            troubled(str(error))


def end(layout: layouts.Layout) -> None:
    """End all components, data kept: etcd last, so that the others can still write."""
    running = processes.below(layout.kwok)
    processes.end([process for process in running if process.name != "etcd"], seconds=3)
    processes.end([process for process in running if process.name == "etcd"], seconds=5)


def _settle_ports(layout: layouts.Layout, document: Mapping[str, Any], *, note: Note) -> Mapping[str, Any]:
    running = frozenset(process.name for process in processes.below(layout.cluster))
    taken = installation.taken(document, running=running)
    if not taken:
        installation.write_kubeconfig(layout, port=kwokctl.ports(document)["kubeApiserverPort"])
        return document
    changes = installation.new_ports(layout, taken)
    for port, component in taken.items():
        note(f"port {port} of {component} is taken by another program: it moved to {changes[port]}")
    # Components know each other's ports, so all must learn of the change.
    end(layout)
    moved = installation.move(layout, changes)
    installation.write_kubeconfig(layout, port=kwokctl.ports(moved)["kubeApiserverPort"])
    return moved


async def _start(layout: layouts.Layout, document: Mapping[str, Any]) -> int:
    """Start what does not run until the API server is ready. Raises `_Ended` and `ControlPlaneError`."""
    components = kwokctl.components(document, environment=kwokctl.environment(layout))
    port = kwokctl.ports(document)["kubeApiserverPort"]
    attempts = {component.name: _Attempts() for component in components}
    authority = layout.cluster / "pki" / "ca.crt"
    deadline = time.monotonic() + READY_SECONDS
    running: set[str] = set()
    problem = await asyncio.to_thread(health.unready, port, authority=authority, seconds=_ANSWER_SECONDS)
    while time.monotonic() < deadline:
        running = {process.name for process in processes.below(layout.cluster)}
        if not problem and running.issuperset(attempts):
            return port
        for component in components:
            if component.name not in running and await _may_start(layout, component, unready=problem):
                attempts[component.name].count(component.name)
                attempts[component.name].pid = _run(layout, component)
        await asyncio.sleep(_POLL_SECONDS)
        problem = await asyncio.to_thread(health.unready, port, authority=authority, seconds=_ANSWER_SECONDS)
    waiting = [name for name in attempts if name not in running]
    raise _failure(layout, waiting[0] if waiting else "kube-apiserver", problem=problem or "it does not start")


async def _may_start(layout: layouts.Layout, component: kwokctl.Component, *, unready: str) -> bool:
    """Whether it is a component's turn. kwok's comes last, because it gives up for minutes on nodes that look taken."""
    if component.name != "kwok-controller":
        return True
    if unready:
        return False
    try:
        await leases.release(layout.kubeconfig)
    except errors.PaasportError as error:
        _log.warning("node leases cannot be released yet: %s", error)
        return False
    return True


@dataclasses.dataclass
class _Attempts:
    """How one component's starts went during one bring-up."""

    pid: int = 0
    quick_ends: int = 0
    since: float = 0.0

    def count(self, component: str) -> None:
        """Note a start. Raises `_Ended` where the former ones ended at once too often; others wait for each other."""
        if self.pid:
            processes.collect(self.pid)
            self.quick_ends += time.monotonic() - self.since < _AT_ONCE_SECONDS
        if self.quick_ends >= _TRIES:
            raise _Ended(component)
        self.since = time.monotonic()


def _run(layout: layouts.Layout, component: kwokctl.Component) -> int:
    command = [str(component.program), *component.arguments]
    try:
        pid = processes.spawn(command, environment=component.environment, log=layout.log(component.name))
    except OSError as error:
        raise _failure(layout, component.name, problem=f"it cannot be run: {error.strerror}") from None
    _log.info("started %s as process %d", component.name, pid)
    return pid


def _put_unreadable_data_aside(layout: layouts.Layout, component: str, *, note: Note) -> None:
    """Where etcd ended because of its data, let it start with none. Raises `ControlPlaneError` for any other reason."""
    tail = processes.last_lines(layout.log("etcd"), count=60)
    if component != "etcd" or not _UNREADABLE.search(tail) or _NO_SPACE.search(tail):
        raise _failure(layout, component) from None
    end(layout)
    shutil.rmtree(layout.unreadable_data, ignore_errors=True)
    layout.etcd_data.rename(layout.unreadable_data)
    layout.etcd_data.mkdir(mode=0o700)
    note(f"etcd cannot read its data: it starts with none, and the old are in {layout.unreadable_data}")


def _failure(layout: layouts.Layout, component: str, *, problem: str = "") -> errors.ControlPlaneError:
    tail = processes.last_lines(layout.log(component))
    space = "there is no space left on the disk" if _NO_SPACE.search(tail) else ""
    reason = problem or space or "it ends at once"
    return errors.ControlPlaneError(
        errors.Problem(
            what=f"{component} of the control plane {layout.name} does not run: {reason}",
            why=f"the end of {layout.log(component)}:\n{tail}",
            next="make room and start it again"
            if space
            else f"./paasport local delete {layout.name}, then start again",
        )
    )
