"""One run with everything connected: cluster, inventory, providers, program. Decides only what follows on what."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, Final

from runner import dynamic, guarded, named, request, simulated, stash
from runner.engine import (
    ancestry,
    applyset,
    deletion,
    deployment,
    events,
    inventory,
    journal,
    losing,
    loss,
    model,
    providers,
    reconciling,
    remote,
    removal,
    urn,
    values,
)
from runner.host import engine_service, hooks, monitor, program, server
from runner.kubernetes import blind, client, identity, objects, provider
from runner.tenancy import collisions, departures
from stacks import errors

_DEFAULT_KUBERNETES: Final = "kubernetes:"
"""Configuration under these keys is that of the default Kubernetes provider."""


@contextlib.asynccontextmanager
async def remembered(asked: request.Request) -> AsyncIterator[inventory.Inventory]:
    """The stack's inventory, and a connection to its cluster for as long."""
    if asked.inventory is not None:
        yield await inventory.Inventory.load(asked.inventory, project=asked.project, stack=asked.stack)
        return
    api = await client.Client.connect(asked.kubeconfig, context=asked.context)
    try:
        yield await inventory.Inventory.load(api, project=asked.project, stack=asked.stack)
    finally:
        await api.close()


@contextlib.asynccontextmanager
async def opened(asked: request.Request, *, told: journal.Journal) -> AsyncIterator[Session]:
    """A session with the cluster that the request names. Raises `UsageError` where it cannot be used."""
    async with remembered(asked) as memory:
        known = _providers(asked, memory, told=told)
        try:
            yield Session(asked, memory=memory, known=known, told=told)
        finally:
            await known.close()


def _providers(asked: request.Request, memory: inventory.Inventory, *, told: journal.Journal) -> providers.Providers:
    marks = identity.StackIdentity(
        field_manager=memory.name,
        label_key=applyset.PART_OF_LABEL,
        label_value=applyset.identifier(memory.name),
        hash_key=memory.hash_key,
        project_root=asked.root,
    )
    configured = {
        key.removeprefix(_DEFAULT_KUBERNETES): value
        for key, value in asked.config.items()
        if key.startswith(_DEFAULT_KUBERNETES)
    }
    served = dynamic.DynamicProvider(
        root=asked.root,
        project=asked.project,
        config=asked.config,
        said=lambda line: told.tell(events.Severity.INFO, line),
        resolve=asked.resolve_kubeconfig,
    )
    vendors = _vendors(asked)
    place: dict[str, Any] = {"kubeconfig": asked.kubeconfig, "context": asked.context}
    if asked.inventory is not None:
        # There is no cluster, and the user's own must not be taken for it.
        place = {"kubeconfig": values.UNKNOWN}

    def kubernetes(inputs: Mapping[str, Any]) -> model.Provider:
        # The cluster with the inventory is meant as it is given, by whomever.
        own = inputs.get("kubeconfig") == asked.kubeconfig
        return provider.from_inputs(inputs, stack=marks, resolve=str if own else asked.resolve_kubeconfig)

    return providers.Providers(
        {
            "kubernetes": kubernetes,
            dynamic.PACKAGE: lambda _: served,
            stash.PACKAGE: lambda _: stash.Provider(),
            **vendors,
        },
        defaults={"kubernetes": place | configured},
        entries=memory.entries.get,
        simulated=frozenset(vendors),
    )


def _vendors(asked: request.Request) -> dict[str, providers.Maker]:
    account = asked.account
    if account is None:
        return {}
    return dict.fromkeys(simulated.PACKAGES, lambda inputs: simulated.Provider(account, settings=inputs))


class Session:
    """One run with everything connected."""

    def __init__(
        self,
        asked: request.Request,
        *,
        memory: inventory.Inventory,
        known: providers.Providers,
        told: journal.Journal,
    ) -> None:
        self._request = asked
        self._inventory = memory
        self._providers = known
        self._journal = told
        self._losses = losing.Losses(
            known,
            told,
            agreed=asked.lose_data,
            operation="destroy" if asked.operation is request.Operation.DESTROY else "up",
            preview=asked.planned,
            asks=asked.asks,
        )
        self._hooks = hooks.Hooks(told, preview=asked.planned)
        # What somebody else has changed is to be found, and not to be refused.
        heeded = asked.operation is not request.Operation.DRIFT
        self._reconciler = reconciling.Reconciler(
            remembered=memory,
            known_providers=known,
            renderer=_renderer(known, entries=memory.entries),
            told=told,
            preview=asked.planned,
            permitted=asked.replace,
            before_update=self._hooks.before_update if heeded else None,
            may_lose=self._losses.refuse_replacement if heeded else lambda _: None,
        )
        self._deployment = deployment.Deployment(
            remembered=memory, known_providers=known, reconciler=self._reconciler, told=told, targets=asked.targets
        )
        self._removal = removal.Removal(remembered=memory, known_providers=known, told=told, preview=asked.planned)
        self._child: program.Child | None = None
        self._stopped = False
        self._leaves: bool | None = None
        self._ending: asyncio.Task[None] | None = None

    def position(self, event: events.Finished) -> int:
        """The place of an event in the result; sorting by it keeps the order of deletions among themselves."""
        deleted = event.operation is model.Operation.DELETE
        return self._deployment.position("" if deleted else event.urn)

    @property
    def losses(self) -> tuple[loss.Loss, ...]:
        """What would be lost and nobody has agreed to."""
        return tuple(self._losses.found)

    @property
    def at_rest(self) -> bool:
        """Whether a preview has run to its end and has found nothing to do, to wait for or to remember."""
        known = self._inventory.stack
        same_outputs = known is not None and known.outputs == self._deployment.outputs
        complete = self._leaves is False and not self._journal.failed and not self._deployment.is_open_ended
        return complete and same_outputs and self._reconciler.at_rest

    def stop(self) -> None:
        """Begin nothing new, and end the program."""
        self._stopped = True
        self._deployment.stop()
        self._removal.stop()
        if self._child is not None:
            self._ending = asyncio.create_task(self._child.end())

    async def work(self) -> Mapping[str, Any]:
        """Do it; the program's exports.

        Raises `UsageError` where the request names what is no resource, before anything was written. Where only a run
        of the program can tell, an `up` tells it afterwards; so `operations.run` plans such a one first.
        """
        self._losses.tell_pointless(self._inventory.entries.values())
        try:
            if self._request.operation is request.Operation.DESTROY:
                self._refuse_strangers(self._inventory.entries)
                await self._destroy()
                return {}
            if not self._succeeded(await self._run_program()):
                return self._deployment.outputs
            if self._request.operation is not request.Operation.DRIFT:
                await self._prune()
            if not self._journal.failed and not self._request.planned:
                self._save_outputs()
            return self._deployment.outputs
        finally:
            self._deployment.abort()
            await self._deployment.settle()
            await self._close_inventory()

    async def _close_inventory(self) -> None:
        try:
            await self._inventory.close()
        except errors.PaasportError as error:
            self._journal.tell(events.Severity.ERROR, str(error))

    async def _run_program(self) -> str:
        """How the program ended other than by finishing; empty where it finished."""
        facts = monitor.Facts(
            project=self._request.project,
            stack=self._request.stack,
            preview=self._request.planned,
            parallel=self._request.parallel,
            config=self._request.config,
            secret_keys=self._request.secret_keys,
        )
        registrations = monitor.Monitor(
            facts, run=self._deployment, stack_outputs=self._request.stack_outputs, called=self._hooks
        )
        async with (
            server.serving(registrations, engine_service.EngineService(self._journal)) as address,
            program.running(
                root=self._request.root,
                project=self._request.project,
                stack=self._request.stack,
                address=address,
                preview=self._request.planned,
                parallel=self._request.parallel,
                config=self._request.config,
                secret_keys=self._request.secret_keys,
                stand_ins=self._request.stand_ins,
                said=lambda line: self._journal.tell(events.Severity.INFO, line),
                warm=self._request.warm,
            ) as child,
        ):
            self._child = child
            if self._stopped:
                await child.end()
            code = await child.wait()
            await self._deployment.settle()
        return "" if registrations.completed and code == 0 else program.ending(code)

    def _succeeded(self, ending: str) -> bool:
        """Whether the program and all of its resources are fine; whatever is not has then been told."""
        if self._stopped:
            return False
        if ending and not self._journal.failed:
            self._journal.tell(events.Severity.ERROR, ending)
        if not self._journal.failed and not self._deployment.is_open_ended:
            self._refuse_strangers({*self._deployment.registered, *self._inventory.entries})
        return not self._journal.failed

    def _refuse_strangers(self, known: Collection[str]) -> None:
        """Refuse names that mean none of the resources that are `known`, or tell them where something was written."""
        found = named.strangers(
            targets=self._request.targets, replace=self._request.replace, known=known, stack=self._request.stack
        )
        if found and self._request.operation is not request.Operation.UP:
            raise errors.UsageError(*found)
        for problem in found:
            self._journal.tell(events.Severity.ERROR, problem.render())

    async def _prune(self) -> None:
        """Delete what has left the program. Only called after its success: otherwise nobody knows what has left it."""
        run = self._deployment
        left = self._chosen([entry for entry in self._inventory.entries.values() if entry.urn not in run.claimed])
        self._leaves = bool(left or self._inventory.superseded)
        claimed = {entry.uid for entry in self._inventory.entries.values() if entry.urn in run.claimed}
        objects, uids = run.objects | run.read_objects, (run.uids | claimed) - {""}
        doomed = []
        for entry in left:
            if deletion.handed_over(entry, objects=objects, uids=uids):
                self._hand_over(entry)
            else:
                doomed.append(entry)
        if self._may_go(doomed):
            await self._delete([*self._inventory.superseded, *doomed])

    def _may_go(self, doomed: list[model.Entry]) -> bool:
        """Whether no cluster among them has left the program without the user having named it; else that is told."""
        clusters = [entry for entry in doomed if guarded.kind(entry.type) is guarded.Kind.CLUSTER]
        for entry in clusters:
            try:
                guarded.refuse(entry.urn, done="deleted", permitted=self._request.replace)
            except errors.EngineError as error:
                self._journal.refused = True
                self._journal.tell(events.Severity.ERROR, str(error), urn=entry.urn)
        return not self._journal.failed

    def _hand_over(self, entry: model.Entry) -> None:
        name = urn.Urn.parse(entry.urn).name
        told = f"{name} has left the program, but {entry.id} is still in it: it is kept, and only the name forgotten"
        self._journal.tell(events.Severity.INFO, told, urn=entry.urn)
        if not self._request.planned:
            self._inventory.forget(entry)

    async def _destroy(self) -> None:
        if await self._delete([*self._inventory.superseded, *self._chosen([*self._inventory.entries.values()])]):
            remaining = [*self._inventory.entries, *self._inventory.superseded]
            if not remaining:
                try:
                    await self._inventory.discard()
                except errors.PaasportError as error:
                    self._journal.tell(events.Severity.ERROR, str(error))

    def _chosen(self, found: list[model.Entry]) -> list[model.Entry]:
        if not self._request.targets:
            return found
        return [entry for entry in found if urn.matches(entry.urn, self._request.targets)]

    async def _delete(self, doomed: list[model.Entry]) -> bool:
        agreed = await self._losses.judged([entry for entry in doomed if entry not in self._inventory.superseded])
        try:
            self._refuse_dependents(doomed)
            deletion.refuse_inhabited(doomed, staying=self._staying(doomed))
            plan = deletion.plan(doomed)
            await departures.refuse(doomed, entries=self._inventory.entries, providers=self._providers.of)
        except errors.PaasportError as error:
            self._journal.refused |= isinstance(error, errors.Refused)
            self._journal.tell(events.Severity.ERROR, str(error))
            return False
        # A preview goes on to show what would follow.
        return await self._removal.carry_out(plan) if agreed or self._request.planned else False

    def _staying(self, doomed: list[model.Entry]) -> set[deletion.Object]:
        """What will be there afterwards: what goals stand for, and what neither has a goal nor is deleted."""
        settled = self._deployment.claimed | {entry.urn for entry in doomed}
        return self._deployment.objects | {
            deletion.Object(type=entry.type, id=entry.id, provider=entry.provider)
            for entry in self._inventory.entries.values()
            if entry.urn not in settled
        }

    def _refuse_dependents(self, doomed: list[model.Entry]) -> None:
        staying = deletion.dependents(self._inventory.entries.values(), {entry.urn for entry in doomed})
        if self._request.targets and staying:
            names = ", ".join(urn.Urn.parse(entry.urn).name for entry in staying)
            raise errors.EngineError.of(
                f"{names}: still needed by what is not a target, so nothing was deleted",
                next="add these resources as targets, or leave the targets out",
            )

    def _save_outputs(self) -> None:
        stack = self._inventory.stack
        if stack is not None:
            self._inventory.record(dataclasses.replace(stack, outputs=self._deployment.outputs))


def _renderer(known: providers.Providers, *, entries: Mapping[str, model.Entry]) -> remote.Renderer:
    async def rendered(goal: model.Goal, parent: ancestry.Parent) -> remote.Phases:
        reference = goal.provider or parent.provider(goal.type)
        served = known.of(goal.type, reference)
        if not isinstance(served, provider.KubernetesProvider | blind.BlindProvider):
            raise errors.Unsupported.of(
                f"the embedded engine does not implement the remote component {goal.type}",
                next="run the stack with --engine pulumi",
            )
        phases = [
            [remote.Child(type=child.type, name=child.name, inputs=child.manifest) for child in phase]
            for phase in await served.children(goal.type, goal.name, goal.inputs)
        ]
        if isinstance(served, provider.KubernetesProvider):
            children = [child for phase in phases for child in phase]
            new = [child for child in children if not _is_remembered(child, goal, parent, entries)]
            taken = await served.taken(objects.reference(values.revealed(dict(child.inputs))) for child in new)
            if taken:
                raise remote.Taken(collisions.refusal(goal, taken, total=len(children), provider=reference))
        return phases

    return rendered


def _is_remembered(
    child: remote.Child, goal: model.Goal, parent: ancestry.Parent, entries: Mapping[str, model.Entry]
) -> bool:
    """Whether the inventory knows the child: then its own turn sees to whose it is."""
    wanted = ancestry.child(goal, type=child.type, name=child.name, inputs=child.inputs, providers=parent)
    return any(name in entries for name in (wanted.urn, *wanted.options.aliases))
