"""Dynamic resources: their code comes pickled in the program's own inputs, and Pulumi's own server runs it.

The server is started at the first use, in the project's folder, so that the pickled code finds the project's modules.
It is never asked what exists outside: dynamic resources have no drift.
"""

from __future__ import annotations

import asyncio
import dataclasses
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import grpc
import grpc.aio

from runner.engine import model, values
from runner.host import program, protocol, wire
from runner.host.protocol import provider_pb2, provider_pb2_grpc
from stacks import errors

PACKAGE: Final = "pulumi-python"
_CODE: Final = "__provider"
"""The input that holds the pickled code; it changes with the interpreter and is never shown."""
_START_SECONDS: Final = 60.0
_SECONDS: Final = 3600.0
"""Pulumi sets no limit to what a dynamic provider does; this one only ends what hangs for ever."""


class DynamicProvider:
    """One server process for all dynamic resources of a run."""

    def __init__(
        self,
        *,
        root: pathlib.Path,
        project: str,
        config: Mapping[str, str],
        said: Callable[[str], None],
        resolve: Callable[[str], str] = str,
    ) -> None:
        """`resolve` gives for the text of a kubeconfig the one to act with; what is kept is the program's own."""
        self._root = root
        self._resolve = resolve
        self._project = project
        self._config = config
        self._said = said
        self._child: program.Child | None = None
        self._channel: grpc.aio.Channel | None = None
        self._starting = asyncio.Lock()

    async def reconcile(
        self,
        goal: model.Goal,
        old: model.Entry | None,
        run: model.Run,
        *,
        outputs_needed: bool = True,  # noqa: ARG002 - the outputs are in the inventory anyway
    ) -> model.Outcome:
        """See `model.Provider`. Raises `EngineError` with the last line of what the dynamic provider raised."""
        if goal.options.import_id:
            raise errors.Unsupported.of(
                f"the embedded engine cannot import a dynamic resource, as {goal.name} asks for",
                next="run the stack with --engine pulumi",
            )
        if run.preview and values.contains_unknown(dict(goal.inputs)):
            # Without the server, which takes a second to start: what it would say is not known either.
            return _foretold(goal, old, run)
        wanted = _Wanted(goal=goal, inputs=await self._checked(goal, old))
        if old is None:
            return await self._created(wanted, run, operation=model.Operation.CREATE)
        difference = await self._difference(wanted, old, forced=run.forced)
        if not difference.changes and not old.pending:
            return _outcome(wanted, model.Operation.SAME, id=old.id, outputs=old.outputs)
        if difference.replaces:
            return await self._replaced(wanted, old, run, difference)
        return await self._updated(wanted, old, run, difference)

    async def delete(self, entry: model.Entry, run: model.Run) -> None:
        """See `model.Provider`."""
        if run.preview:
            return
        state = values.revealed(dict(entry.outputs)) | {_CODE: _code(entry)}
        await self._call(
            "Delete", provider_pb2.DeleteRequest, id=entry.id, urn=entry.urn, properties=self._resolved(state)
        )

    async def read(self, type: str, id: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:  # noqa: A002
        """See `model.Provider`."""
        sent = self._resolved(values.revealed(dict(inputs)))
        found = await self._call("Read", provider_pb2.ReadRequest, id=id, urn=f"{type}::{id}", properties=sent)
        state = self._restored(wire.decoded(found.properties), values.revealed(dict(inputs)))
        return (found.id, _hidden(state, secret=_secret_names(inputs))) if found.id else None

    async def close(self) -> None:
        """End the server."""
        if self._channel is not None:
            await self._channel.close(None)
        if self._child is not None:
            await self._child.end()

    async def _checked(self, goal: model.Goal, old: model.Entry | None) -> dict[str, Any]:
        given = dict(goal.inputs)
        if old is not None:
            given |= {name: old.inputs[name] for name in goal.options.ignore_changes if name in old.inputs}
        olds = values.revealed(dict(old.inputs)) if old else {}
        answer = await self._call(
            "Check", provider_pb2.CheckRequest, urn=goal.urn, olds=olds, news=values.revealed(given)
        )
        if answer.failures:
            reasons = "; ".join(f"{failure.property}: {failure.reason}" for failure in answer.failures)
            raise errors.EngineError.of(f"{goal.name} has inputs that its provider does not accept: {reasons}")
        return wire.decoded(answer.inputs)

    async def _difference(
        self, wanted: _Wanted, old: model.Entry, *, forced: tuple[model.FieldChange, ...]
    ) -> _Difference:
        olds = values.revealed(dict(old.outputs)) | {_CODE: _code(old)}
        answer = await self._call(
            "Diff", provider_pb2.DiffRequest, id=old.id, urn=wanted.goal.urn, olds=olds, news=wanted.inputs
        )
        before = values.revealed(dict(old.inputs))
        names = [name for name in {**before, **wanted.inputs} if before.get(name) != wanted.inputs.get(name)]
        changed = {
            provider_pb2.DiffResponse.DIFF_SOME: True,
            provider_pb2.DiffResponse.DIFF_NONE: False,
        }.get(answer.changes, bool(names))
        replaced = bool(forced or answer.replaces or set(names) & set(wanted.goal.options.replace_on_changes))
        shown = tuple(_change(name, before, wanted) for name in names if name != _CODE)
        return _Difference(
            changes=changed or replaced,
            replaces=replaced,
            fields=(*forced, *shown),
            delete_first=answer.deleteBeforeReplace or wanted.goal.options.delete_before_replace,
        )

    async def _created(
        self,
        wanted: _Wanted,
        run: model.Run,
        *,
        operation: model.Operation,
        superseded: model.Entry | None = None,
        changes: tuple[model.FieldChange, ...] = (),
    ) -> model.Outcome:
        if run.preview:
            return _outcome(wanted, operation, id="", outputs=wanted.shown(wanted.inputs), changes=changes)
        await run.intend(wanted.entry(id=""))
        answer = await self._call(
            "Create",
            provider_pb2.CreateRequest,
            seconds=wanted.goal.options.create_timeout,
            urn=wanted.goal.urn,
            properties=self._resolved(wanted.inputs),
        )
        outputs = wanted.shown(self._restored(wire.decoded(answer.properties), wanted.inputs))
        outcome = _outcome(wanted, operation, id=answer.id, outputs=outputs, changes=changes)
        return dataclasses.replace(outcome, superseded=superseded)

    async def _updated(
        self, wanted: _Wanted, old: model.Entry, run: model.Run, difference: _Difference
    ) -> model.Outcome:
        if run.preview:
            outputs = {**old.outputs, **wanted.shown(wanted.inputs)}
            return _outcome(wanted, model.Operation.UPDATE, id=old.id, outputs=outputs, changes=difference.fields)
        # The old inputs stay until the update has succeeded, so that a killed run's successor sees the difference.
        await run.intend(dataclasses.replace(old, pending=True))
        answer = await self._call(
            "Update",
            provider_pb2.UpdateRequest,
            seconds=wanted.goal.options.update_timeout,
            id=old.id,
            urn=wanted.goal.urn,
            olds=self._resolved(values.revealed(dict(old.outputs)) | {_CODE: _code(old)}),
            news=self._resolved(wanted.inputs),
        )
        outputs = wanted.shown(self._restored(wire.decoded(answer.properties), wanted.inputs))
        return _outcome(wanted, model.Operation.UPDATE, id=old.id, outputs=outputs, changes=difference.fields)

    async def _replaced(
        self, wanted: _Wanted, old: model.Entry, run: model.Run, difference: _Difference
    ) -> model.Outcome:
        run.permit_replace(difference.fields)
        if difference.delete_first and not run.preview:
            await run.intend(dataclasses.replace(old, pending=True))
            await self.delete(old, run)
        return await self._created(
            wanted,
            run,
            operation=model.Operation.REPLACE,
            superseded=None if difference.delete_first else old,
            changes=difference.fields,
        )

    def _resolved(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """State as the provider acts with it: kubeconfigs as they are to be used."""
        return {
            name: self._resolve(value) if name != _CODE and _is_kubeconfig(value) else value
            for name, value in state.items()
        }

    def _restored(self, state: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """What the provider answers, with the kubeconfigs that the program gave: only they are kept and compared."""
        own = {self._resolve(value): value for value in given.values() if _is_kubeconfig(value)}
        return {name: own.get(value, value) if _is_kubeconfig(value) else value for name, value in state.items()}

    async def _call(self, method: str, message: Any, *, seconds: float | None = None, **fields: Any) -> Any:
        structs = {name: wire.encoded(value) for name, value in fields.items() if isinstance(value, dict)}
        if seconds is not None:
            fields["timeout"] = seconds
        request = message(**{**fields, **structs})
        stub = provider_pb2_grpc.ResourceProviderStub(await self._connected())
        try:
            return await getattr(stub, method)(request, timeout=seconds or _SECONDS)
        except grpc.aio.AioRpcError as error:
            raise _failure(method, error) from None

    async def _connected(self) -> grpc.aio.Channel:
        async with self._starting:
            if self._channel is None:
                port: asyncio.Future[int] = asyncio.get_running_loop().create_future()

                def said(line: str) -> None:
                    if not port.done() and line.strip().isdigit():
                        port.set_result(int(line))
                    else:
                        self._said(line)

                self._child = await program.Child.start(
                    ["-m", "pulumi.dynamic"],
                    folder=self._root,
                    environment={"PULUMI_PROJECT": self._project},
                    said=said,
                )
                address = f"127.0.0.1:{await self._told(port)}"
                self._channel = grpc.aio.insecure_channel(address, options=protocol.CHANNEL_OPTIONS)
                stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
                await stub.Configure(provider_pb2.ConfigureRequest(args=wire.encoded(self._config)))
            return self._channel

    async def _told(self, port: asyncio.Future[int]) -> int:
        assert self._child
        ended = asyncio.ensure_future(self._child.wait())
        try:
            await asyncio.wait({port, ended}, timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
        if port.done():
            return port.result()
        raise errors.EngineError.of(
            "the server of dynamic resources did not start",
            why="the program has dynamic resources, which it runs",
            next="look at its output above; `python -m pulumi.dynamic` in the project's folder starts it by hand",
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Wanted:
    goal: model.Goal
    inputs: dict[str, Any]
    """As checked, secrets opened: dynamic providers know none."""

    def shown(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Outputs or inputs with the secrecy that the program gave to the inputs of the same name."""
        return _hidden(state, secret=_secret_names(self.goal.inputs))

    def entry(self, *, id: str) -> model.Entry:  # noqa: A002 - Pulumi's word
        return model.Entry(urn=self.goal.urn, type=self.goal.type, id=id, custom=True, inputs=self.shown(self.inputs))


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Difference:
    changes: bool
    replaces: bool
    fields: tuple[model.FieldChange, ...]
    delete_first: bool


def _outcome(
    wanted: _Wanted,
    operation: model.Operation,
    *,
    id: str,  # noqa: A002 - Pulumi's word
    outputs: Mapping[str, Any],
    changes: tuple[model.FieldChange, ...] = (),
) -> model.Outcome:
    return model.Outcome(
        operation=operation,
        id=id,
        outputs=outputs,
        changes=changes,
        at_rest=operation is model.Operation.SAME,
        kept_inputs=wanted.shown(wanted.inputs),
        # The code is among the inputs already, and is big.
        kept_outputs={name: value for name, value in outputs.items() if name != _CODE},
    )


def _foretold(goal: model.Goal, old: model.Entry | None, run: model.Run) -> model.Outcome:
    """What a preview says where inputs are yet unknown."""
    wanted = _Wanted(goal=goal, inputs=values.revealed(dict(goal.inputs)))
    if old is None:
        return _outcome(wanted, model.Operation.CREATE, id="", outputs=wanted.shown(wanted.inputs))
    before = values.revealed(dict(old.inputs))
    names = [name for name in {**before, **wanted.inputs} if before.get(name) != wanted.inputs.get(name)]
    changes = (*run.forced, *(_change(name, before, wanted) for name in names if name != _CODE))
    if run.forced:
        run.permit_replace(changes)
        outputs = wanted.shown(wanted.inputs)
        return _outcome(wanted, model.Operation.REPLACE, id="", outputs=outputs, changes=changes)
    outputs = {**old.outputs, **wanted.shown(wanted.inputs)}
    return _outcome(wanted, model.Operation.UPDATE, id=old.id, outputs=outputs, changes=changes)


def _is_kubeconfig(value: Any) -> bool:
    return isinstance(value, str) and "current-context" in value and "clusters" in value


def _change(name: str, before: Mapping[str, Any], wanted: _Wanted) -> model.FieldChange:
    old, new = wanted.shown(before), wanted.shown(wanted.inputs)
    return model.FieldChange(path=name, before=values.masked(old.get(name)), after=values.masked(new.get(name)))


def _secret_names(inputs: Mapping[str, Any]) -> frozenset[str]:
    return frozenset({_CODE, *(name for name, value in inputs.items() if values.contains_secret(value))})


def _hidden(state: Mapping[str, Any], *, secret: frozenset[str]) -> dict[str, Any]:
    return {
        name: values.Secret(values.revealed(value)) if name in secret and value is not values.UNKNOWN else value
        for name, value in state.items()
    }


def _code(entry: model.Entry) -> Any:
    return values.revealed(entry.inputs.get(_CODE))


def _failure(method: str, error: grpc.aio.AioRpcError) -> errors.PaasportError:
    """The last line of the traceback that Pulumi's server answers with; the rest is the server's own code."""
    lines = [line for line in (error.details() or "").splitlines() if line.strip()]
    said = lines[-1].strip() if lines else error.code().name
    return errors.EngineError.of(
        f"the dynamic provider failed in {method.lower()}: {said}",
        next="correct its code in the program, then run the command again",
    )
