"""Looks up what holds up objects that wait: one after the other, so that a thousand cost as much as one."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import Any, Final

from runner.kubernetes import belonging, client, failures, objects, observations, reported, stuck
from stacks import errors

Json = dict[str, Any]

_AGAIN_SECONDS: Final = 2.0
"""One object is looked up this often at most, and never when it becomes ready sooner."""
_APART_SECONDS: Final = 0.25
"""Between any two look-ups: with a thousand objects waiting, a reader still sees only a screenful of reasons."""
_SELECTING: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "PodDisruptionBudget"})
"""Kinds with a selector of pods."""

_EVENT: Final = ("v1", "Event")
"""What no object owns: it says which one it is about."""


class Lookups:
    """The look-ups for all that wait in one cluster. Ended by `close`."""

    def __init__(self, api: client.Client) -> None:
        self._api = api
        self._due: dict[observations.Observation, float] = {}
        self._task: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """End what is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @contextlib.contextmanager
    def explaining(self, observation: observations.Observation) -> Iterator[None]:
        """Keep what is known of the object's troubles fresh, as long as the block lasts."""
        if not _has_pods(observation.reference):
            yield
            return
        self._due[observation] = time.monotonic() + _AGAIN_SECONDS
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        try:
            yield
        finally:
            self._due.pop(observation, None)

    async def why(self, reference: objects.Reference, item: Json) -> tuple[stuck.Trouble, ...]:
        """What holds the object up, the most telling first; nothing where that is unknown. Never fails."""
        if reference.kind == "Pod":
            return tuple(await self._helped(stuck.troubles([item]), namespace=reference.namespace))
        if not _has_pods(reference):
            return ()
        try:
            family = belonging.Family(self._api, item)
            said = await self._said_by_children(item, family)
            found = stuck.troubles(await self._pods(reference, item, family))
            if found or said:
                return (*said, *await self._helped(found, namespace=reference.namespace))
            events = await self._warnings(reference.namespace)
        except errors.EngineError:
            return ()
        told = stuck.explained((), stuck.about(reference.name, events))
        return (stuck.Trouble(key="event", text=told),) if told else ()

    async def warnings(self, reference: objects.Reference, item: Json) -> list[str]:
        """The newest warnings about the object and about what belongs to it. Never fails."""
        try:
            pods: list[Json] = []
            if _has_pods(reference):
                pods = await self._pods(reference, item, belonging.Family(self._api, item))
            events = await self._warnings(reference.namespace)
        except errors.EngineError:
            return []
        others = stuck.claims(pods) | {str(pod["metadata"]["name"]) for pod in pods}
        return stuck.warnings(events, name=reference.name, others=others)

    async def _pods(self, reference: objects.Reference, item: Json, family: belonging.Family) -> list[Json]:
        """Those by the object's selector; for custom resources those of the namespace that are stuck and its own."""
        if reference.kind in _SELECTING:
            chosen = stuck.selector(item)
            return await self._list("Pod", reference.namespace, label_selector=chosen) if chosen else []
        pods = await self._list("Pod", reference.namespace) if reference.namespace else []
        return await family.members(pod for pod in pods if stuck.troubles([pod]))

    async def _said_by_children(self, item: Json, family: belonging.Family) -> list[stuck.Trouble]:
        """What the newest of each kind of children says that `paasport.dev/failed-when` names."""
        found: list[stuck.Trouble] = []
        for failure in failures.of(item):
            api_version, kind = failure.child_kind
            if not kind:
                continue
            namespace = item["metadata"].get("namespace", "")
            listed = await self._api.list(api_version, kind, namespace=namespace)
            if (api_version, kind) == _EVENT:
                # Not the newest of all: an operator goes on to tell of other things.
                told = [event for event in reported.since_change(listed, item=item) if failure.words(event)]
                newest = max(told, key=reported.time_of, default=None)
            else:
                newest = max(family.children(listed), key=_created, default=None)
            words = failure.words(newest) if newest is not None else ""
            if newest is not None and words:
                patience = failure.patience if failure.said(newest) else None
                text = f"{kind} {newest['metadata']['name']}: {words}"
                found.append(stuck.Trouble(key=failure, text=text, patience=patience))
        return found

    async def _helped(self, found: list[stuck.Trouble], *, namespace: str) -> list[stuck.Trouble]:
        """With what events say of the first few: an autoscaler may be bringing a node."""
        if not any(trouble.patience for trouble in found):
            return found
        with contextlib.suppress(errors.EngineError):
            events = await self._list("Event", namespace, field_selector="involvedObject.kind=Pod")
            return [stuck.helped(trouble, events) for trouble in found]
        return found

    async def _warnings(self, namespace: str) -> list[Json]:
        # Events about objects without a namespace are kept in this one.
        return await self._list("Event", namespace or "default", field_selector="type=Warning")

    async def _list(
        self, kind: str, namespace: str, *, label_selector: str = "", field_selector: str = ""
    ) -> list[Json]:
        return await self._api.list(
            "v1", kind, namespace=namespace, label_selector=label_selector, field_selector=field_selector
        )

    async def _work(self) -> None:
        while self._due:
            await asyncio.sleep(_APART_SECONDS)
            now = time.monotonic()
            # Whoever was looked up goes to the end, so the first one is due first.
            observation = next(iter(self._due), None)
            if observation is None or self._due[observation] > now:
                continue
            del self._due[observation]
            self._due[observation] = now + _AGAIN_SECONDS
            if observation.latest is not None:
                observation.explain(await self.why(observation.reference, observation.latest))


def _has_pods(reference: objects.Reference) -> bool:
    """Whether pods can hold it up: pods, what selects them, and custom resources, whose operators make some."""
    group = objects.group_of(reference.api_version)
    return reference.kind in _SELECTING | {"Pod"} or ("." in group and not group.endswith(".k8s.io"))


def _created(item: Json) -> str:
    return str(item["metadata"].get("creationTimestamp"))
