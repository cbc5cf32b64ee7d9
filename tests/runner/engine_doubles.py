"""Stand-ins for the engine's two neighbours: a cluster that keeps Secrets, and a provider of things in memory."""

from __future__ import annotations

import asyncio
import collections
import copy
import dataclasses
import pathlib
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from runner import dynamic, request, session
from runner.engine import events, inventory, journal, model, providers, values
from runner.kubernetes import rejections
from stacks import errors

PROJECT, STACK = "shop", "dev"
STACK_URN = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"


def thing_urn(name: str, *, below: str = "") -> str:
    return f"urn:pulumi:dev::shop::{below}test:index:Thing::{name}"


def rejected(code: int) -> rejections.ApiRejected:
    return rejections.ApiRejected("the request", code=code, reason="Test", message="refused by the test")


class FakeCluster:
    """Enough of an API server for an inventory: resource versions count up, and conflicts are refused."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.writes: list[str] = []
        self.before_write: Callable[[], None] = lambda: None
        self.latency = 0.0
        self._version = 0

    async def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> dict[str, Any] | None:
        return copy.deepcopy(self.objects.get((kind, name)))

    async def create(self, manifest: Mapping[str, Any], *, field_manager: str = "") -> dict[str, Any]:
        if (manifest["kind"], manifest["metadata"]["name"]) in self.objects:
            raise rejected(409)
        return await self._store(manifest)

    async def apply(self, manifest: Mapping[str, Any], *, field_manager: str, force: bool = False) -> dict[str, Any]:
        expected = manifest["metadata"].get("resourceVersion")
        present = self.objects.get((manifest["kind"], manifest["metadata"]["name"]))
        if expected and (present is None or present["metadata"]["resourceVersion"] != expected):
            raise rejected(409)
        return await self._store(manifest)

    async def delete(self, api_version: str, kind: str, name: str, namespace: str = "") -> bool:
        self.writes.append(f"delete {kind}")
        self.objects.pop((kind, name), None)
        return True

    async def request(self, method: str, path: str, *, json: Any = None) -> dict[str, Any]:
        name = path.rpartition("/")[2]
        kind = "Secret" if "/secrets/" in path else "Namespace"
        if (kind, name) not in self.objects:
            raise rejected(404)
        if json["preconditions"]["resourceVersion"] != self.objects[kind, name]["metadata"]["resourceVersion"]:
            raise rejected(409)
        self.writes.append(f"delete {kind}")
        del self.objects[kind, name]
        return {}

    async def _store(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(self.latency)
        self.before_write()
        self._version += 1
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        metadata = {**manifest["metadata"], "resourceVersion": str(self._version), "uid": f"uid-{name}"}
        self.objects[kind, name] = copy.deepcopy({**manifest, "metadata": metadata})
        self.writes.append(f"write {kind}")
        return copy.deepcopy(self.objects[kind, name])


class FakeProvider:
    """Things in memory: `size` is immutable, everything else can be updated; what is to fail is said beforehand."""

    def __init__(self) -> None:
        self.things: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.failing: set[str] = set()
        self.undeletable: set[str] = set()
        self.seconds = 0.0
        self.crash_after_write = False
        self._made: collections.Counter[str] = collections.Counter()

    async def reconcile(
        self, goal: model.Goal, old: model.Entry | None, run: model.Run, *, outputs_needed: bool = True
    ) -> model.Outcome:
        if goal.name in self.failing:
            raise errors.EngineError.of(f"{goal.name} was refused")
        inputs = values.revealed(dict(goal.inputs))
        live = self.things.get(old.id) if old else None
        operation = _operation(live, inputs)
        changes = tuple(
            model.FieldChange(path=key, before=(live or {}).get(key), after=value)
            for key, value in inputs.items()
            if live is not None and live.get(key) != value
        )
        if operation is model.Operation.REPLACE:
            run.permit_replace(changes)
        identity = old.id if old and operation in (model.Operation.SAME, model.Operation.UPDATE) else self._fresh(goal)
        if not run.preview and operation is not model.Operation.SAME:
            await self._write(goal, identity, inputs, run)
        return model.Outcome(
            operation=operation,
            id="" if run.preview and operation is not model.Operation.SAME else identity,
            outputs={**goal.inputs, "made": values.UNKNOWN if run.preview else f"as {identity}"},
            changes=changes,
            at_rest=operation is model.Operation.SAME,
            inputs_hash=str(sorted(inputs.items())),
            superseded=old if operation is model.Operation.REPLACE else None,
        )

    async def delete(self, entry: model.Entry, run: model.Run) -> None:
        self.calls.append(f"delete {entry.id}")
        await asyncio.sleep(self.seconds)
        if entry.id in self.undeletable:
            raise errors.EngineError.of(f"{entry.id} cannot be deleted")
        self.things.pop(entry.id, None)

    async def read(self, type: str, id: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:  # noqa: A002
        return (id, self.things[id]) if id in self.things else None

    async def _write(self, goal: model.Goal, identity: str, inputs: dict[str, Any], run: model.Run) -> None:
        await run.intend(model.Entry(urn=goal.urn, type=goal.type, id=identity, custom=True))
        self.calls.append(f"write {identity}")
        self.things[identity] = inputs
        self._made[goal.name] += identity == self._fresh(goal)
        if self.crash_after_write:
            raise RuntimeError("the engine died here")
        await asyncio.sleep(self.seconds)

    def _fresh(self, goal: model.Goal) -> str:
        return f"{goal.name}-{self._made[goal.name] + 1}"


def _operation(live: dict[str, Any] | None, inputs: dict[str, Any]) -> model.Operation:
    if live is None:
        return model.Operation.CREATE
    if live.get("size") != inputs.get("size"):
        return model.Operation.REPLACE
    return model.Operation.SAME if live == inputs else model.Operation.UPDATE


@dataclasses.dataclass
class Told:
    """What a run told, in a form that tests can look at."""

    finished: tuple[events.Finished, ...]
    diagnostics: tuple[events.Diagnostic, ...]
    outputs: Mapping[str, Any]
    failed: bool

    @property
    def operations(self) -> dict[str, str]:
        return {event.name: str(event.operation) for event in self.finished if event.type != "pulumi:pulumi:Stack"}

    @property
    def failures(self) -> dict[str, str]:
        return {event.name: event.failure for event in self.finished if event.failure}

    @property
    def errors(self) -> str:
        return "\n".join(item.message for item in self.diagnostics if item.severity == "error")

    @property
    def messages(self) -> list[str]:
        return [item.message for item in self.diagnostics if item.severity != "debug"]


class Bench:
    """A stack of things, with its cluster, that programs are run against."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.cluster = FakeCluster()
        self.provider = FakeProvider()
        self.events: list[events.Event] = []

    def run(self, operation: str, program: str = "", **more: Any) -> Told:
        return asyncio.run(self.running(operation, program, **more))

    async def running(self, operation: str, program: str = "", **more: Any) -> Told:
        (self.folder / "__main__.py").write_text(PREAMBLE + textwrap.dedent(program))
        asked = request.Request(
            operation=request.Operation(operation), root=self.folder, project=PROJECT, stack=STACK, **more
        )
        told = journal.Journal(self.events.append)
        for key in asked.secret_keys:
            told.learn(values.Secret(asked.config[key]))
        memory = await self.inventory()
        served = dynamic.DynamicProvider(
            root=self.folder,
            project=PROJECT,
            config=asked.config,
            said=lambda line: told.tell(events.Severity.INFO, line),
        )
        known = providers.Providers(
            {"test": lambda _: self.provider, "kubernetes": lambda _: self.provider, dynamic.PACKAGE: lambda _: served},
            defaults={},
            entries=memory.entries.get,
        )
        self.session = session.Session(asked, memory=memory, known=known, told=told)
        try:
            outputs = await self.session.work()
        finally:
            await known.close()
        return Told(told.finished, told.diagnostics, outputs, told.failed)

    def simulate(self, operation: str, program: str = "", **more: Any) -> Told:
        """As `run`, but with the engine's own providers: give an `account` for vendors' resources."""
        return asyncio.run(self.simulating(operation, program, **more))

    async def simulating(self, operation: str, program: str, **more: Any) -> Told:
        (self.folder / "__main__.py").write_text(PREAMBLE + textwrap.dedent(program))
        asked = request.Request(
            operation=request.Operation(operation),
            root=self.folder,
            project=PROJECT,
            stack=STACK,
            inventory=self.cluster,
            **more,
        )
        told = journal.Journal(self.events.append)
        async with session.opened(asked, told=told) as opened:
            outputs = await opened.work()
        return Told(told.finished, told.diagnostics, outputs, told.failed)

    async def inventory(self) -> inventory.Inventory:
        return await inventory.Inventory.load(self.cluster, project=PROJECT, stack=STACK)

    @property
    def remembered(self) -> dict[str, model.Entry]:
        """By name, without the stack."""
        loaded = asyncio.run(self.inventory())
        return {entry.urn.rpartition("::")[2]: entry for entry in loaded.entries.values() if entry.urn != STACK_URN}


PREAMBLE = """
import pulumi
from pulumi import ResourceOptions as Options


class Thing(pulumi.CustomResource):
    made: pulumi.Output[str]

    def __init__(self, name, opts=None, **inputs):
        super().__init__("test:index:Thing", name, {"made": None, **inputs}, opts)


class Group(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("test:index:Group", name, None, opts)


"""
