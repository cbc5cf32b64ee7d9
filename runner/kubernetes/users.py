"""What others have made of the kinds and the storage classes of a stack: what would suffer if these went."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from runner.kubernetes import client, discovery, identity, leftovers, objects, owners

Json = dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True, order=True)
class User:
    """One object that stays and needs what would go."""

    needs: str
    """Name of the definition or of the storage class."""
    reference: objects.Reference
    owner: str
    """Name of the stack that it belongs to, or whose namespace it is in; empty where no stack claims either."""


async def found(
    api: client.Client,
    *,
    definitions: Collection[str],
    classes: Collection[str],
    leaving: Collection[str],
    stack: identity.StackIdentity,
) -> tuple[User, ...]:
    """Objects of the defined kinds, and claims of the classes, that are not the stack's own.

    What is in a namespace of the stack, or in one that is `leaving`, goes or stays with it; what belongs to another
    object goes with that. `definitions` are names of CustomResourceDefinitions.
    """
    homes = {item["metadata"]["name"]: item for item in await api.list("v1", "Namespace", metadata_only=True)}
    lists = await asyncio.gather(
        *(_of_definition(api, name) for name in definitions), _of_classes(api, classes) if classes else _nothing()
    )
    users: set[tuple[str, objects.Reference, str]] = set()
    for needs, item in (pair for pairs in lists for pair in pairs):
        reference = objects.reference(item)
        label = _owner(item, homes, key=stack.label_key)
        owned = needs in definitions and item["metadata"].get("ownerReferences")
        if label != stack.label_value and reference.namespace not in leaving and not owned:
            users.add((needs, reference, label))
    names = {label: await owners.stack(api, label) if label else "" for label in {label for *_, label in users}}
    return tuple(
        sorted(User(needs=needs, reference=reference, owner=names[label]) for needs, reference, label in users)
    )


def _owner(item: Json, homes: Mapping[str, Json], *, key: str) -> str:
    own = objects.label(item, key)
    return own or objects.label(homes.get(item["metadata"].get("namespace") or "", {}), key)


async def _nothing() -> list[tuple[str, Json]]:
    return []


async def _of_definition(api: client.Client, name: str) -> list[tuple[str, Json]]:
    """All objects of a kind, by the name of its definition: `plural.group`."""
    plural, _, group = name.partition(".")
    for version in await api.versions(group):
        for kind in _named(plural, (await api.kinds(f"{group}/{version}")).values()):
            items = await api.list(kind.api_version, kind.kind, metadata_only=True)
            return [(name, item) for item in leftovers.without(items, definition=name)]
    return []


def _named(plural: str, kinds: Iterable[discovery.ResourceKind]) -> list[discovery.ResourceKind]:
    return [kind for kind in kinds if kind.plural == plural]


async def _of_classes(api: client.Client, classes: Collection[str]) -> list[tuple[str, Json]]:
    claims = await api.list("v1", "PersistentVolumeClaim")
    named = [(str(item["spec"].get("storageClassName") or ""), item) for item in claims]
    return [(name, item) for name, item in named if name in classes]
