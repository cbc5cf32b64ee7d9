"""A rehearsal from beginning to end: deploy, upgrade, deploy again, destroy, and look what is left.

Every step does what a user would do, with the engine that `up` has. What is found is judged in `verdicts.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import pathlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from local import control_plane
from local.simulated import account as accounts
from local.simulated import clusters, values
from local.simulated import faults as faulting
from local.simulated.controllers import cloud, renewal
from runner import operations, request
from runner.commands import preparation
from runner.engine import events, model
from runner.kubernetes import client as clients
from runner.rehearsals import by_hand, channels, places, reports, variants, verdicts
from stacks import files, managed, settings

_RUNS: Final = 6
"""How often a user tries again where a vendor fails; each fault strikes a resource once."""
_STORAGE_CLASS: Final = "paasport-ssd"
"""The class whose volumes go with their claims, on every cluster."""

Tell = Callable[[str], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be rehearsed."""

    root: pathlib.Path
    stack: files.StackFile
    faults: tuple[str, ...] = ()
    """Of `faults.KINDS`."""
    keep: bool = False


def rehearse(asked: Asked, place: places.Place, *, tell: Tell, listener: events.Listener) -> reports.Report:
    """Start the place's control plane and rehearse on it. The first step that finds a problem is the last.

    Raises what starting a control plane raises, and ReleaseError. Not a coroutine: only outside of the event loop does
    Ctrl-C end a build of the control plane at once.
    """
    began = time.monotonic()
    asked = dataclasses.replace(asked, stack=variants.alone(asked.stack))
    title = "start a control plane"
    tell(reports.title(1, title))
    cluster = asked.stack.settings.cluster
    nodes = None if isinstance(cluster, managed.ManagedCluster) else settings.LocalNodes()
    own = cluster.nodes if isinstance(cluster, settings.LocalCluster) else nodes
    control_plane.start(place.control_plane, nodes=own, report=lambda line: tell(f"   {line}"))
    if notice := preparation.played(place.control_plane, asked.stack):
        tell(f"   {notice}")
    preparation.fill_cache(asked.root, asked.stack, report=lambda line: tell(f"   {line}"))
    started = reports.Step(title=title, seconds=time.monotonic() - began)
    for line in reports.done(started):
        tell(line)
    return asyncio.run(_rehearse(asked, place, _Telling(tell=tell, listener=listener, began=began, started=started)))


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Telling:
    tell: Tell
    listener: events.Listener
    began: float
    started: reports.Step


async def _rehearse(asked: Asked, place: places.Place, telling: _Telling) -> reports.Report:
    async with _stage(asked, place) as stage:
        run = _Run(asked, stage, telling=telling)
        await run.steps()
        return reports.Report(
            stack=asked.stack.stack,
            vendor=asked.stack.settings.cluster.vendor,
            simulated=stage.account is not None,
            faults=asked.faults,
            steps=tuple(run.done),
            kept=tuple(run.kept),
            resources=run.resources,
            seconds=time.monotonic() - telling.began,
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Stage:
    """What a rehearsal plays on."""

    place: places.Place
    client: clients.Client
    stack: files.StackFile
    account: accounts.Account | None
    """None where no vendor is simulated."""
    deployer: str

    def resolve(self, given: str) -> str:
        """The control plane's own kubeconfig for that of the simulated cluster. Raises `VendorRefused`."""
        own = self.place.kubeconfig.read_text(encoding="utf-8")
        if self.account is None or given == own:
            return given
        return clusters.resolve(given, resources=self.account.resources(), deployer=self.deployer, kubeconfig=own)


@contextlib.asynccontextmanager
async def _stage(asked: Asked, place: places.Place) -> AsyncIterator[_Stage]:
    kubeconfig = str(place.kubeconfig)
    stack = variants.handed_out(asked.stack, control_plane=place.control_plane, kubeconfig=kubeconfig)
    cluster = stack.settings.cluster
    client = await clients.Client.connect(kubeconfig)
    try:
        stage = _Stage(place=place, client=client, stack=stack, account=None, deployer="")
        if isinstance(cluster, settings.LocalCluster):
            yield stage
            return
        async with cloud.playing(kubeconfig) as vendor:
            if not isinstance(cluster, managed.ManagedCluster):
                yield stage
                return
            account = _account(asked, place, listener=vendor.listen)
            vendor.serve(account)
            yield dataclasses.replace(stage, account=account, deployer=cluster.access.deployer)
    finally:
        await client.close()


def _account(asked: Asked, place: places.Place, *, listener: values.Listener) -> accounts.Account:
    faults = faulting.Faults(kinds=frozenset(faulting.Kind(kind) for kind in asked.faults))
    return accounts.Account(stack=asked.stack.stack, path=place.account, faults=faults, listener=listener)


class _Stopped(Exception):
    """A step has found a problem: what comes after it would only fail of it."""


class _Run:
    """The steps of one rehearsal, and what they have found so far."""

    def __init__(self, asked: Asked, stage: _Stage, *, telling: _Telling) -> None:
        self._asked = asked
        self._stage = stage
        self._tell = telling.tell
        self._listener = telling.listener
        self._runs = 0
        self.done: list[reports.Step] = [telling.started]
        self.kept: list[verdicts.Kept] = []
        self.resources: tuple[tuple[str, str], ...] = ()

    async def steps(self) -> None:
        """All of them, until one finds a problem."""
        stack = self._stage.stack
        wanted = variants.wanted(stack)
        step = variants.upgrade(wanted) if wanted else None
        before, after = stack, stack
        if step is not None:
            before = variants.variant(stack, {"kubernetes.minor": step.old})
            after = variants.variant(stack, {"kubernetes.minor": step.new})
        with contextlib.suppress(_Stopped):
            await self._do("deploy" + (f" with Kubernetes {step.old}" if step else ""), lambda: self._deploy(before))
            await self._do("leave things behind by hand", self._plant)
            if step is not None:
                title = f"upgrade to Kubernetes {step.new}"
                await self._do(title, lambda: self._upgrade(after, step))
            await self._do("deploy the same again", lambda: self._again(after))
            unprotected = variants.unprotected(after)
            if unprotected is not None:
                await self._do("take the protection off", lambda: self._unprotect(unprotected))
            await self._do("destroy", lambda: self._destroy(unprotected or after))
            if self._asked.keep:
                await self._do("deploy once more, to keep", lambda: self._deploy(stack))

    async def _do(self, title: str, work: Callable[[], Awaitable[_Found]]) -> None:
        self._tell(reports.title(len(self.done) + 1, title))
        began, self._runs = time.monotonic(), 0
        found = await work()
        step = reports.Step(
            title=title,
            seconds=time.monotonic() - began,
            notes=tuple(found.notes),
            problems=tuple(found.problems),
            runs=self._runs,
        )
        self.done.append(step)
        for line in reports.done(step):
            self._tell(line)
        if step.problems:
            raise _Stopped

    async def _deploy(self, stack: files.StackFile) -> _Found:
        result = await self._engine(request.Operation.UP, stack)
        problems = verdicts.failures(result)
        if not problems:
            vendor = stack.settings.cluster.vendor
            problems = verdicts.outputs(result.outputs, vendor=vendor, services=stack.settings.services)
            problems += await by_hand.not_ready(self._stage.client)
        return _Found(notes=[reports.counted(result), *self._inhabited()], problems=problems)

    def _inhabited(self) -> list[str]:
        """What the account has, in words."""
        if self._stage.account is None:
            return []
        return [f"the simulated account has {len(self._stage.account.resources())} resources"]

    async def _plant(self) -> _Found:
        await asyncio.to_thread(renewal.renew, self._stage.place.control_plane)
        problems = await by_hand.plant(self._stage.client, storage_class=_STORAGE_CLASS)
        return _Found(notes=["a load balancer, a volume and a Deployment that no stack knows"], problems=problems)

    async def _upgrade(self, stack: files.StackFile, step: variants.Upgrade) -> _Found:
        account = self._stage.account
        assert account
        before = account.resources()
        moved = await channels.move(account, step=step) if self._on_channel(stack) else []
        result = await self._engine(request.Operation.UP, stack)
        problems = verdicts.failures(result)
        if not problems:
            problems += verdicts.in_place(result)
            problems += verdicts.upgraded(before, account.resources(), step=step)
            problems += verdicts.kubelets(await self._stage.client.list("v1", "Node"), step=step)
            problems += await by_hand.not_ready(self._stage.client)
        return _Found(notes=[*moved, reports.counted(result)], problems=problems)

    def _on_channel(self, stack: files.StackFile) -> bool:
        cluster = variants.wanted(stack)
        return cluster is not None and cluster.upgrades == "channel"

    async def _again(self, stack: files.StackFile) -> _Found:
        result = await self._engine(request.Operation.UP, stack)
        problems = verdicts.failures(result) or verdicts.unchanged(result)
        if self._stage.account is not None:
            own = verdicts.of_the_program(self._stage.account.resources())
            self.resources = tuple(sorted((item.token, item.name) for item in own))
        return _Found(notes=[reports.counted(result)], problems=problems)

    async def _unprotect(self, stack: files.StackFile) -> _Found:
        result = await self._engine(request.Operation.UP, stack)
        note = "with protection: off, and on a cloud retiring: true, as a user must write before a destroy"
        return _Found(notes=[note, reports.counted(result)], problems=verdicts.failures(result))

    async def _destroy(self, stack: files.StackFile) -> _Found:
        client, account = self._stage.client, self._stage.account
        notes = ["with a disruption budget in the way that allows none"] if account else []
        problems = await by_hand.plant_budget(client)
        if problems:
            return _Found(notes=notes, problems=problems)
        retained = await self._retained(stack)
        result = await self._engine(request.Operation.DESTROY, stack)
        notes.append(reports.counted(result))
        problems = verdicts.failures(result) or await by_hand.leftovers(client)
        if account is not None:
            left = verdicts.left_in_account(account.resources(), retained=retained)
            self.kept += left.kept
            problems += left.problems
        else:
            self.kept += await by_hand.volumes_kept(client)
            problems += await by_hand.still_there(client)
        return _Found(notes=notes, problems=problems)

    async def _retained(self, stack: files.StackFile) -> list[model.Entry]:
        remembered = await operations.entries(self._request(request.Operation.DESTROY, stack))
        return [entry for entry in remembered if entry.retain_on_delete]

    async def _engine(self, operation: request.Operation, stack: files.StackFile) -> request.Result:
        """One run; after a fault as many more as a user would need."""
        while True:
            self._runs += 1
            result = await operations.run(self._request(operation, stack), self._listener)
            if not verdicts.was_injected(result) or self._runs >= _RUNS:
                return result
            self._tell(f"   failed with {len(verdicts.failures(result))} problems of the injected fault: again")

    def _request(self, operation: request.Operation, stack: files.StackFile) -> request.Request:
        return request.Request(
            operation=operation,
            root=self._asked.root,
            project=settings.PROJECT,
            stack=stack.stack,
            config=stack.program_config(),
            secret_keys=stack.secret_keys,
            kubeconfig=str(self._stage.place.kubeconfig),
            account=self._stage.account,
            resolve_kubeconfig=self._stage.resolve,
            # As a user must name them, too.
            lose_data=tuple(stack.settings.services) if operation is request.Operation.DESTROY else (),
            stand_ins=True,
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Found:
    """What a step has to tell."""

    notes: list[str]
    problems: list[str]
