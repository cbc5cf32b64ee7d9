"""Hooks of a program that are called before a resource of it is updated, by Pulumi's protocol for callbacks.

As in Pulumi's own engine (pkg/resource/deploy, `RunHooks`): in a preview those alone that ask for it, and one that
fails is the failure of the resource.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import grpc
import grpc.aio

from runner.engine import events, journal, model
from runner.host import wire
from runner.host.protocol import CHANNEL_OPTIONS, callback_pb2, callback_pb2_grpc, resource_pb2
from stacks import errors


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hook:
    """One of them, as the program has registered it."""

    target: str
    """Where the program answers."""
    token: str
    on_dry_run: bool
    ignore_errors: bool


class Hooks:
    """All of one program."""

    def __init__(self, told: journal.Journal, *, preview: bool) -> None:
        self._journal = told
        self._preview = preview
        self._hooks: dict[str, Hook] = {}

    def register(self, request: resource_pb2.RegisterResourceHookRequest) -> None:
        """Take note of a hook. Raises `EngineError` for a name that is taken."""
        if request.name in self._hooks:
            raise errors.EngineError.of(f"the program registers two hooks {request.name}")
        self._hooks[request.name] = Hook(
            target=request.callback.target,
            token=request.callback.token,
            on_dry_run=request.on_dry_run,
            ignore_errors=request.ignore_errors,
        )

    async def before_update(self, goal: model.Goal, identity: str, before: Mapping[str, Any]) -> None:
        """Call those of a resource with what it is and what it is to be. Raises `Refused` where one of them fails."""
        for name in goal.options.before_update:
            hook = self._hooks.get(name)
            if hook is None:
                raise errors.EngineError.of(f"the hook {name} of {goal.name} was not registered")
            if self._preview and not hook.on_dry_run:
                continue
            failure = await self._called(hook, goal, identity, before)
            if failure and hook.ignore_errors:
                self._journal.tell(events.Severity.WARNING, f"the hook {name} failed: {failure}", urn=goal.urn)
            elif failure:
                raise errors.Refused.of(failure)

    async def _called(self, hook: Hook, goal: model.Goal, identity: str, before: Mapping[str, Any]) -> str:
        """Why it failed; empty where it did not."""
        old = wire.encoded(before)
        asked = resource_pb2.ResourceHookRequest(
            urn=goal.urn,
            id=identity,
            name=goal.name,
            type=goal.type,
            new_inputs=wire.encoded(goal.inputs),
            old_inputs=old,
            old_outputs=old,
        )
        # One connection a call, of which there are few: an open one complains when the program ends.
        async with grpc.aio.insecure_channel(hook.target, options=CHANNEL_OPTIONS) as channel:
            program = callback_pb2_grpc.CallbacksStub(channel)
            try:
                answer = await program.Invoke(
                    callback_pb2.CallbackInvokeRequest(token=hook.token, request=asked.SerializeToString())
                )
            except grpc.aio.AioRpcError as error:
                return error.details() or "the program does not answer"
        return str(resource_pb2.ResourceHookResponse.FromString(answer.response).error)
