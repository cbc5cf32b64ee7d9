"""Waits until objects are ready or gone: one watch for each kind, shared by all that wait for objects of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from runner.kubernetes import client, objects, readiness, stuck
from stacks import errors

Json = dict[str, Any]
Report = Callable[[str], None]

_LOOK_SECONDS: Final = 2.0
"""Why pods are stuck is looked up this often at most, and never for what becomes ready sooner."""
_LOOKS_APART_SECONDS: Final = 0.25
"""Between any two such look-ups: with a thousand objects waiting, a reader still sees only a screenful of reasons."""
_POLL_SECONDS: Final = 1.0
"""Where a watch is not allowed, or cannot see the object because it lost the stack's label."""
_DOUBT_SECONDS: Final = 20.0
"""After so long without news an object is read once: a guard against whatever a watch may have missed."""
_WITH_PODS: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Pod"})
_OWNERS: Final = frozenset({"Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"})


class Observation:
    """What is known of one object since the observation began."""

    def __init__(self, reference: objects.Reference) -> None:
        self.reference = reference
        self.latest: Json | None = None
        self.gone_uid = ""
        """Of the object whose end was seen."""
        self._news = asyncio.Event()

    def tell(self, event: str, item: Json) -> None:
        """Take notice of an event of the watch."""
        if event == "DELETED":
            self.gone_uid = str(item["metadata"].get("uid") or "")
        else:
            self.latest = item
        self._news.set()

    def wake(self) -> None:
        """Make whoever waits look again."""
        self._news.set()

    async def news(self, *, within: float) -> bool:
        """Whether something happened within so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), within)
        happened = self._news.is_set()
        self._news.clear()
        return happened


class _Collection:
    """The shared watch of one kind."""

    def __init__(self) -> None:
        self.observations: dict[tuple[str, str], list[Observation]] = {}
        self.task: asyncio.Task[None] | None = None
        self._listed = asyncio.Event()

    @property
    def watching(self) -> bool:
        """Whether changes are being told; False before the start, and where the API server refuses the watch."""
        return self.task is not None and not self.task.done()

    async def synced(self) -> bool:
        """Wait for the first list, from which on nothing is missed; False where the watch is refused."""
        await self._listed.wait()
        return self.watching

    def start(self, api: client.Client, api_version: str, kind: str, *, label_selector: str) -> None:
        """Begin to watch, unless that was tried before."""
        if self.task is None:
            self.task = asyncio.create_task(self._follow(api, api_version, kind, label_selector=label_selector))
            self.task.add_done_callback(self._wake_all)

    async def _follow(self, api: client.Client, api_version: str, kind: str, *, label_selector: str) -> None:
        # Refused means: those who wait see that nobody watches, and ask by themselves.
        with contextlib.suppress(errors.EngineError):
            async for event, item in api.watch(api_version, kind, label_selector=label_selector):
                if event == "BOOKMARK":
                    self._listed.set()
                    continue
                metadata = item["metadata"]
                for observation in self.observations.get((metadata.get("namespace", ""), metadata["name"]), ()):
                    observation.tell(event, item)

    def _wake_all(self, _: asyncio.Task[None]) -> None:
        self._listed.set()
        for observation in [one for several in self.observations.values() for one in several]:
            observation.wake()


class Waiting:
    """Waits for objects of one stack. Ended by `close`."""

    def __init__(self, api: client.Client, *, label_selector: str) -> None:
        self._api = api
        self._label_selector = label_selector
        self._collections: dict[tuple[str, str], _Collection] = {}
        self._next_look = 0.0

    async def close(self) -> None:
        """End all watches."""
        tasks = [collection.task for collection in self._collections.values() if collection.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def observing(self, reference: objects.Reference) -> AsyncIterator[Observation]:
        """Take notice of an object from now on: to be entered before the write whose effect is awaited."""
        collection = self._collection(reference)
        observation = Observation(reference)
        key = (reference.namespace, reference.name)
        collection.observations.setdefault(key, []).append(observation)
        try:
            yield observation
        finally:
            collection.observations[key].remove(observation)
            if not collection.observations[key]:
                del collection.observations[key]

    async def until_ready(
        self, observation: Observation, applied: Json, *, seconds: float, report: Report
    ) -> tuple[Json, readiness.Readiness]:
        """The object as last seen and how far it has come: ready, failed, or not ready when the time was over."""
        item = applied
        end = time.monotonic() + seconds
        explanation = ""
        report = _without_repetition(report)
        began = looked = time.monotonic()
        while True:
            verdict = await self._assessed(item)
            if verdict.ready or verdict.failed:
                return item, verdict
            if observation.gone_uid == item["metadata"]["uid"]:
                return item, readiness.Readiness(ready=False, failed=True, reason="somebody deleted it meanwhile")
            now = time.monotonic()
            if now >= end:
                explanation = explanation or await self._why(item, last_word=True)
            reason = " - ".join(part for part in (verdict.reason, explanation) if part)
            report(reason)
            if now >= end:
                return item, readiness.Readiness(ready=False, reason=f"not ready after {now - began:.0f} s: {reason}")
            await self._next_news(observation, item=item, within=min(end - now, _LOOK_SECONDS))
            item = self._newer(observation, item)
            if time.monotonic() - looked >= _LOOK_SECONDS:
                explanation = await self._why(item) or explanation
                looked = time.monotonic()

    async def until_gone(self, observation: Observation, uid: str, *, seconds: float, report: Report) -> Json | None:
        """None once the object of that uid is gone; the object as last seen when the time was over."""
        reference = observation.reference
        end = time.monotonic() + seconds
        item: Json | None = None
        report = _without_repetition(report)
        while not await self._ended(observation, uid=uid, item=item, end=end, report=report):
            item = await self._read(reference)
            if item is None or item["metadata"]["uid"] != uid:
                return None
            if time.monotonic() >= end:
                return item
            report(keeper(item))
        return None

    async def _ended(
        self, observation: Observation, *, uid: str, item: Json | None, end: float, report: Report
    ) -> bool:
        """Whether the end of the object was seen; False means: read it, because it may have been missed."""
        collection = self._watch(observation.reference)
        if not await collection.synced():
            await asyncio.sleep(_POLL_SECONDS if item else 0)
            return False
        if item is not None and not self._seen_by_watch(item):
            await asyncio.sleep(_POLL_SECONDS)
            return False
        until = min(end, time.monotonic() + (_DOUBT_SECONDS if item else 0.0))
        while observation.gone_uid != uid and collection.watching and (left := until - time.monotonic()) > 0:
            await observation.news(within=left)
            if observation.latest is not None:
                report(keeper(observation.latest))
        return observation.gone_uid == uid

    def _collection(self, reference: objects.Reference) -> _Collection:
        return self._collections.setdefault((reference.api_version, reference.kind), _Collection())

    def _watch(self, reference: objects.Reference) -> _Collection:
        """The kind's watch, started unless it was: then it runs, or was refused."""
        collection = self._collection(reference)
        collection.start(self._api, reference.api_version, reference.kind, label_selector=self._label_selector)
        return collection

    def _seen_by_watch(self, item: Json) -> bool:
        key, _, value = self._label_selector.partition("=")
        return objects.label(item, key) == value

    async def _next_news(self, observation: Observation, *, item: Json, within: float) -> None:
        reference = observation.reference
        collection = self._watch(reference)
        if collection.watching and self._seen_by_watch(item):
            await observation.news(within=within)
            return
        await asyncio.sleep(min(_POLL_SECONDS, within))
        found = await self._read(reference)
        if found is not None:
            observation.tell("MODIFIED", found)

    def _newer(self, observation: Observation, item: Json) -> Json:
        """What was seen last, unless it is older than what is known: a watch lags behind the answer of an apply."""
        latest = observation.latest
        return latest if latest is not None and version_number(latest) >= version_number(item) else item

    async def _read(self, reference: objects.Reference) -> Json | None:
        return await self._api.get(reference.api_version, reference.kind, reference.name, reference.namespace)

    async def _assessed(self, item: Json) -> readiness.Readiness:
        name = (item.get("spec") or {}).get("storageClassName")
        pending = item["kind"] == "PersistentVolumeClaim" and (item.get("status") or {}).get("phase") == "Pending"
        if not (pending and name):
            return readiness.assess(item)
        storage_class = await self._api.get("storage.k8s.io/v1", "StorageClass", name)
        return readiness.assess(item, readiness.Related(storage_class=storage_class))

    async def _why(self, item: Json, *, last_word: bool = False) -> str:
        """Why the object's pods are stuck; empty when unknown, or when others were looked up just now. Never fails."""
        if item["kind"] not in _WITH_PODS | _OWNERS or not (last_word or time.monotonic() >= self._next_look):
            return ""
        self._next_look = time.monotonic() + _LOOKS_APART_SECONDS
        reference = objects.reference(item)
        try:
            if item["kind"] == "Pod":
                return stuck.explained([item], ())
            wanted = stuck.selector(item) or f"app.kubernetes.io/instance={reference.name}"
            pods = await self._api.list("v1", "Pod", namespace=reference.namespace, label_selector=wanted)
            if pods:
                return stuck.explained(pods, ())
            warnings = await self._api.list("v1", "Event", namespace=reference.namespace, field_selector="type=Warning")
        except errors.EngineError:
            return ""
        return stuck.explained((), stuck.about(reference.name, warnings))


def version_number(item: Json) -> int:
    """The resourceVersion as a number, which Kubernetes promises to be comparable since 1.35; 0 where it is none."""
    version = str((item.get("metadata") or {}).get("resourceVersion") or "")
    return int(version) if version.isdigit() else 0


def keeper(item: Json) -> str:
    """What an object that is being deleted still waits for."""
    finalizers = item["metadata"].get("finalizers") or []
    told = [condition for condition in (item.get("status") or {}).get("conditions") or [] if condition.get("message")]
    reason = f": {' '.join(str(told[-1]['message']).split())}" if told and item["kind"] == "Namespace" else ""
    names = [name for name in finalizers if name != "foregroundDeletion"]
    by = f"finalizers {', '.join(names)}" if names else "the objects that it owns" if finalizers else "its end"
    return f"being deleted, waits for {by}{reason}"


def _without_repetition(report: Report) -> Report:
    last = ""

    def told(message: str) -> None:
        nonlocal last
        if message != last:
            last = message
            report(message)

    return told
