"""One run of a program: each registration becomes a turn, in which its provider makes the goal real or plans to.

The program's own data flow gives the order: a registration arrives once what it needs has been answered. A turn that
fails is answered as failed, so that independent resources go on, and what depends on it is skipped and said so.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Collection, Mapping
from typing import Any, Final

from runner import defects
from runner.engine import (
    ancestry,
    deletion,
    entries,
    events,
    inventory,
    journal,
    model,
    providers,
    reconciling,
    urn,
    values,
)
from stacks import errors

_SECRET_BY_KIND: Final = {"kubernetes:core/v1:Secret": frozenset({"data", "stringData"})}
_SKIPPED: Final = "skipped: "
_ABSENT: Final = model.Outcome(operation=model.Operation.SAME, id="", outputs={})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What the program is told about a resource."""

    urn: str
    id: str = ""
    outputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    failed: bool = False
    unknown: bool = False
    """The resource does not exist and was not to be made, because it is no target."""


class Deployment:
    """Takes goals in, gives answers out, and knows which of them belong together."""

    def __init__(
        self,
        *,
        remembered: inventory.Inventory,
        known_providers: providers.Providers,
        reconciler: reconciling.Reconciler,
        told: journal.Journal,
        targets: tuple[str, ...] = (),
    ) -> None:
        self.is_open_ended = False
        """Whether a preview could not know all resources: children of a component may follow from what is yet to be."""
        self.outputs: Mapping[str, Any] = {}
        """What the program exported."""
        self.claimed: set[str] = set()
        """URNs of the entries that a goal stands for: the rest has left the program."""
        self.objects: set[deletion.Object] = set()
        """What goals have been made, or would be."""
        self.read_objects: set[deletion.Object] = set()
        """What the program only reads."""
        self.uids: set[str] = set()
        """Of the Kubernetes objects that goals have been made, or would be."""
        self._inventory = remembered
        self._providers = known_providers
        self._reconciler = reconciler
        self._journal = told
        self._targets = targets
        self._parents: dict[str, ancestry.Parent] = {}
        self._identities: dict[str, tuple[str, str, str]] = {}
        self._order: dict[str, int] = {}
        self._unavailable: dict[str, str] = {}
        self._absent: set[str] = set()
        self._replaced: set[str] = set()
        self._turns: set[asyncio.Task[Answer]] = set()

    def parent(self, parent_urn: str) -> ancestry.Parent | None:
        """What children of a registered resource inherit."""
        return self._parents.get(parent_urn)

    @property
    def registered(self) -> Collection[str]:
        """URNs of all that the program has asked for so far."""
        return self._order.keys()

    def position(self, of: str) -> int:
        """The place of a URN in the order of registration; what is not in the program comes last."""
        return self._order.get(of, len(self._order))

    async def register(self, goal: model.Goal) -> Answer:
        """Make the goal real; never raises for what is wrong with the resource itself.

        The turn goes on when the caller is cancelled: a program that dies must not tear a write in two.
        """
        if not self._admitted(goal):
            return Answer(urn=goal.urn, failed=True)
        goal = _guarded(goal)
        turn = asyncio.create_task(self._turn(goal))
        self._turns.add(turn)
        turn.add_done_callback(self._turns.discard)
        return await asyncio.shield(turn)

    def reject(self, goal: model.Goal, error: errors.PaasportError) -> Answer:
        """A resource that cannot even be asked for: told as failed, so that what depends on it is skipped."""
        if self._admitted(goal):
            planned = model.Operation.UPDATE if self._old(goal) else model.Operation.CREATE
            self._journal.emit(events.Started(urn=goal.urn, type=goal.type, name=goal.name, parent=goal.parent))
            outcome = model.Outcome(operation=planned, id="", outputs={})
            self._finish(goal, outcome, failure=str(error), seconds=0.0)
        return Answer(urn=goal.urn, failed=True)

    def _admitted(self, goal: model.Goal) -> bool:
        if goal.urn in self._order:
            error = errors.EngineError.of(
                f"duplicate resource {goal.name} ({goal.type})",
                why=f"two resources of the program have the URN {goal.urn}",
                next="give one of them another name",
            )
            self._journal.tell(events.Severity.ERROR, str(error), urn=goal.urn)
            return False
        self._order[goal.urn] = len(self._order)
        self._parents[goal.urn] = ancestry.parent(goal, above=self._parents.get(goal.parent))
        return True

    def register_outputs(self, of: str, outputs: Mapping[str, Any]) -> None:
        """What a component says about itself; the stack's are the program's exports."""
        if urn.Urn.parse(of).type == urn.STACK_TYPE:
            self._journal.learn(outputs)
            self.outputs = outputs

    async def read(self, goal: model.Goal, *, id: str) -> Answer:  # noqa: A002 - Pulumi's word
        """An existing resource that is not the stack's own; `EngineError` where there is none."""
        provider = self._providers.of(goal.type, goal.provider)
        found = await provider.read(goal.type, id, goal.inputs)
        if found is None:
            raise errors.EngineError.of(
                f"there is no {goal.type} with id {id}, which the program reads as {goal.name}",
                next="check the id, or create the resource in the program",
            )
        self._parents[goal.urn] = ancestry.parent(goal, above=self._parents.get(goal.parent))
        self.read_objects.add(deletion.Object(type=goal.type, id=found[0], provider=goal.provider))
        outputs = _with_secrets(found[1], names=goal.options.additional_secret_outputs)
        self._journal.learn(outputs)
        return Answer(urn=goal.urn, id=found[0], outputs=outputs)

    async def invoke(self, token: str, args: Mapping[str, Any], *, provider: str) -> Mapping[str, Any]:
        """The answer of a provider's function. Raises `Unsupported` where the provider has none."""
        served = self._providers.of(token, provider)
        if not isinstance(served, providers.Answering):
            raise errors.Unsupported.of(
                "the embedded engine does not implement it", next="remove it, or run the stack with --engine pulumi"
            )
        return await served.invoke(token, args)

    async def lookup(self, wanted: str) -> Answer:
        """A resource of this run by its URN, asked for anew: outputs of thousands are not kept."""
        if wanted not in self._identities:
            raise errors.EngineError.of(f"the program looks up {wanted}, which it has not registered")
        type_token, reference, identity = self._identities[wanted]
        found = await self._providers.of(type_token, reference).read(type_token, identity, {}) if identity else None
        return Answer(urn=wanted, id=identity, outputs=found[1] if found else {})

    def stop(self) -> None:
        """From now on nothing new is begun."""
        self._reconciler.stop()

    async def settle(self) -> None:
        """Return once every turn that was begun has ended."""
        while self._turns:
            await asyncio.wait(self._turns)

    def abort(self) -> None:
        """End the turns that are still under way."""
        for turn in self._turns:
            turn.cancel()

    async def _turn(self, goal: model.Goal) -> Answer:
        began = time.monotonic()
        self._journal.learn(goal.inputs)
        old = self._old(goal)
        if not self._targeted(goal):
            return await self._spared(goal, old)
        self._journal.emit(events.Started(urn=goal.urn, type=goal.type, name=goal.name, parent=goal.parent))
        outcome, failure = await self._attempted(goal, old)
        self._finish(goal, outcome, failure=failure, seconds=time.monotonic() - began)
        if failure:
            return Answer(urn=goal.urn, failed=True)
        if outcome.operation is model.Operation.REPLACE:
            self._replaced.add(goal.urn)
        self._hold(goal, outcome)
        self._identities[goal.urn] = (goal.type, goal.provider, outcome.id if goal.custom else "")
        outputs = _with_secrets(outcome.outputs, names=goal.options.additional_secret_outputs)
        self._journal.learn(outputs)
        return Answer(urn=goal.urn, id=outcome.id, outputs=outputs)

    def _finish(self, goal: model.Goal, outcome: model.Outcome, *, failure: str, seconds: float) -> None:
        if failure:
            # What is skipped passes on the name of what really failed.
            cause = failure.removeprefix(_SKIPPED) if failure.startswith(_SKIPPED) else f"{goal.name} failed"
            self._unavailable[goal.urn] = cause
        self._journal.emit(
            events.Finished(
                urn=goal.urn,
                type=goal.type,
                name=goal.name,
                parent=goal.parent,
                operation=outcome.operation,
                seconds=seconds,
                inputs=values.masked(dict(goal.inputs)),
                changes=outcome.changes,
                drifted=outcome.drifted,
                simulated=self._providers.simulates(goal.type),
                dependencies=entries.dependencies(goal),
                failure=failure,
            )
        )

    async def _attempted(self, goal: model.Goal, old: model.Entry | None) -> tuple[model.Outcome, str]:
        """The outcome, and why it is none."""
        planned = model.Operation.UPDATE if old else model.Operation.CREATE
        nothing = dataclasses.replace(_ABSENT, operation=planned)
        try:
            self._require(goal)
        except errors.PaasportError as error:
            return nothing, await self._collision(goal) or str(error)
        try:
            outcome = await self._reconciler.made(
                goal, old, parent=self._parents[goal.urn], register=self.register, replaced=self._replaced
            )
        except errors.PaasportError as error:
            self._journal.refused |= isinstance(error, errors.Refused)
            return nothing, str(error)
        except Exception as error:  # noqa: BLE001 - a defect in one resource's turn must not lose the others
            log = defects.record(error)
            return (
                nothing,
                f"an error inside the engine ({type(error).__name__}); details: {log or 'could not be kept'}",
            )
        return outcome, "" if outcome.awaited else outcome.failure or "it did not become ready"

    async def _collision(self, goal: model.Goal) -> str:
        """Why a skipped component could not be made even then, unless its neighbour below the same parent has told."""
        told = any(
            needed in self._unavailable and needed in self._parents and self._parents[needed].above == goal.parent
            for needed in entries.needs(goal)
        )
        return await self._reconciler.collides(goal, parent=self._parents[goal.urn]) if goal.remote and not told else ""

    def _require(self, goal: model.Goal) -> None:
        """Raise `EngineError` where something that the goal needs is not there."""
        for needed in entries.needs(goal):
            if needed in self._unavailable:
                raise errors.EngineError.of(_SKIPPED + self._unavailable[needed])
            if needed in self._absent:
                name = urn.Urn.parse(needed).name
                raise errors.EngineError.of(
                    f"{goal.name} needs {name}, which does not exist and is no target",
                    next=f"add --target {needed}",
                )

    def _old(self, goal: model.Goal) -> model.Entry | None:
        """What the inventory remembers of the goal, under its own URN or an alias."""
        known = self._inventory.entries
        found = next((name for name in (goal.urn, *goal.options.aliases) if name in known), "")
        self.claimed.add(found or goal.urn)
        if not found:
            return None
        if found != goal.urn and not self._reconciler.preview:
            self._inventory.rename(found, goal.urn)
            self.claimed.add(goal.urn)
            found = goal.urn
        old = self._inventory.entries[found]
        if old.pending and old.custom and not old.id:
            self._tell_interrupted(goal)
            return None
        return old

    def _tell_interrupted(self, goal: model.Goal) -> None:
        if self._providers.simulates(goal.type):
            # A simulated account goes on with what it has begun.
            return
        self._journal.tell(
            events.Severity.WARNING,
            f"a run was interrupted while it created {goal.name}; it is created now, and if the interrupted run"
            " had succeeded, its object is left over and must be deleted by hand",
            urn=goal.urn,
        )

    def _targeted(self, goal: model.Goal) -> bool:
        if not self._targets or not goal.custom or urn.is_provider(goal.type):
            return True
        lineage, above = [goal.urn], self._parents.get(goal.parent)
        while above:
            lineage.append(above.urn)
            above = self._parents.get(above.above)
        return any(urn.matches(identity, self._targets) for identity in lineage)

    async def _spared(self, goal: model.Goal, old: model.Entry | None) -> Answer:
        """A resource that is no target: answered as it is, and left so."""
        if old is None:
            self._absent.add(goal.urn)
            return Answer(urn=goal.urn, unknown=True)

        try:
            outcome = await self._reconciler.seen(goal, old)
        except errors.PaasportError as error:
            self._unavailable[goal.urn] = f"{goal.name}, which is no target, could not be read"
            self._journal.tell(events.Severity.ERROR, str(error), urn=goal.urn)
            return Answer(urn=goal.urn, failed=True)
        outputs = _with_secrets(outcome.outputs, names=goal.options.additional_secret_outputs)
        self._journal.learn(outputs)
        self._hold(goal, dataclasses.replace(outcome, id=old.id, uid=old.uid))
        return Answer(urn=goal.urn, id=old.id, outputs=outputs)

    def _hold(self, goal: model.Goal, outcome: model.Outcome) -> None:
        """Take note of what stands for the goal, so that nothing of it is deleted as if it had left the program."""
        if goal.custom and outcome.id:
            self.objects.add(deletion.Object(type=goal.type, id=outcome.id, provider=goal.provider))
        if outcome.uid:
            self.uids.add(outcome.uid)
        if goal.remote and values.contains_unknown(dict(goal.inputs)):
            # In a preview nobody knows yet which children there will be.
            self.is_open_ended = True
            parents = (goal.urn, *goal.options.aliases)
            self.claimed.update(known for known, entry in self._inventory.entries.items() if entry.parent in parents)


def _guarded(goal: model.Goal) -> model.Goal:
    """The goal with what is secret by its kind marked so, whether or not the program did."""
    parts = _SECRET_BY_KIND.get(goal.type, frozenset())
    marked = {name: _hidden(goal.inputs[name]) for name in parts if name in goal.inputs}
    return dataclasses.replace(goal, inputs={**goal.inputs, **marked}) if marked else goal


def _hidden(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: value if isinstance(value, values.Secret) else values.Secret(value) for key, value in part.items()}
    return part


def _with_secrets(outputs: Mapping[str, Any], *, names: tuple[str, ...]) -> Mapping[str, Any]:
    named = {name: values.Secret(outputs[name]) for name in names if name in outputs}
    return {**outputs, **named}
