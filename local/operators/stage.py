"""Where operators are played: one loop for each whose Deployment is there, from its first pod to its deletion."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from local import backoff, beside, reconciling
from local.operators import catalogue, declared, played
from runner.kubernetes import client as clients

_CRDS: Final = reconciling.Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition")
WATCHED: Final = (beside.DEPLOYMENTS, _CRDS)

_log = logging.getLogger(__name__)


def due(
    picture: reconciling.Picture, *, catalogue: Iterable[played.Played] = catalogue.PLAYED
) -> tuple[played.Played, ...]:
    """The operators of a catalogue whose Deployment is available and whose kinds are all served. Pure."""
    running = [item for item in picture[beside.DEPLOYMENTS] if beside.is_available(item)]
    served = {kind for item in picture[_CRDS] for kind in _served(item)}
    return tuple(
        one
        for one in catalogue
        if any(_runs(item, one) for item in running) and all(kind in served for kind in one.kinds if _is_custom(kind))
    )


def _runs(deployment: Mapping[str, Any], one: played.Played) -> bool:
    if one.namespace:
        return bool(deployment["metadata"]["namespace"] == one.namespace)
    return beside.has_image(deployment, one.repository)


def _served(definition: Mapping[str, Any]) -> Iterable[reconciling.Kind]:
    conditions = (definition.get("status") or {}).get("conditions") or ()
    if any(item["type"] == "Established" and item["status"] == "True" for item in conditions):
        spec = definition["spec"]
        for version in spec["versions"]:
            if version.get("served"):
                yield reconciling.Kind(f"{spec['group']}/{version['name']}", spec["names"]["kind"])


def _is_custom(kind: reconciling.Kind) -> bool:
    """Kubernetes' own groups have no dot, or end in `.k8s.io`."""
    group = kind.api_version.rpartition("/")[0]
    return "." in group and not group.endswith(".k8s.io")


class Stage:
    """The loops that run now."""

    def __init__(self, client: clients.Client) -> None:
        self._client = client
        self._loops: dict[str, asyncio.Task[None]] = {}

    async def match(self, wanted: Sequence[played.Played]) -> None:
        """Begin and end loops, so that just the wanted operators are played."""
        names = {one.name for one in wanted}
        for name in [name for name in self._loops if name not in names]:
            await self._end(name)
        for one in wanted:
            if one.name not in self._loops:
                _log.info("%s is played from now on", one.name)
                self._loops[one.name] = asyncio.create_task(self._play(one))

    async def close(self) -> None:
        """End all."""
        for name in list(self._loops):
            await self._end(name)

    async def _end(self, name: str) -> None:
        task = self._loops.pop(name)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        _log.info("%s is not played any more", name)

    async def _play(self, one: played.Played) -> None:
        async def act(picture: reconciling.Picture) -> None:
            actions = list(one.plan(picture))
            if actions:
                await asyncio.sleep(one.seconds)
            await reconciling.perform(self._client, actions)

        patience = backoff.Backoff()
        while True:
            try:
                await reconciling.reconcile(self._client, kinds=one.kinds, act=act)
            except Exception:  # noqa: BLE001 - whatever it is, the log has it
                _log.exception("%s could not be played", one.name)
            await asyncio.sleep(patience.after(0) or backoff.FIRST_SECONDS)


async def play(client: clients.Client, *, rehearsals: pathlib.Path) -> None:
    """Play every operator that should be there, for ever: this project's own, and those that the folder describes."""
    stage, wake = Stage(client), asyncio.Event()

    async def act(picture: reconciling.Picture) -> None:
        await stage.match(due(picture, catalogue=(*catalogue.PLAYED, *declared.played(rehearsals))))

    watching = asyncio.create_task(_watch(rehearsals, wake))
    try:
        await reconciling.reconcile(client, kinds=WATCHED, act=act, wake=wake)
    finally:
        watching.cancel()
        await stage.close()


async def _watch(folder: pathlib.Path, wake: asyncio.Event) -> None:
    """Wake whenever a file comes into the folder or is replaced there. Asked each second: it happens once a run."""
    seen = 0
    while True:
        now = await asyncio.to_thread(declared.changed, folder)
        if now != seen:
            wake.set()
        seen = now
        await asyncio.sleep(1)
