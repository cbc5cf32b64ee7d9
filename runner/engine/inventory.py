"""What a stack has made, kept in the cluster itself: so any machine can prune and destroy, and a killed run is resumed.

An entry is written before the object it speaks of. Writes are shared: whoever asks while one is under way gets the
next, so a thousand objects cost a few dozen writes. A run that changes nothing writes nothing.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from typing import Final

from runner.engine import applyset, model, records, sealing, storage, urn

_LAZY_SECONDS: Final = 1.0
"""How long what only saves work may stay unwritten."""


class Inventory:
    """One stack's entries: in memory for this run, in the cluster for the next. Made by `load`."""

    def __init__(self, stored: storage.Storage) -> None:
        self._storage = stored
        self._seal = sealing.Seal(stored.keys.seal)
        content = stored.content
        contents = records.Contents() if content is None else records.unpacked(content, seal=self._seal)
        self._entries = {entry.urn: entry for entry in contents.entries}
        self._superseded = list(contents.superseded)
        self._lines: dict[str, str] = {}
        self._revision = self._written = 0
        self._writing = asyncio.Lock()
        self._writes: set[asyncio.Task[None]] = set()
        self._lazy: asyncio.TimerHandle | None = None

    @classmethod
    async def load(cls, cluster: storage.Cluster, *, project: str, stack: str) -> Inventory:
        """What the cluster remembers of the stack; empty for one that was never deployed. Writes nothing.

        Raises `EngineError` where it cannot be read.
        """
        return cls(await storage.Storage.open(cluster, project=project, stack=stack))

    @property
    def name(self) -> str:
        """Of the Secret, and of the field manager of all that the stack applies."""
        return self._storage.name

    @property
    def hash_key(self) -> bytes:
        """Keys the hashes of inputs."""
        return self._storage.keys.hash

    @property
    def exists(self) -> bool:
        """Whether the cluster remembers the stack at all."""
        return self._storage.content is not None

    @property
    def entries(self) -> Mapping[str, model.Entry]:
        """By URN, in the order in which they were first registered."""
        return self._entries

    @property
    def stack(self) -> model.Entry | None:
        """The stack itself, whose outputs are what the program exported; None where it was never deployed."""
        return next((entry for entry in self._entries.values() if entry.type == urn.STACK_TYPE), None)

    @property
    def superseded(self) -> tuple[model.Entry, ...]:
        """Replaced objects that are still to be deleted."""
        return tuple(self._superseded)

    async def intend(self, entry: model.Entry, *, superseding: model.Entry | None = None) -> None:
        """Remember what is about to be written to the cluster; returns once it is safe there."""
        if superseding is not None and superseding not in self._superseded:
            self._superseded.append(superseding)
        self._put(entry)
        await self.flush()

    def record(self, entry: model.Entry) -> None:
        """Remember what has happened; written soon, as losing it costs only work."""
        # A replaced object whose name the new one has taken is gone: the name now means the new one.
        for replaced in [old for old in self._superseded if _same_object(old, entry)]:
            self.forget(replaced)
        known = self._entries.get(entry.urn)
        same = known is not None and known == dataclasses.replace(entry, resource_version=known.resource_version)
        # An object that was not ready has none, and is asked for again until it has.
        if known is not None and same and bool(known.resource_version) == bool(entry.resource_version):
            # Controllers touch objects all the time, which alone is worth no write.
            self._entries[entry.urn] = entry
            self._lines.pop(entry.urn, None)
            return
        self._put(entry)
        self._write_soon()

    def rename(self, old: str, new: str) -> None:
        """Follow an alias: the entry, and every entry that refers to it, now speak of the new URN."""
        self._entries = {
            (new if known == old else known): _renamed(entry, old=old, new=new)
            for known, entry in self._entries.items()
        }
        self._superseded = [_renamed(entry, old=old, new=new) for entry in self._superseded]
        self._lines.clear()
        self._revision += 1
        self._write_soon()

    def forget(self, entry: model.Entry) -> None:
        """Remember no longer: the object is gone, or is no longer the stack's."""
        if entry in self._superseded:
            self._superseded.remove(entry)
        elif self._entries.get(entry.urn) == entry:
            del self._entries[entry.urn]
            self._lines.pop(entry.urn, None)
        self._revision += 1
        self._write_soon()

    def _put(self, entry: model.Entry) -> None:
        self._entries[entry.urn] = entry
        self._lines.pop(entry.urn, None)
        self._revision += 1

    def _write_soon(self) -> None:
        if self._lazy is None:
            self._lazy = asyncio.get_running_loop().call_later(_LAZY_SECONDS, self._write)

    def _write(self) -> asyncio.Task[None]:
        if self._lazy is not None:
            self._lazy.cancel()
            self._lazy = None
        write = asyncio.create_task(self._write_through(self._revision))
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)
        # A lazy write's failure is met again by the next write, which somebody awaits.
        write.add_done_callback(lambda done: done.cancelled() or done.exception())
        return write

    async def flush(self) -> None:
        """Return once everything said so far is in the cluster. A cancelled caller does not tear a write in two."""
        if self._written < self._revision:
            await asyncio.shield(self._write())

    async def _write_through(self, revision: int) -> None:
        async with self._writing:
            if self._written >= revision:
                return
            reached = self._revision
            for known, entry in self._entries.items():
                if known not in self._lines:
                    self._lines[known] = records.line(entry, seal=self._seal)
            lines = [self._lines[known] for known in self._entries]
            superseded = [records.line(entry, seal=self._seal) for entry in self._superseded]
            told = applyset.description(self._entries.values())
            await self._storage.write(await asyncio.to_thread(records.packed, lines, superseded), annotations=told)
            self._written = reached

    async def discard(self) -> None:
        """Take every trace of the stack's inventory out of the cluster; call it once nothing is left to remember."""
        if self._lazy is not None:
            self._lazy.cancel()
            self._lazy = None
        async with self._writing:
            await self._storage.discard()
            self._written = self._revision

    async def close(self) -> None:
        """Write what is not yet written, and wait for every write."""
        await self.flush()
        await asyncio.gather(*self._writes, return_exceptions=True)


def _same_object(one: model.Entry, other: model.Entry) -> bool:
    return (one.type, one.id) == (other.type, other.id) and (not one.uid or one.uid == other.uid)


def _renamed(entry: model.Entry, *, old: str, new: str) -> model.Entry:
    provider, separator, identity = entry.provider.rpartition("::")
    if old not in (entry.urn, entry.parent, entry.deleted_with, provider, *entry.dependencies):
        return entry

    def follow(text: str) -> str:
        return new if text == old else text

    return dataclasses.replace(
        entry,
        urn=follow(entry.urn),
        parent=follow(entry.parent),
        deleted_with=follow(entry.deleted_with),
        dependencies=tuple(follow(dependency) for dependency in entry.dependencies),
        provider=f"{follow(provider)}{separator}{identity}",
    )
