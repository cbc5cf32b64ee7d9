"""Every input against the SDK's own types and AWS's rules, by the simulated account, for every shape of a cluster."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from pulumi.runtime import mocks

from components import contracts
from local.simulated import account

from . import eks_stacks

SHAPES = {
    "production": {},
    "unprotected": {"protection": "off", "encryption": "provider"},
    "public": {"access": eks_stacks.access(api="allowlist", cidrs=["203.0.113.0/24"])},
    "auto": {"compute": "auto", "pools": None},
    "bottlerocket": {"eks": eks_stacks.options(nodeImage="bottlerocket")},
    "small network": {"network": {"cidr": "10.12.0.0/24", "zones": 2}},
}


class Simulated(mocks.Mocks):
    """The simulated account's answers; what it refuses fails the program."""

    asked = ()

    def __init__(self):
        self.account = account.Account(stack="shop")
        self.provider = {}

    def new_resource(self, args):
        if args.typ == "pulumi:providers:aws":
            self.provider = args.inputs
        if not args.typ.startswith("aws:"):
            return f"{args.name}-id", args.inputs
        checked = self.account.checked(args.typ, args.name, args.inputs, provider=self.provider)
        made = finished(self.account.create(args.typ, args.name, checked, provider=self.provider))
        return made.id, dict(made.outputs)

    def call(self, args):
        return finished(self.account.invoke(args.token, args.args, provider=self.provider))


def finished(awaitable):
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        return loop.run_until_complete(awaitable)


def bind(facts):
    facts.identity.bind("orders", "database", grants=[contracts.Grant(access="write", bucket="backups")])


@pytest.mark.parametrize("shape", SHAPES)
def test_aws_takes_every_input(run, project, shape):
    answers = Simulated()
    deployed = eks_stacks.deploy(run, eks_stacks.wanted(**SHAPES[shape]), then=bind, answers=answers)
    own = [item for item in deployed.registrations if item.type.startswith("aws:")]
    assert len(own) > 30
    assert len(answers.account.resources()) == len(own)
