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
from runner.engine import loss, urn
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
    parent: str = ""
    """URN of the present one's parent."""
    protected: bool = False
    """Whether the present one is protected, so that the engine itself refuses to delete it."""


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
            parent=str((item.get("oldState") or {}).get("parent") or ""),
            protected=bool((item.get("oldState") or {}).get("protect")),
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


def losses(found: Iterable[Step], *, targets: Sequence[str] = ()) -> tuple[loss.Loss, ...]:
    """What these steps would lose for good, each instance once; of what is protected nothing is."""
    told: dict[str, loss.Loss] = {}
    for step in found:
        done = "replaced" if step.operation in REPLACING else step.operation.replace("delete", "deleted")
        loses = loss.remembered(step.before)["loses"]
        if done not in ("replaced", "deleted") or not loses or step.protected:
            continue
        if targets and not urn.matches(step.urn, targets):
            continue
        name = loss.instance(step.urn, parent=step.parent)
        told.setdefault(name, loss.Loss(instance=name, urn=step.urn, done=done, loses=loses, claims_known=False))
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


def remembered(root: pathlib.Path, *, stack: str) -> tuple[Step, ...] | None:
    """The deletion of all that the official engine keeps of a stack; None where it cannot say, as it will tell."""
    code, printed = pulumi_cli.told(["stack", "export", "--stack", stack, "--cwd", str(root)])
    deployed = _document(printed).get("deployment")
    if code or not isinstance(deployed, dict):
        return None
    return steps(
        {"steps": [{"op": "delete", "urn": item["urn"], "oldState": item} for item in deployed.get("resources") or ()]}
    )


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
