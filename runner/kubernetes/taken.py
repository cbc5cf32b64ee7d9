"""Which of the objects that a stack is about to make exist already, and are not its own. Asks, and writes nothing."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable

from runner.kubernetes import client, identity, objects, owners

_AT_ONCE = 16


@dataclasses.dataclass(frozen=True, kw_only=True, order=True)
class Taken:
    """One object that somebody else has made."""

    reference: objects.Reference
    owner: str
    """Name of the stack that it belongs to; empty where no stack claims it."""


async def found(
    api: client.Client, references: Iterable[objects.Reference], *, stack: identity.StackIdentity
) -> tuple[Taken, ...]:
    """Those of the objects that exist and do not carry the stack's label. An object without a name is passed over."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def label(reference: objects.Reference) -> str | None:
        async with turns:
            live = await api.metadata(reference.api_version, reference.kind, reference.name, reference.namespace)
        return None if live is None else objects.label(live, stack.label_key)

    named = [reference for reference in references if reference.name]
    labels = await asyncio.gather(*(label(reference) for reference in named))
    foreign = {
        reference: value
        for reference, value in zip(named, labels, strict=True)
        if value is not None and value != stack.label_value
    }
    names = {value: await owners.stack(api, value) if value else "" for value in set(foreign.values())}
    return tuple(sorted(Taken(reference=reference, owner=names[value]) for reference, value in foreign.items()))
