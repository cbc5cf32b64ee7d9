"""Looks up why the pods of waiting workloads are stuck: one after the other, so that a thousand cost as much as one."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import Any, Final

from runner.kubernetes import client, objects, observations, stuck
from stacks import errors

Json = dict[str, Any]

_AGAIN_SECONDS: Final = 2.0
"""One object is looked up this often at most, and never when it becomes ready sooner."""
_APART_SECONDS: Final = 0.25
"""Between any two look-ups: with a thousand objects waiting, a reader still sees only a screenful of reasons."""
_WITH_PODS: Final = frozenset(
    {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Pod", "PodDisruptionBudget"}
)
"""Kinds with a selector of pods, and pods themselves."""
_OWNERS: Final = frozenset({"Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"})
"""Custom resources whose operator names them in their pods' label app.kubernetes.io/instance."""


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
        """Keep the observation's explanation fresh, as long as the block lasts."""
        if observation.reference.kind not in _WITH_PODS | _OWNERS:
            yield
            return
        self._due[observation] = time.monotonic() + _AGAIN_SECONDS
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        try:
            yield
        finally:
            self._due.pop(observation, None)

    async def why(self, reference: objects.Reference, item: Json) -> str:
        """Why the object's pods are stuck; empty when that is unknown. Never fails."""
        if reference.kind == "Pod":
            return stuck.explained([item], ())
        if reference.kind not in _WITH_PODS | _OWNERS:
            return ""
        selector = stuck.selector(item) or f"app.kubernetes.io/instance={reference.name}"
        try:
            pods = await self._api.list("v1", "Pod", namespace=reference.namespace, label_selector=selector)
            if pods:
                return stuck.explained(pods, ())
            warnings = await self._api.list("v1", "Event", namespace=reference.namespace, field_selector="type=Warning")
        except errors.EngineError:
            return ""
        return stuck.explained((), stuck.about(reference.name, warnings))

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
