"""One object's turn in a run: find out what has to happen, in a preview say so, otherwise do it and wait."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from runner.engine import model, values
from runner.kubernetes import (
    deletion,
    fingerprints,
    objects,
    observations,
    patience,
    planning,
    prefetch,
    readiness,
    rejections,
    secrecy,
    waiting,
    wanted,
)
from stacks import errors

Json = dict[str, Any]
_Answer = TypeVar("_Answer")

_SET_BY_SERVER: Final = ("uid", "resourceVersion", "creationTimestamp", "generation")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tools:
    """What all turns in one cluster share."""

    planner: planning.Planner
    waiting: waiting.Waiting
    prefetch: prefetch.Prefetch


@dataclasses.dataclass(frozen=True, kw_only=True)
class Turn:
    """One goal's turn."""

    tools: Tools
    goal: model.Goal
    old: model.Entry | None
    run: model.Run
    want: wanted.Wanted
    outputs_needed: bool

    async def take(self) -> model.Outcome:
        """Do, or in a preview foretell, what the goal asks for."""
        readiness.check(self.want.inputs)
        if await self._settled_unread():
            return self._same(item={})
        live = await self._read()
        if live is not None and self._settled(live):
            return await self._waited(self._plan_of(model.Operation.SAME, live=live), live)
        plan = await self._plan(live)
        return await self._foretold(plan) if self.run.preview else await self._done(plan)

    async def _settled_unread(self) -> bool:
        """Whether a list of metadata shows that nothing has changed since the last run."""
        if self.outputs_needed or self.old is None or self.run.forced or not self._same_inputs():
            return False
        item = await self.tools.prefetch.metadata(self.want.reference)
        return (
            item is not None and self._same_object(item) and fingerprints.same_version(self.old.resource_version, item)
        )

    def _settled(self, live: Json) -> bool:
        """Whether the program asks for what it asked for last time, and nobody has changed the object since."""
        if self.old is None or self.run.forced or not self._same_inputs() or not self._same_object(live):
            return False
        return fingerprints.same_but_status(self.old.resource_version, live)

    def _same_inputs(self) -> bool:
        old = self.old
        if old is None or old.pending:
            return False
        return self.want.known and old.id == self.want.reference.id and old.inputs_hash == self._hash()

    def _same_object(self, item: Json) -> bool:
        return self.old is not None and bool(self.old.uid) and item["metadata"]["uid"] == self.old.uid

    def _hash(self) -> str:
        return self.want.hashed(self.tools.planner.stack)

    async def _read(self, want: wanted.Wanted | None = None) -> Json | None:
        """The live object; None where there is none, or where its name is not known yet."""
        ref = (want or self.want).reference
        if not ref.name:
            return None
        return await self.tools.planner.api.get(ref.api_version, ref.kind, ref.name, ref.namespace)

    async def _plan(self, live: Json | None) -> planning.Plan:
        if self._renamed() and self.old is not None:
            if live is not None:
                await self.tools.planner.refuse_foreign(self.want.reference, live, adopt=False)
            change = model.FieldChange(path="metadata.name", before=self.old.id, after=self.want.reference.id)
            return self._plan_of(model.Operation.REPLACE, live=None, changes=(change,))
        if live is None:
            if self.goal.options.import_id and self.old is None:
                raise errors.EngineError.of(
                    f"{self.want.reference} cannot be imported: it does not exist",
                    why="an import takes over an object that is there",
                    next="correct the id, or leave the import out to have it created",
                )
            return self._plan_of(model.Operation.CREATE, live=None)
        known = self.old is not None and (not self.old.pending or self.old.uid == live["metadata"]["uid"])
        adopt = known or bool(self.goal.options.import_id)
        await self.tools.planner.refuse_foreign(self.want.reference, live, adopt=adopt)
        if self.run.forced and self.old is not None:
            return self._plan_of(model.Operation.REPLACE, live=live, changes=self.run.forced)
        if self.goal.options.before_update:
            # Before the API server is asked: its own refusal of the same change is known to few.
            present = {key: value for key, value in live.items() if key != "status"}
            await self.run.before_update(self.want.reference.id, secrecy.marked(present, inputs=self.want.inputs))
        return await self._patiently(lambda: self.tools.planner.plan(self.want, self.goal, live=live))

    def _renamed(self) -> bool:
        """Whether the old object lives under another id; one of a killed replacement may already have the new one."""
        return self.old is not None and bool(self.want.reference.name) and self.old.id != self.want.reference.id

    def _plan_of(
        self, operation: model.Operation, *, live: Json | None, changes: tuple[model.FieldChange, ...] = ()
    ) -> planning.Plan:
        return planning.Plan(operation=operation, live=live, changes=changes)

    async def _foretold(self, plan: planning.Plan) -> model.Outcome:
        want = self._replacement() if self._beside(plan) else self.want
        item = plan.result or plan.live
        if plan.operation in (model.Operation.CREATE, model.Operation.REPLACE):
            if plan.operation is model.Operation.REPLACE:
                await self._permit_replace(plan)
            item = not_yet(await self._tried(want, plan) or want.inputs, inputs=want.inputs)
        elif plan.result is None:
            item = {**(plan.live or {}), **want.inputs}
        return model.Outcome(
            operation=plan.operation,
            id=want.reference.id if want.reference.name else "",
            outputs=self._outputs(item or {}),
            changes=plan.changes,
            uid=((plan.live or {}).get("metadata") or {}).get("uid", ""),
            drifted=self._drifted(plan),
            # What somebody else has done to it beside the program is nothing to do, but was it ready, and is it?
            at_rest=plan.operation is model.Operation.SAME and self._same_inputs() and self._rests(plan.live or {}),
        )

    async def _permit_replace(self, plan: planning.Plan) -> None:
        """Raise `EngineError` where the present object must stay, or would be deleted for one that is refused."""
        self.run.permit_replace(plan.changes)
        if self._beside(plan) or plan.live is None:
            return
        if self._retained:
            raise errors.EngineError.of(
                f"{self.want.reference} would have to be deleted and made anew, but retain_on_delete keeps it",
                why="what it holds would be lost, and two objects cannot have one name",
                next="undo the change, give the new object another metadata.name, or take retain_on_delete away",
            )
        await self.tools.planner.refuse_unmakeable(self.want, seed=self.goal.urn.encode())

    @property
    def _retained(self) -> bool:
        return self.goal.options.retain_on_delete or (self.old is not None and self.old.retain_on_delete)

    async def _tried(self, want: wanted.Wanted, plan: planning.Plan) -> Json | None:
        """What a dry run makes of a new object; None where it cannot be asked, because something is yet to come."""
        if not want.known or (plan.live is not None and not want.autonamed):
            return None
        try:
            return await self.tools.planner.apply(want, live=None, dry_run=True)
        except rejections.ApiRejected as error:
            if _yet_to_come(error):
                return None
            raise

    async def _done(self, plan: planning.Plan) -> model.Outcome:
        if plan.operation is model.Operation.SAME:
            return await self._kept(plan)
        if plan.operation is model.Operation.REPLACE:
            return await self._replaced(plan)
        return await self._written(self.want, plan)

    async def _kept(self, plan: planning.Plan) -> model.Outcome:
        live = plan.live or {}
        if not self._same_inputs():
            # Nothing to see, but fields that are new in the program are ours only once they are applied.
            await self._intend(self.want)
            live = await self.tools.planner.apply(self.want, live=live)
        return await self._waited(plan, live)

    async def _written(self, want: wanted.Wanted, plan: planning.Plan, **more: Any) -> model.Outcome:
        await self._intend(want)
        async with self.tools.waiting.observing(want.reference) as observation:
            item = await self._applied(want, plan)
            return await self._waited(plan, item, want=want, observation=observation, **more)

    async def _replaced(self, plan: planning.Plan) -> model.Outcome:
        await self._permit_replace(plan)
        if not self._beside(plan):
            if plan.live is not None:
                await self._intend(self.want)
                await self._deleted(plan.live)
            return await self._written(self.want, dataclasses.replace(plan, live=None))
        want = self._replacement()
        if self.goal.options.delete_before_replace and self.old is not None and not self._retained:
            old = objects.from_id(self.old.type, self.old.id)
            live = await self.tools.planner.api.get(old.api_version, old.kind, old.name, old.namespace)
            if live is not None and live["metadata"]["uid"] == self.old.uid:
                await self._deleted(live)
            return await self._written(want, dataclasses.replace(plan, live=None))
        return await self._written(want, dataclasses.replace(plan, live=None), superseded=self.old)

    def _beside(self, plan: planning.Plan) -> bool:
        """Whether the replacement can exist beside the old object, because it has another name."""
        return plan.operation is model.Operation.REPLACE and (self._renamed() or self.want.autonamed)

    def _replacement(self) -> wanted.Wanted:
        if self._renamed() or self.old is None:
            return self.want
        seed = self.tools.planner.stack.hash_key + f"{self.goal.urn} {self.old.id}".encode()
        return self.want.renamed(objects.fresh_autoname(self.goal.name, seed=seed))

    async def _deleted(self, live: Json) -> None:
        await deletion.delete(
            self.tools.planner.api,
            self.tools.waiting,
            live,
            seconds=self.goal.options.delete_timeout or deletion.SECONDS,
            report=self.run.report,
        )

    async def _intend(self, want: wanted.Wanted) -> None:
        same = self.old is not None and self.old.id == want.reference.id
        await self.run.intend(
            model.Entry(
                urn=self.goal.urn,
                type=self.goal.type,
                id=want.reference.id,
                custom=True,
                parent=self.goal.parent,
                provider=self.goal.provider,
                dependencies=self.goal.dependencies,
                protect=self.goal.options.protect,
                retain_on_delete=self.goal.options.retain_on_delete,
                deleted_with=self.goal.options.deleted_with,
                delete_timeout=self.goal.options.delete_timeout,
                pending=True,
                inputs_hash=want.hashed(self.tools.planner.stack),
                uid=self.old.uid if self.old and same else "",
            )
        )

    async def _applied(self, want: wanted.Wanted, plan: planning.Plan) -> Json:
        """Apply, and try again for a while where something of the same run is yet to come."""
        return await self._patiently(lambda: self.tools.planner.apply(want, live=plan.live))

    async def _patiently(self, ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """The answer; a preview does not wait for what it does not make."""
        for tried in itertools.count():
            try:
                return await ask()
            except rejections.ApiRejected as error:
                delays = () if self.run.preview else patience.delays(error)
                if tried >= len(delays):
                    raise
                self.run.report(f"not accepted yet: {error.message}")
                await asyncio.sleep(delays[tried])
        raise AssertionError

    async def _waited(
        self,
        plan: planning.Plan,
        item: Json,
        *,
        want: wanted.Wanted | None = None,
        observation: observations.Observation | None = None,
        superseded: model.Entry | None = None,
    ) -> model.Outcome:
        verdict = readiness.READY
        if not self.run.preview:
            item, verdict = await self._ready(item, observation, before=plan.live)
        return model.Outcome(
            operation=plan.operation,
            id=(want or self.want).reference.id,
            outputs=self._outputs(item),
            changes=plan.changes,
            uid=item["metadata"]["uid"],
            # An object that is not ready is looked at again by the next run, whether or not it changes until then.
            resource_version=fingerprints.of(item) if verdict.ready else "",
            drifted=self._drifted(plan),
            superseded=superseded,
            awaited=verdict.ready,
            failure=verdict.reason,
            at_rest=not self.run.preview or self._rests(item),
            inputs_hash=(want or self.want).hashed(self.tools.planner.stack),
        )

    async def _ready(
        self, item: Json, observation: observations.Observation | None, *, before: Json | None
    ) -> tuple[Json, readiness.Readiness]:
        options = self.goal.options
        option = options.create_timeout if before is None else options.update_timeout
        seconds = readiness.seconds(item, option=option)
        changed = before is not None and _generation(before) != _generation(item)
        waits = self.tools.waiting
        own = waits.observing(objects.reference(item)) if observation is None else contextlib.nullcontext(observation)
        async with own as begun:
            return await waits.until_ready(begun, item, seconds=seconds, report=self.run.report, changed=changed)

    def _rests(self, item: Json) -> bool:
        """Whether it was ready when the last run left it, and is so now."""
        return self.old is not None and bool(self.old.resource_version) and readiness.assess(item).ready

    def _same(self, *, item: Json) -> model.Outcome:
        old = self.old
        assert old is not None
        return model.Outcome(
            operation=model.Operation.SAME,
            id=old.id,
            outputs=self._outputs(item),
            uid=old.uid,
            resource_version=old.resource_version,
            # Whoever has no version was not ready, and is never taken for the same unread.
            at_rest=True,
            inputs_hash=old.inputs_hash,
        )

    def _outputs(self, item: Mapping[str, Any]) -> Json:
        """The object as the program receives it."""
        outputs: Json = secrecy.marked(dict(item), inputs=self.want.inputs)
        metadata = secrecy.opened(outputs.get("metadata"))
        if isinstance(metadata, Mapping):
            outputs["metadata"] = {key: value for key, value in metadata.items() if key != "managedFields"}
        return outputs

    def _drifted(self, plan: planning.Plan) -> bool:
        return plan.operation is not model.Operation.SAME and self._same_inputs()


def _generation(item: Mapping[str, Any]) -> Any:
    return item["metadata"].get("generation")


def not_yet(item: Mapping[str, Any], *, inputs: Mapping[str, Any]) -> Json:
    """A new object as a preview may show it: what only the real one will have is unknown."""
    metadata = {**item["metadata"], **dict.fromkeys(_SET_BY_SERVER, values.UNKNOWN)}
    foretold: Json = {**item, "metadata": metadata, "status": values.UNKNOWN}
    if item["kind"] == "Service" and isinstance(foretold.get("spec"), Mapping):
        # A dry run draws addresses that the real run will not get.
        given = inputs.get("spec")
        drawn = {key for key in ("clusterIP", "clusterIPs") if not isinstance(given, Mapping) or key not in given}
        foretold["spec"] = {**foretold["spec"], **dict.fromkeys(drawn, values.UNKNOWN)}
    return foretold


def _yet_to_come(error: rejections.ApiRejected) -> bool:
    """Whether a dry run was refused for want of a namespace, a kind or a webhook, which the run itself may bring."""
    return bool(patience.delays(error)) or "does not support dry run" in error.message
