"""Carries out a deletion plan: as much at a time as the order permits, and nothing whose turn depends on a failure."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from runner import defects
from runner.engine import deletion, events, inventory, journal, model, providers, urn
from stacks import errors

_HELD_UP: Final = "not begun: something that has to be deleted before could not be"
_INTERRUPTED: Final = "not begun: the run was interrupted"


class Removal:
    """Deletes entries and forgets them. In a preview it only tells what it would do."""

    def __init__(
        self,
        *,
        remembered: inventory.Inventory,
        known_providers: providers.Providers,
        told: journal.Journal,
        preview: bool,
    ) -> None:
        self._inventory = remembered
        self._providers = known_providers
        self._journal = told
        self._preview = preview
        self._stopping = False

    def stop(self) -> None:
        """From now on no deletion is begun."""
        self._stopping = True

    async def carry_out(self, plan: deletion.Plan) -> bool:
        """Whether all went well; what could not be deleted has been told."""
        removals: list[asyncio.Task[bool]] = []
        for step in plan.steps:
            before = [removals[position] for position in step.after]
            removals.append(asyncio.create_task(self._removed(step, before)))
        try:
            return all(await asyncio.gather(*removals))
        finally:
            for removal in removals:
                removal.cancel()

    async def _removed(self, step: deletion.Step, before: list[asyncio.Task[bool]]) -> bool:
        entry, failure = step.entry, ""
        # Shielded: a task that waits must not, when it is cancelled, cancel what others wait for too.
        if not all([await asyncio.shield(earlier) for earlier in before]):
            if step.acts:
                failure = _INTERRUPTED if self._stopping else _HELD_UP
                self._journal.emit(self._finished(entry, seconds=0.0, failure=failure))
            return False
        began = time.monotonic()
        told = entry not in self._inventory.superseded
        if entry.retain_on_delete:
            self._journal.tell(events.Severity.INFO, f"{_name(entry)} is kept: retain_on_delete", urn=entry.urn)
            told = False
        elif step.acts and not self._preview:
            failure = await self._deleted(entry)
        if failure or told:
            self._journal.emit(self._finished(entry, seconds=time.monotonic() - began, failure=failure))
        if not failure and not self._preview:
            self._inventory.forget(entry)
        return not failure

    async def _deleted(self, entry: model.Entry) -> str:
        """Why it could not be deleted; empty on success."""
        if self._stopping:
            return _INTERRUPTED
        if not entry.id:
            self._journal.tell(
                events.Severity.WARNING,
                f"a run was interrupted while it created {_name(entry)}; if it had succeeded, its object is left over"
                " and must be deleted by hand",
                urn=entry.urn,
            )
            return ""
        self._journal.emit(
            events.Started(urn=entry.urn, type=entry.type, name=_name(entry), parent=entry.parent),
        )
        try:
            await self._providers.of(entry.type, entry.provider).delete(entry, self._run(entry))
        except errors.PaasportError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - a defect in one deletion must not lose the others
            log = defects.record(error)
            return f"an error inside the engine ({type(error).__name__}); details: {log or 'could not be kept'}"
        return ""

    def _run(self, entry: model.Entry) -> model.Run:
        def report(message: str) -> None:
            self._journal.emit(events.Progress(urn=entry.urn, message=message))

        async def intend(_: model.Entry) -> None:
            """The entry is there until the object is gone: nothing more to remember."""

        return model.Run(preview=self._preview, report=report, permit_replace=lambda _: None, intend=intend)

    def _finished(self, entry: model.Entry, *, seconds: float, failure: str) -> events.Finished:
        return events.Finished(
            urn=entry.urn,
            type=entry.type,
            name=_name(entry),
            parent=entry.parent,
            operation=model.Operation.DELETE,
            seconds=seconds,
            simulated=self._providers.simulates(entry.type),
            dependencies=entry.dependencies,
            failure=failure,
        )


def _name(entry: model.Entry) -> str:
    return urn.Urn.parse(entry.urn).name
