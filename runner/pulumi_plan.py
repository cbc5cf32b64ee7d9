"""What the official engine would do, judged before it does it: nothing guarded is replaced unless the user named it.

Reads the document of `pulumi preview --json` (pulumi/pulumi, pkg/display/json.go). Pure but for `made`.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from runner import guarded, pulumi_cli
from runner.engine import urn
from stacks import errors

REPLACING: Final = frozenset({"replace", "create-replacement", "delete-replaced"})
"""Pulumi's operations that end with another resource in the place of the present one."""

VERSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "aws:eks/cluster:Cluster": ("version",),
    "azure-native:containerservice:ManagedCluster": ("currentKubernetesVersion", "kubernetesVersion"),
    "gcp:container/cluster:Cluster": ("masterVersion", "minMasterVersion"),
}
"""Where a cluster says which Kubernetes it has, the surest place first."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """What would happen to one resource."""

    operation: str
    """Pulumi's word."""
    urn: str
    reasons: tuple[str, ...] = ()
    """Properties that force a replacement."""
    before: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    """What is known of the present one: its inputs, and over them its outputs."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What the official engine would do, or why it cannot say so."""

    steps: tuple[Step, ...]
    exit_code: int
    """Ours; 0 where there is a plan."""
    failures: str = ""
    """What the engine told about its failure."""


def steps(document: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps of a preview's document."""
    return tuple(
        Step(
            operation=str(item["op"]),
            urn=str(item["urn"]),
            reasons=tuple(item.get("replaceReasons") or ()),
            before=_state(item.get("oldState") or {}),
        )
        for item in document.get("steps") or ()
    )


def problems(found: Iterable[Step], *, permitted: Sequence[str]) -> tuple[errors.Problem, ...]:
    """Everything that must not happen without the user having named it: replacements, and deletions of clusters."""
    told: dict[str, errors.Problem] = {}
    for step in found:
        done = _done(step)
        problem = done and guarded.problem(step.urn, done=done, permitted=permitted, paths=step.reasons)
        if problem and step.urn not in told:
            told[step.urn] = problem
    return tuple(told.values())


def live_version(found: Iterable[Step]) -> str:
    """The version of Kubernetes that the stack's cluster has now, as the vendor writes it; empty where not known."""
    return next((version for step in found for version in _versions(step)), "")


def made(root: pathlib.Path, *, stack: str, targets: Sequence[str]) -> Plan:
    """Let the official engine plan an `up`. Raises UsageError where there is no `pulumi`."""
    code, printed = pulumi_cli.told(pulumi_cli.plan_arguments(stack=stack, root=root, targets=targets))
    document = _document(printed)
    if not code and "steps" not in document:
        raise errors.EngineError.of(
            "the plan that `pulumi preview --json` printed cannot be read",
            why="so nobody can say whether a cluster or its data would be replaced",
            next="pulumi version; then update it",
        )
    return Plan(
        steps=steps(document),
        exit_code=pulumi_cli.exit_code(code, operation="preview"),
        failures=_failures(document),
    )


def remembered(root: pathlib.Path, *, stack: str) -> frozenset[str] | None:
    """The URNs that the official engine keeps of a stack; None where it cannot say, as its next command will tell."""
    code, printed = pulumi_cli.told(["stack", "export", "--stack", stack, "--cwd", str(root)])
    deployed = _document(printed).get("deployment")
    if code or not isinstance(deployed, dict):
        return None
    return frozenset(str(item["urn"]) for item in deployed.get("resources") or ())


def _document(printed: str) -> Mapping[str, Any]:
    try:
        document = json.loads(printed)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _state(old: Mapping[str, Any]) -> dict[str, Any]:
    return {**(old.get("inputs") or {}), **(old.get("outputs") or {})}


def _done(step: Step) -> str:
    """What happens to the present resource that could need a permission; empty where nothing does."""
    if step.operation in REPLACING:
        return "replaced"
    is_cluster = guarded.kind(urn.Urn.parse(step.urn).type) is guarded.Kind.CLUSTER
    return "deleted" if is_cluster and step.operation == "delete" else ""


def _failures(document: Mapping[str, Any]) -> str:
    messages = (item for item in document.get("diagnostics") or () if item.get("severity") == "error")
    return "\n".join(str(item.get("message", "")).strip() for item in messages)


def _versions(step: Step) -> Iterator[str]:
    known = VERSIONS.get(urn.Urn.parse(step.urn).type, ())
    return (str(step.before[name]) for name in known if step.before.get(name))
