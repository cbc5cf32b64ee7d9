"""Holds resources to the changes that their operators can make.

The program judges them itself, in hooks that Pulumi calls before an update, in a preview too (pulumi.com/docs/iac/
concepts/options/hooks): so a wrong change is refused by both engines, before anything of the resource is written.
Rejected: to remember values in a `pulumi.Stash` and compare with its output, which stays the first one there ever was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components import contracts, registration
from stacks import errors, lifecycle


def guarded(name: str, rules: lifecycle.Rules, *, instance: str) -> pulumi.ResourceOptions:
    """Options of a resource whose changes are judged by `rules`; `name` is the hook's, unique in the program."""
    if rules == lifecycle.Rules():
        return pulumi.ResourceOptions()

    async def judge(args: pulumi.ResourceHookArgs) -> None:
        before, after = await _opened(args.old_inputs), await _opened(args.new_inputs)
        verdict = lifecycle.judged(rules, instance=instance, before=before, after=after)
        if verdict.problems:
            raise errors.UsageError(*verdict.problems)
        for note in verdict.notes:
            pulumi.log.warn(note)
        if verdict.upgrade:
            pulumi.log.info(verdict.upgrade)

    hook = pulumi.ResourceHook(name, judge, pulumi.ResourceHookOptions(on_dry_run=True))
    return pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_update=[hook]))


def marked(manifest: contracts.Manifest, kind: contracts.Kind | None) -> contracts.Manifest:
    """The resource with what is lost when it is deleted, where that is anything: for those who delete it."""
    if kind is None or not kind.loses:
        return manifest
    metadata = manifest["metadata"]
    told = {lifecycle.LOSES: kind.loses, lifecycle.CLAIMS: kind.volumes_when_deleted}
    return {**manifest, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), **told}}}


def release(operator: contracts.Operator, *, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """What remembers which release of an operator runs, and says of another one whether the step can be made."""
    name, rules = f"{operator.name}-release", lifecycle.Rules(version=steps(operator))
    judged = guarded(name, rules, instance=operator.name)
    return registration.memory(name, operator.version, opts=pulumi.ResourceOptions.merge(opts, judged))


def steps(operator: contracts.Operator) -> lifecycle.Version:
    """From which release of an operator to which there is a step."""
    return lifecycle.Version(
        path=".input",
        software="release",
        skips=not operator.one_minor_at_a_time,
        returns=not operator.one_minor_at_a_time,
        within="before what it runs",
    )


async def _opened(inputs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Without the wrapping of what is secret as a whole; what is not yet known stays so."""
    found = {}
    for key, value in (inputs or {}).items():
        found[key] = await value.future() if isinstance(value, pulumi.Output) else value
    return found
