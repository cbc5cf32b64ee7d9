"""The endless stream of changes of one collection: list, watch, reconnect, and list again when too much was missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, Protocol

import httpx2
import pydantic_core

from runner.kubernetes import connection, rejections

Json = dict[str, Any]

_LASTS_SECONDS: Final = 290
"""Asked of the server: streams end now and then, so that load balancers have no reason to cut them."""
_QUIET_SECONDS: Final = 130.0
"""Bookmarks come every minute; a stream silent for longer than two is dead."""
_RECONNECT_SECONDS: Final = 0.5
_GONE: Final = 410


class ListDocument(Protocol):
    """How a whole list is had."""

    async def __call__(self, path: str, *, params: Mapping[str, str]) -> Json:
        """The list, with the resourceVersion from which to watch."""
        ...


async def events(
    link: connection.Connection, *, list_document: ListDocument, path: str, params: Mapping[str, str]
) -> AsyncIterator[tuple[str, Json]]:
    """All events of a collection; see `Client.watch`."""
    known: dict[str, Json] = {}
    while True:
        document = await list_document(path, params=params)
        version = str(document["metadata"]["resourceVersion"])
        listed = {item["metadata"]["uid"]: item for item in document["items"]}
        for uid, trace in list(known.items()):
            if uid not in listed:
                del known[uid]
                yield "DELETED", trace
        for uid, item in listed.items():
            known[uid] = _trace(item)
            yield "ADDED", item
        yield "BOOKMARK", {"metadata": {"resourceVersion": version}}
        async for event, item in _changes(link, path=path, params=params, version=version):
            uid = item["metadata"].get("uid", "")
            if event == "DELETED":
                known.pop(uid, None)
            elif event != "BOOKMARK":
                known[uid] = _trace(item)
            yield event, item


async def _changes(
    link: connection.Connection, *, path: str, params: Mapping[str, str], version: str
) -> AsyncIterator[tuple[str, Json]]:
    """Changes since `version`, over as many streams as it takes; ends when the server no longer knows that version."""
    while True:
        try:
            asked = {
                **params,
                "watch": "true",
                "allowWatchBookmarks": "true",
                "resourceVersion": version,
                "timeoutSeconds": str(_LASTS_SECONDS),
            }
            async with link.stream(path, params=asked, quiet=_QUIET_SECONDS) as response:
                if response.status_code == _GONE:
                    return
                if not response.is_success:
                    await _refusal(response, path=path)
                else:
                    async for event, item in _lines(response):
                        if event == "ERROR":
                            return
                        version = str(item["metadata"]["resourceVersion"])
                        yield event, item
                    continue
        except httpx2.TransportError:
            pass
        await asyncio.sleep(_RECONNECT_SECONDS)


async def _refusal(response: httpx2.Response, *, path: str) -> None:
    """Raise for a refusal that will not pass by itself."""
    passing = response.status_code in (401, 429) or response.is_server_error
    if not passing:
        body = pydantic_core.from_json(await response.aread())
        raise rejections.rejected(f"to watch {path}", code=response.status_code, body=body)


async def _lines(response: httpx2.Response) -> AsyncIterator[tuple[str, Json]]:
    # Not `aiter_lines`: it decodes and copies each of megabytes of text, while JSON is parsed from bytes.
    rest = b""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                event = pydantic_core.from_json(line)
                yield event["type"], event["object"]


def _trace(item: Json) -> Json:
    """Enough to tell of an object that vanished while nobody listened."""
    metadata = item["metadata"]
    return {"metadata": {key: metadata[key] for key in ("name", "namespace", "uid") if key in metadata}}
