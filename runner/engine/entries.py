"""From goals and outcomes to what the inventory remembers of them. Pure."""

from __future__ import annotations

import dataclasses

from runner.engine import loss, model, urn, values


def of_goal(goal: model.Goal, *, id: str, old: model.Entry | None = None) -> model.Entry:  # noqa: A002 - Pulumi's word
    """What is known of a resource before its provider has answered; `old` lends what the program does not say."""
    base = old or model.Entry(urn=goal.urn, type=goal.type, id=id, custom=goal.custom)
    return dataclasses.replace(
        base,
        urn=goal.urn,
        type=goal.type,
        id=id,
        custom=goal.custom,
        parent=goal.parent,
        provider=goal.provider,
        dependencies=dependencies(goal),
        protect=goal.options.protect,
        retain_on_delete=goal.options.retain_on_delete,
        deleted_with=goal.options.deleted_with,
        delete_timeout=goal.options.delete_timeout,
        **loss.remembered(goal.inputs),
        pending=False,
    )


def intended(goal: model.Goal, entry: model.Entry) -> model.Entry:
    """The provider's intent, completed with the goal's options, which are not the provider's business."""
    return dataclasses.replace(of_goal(goal, id=entry.id, old=entry), pending=True)


def settled(goal: model.Goal, outcome: model.Outcome, *, last: model.Entry | None) -> model.Entry:
    """What is remembered once the provider has answered; `last` is its last intent, else the old entry."""
    return dataclasses.replace(
        of_goal(goal, id=outcome.id, old=last),
        uid=outcome.uid,
        resource_version=outcome.resource_version,
        inputs_hash=outcome.inputs_hash or (last.inputs_hash if last else ""),
        inputs=outcome.kept_inputs,
        outputs=outcome.kept_outputs,
    )


def of_provider(goal: model.Goal, *, id: str) -> model.Entry:  # noqa: A002 - Pulumi's word
    """A provider resource: its inputs are kept, to delete by them later, and all sealed, as credentials are there."""
    inputs = {
        key: value if isinstance(value, values.Secret) else values.Secret(value) for key, value in goal.inputs.items()
    }
    return dataclasses.replace(of_goal(goal, id=id), inputs=inputs)


def dependencies(goal: model.Goal) -> tuple[str, ...]:
    """What the goal says that it needs, for itself or for one of its properties, or that it is replaced with."""
    named = [dependency for group in goal.property_dependencies.values() for dependency in group]
    # Sorted, because the SDK sends sets: an unchanged program must give an unchanged entry.
    return tuple(sorted({*goal.dependencies, *named, *goal.options.replace_with} - {goal.urn}))


def needs(goal: model.Goal) -> dict[str, None]:
    """The URNs without which a goal cannot be made, each once."""
    wanted = (*dependencies(goal), goal.parent, urn.provider_urn(goal.provider), goal.options.deleted_with)
    return dict.fromkeys(needed for needed in wanted if needed)
