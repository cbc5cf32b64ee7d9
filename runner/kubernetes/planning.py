"""What has to happen so that an object becomes as the program wants it: asked of the API server by its own dry run."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, Final

from runner.engine import model
from runner.kubernetes import (
    client,
    configuration,
    conflicts,
    differences,
    identity,
    immutable,
    objects,
    owners,
    rejections,
    secrecy,
    wanted,
)
from stacks import errors

Json = dict[str, Any]

_STEM: Final = 40
"""Characters of a name that leave room for digits behind it, whatever the kind."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What has to happen to one object."""

    operation: model.Operation
    live: Json | None = dataclasses.field(repr=False)
    result: Json | None = dataclasses.field(default=None, repr=False)
    """The object as it would be; None where it could not be asked."""
    changes: tuple[model.FieldChange, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Planner:
    """Plans for the objects of one stack in one cluster."""

    api: client.Client
    stack: identity.StackIdentity
    configuration: configuration.Configuration

    async def plan(self, want: wanted.Wanted, goal: model.Goal, *, live: Json) -> Plan:
        """What would change in an object that exists. Raises `EngineError` for what the API server refuses."""
        if not want.known:
            return self._guessed(want, goal, live=live)
        try:
            result = await self.apply(want, live=live, dry_run=True)
        except rejections.ApiRejected as error:
            guess = self._guessed(want, goal, live=live)
            if error.code == 422 and (  # noqa: PLR2004 - HTTP's number
                guess.operation is model.Operation.REPLACE
                or immutable.refused_as_immutable(error, manifest=want.manifest)
            ):
                return dataclasses.replace(guess, operation=model.Operation.REPLACE)
            raise
        changes = differences.between(*(secrecy.marked(item, inputs=want.inputs) for item in (live, result)))
        return self._decided(want, goal, live=live, result=result, changes=changes)

    async def apply(self, want: wanted.Wanted, *, live: Json | None, dry_run: bool = False) -> Json:
        """Server-side apply; what was merely edited by hand is taken back, other managers' fields are not."""
        manifest = want.over(live).manifest
        force = self.configuration.force or objects.annotation(manifest, conflicts.FORCE) == "true"
        manager = objects.annotation(manifest, conflicts.MANAGER) or self.stack.field_manager
        send = functools.partial(self.api.apply, manifest, field_manager=manager, dry_run=dry_run)
        try:
            try:
                return await send(force=force)
            except rejections.ApiRejected as error:
                found = conflicts.found(error)
                if live is not None and self.ours(live) and conflicts.changed_by_hand(found, live=live):
                    return await send(force=True)
                raise conflicts.explained(error, found) if found else error from None
        except rejections.ApiRejected as error:
            raise error.scrubbed(want.inputs) from None

    async def refuse_unmakeable(self, want: wanted.Wanted, *, seed: bytes) -> None:
        """Raise `EngineError` where the API server would refuse the object even if it were new.

        Asked under another name, as its own is still taken; what it says about that name, or about addresses and ports
        that are still in use, is no reason.
        """
        if not want.known:
            return
        try:
            await self.apply(
                want.renamed(objects.fresh_autoname(want.reference.name[:_STEM], seed=seed)), live=None, dry_run=True
            )
        except rejections.ApiRejected as error:
            causes = error.causes if error.code == 422 else ()  # noqa: PLR2004 - HTTP's number
            told = [
                f"{cause.field}: {cause.message}"
                for cause in causes
                if not cause.field.startswith("metadata.name") and "allocated" not in cause.message
            ]
            if told:
                raise errors.EngineError.of(
                    f"{want.reference} cannot be changed in place, and the API server would refuse a new one: "
                    + "; ".join(told),
                    why="the present object would be deleted for nothing",
                    next="correct these fields",
                ) from None

    def ours(self, live: Json) -> bool:
        """Whether the object carries this stack's label."""
        return objects.label(live, self.stack.label_key) == self.stack.label_value

    async def refuse_foreign(self, reference: objects.Reference, live: Json, *, adopt: bool) -> None:
        """Raise `EngineError` for an object that another stack claims, or that this stack has not made."""
        owner = objects.label(live, self.stack.label_key)
        if owner == self.stack.label_value:
            return
        if owner:
            raise errors.EngineError.of(
                f"{reference} belongs to another stack: {await owners.stack(self.api, owner)}",
                why="two stacks that apply the same object undo each other's changes",
                next="remove it from one of the two programs, or give it another name",
            )
        if not (adopt or self.configuration.adopt):
            raise errors.EngineError.of(
                f"{reference} exists already and was not made by this stack",
                why="taking it over would let this stack change and later delete what somebody else made",
                next=f"give it another name, or adopt it with the resource option import_={reference.id!r}",
            )

    def _guessed(self, want: wanted.Wanted, goal: model.Goal, *, live: Json) -> Plan:
        """Without asking: the fields that the manifest names."""
        want = want.over(live)
        marked = secrecy.marked(live, inputs=want.inputs)
        shaped = secrecy.marked(want.inputs, inputs=want.inputs)
        return self._decided(want, goal, live=live, result=None, changes=differences.of_manifest(marked, shaped))

    def _decided(
        self,
        want: wanted.Wanted,
        goal: model.Goal,
        *,
        live: Json,
        result: Json | None,
        changes: tuple[model.FieldChange, ...],
    ) -> Plan:
        forcing = immutable.forcing(
            want.inputs,
            changes,
            config_map_mutable=self.configuration.config_maps_mutable,
            secret_mutable=self.configuration.secrets_mutable,
            extra=goal.options.replace_on_changes,
        )
        operation = model.Operation.UPDATE if changes else model.Operation.SAME
        if forcing:
            operation = model.Operation.REPLACE
        return Plan(operation=operation, live=live, result=result, changes=changes)
