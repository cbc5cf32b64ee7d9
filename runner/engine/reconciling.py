"""Makes one goal real, each kind of resource in its way, and keeps the inventory right at every moment of it."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Awaitable, Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from runner import guarded
from runner.engine import ancestry, entries, events, inventory, journal, model, providers, remote, urn, values
from stacks import errors

_PROVIDER_IDS = uuid.UUID("8c1f0ae5-2f66-4c43-9d33-6a0d5e7f3a11")
"""Namespace of the ids of provider resources, which so are the same in every run."""

_CLUSTER: Final = {"kubernetes": "clusterIdentifier"}
"""By package the setting that says which cluster a provider means: another value means another cluster."""

BeforeUpdate = Callable[[model.Goal, str, Mapping[str, Any]], Awaitable[None]]
"""Calls the hooks of a goal with the id and the present state of its resource."""
Register = Callable[[model.Goal], Awaitable[remote.Registered]]


class Reconciler:
    """Stands between goals and providers. In a preview it writes nothing anywhere."""

    def __init__(
        self,
        *,
        remembered: inventory.Inventory,
        known_providers: providers.Providers,
        renderer: remote.Renderer,
        told: journal.Journal,
        preview: bool,
        permitted: tuple[str, ...] = (),
        before_update: BeforeUpdate | None = None,
        may_lose: Callable[[model.Goal], None] = lambda _: None,
    ) -> None:
        """`permitted` names what may be replaced although it is guarded. Without `before_update` no hook is called.

        `may_lose` is asked before a resource is replaced, and raises `Refused` where its data would be lost.
        """
        self.preview = preview
        self.at_rest = True
        """Whether a preview has found nothing so far that the run itself would do, wait for or remember."""
        self._permitted = permitted
        self._before_update = before_update
        self._may_lose = may_lose
        self._inventory = remembered
        self._providers = known_providers
        self._renderer = renderer
        self._journal = told
        self._stopping = False

    def stop(self) -> None:
        """From now on nothing new is begun."""
        self._stopping = True

    async def made(
        self,
        goal: model.Goal,
        old: model.Entry | None,
        *,
        parent: ancestry.Parent,
        register: Register,
        replaced: AbstractSet[str] = frozenset(),
    ) -> model.Outcome:
        """Make the goal real, or plan to. `register` takes the children of a remote component; raises `EngineError`.

        `replaced` are the URNs that this run has replaced so far.
        """
        if urn.is_provider(goal.type):
            return self._configured(goal, old, replaced=replaced)
        if goal.remote:
            return await self._expanded(goal, old, parent=parent, register=register)
        if not goal.custom:
            return self._grouped(goal, old)
        if old is not None and _on_another_cluster(goal, replaced):
            return await self._moved(goal)
        return await self._reconciled(goal, old, replaced=replaced)

    async def collides(self, goal: model.Goal, *, parent: ancestry.Parent) -> str:
        """Why a remote component that is skipped could not be made anyway: so that all of that is told at once."""
        try:
            await self._renderer(goal, parent)
        except remote.Taken as taken:
            return str(taken)
        except errors.PaasportError:
            # What it needs is not there, which has been told.
            return ""
        return ""

    async def seen(self, goal: model.Goal, old: model.Entry) -> model.Outcome:
        """What there is, without changing it: for a resource that is no target."""
        run = dataclasses.replace(
            self._run(goal, intend=_never), preview=True, report=lambda _: None, before_update=model.nobody
        )
        return await self._providers.of(goal.type, goal.provider).reconcile(goal, old, run)

    def _grouped(self, goal: model.Goal, old: model.Entry | None) -> model.Outcome:
        self._keep(entries.of_goal(goal, id="", old=old), old)
        operation = model.Operation.SAME if old else model.Operation.CREATE
        return model.Outcome(operation=operation, id="", outputs={})

    def _configured(self, goal: model.Goal, old: model.Entry | None, *, replaced: AbstractSet[str]) -> model.Outcome:
        run = self._run(goal, intend=_never, replaced=replaced)
        operation = model.Operation.CREATE
        if old is not None:
            before, after = values.revealed(dict(old.inputs)), values.revealed(dict(goal.inputs))
            operation = model.Operation.SAME if before == after else model.Operation.UPDATE
            changes = (*run.forced, *_another_cluster(goal.type, before, after))
            if changes:
                run.permit_replace(changes)
                operation = model.Operation.REPLACE
        self._providers.configure(goal.urn, goal.inputs)
        identity = str(uuid.uuid5(_PROVIDER_IDS, goal.urn))
        self._keep(entries.of_provider(goal, id=identity), old)
        return model.Outcome(operation=operation, id=identity, outputs=goal.inputs)

    async def _moved(self, goal: model.Goal) -> model.Outcome:
        """An object whose cluster is replaced: made anew on the new one, and gone with the old one."""
        above = urn.Urn.parse(urn.provider_urn(goal.provider)).name
        change = model.FieldChange(path="replaceWith", before=None, after=above)
        # Whoever has permitted the cluster's replacement has permitted that of everything on it.
        _refuse_protected(goal, (change,))
        self._may_lose(goal)
        outcome = await self._reconciled(goal, None)
        if outcome.operation is not model.Operation.CREATE:
            return outcome
        return dataclasses.replace(outcome, operation=model.Operation.REPLACE, changes=(change,))

    async def _expanded(
        self, goal: model.Goal, old: model.Entry | None, *, parent: ancestry.Parent, register: Register
    ) -> model.Outcome:
        outcome = self._grouped(goal, old)
        phases = await self._renderer(goal, parent)
        await remote.register(phases, goal=goal, parent=parent, register=register)
        return outcome

    async def _reconciled(
        self, goal: model.Goal, old: model.Entry | None, *, replaced: AbstractSet[str] = frozenset()
    ) -> model.Outcome:
        if not self.preview and values.contains_unknown(dict(goal.inputs)):
            raise errors.EngineError.of(f"{goal.name} has inputs that are not known, as a resource before it failed")
        provider = self._providers.of(goal.type, goal.provider)
        intents: list[model.Entry] = []

        async def intend(entry: model.Entry) -> None:
            self._refuse_when_stopping()
            intents.append(entries.intended(goal, entry))
            replaced = old if old is not None and old.id and old.id != entry.id else None
            await self._inventory.intend(intents[-1], superseding=_unprotected(replaced))

        run = self._run(goal, intend=intend, replaced=replaced if old is not None else frozenset())
        outcome = await provider.reconcile(goal, old, run, outputs_needed=goal.outputs_needed)
        if self.preview:
            self._foresee(entries.settled(goal, outcome, last=old), old)
            self.at_rest &= outcome.operation is model.Operation.SAME and outcome.at_rest
        else:
            await self._remember(goal, outcome, last=intents[-1] if intents else old)
            self._drop_superseded(outcome, old)
        return outcome

    def _keep(self, entry: model.Entry, old: model.Entry | None) -> None:
        """Remember what needs no provider."""
        if self.preview:
            self._foresee(entry, old)
        else:
            self._refuse_when_stopping()
            self._inventory.record(entry)

    def _foresee(self, entry: model.Entry, old: model.Entry | None) -> None:
        # Controllers touch objects all the time, which alone is worth no write.
        self.at_rest &= old is not None and dataclasses.replace(entry, resource_version=old.resource_version) == old

    async def _remember(self, goal: model.Goal, outcome: model.Outcome, *, last: model.Entry | None) -> None:
        self._inventory.record(entries.settled(goal, outcome, last=last))
        if last is not None and last.pending and last.id != outcome.id:
            # Nobody could find this object again by what was intended, so its id must not be lost.
            await self._inventory.flush()

    def _drop_superseded(self, outcome: model.Outcome, old: model.Entry | None) -> None:
        """Forget the replaced object where the provider has already deleted it itself."""
        replaced = _unprotected(old)
        if replaced is not None and outcome.superseded is None and replaced in self._inventory.superseded:
            self._inventory.forget(replaced)

    def _run(
        self,
        goal: model.Goal,
        *,
        intend: Callable[[model.Entry], Awaitable[None]],
        replaced: AbstractSet[str] = frozenset(),
    ) -> model.Run:
        def report(message: str) -> None:
            self._journal.emit(events.Progress(urn=goal.urn, message=message))

        def permit_replace(changes: tuple[model.FieldChange, ...]) -> None:
            _refuse_protected(goal, changes)
            self._guard(goal, changes)
            self._may_lose(goal)

        async def before_update(identity: str, before: Mapping[str, Any]) -> None:
            if self._before_update is not None and goal.options.before_update:
                await self._before_update(goal, identity, before)

        linked = dict.fromkeys((*goal.options.replace_with, goal.options.deleted_with))
        return model.Run(
            preview=self.preview,
            report=report,
            permit_replace=permit_replace,
            intend=intend,
            before_update=before_update,
            replaced_with=tuple(name for name in linked if name in replaced),
        )

    def _guard(self, goal: model.Goal, changes: tuple[model.FieldChange, ...]) -> None:
        """Raise `EngineError` for a guarded resource; a preview tells it too, but goes on to show what would follow."""
        paths = [change.path for change in changes]
        try:
            guarded.refuse(goal.urn, done="replaced", permitted=self._permitted, paths=paths)
        except errors.EngineError as error:
            if not self.preview:
                raise
            self._journal.refused = True
            self._journal.tell(events.Severity.ERROR, str(error), urn=goal.urn)

    def _refuse_when_stopping(self) -> None:
        if self._stopping:
            raise errors.EngineError.of("not begun: the run was interrupted")


async def _never(_: model.Entry) -> None:
    raise AssertionError("a preview intends nothing")


def _refuse_protected(goal: model.Goal, changes: tuple[model.FieldChange, ...]) -> None:
    if goal.options.protect:
        paths = ", ".join(change.path for change in changes)
        raise errors.Refused.of(
            f"{goal.name} would have to be replaced, but is protected" + (f": {paths}" if paths else ""),
            why="replacing deletes the present object, and all that it holds",
            next="undo the change, or set protect=False",
        )


def _on_another_cluster(goal: model.Goal, replaced: AbstractSet[str]) -> bool:
    return urn.package(goal.type) in _CLUSTER and urn.provider_urn(goal.provider) in replaced


def _another_cluster(
    type_token: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[model.FieldChange, ...]:
    """Whether a provider means another cluster than before; one that did not say which, or no longer does, may not."""
    setting = _CLUSTER.get(urn.package(type_token), "")
    old, new = before.get(setting), after.get(setting)
    return (model.FieldChange(path=setting, before=old, after=new),) if old and new and old != new else ()


def _unprotected(entry: model.Entry | None) -> model.Entry | None:
    # The program has permitted the replacement, so the old object's protection has ended.
    return dataclasses.replace(entry, protect=False) if entry else None
