"""Pulumi's built-in resource that remembers a value, `pulumi.Stash`: `model.Provider` over the inventory alone.

As in Pulumi's own engine: its `output` is the `input` that it was created with, whatever the program gives it later
(pulumi.com/docs/iac/concepts/stash). There is nothing outside that could drift.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from runner import properties
from runner.engine import model, values
from stacks import errors

PACKAGE: Final = "pulumi"
"""The package of Pulumi's built-in resources, of which the others are the host's business."""
TYPE: Final = "pulumi:index:Stash"

_IDS: Final = uuid.UUID("5b0c6c0e-7a3f-4a77-9b0f-6f0d3f1f6f52")


class Provider:
    """Of all stashes of a stack."""

    async def reconcile(
        self,
        goal: model.Goal,
        old: model.Entry | None,
        run: model.Run,
        *,
        outputs_needed: bool = True,  # noqa: ARG002 - they are in the inventory anyway
    ) -> model.Outcome:
        """See `model.Provider`. Raises `Unsupported` for other built-in resources and for imports."""
        _refuse_others(goal)
        given = dict(goal.inputs)
        if old is None:
            return _outcome(goal, model.Operation.CREATE, given=given, output=given.get("input"))
        given = properties.ignoring(given, old.inputs, goal.options.ignore_changes)
        changes = _changes(old.inputs, given)
        replaced = bool(changes) and properties.covers(goal.options.replace_on_changes, "input")
        if run.forced or replaced:
            changes = (*run.forced, *changes)
            run.permit_replace(changes)
            return _outcome(goal, model.Operation.REPLACE, given=given, output=given.get("input"), changes=changes)
        if changes:
            await run.before_update(str(uuid.uuid5(_IDS, goal.urn)), old.inputs)
        operation = model.Operation.UPDATE if changes else model.Operation.SAME
        return _outcome(goal, operation, given=given, output=old.outputs.get("output"), changes=changes)

    async def delete(self, entry: model.Entry, run: model.Run) -> None:
        """See `model.Provider`: the inventory forgets it, and that is all."""

    async def read(self, type: str, id: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:  # noqa: A002, ARG002
        """None: what is not in the inventory is nowhere."""
        return None


def _refuse_others(goal: model.Goal) -> None:
    if goal.type != TYPE:
        raise errors.Unsupported.of(
            f"the embedded engine does not implement {goal.name} ({goal.type})",
            next="run the stack with --engine pulumi",
        )
    if goal.options.import_id:
        raise errors.Unsupported.of(
            f"the embedded engine cannot import a stash, as {goal.name} asks for",
            next="run the stack with --engine pulumi",
        )


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[model.FieldChange, ...]:
    old, new = before.get("input"), after.get("input")
    if values.revealed(old) == values.revealed(new):
        return ()
    return (model.FieldChange(path="input", before=values.masked(old), after=values.masked(new)),)


def _outcome(
    goal: model.Goal,
    operation: model.Operation,
    *,
    given: Mapping[str, Any],
    output: Any,
    changes: tuple[model.FieldChange, ...] = (),
) -> model.Outcome:
    state = {"input": given.get("input"), "output": output}
    return model.Outcome(
        operation=operation,
        id=str(uuid.uuid5(_IDS, goal.urn)),
        outputs=state,
        changes=changes,
        at_rest=operation is model.Operation.SAME,
        kept_inputs=given,
        kept_outputs=state,
    )
