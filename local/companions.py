"""The processes that run beside a cluster: started with a token of their service account, watched, renewed, ended.

What is to run is decided in `beside.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import pathlib
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import yaml

from local import backoff, beside, ports, processes, reconciling, records
from local import layout as layouts
from runner.kubernetes import client as clients
from stacks import errors

_TOKEN_SECONDS: Final = 3600
_RENEW_AT: Final = 0.7
"""Share of a token's life after which it is renewed. Kubernetes' client libraries read a token file every minute."""
_LOG_BYTES: Final = 10_000_000
_GRACE_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)


class Companions:
    """All processes beside one cluster."""

    def __init__(
        self,
        client: clients.Client,
        layout: layouts.Layout,
        *,
        port: int,
        changed: Callable[[tuple[records.Beside, ...]], None],
    ) -> None:
        self._client = client
        self._layout = layout
        self._port = port
        self._changed = changed
        self._running: dict[beside.Key, tuple[beside.Program, asyncio.Task[None]]] = {}
        self._told: dict[beside.Key, records.Beside] = {}

    async def match(self, wanted: Mapping[beside.Key, beside.Program]) -> None:
        """Start, replace and end processes so that what runs is what is wanted."""
        for key, (program, task) in list(self._running.items()):
            if wanted.get(key) != program:
                await _cancelled(task)
                del self._running[key]
                self._told.pop(key, None)
                _log.info("%s beside %s/%s ended: its Deployment changed", program.binary, *key)
        for key, program in wanted.items():
            if key not in self._running:
                self._running[key] = (program, asyncio.create_task(self._run(key, program)))
        self._changed(tuple(self._told.values()))

    async def end(self) -> None:
        """End all."""
        await self.match({})

    def _tell(self, key: beside.Key, **facts: Any) -> None:
        self._told[key] = self._told[key].model_copy(update=facts)
        self._changed(tuple(self._told.values()))

    async def _run(self, key: beside.Key, program: beside.Program) -> None:
        """Run the program for as long as it is wanted."""
        patience = backoff.Backoff()
        while True:
            try:
                return await self._try_to_run(key, program)
            except Exception:  # noqa: BLE001 - whatever it is, the log has it
                _log.exception("%s beside %s/%s failed", program.binary, *key)
                self._tell(key, pid=0, problem=f"failed; see {self._layout.supervisor_log}")
            await asyncio.sleep(patience.after(0) or backoff.FIRST_SECONDS)

    async def _try_to_run(self, key: beside.Key, program: beside.Program) -> None:
        """Returns only for a program that cannot run; raises what nobody foresaw."""
        self._told[key] = records.Beside(
            namespace=program.namespace, deployment=program.deployment, program=program.binary, problem=program.problem
        )
        self._tell(key)
        if program.problem:
            _log.warning("%s beside %s/%s: %s", program.binary, *key, program.problem)
        if not program.runs:
            return
        folder = self._layout.beside / f"{program.namespace}.{program.deployment}"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        token = folder / "token"
        records.replace(folder / "kubeconfig.yaml", yaml.safe_dump(self._kubeconfig(program, token=token)))
        life = await self._renew(program, token=token)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_renewing(program, token=token, life=life))
            group.create_task(self._keep_running(key, program, folder=folder))

    async def _keep_running(self, key: beside.Key, program: beside.Program, *, folder: pathlib.Path) -> None:
        patience = backoff.Backoff()
        restarts = 0
        while True:
            started = time.monotonic()
            problem = await self._run_once(key, program, folder=folder)
            restarts += 1
            delay = patience.after(time.monotonic() - started)
            _log.warning("%s beside %s/%s %s; again in %.1f s", program.binary, *key, problem, delay)
            self._tell(key, pid=0, address="", restarts=restarts, problem=problem)
            await asyncio.sleep(delay)

    async def _run_once(self, key: beside.Key, program: beside.Program, *, folder: pathlib.Path) -> str:
        """Run until it ends; how it ended."""
        address = f"{ports.LOOPBACK}:{ports.free(1)[0]}"
        executable = str(self._layout.binaries / program.binary)
        command = [executable, *program.command(address=address)]
        log = folder / "log"
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(folder / "log.1")
        try:
            pid = processes.spawn(command, environment=self._environment(program, folder=folder), log=log)
        except OSError as error:
            return f"cannot be run: {error.strerror}"
        _log.info("%s beside %s/%s runs as process %d on %s", program.binary, *key, pid, address)
        self._tell(key, pid=pid, address=address, problem=program.problem)
        try:
            await processes.first_end([pid])
        finally:
            # Also when no longer wanted. In a thread, because the event loop serves the others meanwhile.
            own = [process for process in processes.below(self._layout.binaries) if process.pid == pid]
            await asyncio.to_thread(processes.end, own, seconds=_GRACE_SECONDS)
            code = processes.collect(pid)
        return f"ended with code {code}: {processes.last_lines(log, count=1)}"

    async def _keep_renewing(self, program: beside.Program, *, token: pathlib.Path, life: float) -> None:
        while True:
            await asyncio.sleep(life * _RENEW_AT)
            life = await self._renew(program, token=token)

    async def _renew(self, program: beside.Program, *, token: pathlib.Path) -> float:
        """Write a new token, trying until there is one; the seconds that it is valid."""
        patience = backoff.Backoff()
        request = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": program.service_account, "namespace": program.namespace},
            "spec": {"expirationSeconds": _TOKEN_SECONDS},
        }
        while True:
            try:
                answer = await self._client.create(
                    request, field_manager=reconciling.FIELD_MANAGER, subresource="token"
                )
            except errors.PaasportError as error:
                _log.warning("no token for %s/%s: %s", program.namespace, program.service_account, error)
                await asyncio.sleep(patience.after(0) or backoff.FIRST_SECONDS)
                continue
            records.replace(token, answer["status"]["token"])
            expiry = dt.datetime.fromisoformat(answer["status"]["expirationTimestamp"])
            return (expiry - dt.datetime.now(dt.UTC)).total_seconds()

    def _environment(self, program: beside.Program, *, folder: pathlib.Path) -> dict[str, str]:
        """Nothing of the user's: what the Deployment says, and where its credentials are."""
        own = {"PATH": str(self._layout.binaries), "HOME": str(folder), "KUBECONFIG": str(folder / "kubeconfig.yaml")}
        return {**dict(program.environment), **own}

    def _kubeconfig(self, program: beside.Program, *, token: pathlib.Path) -> dict[str, Any]:
        authority = str(self._layout.cluster / "pki" / "ca.crt")
        cluster = {"server": f"https://{ports.LOOPBACK}:{self._port}", "certificate-authority": authority}
        context = {"cluster": "local", "user": program.service_account, "namespace": program.namespace}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "local", "cluster": cluster}],
            "users": [{"name": program.service_account, "user": {"tokenFile": str(token)}}],
            "contexts": [{"name": "local", "context": context}],
            "current-context": "local",
        }


def end_strangers(layout: layouts.Layout) -> None:
    """End what a supervisor that was killed left running."""
    processes.end(processes.below(layout.binaries), seconds=_GRACE_SECONDS)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
