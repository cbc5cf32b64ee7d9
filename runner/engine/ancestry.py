"""What a resource hands down to its children, by the rules of Pulumi's engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from runner.engine import model, urn


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parent:
    """The part of a registered resource that its children inherit where they say nothing themselves."""

    urn: str
    above: str = ""
    """The URN of its own parent."""
    protect: bool = False
    retain_on_delete: bool = False
    deleted_with: str = ""
    aliases: tuple[str, ...] = ()
    providers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Provider references by package."""

    def provider(self, type_token: str) -> str:
        """The provider reference for a child of the type; empty means the default provider."""
        return self.providers.get(urn.package(type_token), "")


def parent(goal: model.Goal, *, above: Parent | None) -> Parent:
    """What `goal` hands down, given what its own parent `above` does. The goal's options are already resolved."""
    own = {urn.package(goal.type): goal.provider} if goal.provider else {}
    return Parent(
        urn=goal.urn,
        above=goal.parent,
        protect=goal.options.protect,
        retain_on_delete=goal.options.retain_on_delete,
        deleted_with=goal.options.deleted_with,
        aliases=goal.options.aliases,
        providers={**(above.providers if above else {}), **own, **goal.providers},
    )


def child(
    above: model.Goal,
    *,
    type: str,  # noqa: A002 - Pulumi's word
    name: str,
    inputs: Mapping[str, object],
    providers: Parent,
) -> model.Goal:
    """A goal below a remote component: it waits for what the component waits for, and has its options."""
    identity = urn.Urn.parse(above.urn)
    own_urn = urn.compose(stack=identity.stack, project=identity.project, parent=above.urn, type=type, name=name)
    options = model.Options(
        protect=above.options.protect,
        retain_on_delete=above.options.retain_on_delete,
        deleted_with=above.options.deleted_with,
        create_timeout=above.options.create_timeout,
        update_timeout=above.options.update_timeout,
        delete_timeout=above.options.delete_timeout,
        aliases=urn.aliases(own_urn, parent=above.urn, own=(), of_parent=above.options.aliases),
    )
    return model.Goal(
        urn=own_urn,
        type=type,
        name=name,
        custom=True,
        inputs=inputs,
        parent=above.urn,
        provider=providers.provider(type),
        outputs_needed=False,
        dependencies=above.dependencies,
        options=options,
    )
