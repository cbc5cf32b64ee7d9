"""One stack's account at one vendor, simulated on this machine: deterministic, and strict where the vendor is strict.

This module keeps the order of things: what waits for what, what is written down when, who is told. What a call comes to
is in `requests.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import pathlib
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Literal

from local.simulated import checking, differences, facts, invokes, refusals, requests, sdk, state, values
from local.simulated import faults as faulting
from stacks import errors


class Account:
    """The vendor's API as a provider uses it.

    Inputs are plain JSON values under the names of the SDK's schema (camelCase). `provider` is the settings of the
    provider resource: region and allowedAccountIds; project and region; subscriptionId. They are given where known.
    """

    def __init__(
        self,
        *,
        stack: str,
        path: pathlib.Path | None = None,
        faults: faulting.Faults = faulting.NONE,
        listener: values.Listener | None = None,
    ) -> None:
        """`path` is a JSON file, read now and written after each change; without it the account lives in memory."""
        self._stack, self._path, self._faults, self._listener = stack, path, faults, listener
        self._state = state.load(path) if path else state.State()
        self._turns: dict[str, asyncio.Lock] = {}
        self._calls: Counter[faulting.Kind] = Counter()
        self.repeated: Counter[str] = Counter()
        """How often calls were repeated because of an injected fault, by its kind."""

    def checked(
        self, token: str, name: str, inputs: Mapping[str, Any], *, provider: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The inputs with the names that are made up where none is given; UNKNOWN may stand anywhere.

        A resource of this name that exists keeps its made-up name. Raises VendorRefused with all problems.
        """
        return requests.checked(self._request(token, name, inputs, provider=provider), self._state)

    def difference(self, token: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> values.Difference:
        """What an update from one set of checked inputs to another would change."""
        return differences.between(token, old=old, new=new)

    async def create(
        self,
        token: str,
        name: str,
        inputs: Mapping[str, Any],
        *,
        provider: Mapping[str, Any] | None = None,
        secret_paths: Collection[str] = (),
    ) -> values.Resource:
        """Make it. The result's inputs count: a successor made before its predecessor goes gets another made-up name.

        Values at `secret_paths` are kept out of the file. A creation that timed out is found again and goes on with it.
        Raises VendorRefused.
        """
        asked = self._request(token, name, inputs, provider=provider)
        asked = asked.having(requests.checked(asked, self._state))
        async with self._turn(asked):
            await self._wait_through()
            half_made = self._state.latest(token, name)
            if half_made is not None and half_made.unconfirmed:
                return await self._resumed(half_made, asked)
            entry = requests.created(asked, self._state)
            entry.secret_paths = tuple(secret_paths)
            self._fail_on_purpose(entry)
            self._add(entry)
            return await self._tell("created", entry.resource)

    async def update(
        self,
        token: str,
        id: str,  # noqa: A002 - the vendor's word
        inputs: Mapping[str, Any],
        *,
        secret_paths: Collection[str] = (),
    ) -> values.Resource:
        """Change it in place. Raises VendorRefused, also for what can only be replaced."""
        entry = self._existing(token, id)
        before = entry.resource
        asked = self._request(token, before.name, inputs, provider=before.provider)
        async with self._turn(asked.having(before.inputs)):
            await self._wait_through()
            entry.secret_paths = tuple(secret_paths) or entry.secret_paths
            return await self._change(entry, asked)

    async def delete(self, token: str, id: str) -> None:  # noqa: A002 - the vendor's word
        """Delete it; gone already is fine. Raises VendorRefused while something still hangs on it."""
        entry = self._state.find(token, id)
        if entry is None:
            return
        resource = entry.resource
        asked = self._request(token, resource.name, resource.inputs, provider=resource.provider)
        async with self._turn(asked):
            await self._tell("deleting", resource)
            await self._wait_through()
            requests.check_deletion(asked, self._state, resource=resource)
            if entry in self._state.entries:
                self._remove(entry)
                await self._tell("deleted", resource)

    def read(self, token: str, id: str) -> values.Resource | None:  # noqa: A002 - the vendor's word
        """The resource as it is, or None."""
        entry = self._state.find(token, id)
        return entry.resource if entry else None

    async def invoke(
        self, token: str, args: Mapping[str, Any], *, provider: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Answer one of the vendor's functions. Raises VendorRefused for one that is not simulated."""
        asked = self._request(token, "", args, provider=provider)
        refusals.refuse(f"{token}()", checking.argument_findings(token, asked.inputs), verb="answered")
        await self._repeat(faulting.Kind.THROTTLE)
        variables = requests.variables(asked, self._state)
        return invokes.answer(
            invokes.Call(token=token, args=asked.inputs, there=self._state.resources, variables=variables)
        )

    def resources(self) -> tuple[values.Resource, ...]:
        """What is there, in the order of creation, with what was adopted."""
        return self._state.resources

    def adopt(self, resource: values.Resource) -> None:
        """Add what a controller inside the cluster made: a load balancer, a disk, a network interface.

        It keeps from being deleted whatever its inputs name by identifier or ARN.
        """
        self.release(resource.id)
        self._state.entries.append(state.Entry(resource=resource, adopted=True))
        self._save()

    def release(self, id: str) -> None:  # noqa: A002 - the vendor's word
        """Remove what was adopted; gone already is fine."""
        kept = [entry for entry in self._state.entries if not (entry.adopted and entry.resource.id == id)]
        if len(kept) < len(self._state.entries):
            self._state.entries[:] = kept
            self._save()

    def _request(
        self, token: str, name: str, inputs: Mapping[str, Any], *, provider: Mapping[str, Any] | None
    ) -> requests.Request:
        return requests.Request(
            stack=self._stack, token=token, name=name, inputs=values.plain(inputs), provider=provider or {}
        )

    async def _change(self, entry: state.Entry, asked: requests.Request) -> values.Resource:
        entry.resource = requests.changed(asked, self._state, entry=entry)
        self._save()
        return await self._tell("updated", entry.resource)

    async def _resumed(self, entry: state.Entry, asked: requests.Request) -> values.Resource:
        """A resource whose creation timed out, now asked for again: the provider has kept its identifier."""
        entry.unconfirmed = False
        if values.plain(entry.resource.inputs) != requests.with_name(entry.resource, asked.inputs):
            return await self._change(entry, asked)
        self._save()
        return await self._tell("created", entry.resource)

    def _add(self, entry: state.Entry) -> None:
        self._state.entries.append(entry)
        self._state.generations[f"{entry.resource.token} {entry.resource.name}"] = entry.generation + 1
        self._save()

    def _remove(self, entry: state.Entry) -> None:
        resource = entry.resource
        rule = facts.of(resource.token).name
        told = (resource.id, resource.value("arn"), resource.inputs.get(rule.property) if rule else None)
        self._state.entries.remove(entry)
        self._state.gone |= {value for value in told if isinstance(value, str)}
        self._save()

    def _turn(self, asked: requests.Request) -> contextlib.AbstractAsyncContextManager[object]:
        """The turn of what takes one operation at a time, where operations take any time at all."""
        takes_time = self._faults != faulting.NONE or self._listener is not None
        key = requests.turn(asked, self._state) if takes_time else ""
        return self._turns.setdefault(key, asyncio.Lock()) if key else contextlib.nullcontext()

    async def _wait_through(self) -> None:
        """What every change takes: the vendor's time, and the repetitions that an injected fault asks for."""
        await self._repeat(faulting.Kind.THROTTLE)
        await self._repeat(faulting.Kind.CONFLICT)
        if self._faults.latency_seconds:
            await asyncio.sleep(self._faults.latency_seconds)

    async def _repeat(self, kind: faulting.Kind) -> None:
        self._calls[kind] += 1
        for attempt in range(self._faults.repeats(kind, call=self._calls[kind])):
            self.repeated[kind.value] += 1
            await asyncio.sleep(self._faults.retry_seconds * 2**attempt)

    def _fail_on_purpose(self, entry: state.Entry) -> None:
        """Raise what an injected fault makes of this creation, once for each resource."""
        resource, key = entry.resource, f"{entry.resource.token} {entry.resource.name}"
        if key in self._state.failed:
            return
        if self._faults.hits(faulting.Kind.CREATE_FAILS_ONCE, resource.token):
            self._state.failed.add(key)
            self._save()
            raise errors.VendorRefused.of(
                f"{resource.token} {resource.name}: the vendor answered with an internal error (500)",
                why="a fault that was injected; nothing was created",
                next="run the command again",
            )
        if self._faults.hits(faulting.Kind.TIMEOUT, resource.token):
            self._state.failed.add(key)
            self._add(dataclasses.replace(entry, unconfirmed=True))
            raise errors.VendorRefused.of(
                f"{resource.token} {resource.name}: timed out while waiting for {resource.id}",
                why="a fault that was injected; the vendor went on, and the resource is there",
                next="run the command again, which finds it and goes on",
            )

    async def _tell(
        self, kind: Literal["created", "updated", "deleting", "deleted"], resource: values.Resource
    ) -> values.Resource:
        if self._listener is not None:
            await self._listener(values.Change(kind=kind, resource=resource))
        return resource

    def _existing(self, token: str, identifier: str) -> state.Entry:
        entry = self._state.find(token, identifier)
        if entry is None:
            raise errors.VendorRefused.of(
                f"{token} {identifier} does not exist (404)",
                why="it was deleted behind the program's back, or never made",
                next="run ./paasport preview to see what is missing",
            )
        return entry

    def _save(self) -> None:
        if self._path is not None:
            state.save(self._state, self._path)


def tokens(vendor: str) -> tuple[str, ...]:
    """Every resource type of a vendor's SDK: of `aws`, `gcp` or `azure-native`."""
    return tuple(sdk.tokens(vendor))
