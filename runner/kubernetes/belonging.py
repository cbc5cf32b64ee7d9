"""Which objects belong to another: its own, those of what it has made, and so on, by their owner references.

An operator's pods are found so whatever labels it gives them. What an operator ties together without references
(k8ssandra-operator does) is recognised by a label of the operator's own group that names the object.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from runner.kubernetes import client, objects

Json = dict[str, Any]

_DEEPEST: Final = 5
"""A custom resource, another one, a Deployment, its ReplicaSet, a pod."""


class Family:
    """What belongs to one object: parents that were asked for are remembered."""

    def __init__(self, api: client.Client, item: Json) -> None:
        self._api = api
        self._name = item["metadata"]["name"]
        self._uid = item["metadata"].get("uid")
        self._group = objects.group_of(item["apiVersion"])
        self._parents: dict[str, Json | None] = {}

    async def members(self, items: Iterable[Json]) -> list[Json]:
        """Those that belong to it. Raises `EngineError` where a parent may not be read."""
        return [item for item in items if await self._descends(item, depth=_DEEPEST)]

    def children(self, items: Iterable[Json]) -> list[Json]:
        """Those that are its very own."""
        return [item for item in items if any(owner["uid"] == self._uid for owner in _owners(item))]

    async def _descends(self, item: Json, *, depth: int) -> bool:
        owners = _owners(item)
        if self._is_labelled(item) or any(owner["uid"] == self._uid for owner in owners):
            return True
        for owner in owners if depth else ():
            parent = await self._parent(owner, namespace=item["metadata"].get("namespace", ""))
            if parent is not None and await self._descends(parent, depth=depth - 1):
                return True
        return False

    def _is_labelled(self, item: Json) -> bool:
        labels = item["metadata"].get("labels") or {}
        return any(key.startswith(f"{self._group}/") and value == self._name for key, value in labels.items())

    async def _parent(self, owner: Json, *, namespace: str) -> Json | None:
        if owner["uid"] not in self._parents:
            found = await self._api.get(owner["apiVersion"], owner["kind"], owner["name"], namespace)
            self._parents[owner["uid"]] = found
        return self._parents[owner["uid"]]


def _owners(item: Json) -> list[Json]:
    return list(item["metadata"].get("ownerReferences") or ())
