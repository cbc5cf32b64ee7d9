"""Whole programs on every vendor, under Pulumi's mocks, with the simulated vendors' own answers."""

from __future__ import annotations

import asyncio
import json
import pathlib
from typing import Any

import pytest
import yaml
from pulumi.runtime import mocks

from components import platform
from local.simulated import account
from stacks import settings

ROOT = pathlib.Path(__file__).parents[3]
DEPLOYED: dict[str, Any] = {}
"""By stack and configuration: nobody changes a deployed program, so it is deployed once."""
PACKAGES = ("aws", "gcp", "azure-native")


def awaited(work):
    """What a coroutine returns, from code that Pulumi runs in threads and loops of its own."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


class SimulatedAnswers(mocks.Mocks):
    """Answers as the vendor would: whatever it refuses fails the program."""

    def __init__(self, stack: str) -> None:
        self.account = account.Account(stack=stack)
        self._providers: dict[str, dict[str, Any]] = {}

    def new_resource(self, args):
        if args.typ.startswith("pulumi:providers:"):
            self._providers[args.name] = args.inputs
        if args.typ.partition(":")[0] not in PACKAGES:
            return f"{args.name}-id", args.inputs
        settings = self._provider(args.provider)
        checked = self.account.checked(args.typ, args.name, args.inputs, provider=settings)
        made = awaited(self.account.create(args.typ, args.name, checked, provider=settings))
        return made.id, dict(made.outputs)

    def call(self, args):
        return awaited(self.account.invoke(args.token, args.args, provider=self._provider(args.provider)))

    def _provider(self, reference: str) -> dict[str, Any]:
        urn = reference.rpartition("::")[0]
        return self._providers.get(urn.rpartition("::")[2], {})


def config_of(stack: str) -> dict[str, Any]:
    """The configuration in a stack file."""
    return yaml.safe_load((ROOT / f"stacks/Pulumi.{stack}.yaml").read_text())["config"]


@pytest.fixture
def deploy(run, control_plane_file):
    """Deploy the platform of a stack file, or of another configuration, under the stack's name."""
    home = control_plane_file.parents[5]
    for name in ("config", "existing-prod"):
        (home / ".kube").mkdir(exist_ok=True)
        (home / ".kube" / name).write_text(control_plane_file.read_text())

    def deployed(stack: str, config: dict[str, Any] | None = None):
        asked = json.dumps([stack, config], sort_keys=True, default=str)
        if asked not in DEPLOYED:
            DEPLOYED[asked] = fresh(stack, config)
        return DEPLOYED[asked]

    def fresh(stack: str, config: dict[str, Any] | None):
        kept: list[platform.Platform] = []

        def main():
            wanted = settings.parse(config or config_of(stack))
            kept.append(platform.Platform("paasport", wanted))
            return kept[0].outputs()

        answers = SimulatedAnswers(stack)
        program = run(main, stack=stack, answers=answers)
        program.account, program.facts = answers.account, kept[0]._cluster
        program.config = config or config_of(stack)
        return program

    return deployed
