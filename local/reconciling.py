"""Keeping objects as they should be: watch some kinds, and act on the whole picture whenever it has changed.

Level-triggered: what to do is computed from what is there now, never from the event, so a missed or repeated event
does no harm. What the picture means is decided in pure functions elsewhere.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from local import backoff
from runner.kubernetes import client as clients
from runner.kubernetes import rejections
from stacks import errors

FIELD_MANAGER: Final = "paasport-local"

_BURST_SECONDS: Final = 0.02
"""Events come in bursts; acting once for all of them is cheaper."""
_PASSING: Final = frozenset({404, 409})
"""What the picture's age explains: an object that has gone or has come meanwhile. The next event tells."""

Json: TypeAlias = dict[str, Any]

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind to watch, in all namespaces."""

    api_version: str
    kind: str


Picture: TypeAlias = Mapping[Kind, Sequence[Json]]
"""All objects of the watched kinds."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Apply:
    """Make these fields so, whoever set them before."""

    manifest: Json
    subresource: str = ""
    manager: str = FIELD_MANAGER
    """Another one than for the rest of the object, where only some fields are given: else the rest would be dropped."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Delete:
    """Delete this very object."""

    api_version: str
    kind: str
    name: str
    uid: str
    namespace: str = ""


Action: TypeAlias = Apply | Delete


async def reconcile(
    client: clients.Client,
    *,
    kinds: Sequence[Kind],
    act: Callable[[Picture], Awaitable[None]],
    wake: asyncio.Event | None = None,
) -> None:
    """Call `act` with the picture when it is complete, and after every change of it or of `wake`; never returns."""
    wake = wake or asyncio.Event()
    stores: dict[Kind, dict[str, Json]] = {kind: {} for kind in kinds}
    complete: set[Kind] = set()

    async def follow(kind: Kind) -> None:
        store = stores[kind]
        async for event, item in client.watch(kind.api_version, kind.kind):
            if event == "BOOKMARK":
                complete.add(kind)
            elif event == "DELETED":
                store.pop(item["metadata"]["uid"], None)
            else:
                store[item["metadata"]["uid"]] = item
            wake.set()

    async with asyncio.TaskGroup() as group:
        for kind in kinds:
            group.create_task(follow(kind))
        await _act_when_awake(stores, complete=complete, act=act, wake=wake)


async def perform(client: clients.Client, actions: Sequence[Action]) -> None:
    """Do all of it at once. Raises the first refusal that will not pass by itself, after the others are done."""
    results = await asyncio.gather(*(_perform(client, action) for action in actions), return_exceptions=True)
    for result in results:
        passing = isinstance(result, rejections.ApiRejected) and result.code in _PASSING
        if isinstance(result, BaseException) and not passing:
            raise result


async def _perform(client: clients.Client, action: Action) -> None:
    if isinstance(action, Apply):
        await client.apply(action.manifest, field_manager=action.manager, force=True, subresource=action.subresource)
    else:
        await client.delete(action.api_version, action.kind, action.name, action.namespace, uid=action.uid)


async def _act_when_awake(
    stores: Mapping[Kind, Mapping[str, Json]],
    *,
    complete: set[Kind],
    act: Callable[[Picture], Awaitable[None]],
    wake: asyncio.Event,
) -> None:
    patience = backoff.Backoff()
    while True:
        await wake.wait()
        await asyncio.sleep(_BURST_SECONDS)
        wake.clear()
        if len(complete) < len(stores):
            continue
        try:
            await act({kind: list(store.values()) for kind, store in stores.items()})
        except errors.PaasportError as error:
            _log.warning("%s", error)
            await asyncio.sleep(patience.after(0) or backoff.FIRST_SECONDS)
            wake.set()
        else:
            patience = backoff.Backoff()
