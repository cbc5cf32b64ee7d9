"""What a rehearsal finds out: what an upgrade replaced, what a second `up` changes, what is left after a destroy.

Pure; each function answers with the problems in sentences, or with none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from local.simulated import clusters, nodes, nodes_pools, values
from local.simulated.controllers import disks, load_balancers
from runner import request, stash
from runner.engine import model
from runner.rehearsals import variants
from stacks import versions

_ADDON: Final = "aws:eks/addon:Addon"

_INJECTED: Final = "a fault that was injected"
"""What the simulated account says of a failure that was asked for."""

Json = Mapping[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kept:
    """Something that is there after a destroy because it is meant to be."""

    what: str
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Left:
    """What is there after a destroy."""

    kept: tuple[Kept, ...]
    problems: tuple[str, ...]


def failures(result: request.Result) -> list[str]:
    """What went wrong in a run, each resource once, with the first line of its reason."""
    told = [f"{item.name} ({item.type}): {_first_line(item.failure)}" for item in result.resources if item.failure]
    if told or not result.failed:
        return told
    errors = [item.message for item in result.diagnostics if item.severity == "error"]
    return [_first_line(message) for message in errors] or ["the run failed and did not say why"]


def was_injected(result: request.Result) -> bool:
    """Whether a run failed because a fault was injected, and not of itself: then a user would try again."""
    return result.failed and any(_INJECTED in item.failure for item in result.resources)


def outputs(exported: Mapping[str, Any], *, vendor: str, services: Iterable[str]) -> list[str]:
    """What the stack's outputs lack."""
    cluster = exported.get("cluster") or {}
    found = exported.get("services") or {}
    problems = []
    if cluster.get("vendor") != vendor:
        problems.append(f"the output cluster.vendor is {cluster.get('vendor')!r} instead of {vendor!r}")
    problems += [f"the outputs have no service {name}" for name in services if name not in found]
    problems += [f"the output services.{name} has no url" for name in found if not found[name].get("url")]
    if not exported.get("kubeconfig"):
        problems.append("the outputs have no kubeconfig")
    return problems


def upgraded(
    before: Sequence[values.Resource], after: Sequence[values.Resource], *, step: variants.Upgrade
) -> list[str]:
    """What of clusters, pools and add-ons has not followed to the new minor, or is not the same resource any more."""
    old = {(item.token, item.name): item for item in before}
    problems = []
    for item in after:
        predecessor = old.get((item.token, item.name))
        if predecessor is not None and predecessor.id != item.id:
            problems.append(f"{item.name} ({item.token}) is another one than before the upgrade")
    now = [(f"the cluster {cluster.name}", cluster.version) for cluster in clusters.found(after)]
    now += [(f"the node pool {pool.name}", pool.version) for pool in nodes_pools.pools(after)]
    problems += [
        f"{what} has version {version} instead of {step.new}"
        for what, version in now
        if _minor(version) != versions.number(step.new)
    ]
    addons = [item for item in after if item.token == _ADDON]
    for addon in addons:
        same = old.get((addon.token, addon.name))
        if same is not None and same.value("addonVersion") == addon.value("addonVersion"):
            problems.append(f"the add-on {addon.value('addonName')} has stayed at {addon.value('addonVersion')}")
    return problems


def in_place(result: request.Result) -> list[str]:
    """What an upgrade replaced or deleted instead of changing it in place.

    What is only remembered is nothing: a new minor remembers anew, and forgets what was for the old one.
    """
    destructive = (model.Operation.REPLACE, model.Operation.DELETE)
    return [
        f"{item.name} ({item.type}) was {'replaced' if item.operation is model.Operation.REPLACE else 'deleted'}"
        + (f" because of {', '.join(change.path for change in item.changes)}" if item.changes else "")
        for item in result.resources
        if item.operation in destructive and item.type != stash.TYPE
    ]


def unchanged(result: request.Result) -> list[str]:
    """What a second `up` with the same settings changed all the same."""
    quiet = (model.Operation.SAME, model.Operation.READ)
    return [
        f"{item.name} ({item.type}): {item.operation}"
        + (f" of {', '.join(change.path for change in item.changes)}" if item.changes else "")
        + (", drifted" if item.drifted else "")
        for item in result.resources
        if item.operation not in quiet or item.drifted
    ]


def kubelets(live: Iterable[Json], *, step: variants.Upgrade) -> list[str]:
    """Simulated nodes whose kubelet has not followed to the new minor."""
    found = []
    for node in live:
        version = node.get("status", {}).get("nodeInfo", {}).get("kubeletVersion", "")
        ours = nodes.POOL_LABEL in node["metadata"].get("labels", {})
        if ours and _minor(version) != versions.number(step.new):
            found.append(f"the node {node['metadata']['name']} runs {version} instead of {step.new}")
    return found


def not_ready(workloads: Iterable[Json]) -> list[str]:
    """Deployments, StatefulSets and DaemonSets that do not have as many ready pods as they want."""
    found = []
    for item in workloads:
        status = item.get("status") or {}
        if item["kind"] == "DaemonSet":
            wanted, ready = status.get("desiredNumberScheduled", 0), status.get("numberReady", 0)
        else:
            wanted, ready = item["spec"].get("replicas", 1), status.get("readyReplicas", 0)
        if ready < wanted:
            name = f"{item['metadata']['namespace']}/{item['metadata']['name']}"
            found.append(f"{item['kind']} {name} has {ready} of {wanted} pods ready")
    return found


def left_in_account(resources: Iterable[values.Resource], *, retained: Iterable[model.Entry]) -> Left:
    """What is left at the vendor. `retained` are the entries that the program keeps on purpose."""
    by_id = {(entry.type, entry.id) for entry in retained}
    kept, problems = [], []
    for item in resources:
        what = described(item)
        if (item.token, item.id) in by_id:
            kept.append(Kept(what=what, reason="the stack retains it: it outlives the cluster (retain_on_delete)"))
        elif reason := _why_disk_is_kept(item):
            kept.append(Kept(what=what, reason=reason))
        else:
            problems.append(f"{what} is left in the account")
    return Left(kept=tuple(kept), problems=tuple(problems))


def of_the_program(resources: Iterable[values.Resource]) -> list[values.Resource]:
    """Those that the program made, and not a controller inside the cluster."""
    made_inside = {load_balancers.SERVICE, disks.CLAIM}
    return [item for item in resources if not made_inside & item.inputs.keys()]


def described(item: values.Resource) -> str:
    """A resource of the account as a person knows it."""
    kind = item.token.rpartition(":")[2]
    service = item.inputs.get(load_balancers.SERVICE)
    claim = item.inputs.get(disks.CLAIM)
    if service:
        return f"{kind} {item.name} of Service {service}"
    return f"{kind} {item.name} of volume claim {claim}" if claim else f"{kind} {item.name}"


def _why_disk_is_kept(item: values.Resource) -> str:
    """Why a disk may stay; empty for what is none. A load balancer may never stay: it holds its network."""
    if disks.CLAIM not in item.inputs:
        return ""
    if item.inputs.get(disks.RECLAIM) == "Retain":
        return "the reclaim policy of its storage class is Retain: data outlive the cluster"
    return "drain.volumes is off: a volume of which nobody said that it may go"


def _minor(version: str) -> int:
    try:
        return versions.number(version)
    except ValueError:
        return 0


def _first_line(message: str) -> str:
    return message.strip().partition("\n")[0]
