"""Clusters on EKS for tests: settings that are resolved as a stack's are, and AWS's answers in AWS's shapes."""

from __future__ import annotations

import dataclasses
from typing import Any

import yaml
from pulumi.runtime import mocks

from components import contracts
from components.clusters import catalogue
from stacks import managed, resolution

STACK = """
vendor: eks
name: shop
tier: prod
region: eu-central-1
kubernetes: { minor: "1.35" }
network: { cidr: 10.12.0.0/16 }
access:
  wayIn: peering
  deployer: arn:aws:iam::444455556666:role/paasport-deployer
  admins: [arn:aws:iam::444455556666:role/platform-oncall]
  viewers: [arn:aws:iam::444455556666:role/developers]
pools:
  system: { role: system, instanceTypes: [m7i.large], min: 3, max: 6 }
  general: { instanceTypes: [m7i.xlarge], min: 3, max: 12 }
  spot: { instanceTypes: [m7i.xlarge, m7a.xlarge, m6i.xlarge], min: 0, max: 9, spot: true }
  arm: { arch: arm64, instanceTypes: [m7g.xlarge], min: 0, max: 4, zones: [2] }
backups: { retentionDays: 35 }
tags: { cost-center: shop }
eks: { account: "444455556666" }
"""

ISSUER = "https://oidc.eks.eu-central-1.amazonaws.com/id/0A1B2C3D4E5F"


def wanted(**changes: Any) -> resolution.Managed[Any]:
    """The settings above, resolved; `changes` replace keys of the stack file, `None` takes one away.

    They are not checked against each other, so that what a component does with any of them can be tested.
    """
    config = {**yaml.safe_load(STACK), **changes}
    given = {key: value for key, value in config.items() if value is not None}
    return resolution.resolve(managed.EksCluster.model_validate(given), stack="shop")


def access(**changes: Any) -> dict[str, Any]:
    """The block `access` with these keys replaced."""
    return {**yaml.safe_load(STACK)["access"], **changes}


def options(**changes: Any) -> dict[str, Any]:
    """The block `eks` with these keys replaced."""
    return {**yaml.safe_load(STACK)["eks"], **changes}


class Answers(mocks.Mocks):
    """What AWS adds to what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def new_resource(self, args):
        match args.typ:
            case "aws:eks/cluster:Cluster":
                more = {
                    "endpoint": "https://0A1B2C3D4E5F.gr7.eu-central-1.eks.amazonaws.com",
                    "certificateAuthority": {"data": "LS0tLS1CRUdJTg=="},
                    "identities": [{"oidcs": [{"issuer": ISSUER}]}],
                }
            case "aws:ec2/natGateway:NatGateway":
                more = {"publicIp": f"198.51.100.{ord(args.name[-1])}"}
            case "aws:iam/role:Role":
                more = {"arn": f"arn:aws:iam::444455556666:role/{args.inputs['name']}"}
            case "aws:kms/key:Key":
                more = {"arn": "arn:aws:kms:eu-central-1:444455556666:key/11112222", "keyId": "11112222"}
            case "aws:s3/bucket:Bucket":
                more = {"bucket": "shop-backups-0a1b2c3", "arn": "arn:aws:s3:::shop-backups-0a1b2c3"}
            case "aws:ec2/launchTemplate:LaunchTemplate":
                more = {"latestVersion": 1}
            case "aws:cloudwatch/logGroup:LogGroup":
                more = {"arn": f"arn:aws:logs:eu-central-1:444455556666:log-group:{args.inputs['name']}"}
            case _:
                more = {}
        return f"{args.name}-id", {**args.inputs, **more}

    def call(self, args):
        self.asked.append(dict(args.args))
        return {"version": f"v1.0.0-eksbuild.1 of {args.args['addonName']} for {args.args['kubernetesVersion']}"}


class Deployed:
    """A cluster's registrations and facts."""

    def __init__(self, program, facts: contracts.ClusterFacts, answers: Answers) -> None:
        self.registrations, self.facts, self.asked = program.registrations, facts, answers.asked
        self._by_urn = {item.urn: item for item in self.registrations}

    def all(self, type_: str) -> list[Any]:
        """The registrations of a type, given without its package."""
        return [item for item in self.registrations if item.type == f"aws:{type_}"]

    def one(self, type_: str, name: str = "") -> Any:
        """The only registration of a type, or that of a name, which is given without the cluster's."""
        (found,) = [item for item in self.all(type_) if not name or item.name == f"shop-{name}"]
        return found

    def names(self, type_: str) -> list[str]:
        """Names of all registrations of a type, without the cluster's."""
        return sorted(item.name.removeprefix("shop-") for item in self.all(type_))

    def waits_for(self, later: Any, earlier: Any) -> bool:
        """Whether one comes after the other, directly or by way of others."""
        pending, seen = {later.urn}, set()
        while pending:
            urn = pending.pop()
            if urn in seen or urn not in self._by_urn:
                continue
            seen.add(urn)
            pending |= self._by_urn[urn].dependencies
        return later.urn != earlier.urn and earlier.urn in seen


def deploy(run, resolved: resolution.Managed[Any] | None = None, *, then=None, answers=None) -> Deployed:
    """Create the cluster, or give the one that was created of the same settings before, because nothing changes it.

    `then` gets the facts while the program still runs; then it is run in any case.
    """
    chosen = resolved or wanted()
    if then is None:
        if repr(chosen) not in _DEPLOYED:
            _DEPLOYED[repr(chosen)] = _deploy(run, chosen)
        return _DEPLOYED[repr(chosen)]
    return _deploy(run, chosen, then=then, answers=answers)


_DEPLOYED: dict[str, Deployed] = {}


def _deploy(run, chosen: resolution.Managed[Any], *, then=None, answers: Any = None) -> Deployed:
    answers, kept = answers or Answers(), []

    def main():
        args = contracts.ClusterArgs(name=chosen.name, options=chosen)
        kept.append(catalogue.create("eks", args, opts=None).facts)
        return then(kept[0]) if then else None

    program = run(main, stack="shop", answers=answers)
    return Deployed(program, kept[0], answers)


def changed(resolved: resolution.Managed[Any], path: str, value: Any) -> resolution.Managed[Any]:
    """The settings with one field replaced, named as `access.api`; fields of pydantic models too."""
    name, _, rest = path.partition(".")
    part = getattr(resolved, name)
    new = changed(part, rest, value) if rest else value
    if dataclasses.is_dataclass(resolved):
        return dataclasses.replace(resolved, **{name: new})
    return resolved.model_copy(update={name: new})
