"""The one process that stays behind a local control plane: `python -m local.supervisor NAME`.

Keeps the control plane's processes alive and does what a cloud's controllers do elsewhere: nodes, volumes, addresses,
webhooks' authorities, and the operators that run beside. Started and ended by `control_plane.py`, which reads what it
writes (`records.py`).

Signals: SIGTERM ends it and the control plane; SIGHUP makes it read its spec again; SIGUSR1 ends it alone and leaves
the control plane running for a successor.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import logging.handlers
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

from local import (
    addresses,
    backoff,
    beside,
    companions,
    components,
    installation,
    locks,
    nodes,
    ports,
    reconciling,
    records,
    volumes,
    webhooks,
)
from local import layout as layouts
from local.operators import stage
from local.toolchain import catalogue
from runner.kubernetes import client as clients
from stacks import errors

_LOG_BYTES: Final = 1_000_000

_log = logging.getLogger("local.supervisor")


class _Moved(Exception):
    """The API server has another port than before."""


class Supervisor:
    """One control plane's supervision, from start to end."""

    def __init__(self, layout: layouts.Layout, spec: records.Spec) -> None:
        self._layout = layout
        self._spec = spec
        self._state = records.State(phase=records.Phase.STARTING)
        self._respecified = asyncio.Event()
        self._ending = asyncio.Event()
        self._keep_control_plane = False

    async def run(self) -> None:
        """Supervise until told to end. Raises `ControlPlaneError` when the control plane cannot be brought up."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ending.set)
        loop.add_signal_handler(signal.SIGUSR1, self._hand_over)
        loop.add_signal_handler(signal.SIGHUP, self._respecify)
        self._publish()
        ending = asyncio.create_task(self._ending.wait())
        work = asyncio.create_task(self._work())
        await asyncio.wait({ending, work}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            self._publish(phase=records.Phase.STOPPING, message="stopping")
        work.cancel()
        ending.cancel()
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await work
        finally:
            if not self._keep_control_plane:
                components.end(self._layout)

    async def _work(self) -> None:
        companions.end_strangers(self._layout)
        installation.link_programs(self._layout, self._spec.binaries)
        while True:
            port = await components.bring_up(self._layout, note=self._note)
            self._publish(address=f"{ports.LOOPBACK}:{port}")
            with contextlib.suppress(_Moved):
                await self._serve(port)

    async def _serve(self, port: int) -> None:
        """Keep everything as it should be. Raises `_Moved` when clients must connect anew."""
        client = await clients.Client.connect(str(self._layout.kubeconfig))
        beside_cluster = companions.Companions(client, self._layout, port=port, changed=self._publish_beside)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_up(port))
                group.create_task(_persistently("nodes", lambda: self._reconcile_nodes(client)))
                if self._spec.nodes is not None:
                    group.create_task(_persistently("volumes", lambda: _reconcile_volumes(client)))
                    group.create_task(_persistently("addresses", lambda: _reconcile_addresses(client)))
                # Whoever makes the nodes: on none of them an operator's container runs.
                group.create_task(_persistently("webhooks", lambda: _reconcile_webhooks(client)))
                group.create_task(_persistently("beside", lambda: self._reconcile_beside(client, beside_cluster)))
                group.create_task(
                    _persistently("operators", lambda: stage.play(client, rehearsals=self._layout.rehearsals))
                )
        except* _Moved:
            raise _Moved from None
        finally:
            await beside_cluster.end()
            await client.close()

    async def _keep_up(self, port: int) -> None:
        def ready(now: int) -> None:
            if now != port:
                raise _Moved
            self._publish(phase=records.Phase.READY, message="")

        def troubled(message: str) -> None:
            self._publish(phase=records.Phase.STARTING, message=message)

        await components.keep_up(self._layout, note=self._note, troubled=troubled, ready=ready)

    async def _reconcile_nodes(self, client: clients.Client) -> None:
        async def act(picture: reconciling.Picture) -> None:
            spec, live = self._spec, picture[nodes.NODES]
            ready = nodes.ready(live)
            if spec.nodes is None:
                self._publish(phase=records.Phase.READY, message="", spec=spec, nodes_ready=ready)
                return
            actions = nodes.plan(spec.nodes, live, version=_version("kube-apiserver"))
            await reconciling.perform(client, actions)
            if not actions and ready >= spec.nodes.count:
                self._publish(phase=records.Phase.READY, message="", spec=spec, nodes_ready=ready)
            else:
                self._publish(nodes_ready=ready)

        await reconciling.reconcile(client, kinds=[nodes.NODES], act=act, wake=self._respecified)

    async def _reconcile_beside(self, client: clients.Client, running: companions.Companions) -> None:
        async def act(picture: reconciling.Picture) -> None:
            versions = {name: _version(name) for name in self._spec.binaries}
            deployments, accounts = picture[beside.DEPLOYMENTS], picture[beside.ACCOUNTS]
            await running.match(beside.wanted(deployments, accounts, versions=versions))

        await reconciling.reconcile(client, kinds=[beside.DEPLOYMENTS, beside.ACCOUNTS], act=act)

    def _hand_over(self) -> None:
        self._keep_control_plane = True
        self._ending.set()

    def _respecify(self) -> None:
        spec = records.read(self._layout.spec, records.Spec)
        if spec is not None:
            self._spec = spec
            self._respecified.set()

    def _note(self, text: str) -> None:
        _log.warning("%s", text)
        self._publish(notes=(*self._state.notes, text))

    def _publish_beside(self, running: tuple[records.Beside, ...]) -> None:
        self._publish(beside=running)

    def _publish(self, **changes: Any) -> None:
        state = self._state.model_copy(update=changes)
        if state != self._state or not self._layout.state.exists():
            self._state = state
            records.write(self._layout.state, state)


async def _reconcile_volumes(client: clients.Client) -> None:
    kinds = [volumes.CLAIMS, volumes.VOLUMES, volumes.CLASSES]
    await reconciling.perform(client, [reconciling.Apply(manifest=volumes.CSI_DRIVER)])

    async def act(picture: reconciling.Picture) -> None:
        await reconciling.perform(client, volumes.plan(*(picture[kind] for kind in kinds)))

    await reconciling.reconcile(client, kinds=kinds, act=act)


async def _reconcile_addresses(client: clients.Client) -> None:
    async def act(picture: reconciling.Picture) -> None:
        await reconciling.perform(client, addresses.plan(picture[addresses.SERVICES]))

    await reconciling.reconcile(client, kinds=[addresses.SERVICES], act=act)


async def _reconcile_webhooks(client: clients.Client) -> None:
    async def act(picture: reconciling.Picture) -> None:
        await reconciling.perform(client, webhooks.plan(picture))

    await reconciling.reconcile(client, kinds=webhooks.CONFIGURATIONS, act=act)


async def _persistently(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do it again whenever it fails: one loop's trouble must not end the others."""
    patience = backoff.Backoff()
    loop = asyncio.get_running_loop()
    while True:
        since = loop.time()
        try:
            await work()
        except Exception:  # noqa: BLE001 - whatever it is, the log has it
            _log.exception("%s failed", name)
        await asyncio.sleep(patience.after(loop.time() - since) or backoff.FIRST_SECONDS)


def _version(binary: str) -> str:
    """The version that go.mod pins for a binary, which is also its image's tag."""
    group = catalogue.BINARIES[binary].group
    return catalogue.version(group.versioned_by, go_mod=(group.folder / "go.mod").read_text())


def main(name: str) -> int:
    """Supervise the control plane `name`; 0 also when another supervisor does already."""
    layout = layouts.of(name)
    descriptor = locks.acquire(layout.supervisor_lock)
    spec = records.read(layout.spec, records.Spec)
    if descriptor is None or spec is None:
        return 0
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    os.chdir(layout.folder)
    handler = logging.handlers.RotatingFileHandler(layout.supervisor_log, maxBytes=_LOG_BYTES, backupCount=1)
    logging.basicConfig(handlers=[handler], level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # One line for each request would bury the rest.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    try:
        asyncio.run(Supervisor(layout, spec).run())
    except errors.PaasportError as error:
        _log.error("%s", error)
        records.write(layout.state, records.State(phase=records.Phase.FAILED, message=str(error)))
        return error.exit_code
    except Exception:  # noqa: BLE001 - nobody else would tell the user
        _log.exception("the supervisor ends")
        message = f"its supervisor ended unexpectedly; see {layout.supervisor_log}"
        records.write(layout.state, records.State(phase=records.Phase.FAILED, message=message))
        return 1
    layout.state.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
