"""Waits until objects are ready or gone, and tells meanwhile what is awaited."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from runner.kubernetes import client, histories, lookups, objects, observations, readiness, stuck

Json = dict[str, Any]
Report = Callable[[str], None]

_POLL_SECONDS: Final = 1.0
"""Where a watch is not allowed, or cannot see the object because it lost the stack's label."""
_DOUBT_SECONDS: Final = 60.0
"""After so long without news an object is read once: a guard against whatever a watch may have missed."""


class Waiting:
    """Waits for objects of one stack. Ended by `close`."""

    def __init__(self, api: client.Client, *, label_selector: str) -> None:
        self._api = api
        self._label_selector = label_selector
        self._collections: dict[tuple[str, str], observations.Collection] = {}
        self._lookups = lookups.Lookups(api)

    async def close(self) -> None:
        """End all watches."""
        await self._lookups.close()
        for collection in self._collections.values():
            await collection.close()

    @contextlib.asynccontextmanager
    async def observing(
        self, reference: objects.Reference, *, at_once: bool = False
    ) -> AsyncIterator[observations.Observation]:
        """Take notice of an object from now on: to be entered before the write whose effect is awaited.

        The watch begins when something is first awaited, with `at_once` now: for writes whose effect takes time.
        """
        collection = self._collections.setdefault((reference.api_version, reference.kind), observations.Collection())
        observation = observations.Observation(reference)
        with collection.including(observation):
            if at_once:
                await self._watch(reference).synced()
            yield observation

    async def until_ready(
        self,
        observation: observations.Observation,
        applied: Json,
        *,
        seconds: float,
        report: Report,
        changed: bool = False,
    ) -> tuple[Json, readiness.Readiness]:
        """The object as last seen and how far it has come: ready, failed, or not ready when the time was over.

        `changed` says that the write altered a spec which had a status before (`histories.History`).
        """
        item, history = applied, histories.History(applied, changed=changed)
        began = time.monotonic()
        end = began + seconds
        report = _without_repetition(report)
        verdict = await self._judged(history, item)
        if verdict.ready or verdict.failed:
            return item, await self._told(observation, item, verdict)
        observation.latest = observation.latest or item
        with self._lookups.explaining(observation):
            while not (verdict.ready or verdict.failed) and (now := time.monotonic()) < end:
                report(_joined(verdict.reason, stuck.summary(observation.troubles)))
                await self._next_news(observation, item=item, within=min(end - now, history.due(now)))
                item = _newer(observation, item)
                verdict = await self._judged(history, item, observation.troubles)
                if observation.gone_uid == item["metadata"]["uid"]:
                    verdict = readiness.Readiness(ready=False, failed=True, reason="somebody deleted it meanwhile")
        if not (verdict.ready or verdict.failed):
            found = observation.troubles or await self._lookups.why(observation.reference, item)
            waited = f"not ready after {time.monotonic() - began:.0f} s"
            verdict = readiness.Readiness(
                ready=False, reason=f"{waited}: {_joined(verdict.reason, stuck.summary(found))}"
            )
        return item, await self._told(observation, item, verdict)

    async def _told(
        self, observation: observations.Observation, item: Json, verdict: readiness.Readiness
    ) -> readiness.Readiness:
        """What did not become ready, with the warnings about it and where to look further."""
        if verdict.ready:
            return verdict
        reference = observation.reference
        served = await self._api.resolve(reference.api_version, reference.kind)
        group = objects.group_of(reference.api_version)
        kind = ".".join(part for part in (served.plural if served else reference.kind.lower(), group) if part)
        place = f" --namespace {reference.namespace}" if reference.namespace else ""
        look = f"{self._api.access.kubectl}{place} describe {kind} {reference.name}"
        warnings = [f"event: {told}" for told in await self._lookups.warnings(reference, item)]
        return dataclasses.replace(verdict, reason="\n".join([verdict.reason, *warnings, f"next: {look}"]))

    async def until_gone(
        self, observation: observations.Observation, uid: str, *, seconds: float, report: Report
    ) -> Json | None:
        """None once the object of that uid is gone; the object as last seen when the time was over."""
        end = time.monotonic() + seconds
        report = _without_repetition(report)
        item = observation.latest
        while not await self._ended(observation, uid=uid, item=item, end=end, report=report):
            item = await self._read(observation.reference)
            if item is None or item["metadata"]["uid"] != uid:
                return None
            if time.monotonic() >= end:
                return item
            report(keeper(item))
        return None

    async def _ended(
        self, observation: observations.Observation, *, uid: str, item: Json | None, end: float, report: Report
    ) -> bool:
        """Whether the end of the object was seen; False means: read it, because it may have been missed."""
        collection = self._watch(observation.reference)
        listed_before = collection.listed
        if not await collection.synced() or (item is not None and not self._seen_by_watch(item)):
            await asyncio.sleep(min(_POLL_SECONDS, max(0.0, end - time.monotonic())) if item else 0)
            return False
        if not listed_before:
            return observation.gone_uid == uid
        until = min(end, time.monotonic() + _DOUBT_SECONDS)
        while observation.gone_uid != uid and collection.watching and (left := until - time.monotonic()) > 0:
            await observation.news(within=left)
            if observation.latest is not None:
                report(keeper(observation.latest))
        return observation.gone_uid == uid

    def _watch(self, reference: objects.Reference) -> observations.Collection:
        """The kind's watch, started unless it was: then it runs, or was refused."""
        collection = self._collections[reference.api_version, reference.kind]
        collection.start(self._api, reference.api_version, reference.kind, label_selector=self._label_selector)
        return collection

    def _seen_by_watch(self, item: Json) -> bool:
        key, _, value = self._label_selector.partition("=")
        return objects.label(item, key) == value

    async def _next_news(self, observation: observations.Observation, *, item: Json, within: float) -> None:
        collection = self._watch(observation.reference)
        if collection.watching and self._seen_by_watch(item):
            if await observation.news(within=min(within, _DOUBT_SECONDS)) or within < _DOUBT_SECONDS:
                return
        else:
            await asyncio.sleep(min(_POLL_SECONDS, within))
        found = await self._read(observation.reference)
        if found is not None:
            observation.tell("MODIFIED", found)

    async def _read(self, reference: objects.Reference) -> Json | None:
        return await self._api.get(reference.api_version, reference.kind, reference.name, reference.namespace)

    async def _judged(
        self, history: histories.History, item: Json, troubles: tuple[stuck.Trouble, ...] = ()
    ) -> readiness.Readiness:
        name = (item.get("spec") or {}).get("storageClassName")
        pending = item["kind"] == "PersistentVolumeClaim" and (item.get("status") or {}).get("phase") == "Pending"
        related = None
        if pending and name:
            storage_class = await self._api.get("storage.k8s.io/v1", "StorageClass", name)
            related = readiness.Related(storage_class=storage_class, storage_class_missing=storage_class is None)
        return history.judged(item, at=time.monotonic(), related=related, troubles=troubles)


def _joined(*parts: str) -> str:
    return " - ".join(part for part in parts if part)


def _newer(observation: observations.Observation, item: Json) -> Json:
    """What was seen last, unless it is older than what is known: a watch lags behind the answer of an apply."""
    latest = observation.latest
    return latest if latest is not None and version_number(latest) >= version_number(item) else item


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
