"""One watch for each kind, shared by all who wait for objects of it. Tells what happens; decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

from runner.kubernetes import client, objects, stuck
from stacks import errors

Json = dict[str, Any]


class Observation:
    """What is known of one object since the observation began."""

    def __init__(self, reference: objects.Reference) -> None:
        self.reference = reference
        self.latest: Json | None = None
        self.gone_uid = ""
        """Of the object whose end was seen."""
        self.troubles: tuple[stuck.Trouble, ...] = ()
        """What holds it up, as far as that was looked up."""
        self._news = asyncio.Event()

    def tell(self, event: str, item: Json) -> None:
        """Take notice of an event of the watch."""
        if event == "DELETED":
            self.gone_uid = str(item["metadata"].get("uid") or "")
        else:
            self.latest = item
        self._news.set()

    def explain(self, troubles: tuple[stuck.Trouble, ...]) -> None:
        """Take notice of what holds it up."""
        if troubles != self.troubles:
            self.troubles = troubles
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


class Collection:
    """The shared watch of one kind. Begun by `start`, ended by `close`."""

    def __init__(self) -> None:
        self._observations: dict[tuple[str, str], list[Observation]] = {}
        self._task: asyncio.Task[None] | None = None
        self._listed = asyncio.Event()

    @property
    def watching(self) -> bool:
        """Whether changes are being told; False before the start, and where the API server refuses the watch."""
        return self._task is not None and not self._task.done()

    @property
    def listed(self) -> bool:
        """Whether the first list has been told, so that nothing is missed any more."""
        return self._listed.is_set()

    def start(self, api: client.Client, api_version: str, kind: str, *, label_selector: str) -> None:
        """Begin to watch, unless that was tried before."""
        if self._task is None:
            self._task = asyncio.create_task(self._follow(api, api_version, kind, label_selector=label_selector))
            self._task.add_done_callback(self._wake_all)

    async def synced(self) -> bool:
        """Wait for the first list, from which on nothing is missed; False where the watch is refused."""
        await self._listed.wait()
        return self.watching

    async def close(self) -> None:
        """End the watch."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @contextlib.contextmanager
    def including(self, observation: Observation) -> Iterator[None]:
        """Tell the observation what happens, as long as the block lasts."""
        key = (observation.reference.namespace, observation.reference.name)
        mine = self._observations.setdefault(key, [])
        mine.append(observation)
        try:
            yield
        finally:
            mine.remove(observation)
            if not mine:
                self._observations.pop(key, None)

    async def _follow(self, api: client.Client, api_version: str, kind: str, *, label_selector: str) -> None:
        # Refused means: those who wait see that nobody watches, and ask by themselves.
        with contextlib.suppress(errors.EngineError):
            async for event, item in api.watch(api_version, kind, label_selector=label_selector):
                if event == "BOOKMARK":
                    self._listed.set()
                    continue
                metadata = item["metadata"]
                for observation in self._observations.get((metadata.get("namespace", ""), metadata["name"]), ()):
                    observation.tell(event, item)

    def _wake_all(self, _: asyncio.Task[None]) -> None:
        self._listed.set()
        for observation in [one for several in self._observations.values() for one in several]:
            observation.wake()
