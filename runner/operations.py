"""What the command line asks of the embedded engine: to run a stack's program or its deletion, and what it made."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import time
from collections.abc import Mapping
from typing import Any, Final

from runner import named, request, session
from runner.engine import events, journal, model, values
from stacks import errors

Operation = request.Operation
Request = request.Request
Result = request.Result

_GRACE_SECONDS: Final = 5.0
"""What operations under way get to finish in once a run is cancelled."""


async def run(asked: Request, listener: events.Listener) -> Result:
    """Carry the operation out. What goes wrong within it is in the result.

    Raises `UsageError` where the cluster or its inventory cannot be used, or where what is named is no resource, before
    anything was written. Cancelling it once begins nothing new, lets what is under way finish for a while, ends the
    program and saves the inventory; cancelling it twice ends at once, and the next run takes up what was left.
    """
    if asked.operation is Operation.UP and (planned := await _planned_first(asked, listener)):
        return planned
    began = time.monotonic()
    told = journal.Journal(_drift_only(listener) if asked.operation is Operation.DRIFT else listener)
    _learn_config(asked, told)
    if asked.warning:
        told.tell(events.Severity.WARNING, asked.warning)
    async with session.opened(asked, told=told) as opened:
        work = asyncio.create_task(opened.work())
        try:
            exported = await asyncio.shield(work)
        except asyncio.CancelledError:
            opened.stop()
            try:
                await asyncio.wait({work}, timeout=_GRACE_SECONDS)
            finally:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
            raise
    finished = [event for event in told.finished if asked.operation is not Operation.DRIFT or _is_drift(event)]
    return Result(
        resources=tuple(sorted(finished, key=opened.position)),
        outputs=exported,
        diagnostics=told.diagnostics,
        failed=told.failed,
        drifted=any(event.drifted for event in finished),
        losses=tuple(opened.losses),
        refused=told.refused,
        at_rest=asked.planned and opened.at_rest,
        seconds=time.monotonic() - began,
    )


async def _planned_first(asked: Request, listener: events.Listener) -> Result | None:
    """The plan of an `up` that need not or must not begin, with what stands against it; None where it has to.

    It must not where it names what was never deployed and not even the plan succeeds, or would lose data or change a
    service as it cannot be changed. Only the program knows, and to let it run for real would write. It need not where
    all is as it should be, which the plan has then found out.
    """
    if asked.foreseen:
        return None
    async with session.remembered(asked) as memory:
        known = memory.entries
        strange = named.strangers(targets=asked.targets, replace=asked.replace, known=known, stack=asked.stack)
        if not strange and not any(entry.loses for entry in known.values()):
            return None
    heard: list[events.Event] = []
    plan = await run(dataclasses.replace(asked, operation=Operation.PREVIEW), heard.append)
    if plan.refused:
        # What would have been done besides was neither done nor is of interest.
        failed = tuple(event for event in plan.resources if event.failure)
        return dataclasses.replace(plan, resources=failed, outputs={})
    if plan.at_rest:
        for event in heard:
            listener(event)
        return plan
    return plan if strange and plan.failed else None


async def outputs(asked: Request) -> Mapping[str, Any]:
    """What the stack exported when it was last brought up. Raises `EngineError` where it never was."""
    async with session.remembered(asked) as memory:
        stack = memory.stack
    if stack is None:
        raise errors.EngineError.of(
            f"stack {asked.stack} has not been deployed",
            why="nothing is known of it before",
            next=f"./paasport up {asked.stack}",
        )
    return stack.outputs


async def entries(asked: Request) -> tuple[model.Entry, ...]:
    """What the inventory remembers, in program order; empty for a stack that was never deployed."""
    async with session.remembered(asked) as memory:
        return tuple(memory.entries.values())


def _drift_only(listener: events.Listener) -> events.Listener:
    def listen(event: events.Event) -> None:
        if isinstance(event, events.Diagnostic) or (isinstance(event, events.Finished) and _is_drift(event)):
            listener(event)

    return listen


def _is_drift(event: events.Finished) -> bool:
    return event.drifted or bool(event.failure)


def _learn_config(asked: Request, told: journal.Journal) -> None:
    """Keep the configuration's secrets out of every message, also as parts of an object."""
    for key in asked.secret_keys:
        text = asked.config.get(key, "")
        told.learn(values.Secret(text))
        with contextlib.suppress(ValueError):
            told.learn(values.Secret(json.loads(text)))
