"""Runs the project's program under Pulumi's own mocks and prints its registrations as JSON: a process of its own.

Called with the stack's name; PULUMI_CONFIG is what the program is configured with. The mocks answer what the simulated
vendor answers, so that the program gets the same outputs here as under the embedded engine.
"""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import runpy
import sys
import threading
from typing import Any

import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime import mocks, rpc, stack

from local.simulated import account
from runner import simulated, stash

ROOT = pathlib.Path(__file__).parents[2]


class Mocks(mocks.Mocks):
    """Answers from a simulated account."""

    def __init__(self, name: str) -> None:
        self._account = account.Account(stack=name)
        self._settings: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.typ.startswith("pulumi:providers:"):
            self._settings[args.name] = {key: simulated.setting(value) for key, value in args.inputs.items()}
        if args.typ == stash.TYPE:
            return f"{args.name}-id", {**args.inputs, "output": args.inputs["input"]}
        if args.typ.partition(":")[0] not in simulated.PACKAGES:
            return f"{args.name}-id", args.inputs
        with self._lock:
            made = asyncio.run(
                self._account.create(args.typ, args.name, whole(args.inputs), provider=self._provider(args.provider))
            )
        return made.id, {**made.inputs, **made.outputs}

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        with self._lock:
            return asyncio.run(
                self._account.invoke(args.token, whole(args.args), provider=self._provider(args.provider))
            )

    def _provider(self, reference: str) -> dict[str, Any]:
        return self._settings.get(reference.rpartition("::")[0].rpartition("::")[2], {})


class Monitor(mocks.MockMonitor):
    """Keeps what it is asked for."""

    def __init__(self, answers: Mocks) -> None:
        super().__init__(answers)
        self.registered: list[dict[str, Any]] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        self.registered.append(
            {
                "type": request.type,
                "name": request.name,
                "parent": request.parent.rpartition("::")[2],
                "inputs": whole(rpc.deserialize_properties(request.object)),
                "protect": request.protect,
                "retained": request.retainOnDelete,
                "ignored": list(request.ignoreChanges),
            }
        )
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - likewise
        return empty_pb2.Empty()


def whole(value: Any) -> Any:
    """The value with whole numbers as such, and secrets opened."""
    if rpc.is_rpc_secret(value):
        return whole(rpc.unwrap_rpc_secret(value))
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, list) else value


def main() -> None:
    """Run, and print."""
    name = sys.argv[1]
    monitor = Monitor(Mocks(name))
    mocks.set_mocks(monitor.mocks, project="paasport", stack=name, preview=False, monitor=monitor)
    pulumi.runtime.set_all_config(json.loads(os.environ["PULUMI_CONFIG"]))

    async def program() -> None:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    asyncio.get_event_loop().run_until_complete(stack.run_pulumi_func(program))
    json.dump(monitor.registered, sys.stdout)


if __name__ == "__main__":
    main()
