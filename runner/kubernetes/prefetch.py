"""The metadata of all objects that carry the stack's label, had by one list for each kind instead of one read each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from runner.kubernetes import client, objects, rejections

Json = dict[str, Any]


class Prefetch:
    """As the objects were when the first of their kind was asked for; one run is short enough for that."""

    def __init__(self, api: client.Client, *, label_selector: str) -> None:
        self._api = api
        self._label_selector = label_selector
        self._lists: dict[tuple[str, str], asyncio.Task[Mapping[tuple[str, str], Json]]] = {}

    async def metadata(self, reference: objects.Reference) -> Json | None:
        """An object with nothing but its metadata; None means that it is not known, not that it does not exist."""
        kind = (reference.api_version, reference.kind)
        if kind not in self._lists:
            self._lists[kind] = asyncio.create_task(self._listed(*kind))
        found = await asyncio.shield(self._lists[kind])
        return found.get((reference.namespace, reference.name))

    async def close(self) -> None:
        """End what is still under way."""
        for task in self._lists.values():
            task.cancel()
        await asyncio.gather(*self._lists.values(), return_exceptions=True)

    async def _listed(self, api_version: str, kind: str) -> Mapping[tuple[str, str], Json]:
        try:
            items = await self._api.list(api_version, kind, label_selector=self._label_selector, metadata_only=True)
        except rejections.ApiRejected:
            # Who may only see some namespaces may not list over all: then each object is read by itself.
            return {}
        return {(item["metadata"].get("namespace", ""), item["metadata"]["name"]): _slim(item) for item in items}


def _slim(item: Json) -> Json:
    # managedFields are most of it, and nobody asks for them here.
    return {**item, "metadata": {key: value for key, value in item["metadata"].items() if key != "managedFields"}}
