"""A stack registers the same resources with the same inputs under Pulumi's own mocks and under the embedded engine.

Both are answered by the same simulated vendor, so that what the program is told cannot make the difference.
"""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from local.simulated import account as accounts
from runner import request, session, simulated, stash
from runner.engine import deployment, events, inventory, journal, model, providers, values
from runner.kubernetes import blind, identity
from stacks import files, settings
from tests.runner import engine_doubles as doubles

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = pathlib.Path(__file__).with_name("program_under_mocks.py")
CHILDREN = ("kubernetes:yaml/v2:ConfigGroup", "kubernetes:yaml/v2:ConfigFile")
"""What below these is the engine's work, not the program's."""


class Willing(blind.BlindProvider):
    """A cluster, or dynamic provider, that takes everything as it is given."""

    async def reconcile(
        self, goal: model.Goal, old: model.Entry | None, run: model.Run, *, outputs_needed: bool = True
    ) -> model.Outcome:
        return model.Outcome(operation=model.Operation.CREATE, id=f"{goal.name}-id", outputs=goal.inputs)


def under_mocks(stack: files.StackFile) -> list[dict[str, Any]]:
    # Releases that cannot be had here are stood in for, as under the engine.
    permitted = {"PULUMI_CONFIG": json.dumps(stack.program_config()), "PAASPORT_STAND_INS": str(os.getpid())}
    environment = {**os.environ, **permitted, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(PROGRAM), stack.stack]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tidied(json.loads(done.stdout))


def under_the_engine(stack: files.StackFile, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    goals: list[model.Goal] = []
    admitted = deployment.Deployment.register

    async def register(self: deployment.Deployment, goal: model.Goal) -> deployment.Answer:
        goals.append(goal)
        return await admitted(self, goal)

    monkeypatch.setattr(deployment.Deployment, "register", register)
    told = asyncio.run(deployed(stack))
    assert [event.failure for event in told.finished if event.failure] == []
    assert [item.message for item in told.diagnostics if item.severity is events.Severity.ERROR] == []
    groups = {goal.urn for goal in goals if goal.type in CHILDREN}
    return tidied(
        {
            "type": goal.type,
            "name": goal.name,
            "parent": goal.parent.rpartition("::")[2],
            "inputs": values.revealed(dict(goal.inputs)),
            "protect": goal.options.protect,
            "retained": goal.options.retain_on_delete,
            "ignored": list(goal.options.ignore_changes),
        }
        for goal in goals
        if goal.parent not in groups
    )


async def deployed(stack: files.StackFile) -> journal.Journal:
    asked = request.Request(
        operation=request.Operation.UP,
        root=ROOT,
        project=settings.PROJECT,
        stack=stack.stack,
        config=stack.program_config(),
        stand_ins=True,
    )
    told = journal.Journal(lambda _: None)
    memory = await inventory.Inventory.load(doubles.FakeCluster(), project=asked.project, stack=asked.stack)
    account = accounts.Account(stack=stack.stack)
    marks = identity.StackIdentity(field_manager="x", label_key="x", label_value="x", hash_key=b"x", project_root=ROOT)

    def vendor(inputs: Mapping[str, Any]) -> model.Provider:
        return simulated.Provider(account, settings=inputs)

    known = providers.Providers(
        {
            "kubernetes": lambda _: Willing(stack=marks),
            "pulumi-python": lambda _: Willing(stack=marks),
            stash.PACKAGE: lambda _: stash.Provider(),
            **dict.fromkeys(simulated.PACKAGES, vendor),
        },
        defaults={},
        entries=memory.entries.get,
    )
    await session.Session(asked, memory=memory, known=known, told=told).work()
    return told


def tidied(registered: Any) -> list[dict[str, Any]]:
    """Without an order, and without what no program decides: pickled code, and options that a parent hands down."""
    found = []
    for item in registered:
        inputs = {key: value for key, value in item["inputs"].items() if value is not None and key != "__provider"}
        found.append({**item, "inputs": {**inputs, **drawn(item["type"], inputs)}})
    return sorted(found, key=lambda item: (item["type"], item["name"]))


def drawn(type_: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What takes the place of passwords, which every run of a program draws anew: their shape."""
    if type_ == "kubernetes:core/v1:Secret":
        return {"data": sorted(inputs["data"])}
    if type_ == stash.TYPE and re.fullmatch(r"[\w-]{32}", inputs["input"]):
        return {"input": "a password"}
    return {}


@pytest.mark.parametrize("name", ["eks-prod", "eks-dev", "gke-prod", "aks-prod"])
def test_the_same_resources_with_the_same_inputs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = files.read(ROOT, name, passphrase=lambda: None)

    official, own = under_mocks(stack), under_the_engine(stack, monkeypatch)

    assert [(item["type"], item["name"]) for item in own] == [(item["type"], item["name"]) for item in official]
    assert own == official
    assert any(item["type"] == "kubernetes:monitoring.coreos.com/v1:Prometheus" for item in own)
