"""The nodes of a simulated cluster: what they look like, and where the next one comes from when a pod finds no place.

A node has the labels, taints and capacity that its vendor gives to the machine, less what the vendor reserves; kwok
makes it Ready and its pods run. What a pool is, is read from the account in `nodes_pools.py`. Pure.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from local import beside, kwok, reconciling
from stacks import nodes as sizes

NODES: Final = reconciling.Kind("v1", "Node")
PODS: Final = reconciling.Kind("v1", "Pod")
POOL_LABEL: Final = "paasport.dev/simulated-pool"
"""Which resource of the account a node belongs to; by it nodes are found again."""
NUMBER_LABEL: Final = "paasport.dev/simulated-number"
"""Which node of its pool it is."""

_MIB: Final = 2**20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Taint:
    """As in a node's spec."""

    key: str
    value: str
    effect: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pool:
    """Nodes of one kind, as the account describes them."""

    key: str
    """A label value that no other pool of the account has."""
    name: str
    prefix: str
    """Beginning of its nodes' names."""
    suffix: str = ""
    """End of its nodes' names."""
    region: str
    zones: tuple[str, ...]
    """As in the label `topology.kubernetes.io/zone`."""
    machine: str
    arch: str
    cpu: int
    memory: int
    """Bytes of the machine."""
    pods: int
    """Most pods on a node."""
    minimum: int
    """Nodes that are there from the start; of `compute: auto` none."""
    maximum: int
    grows: bool
    """Whether somebody adds nodes when pods find no place."""
    asked_by: str = ""
    """End of the repository of the image that asks the vendor for them from within the cluster; empty where the vendor
    sees by itself."""
    version: str
    """Of the kubelet, with a `v`."""
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    taints: tuple[Taint, ...] = ()


def manifest(pool: Pool, *, index: int, digits: str) -> dict[str, Any]:
    """The node with this number; numbers go round the pool's zones. `digits` make its name one that never was.

    kwok takes minutes to see that a node is another one than the last of that name.
    """
    capacity = {"cpu": str(pool.cpu), "memory": str(pool.memory), "pods": str(pool.pods), "ephemeral-storage": "100Gi"}
    cpu, memory = sizes.allocatable(cpu=pool.cpu, memory=pool.memory)
    machine = kwok.Machine(
        type=pool.machine,
        arch=pool.arch,
        region=pool.region,
        zone=pool.zones[index % len(pool.zones)],
        version=pool.version,
        capacity=capacity,
        allocatable={**capacity, "cpu": f"{int(cpu * 1000)}m", "memory": str(int(memory) // _MIB * _MIB)},
    )
    return kwok.node(
        f"{pool.prefix}{digits}{pool.suffix}",
        machine,
        labels={POOL_LABEL: pool.key, NUMBER_LABEL: str(index), **pool.labels},
        taints=[dataclasses.asdict(taint) for taint in pool.taints],
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Changes:
    """What turns the live nodes of an account's pools into those that should be."""

    created: tuple[tuple[Pool, int], ...] = ()
    """Pool and number of a node."""
    upgraded: tuple[tuple[Pool, str], ...] = ()
    """Pool and name of a node whose kubelet has another version than its pool."""
    deleted: tuple[str, ...] = ()


def changes(pools: Sequence[Pool], live: Iterable[Mapping[str, Any]], *, more: Mapping[str, int]) -> Changes:
    """`more` is how many nodes a pool has by its key where it has grown beyond its minimum."""
    present = {_place(node): node for node in live if POOL_LABEL in node["metadata"].get("labels", {})}
    created, upgraded, wanted = [], [], set()
    for pool in pools:
        for index in range(min(max(pool.minimum, more.get(pool.key, 0)), pool.maximum)):
            wanted.add((pool.key, str(index)))
            node = present.get((pool.key, str(index)))
            if node is None:
                created.append((pool, index))
            elif node.get("status", {}).get("nodeInfo", {}).get("kubeletVersion") != pool.version:
                upgraded.append((pool, str(node["metadata"]["name"])))
    gone = tuple(str(node["metadata"]["name"]) for place, node in present.items() if place not in wanted)
    return Changes(created=tuple(created), upgraded=tuple(upgraded), deleted=gone)


def _place(node: Mapping[str, Any]) -> tuple[str, str]:
    """Pool and number of a node."""
    labels = node["metadata"]["labels"]
    return labels[POOL_LABEL], labels.get(NUMBER_LABEL, "")


def tended(pools: Iterable[Pool], deployments: Sequence[Mapping[str, Any]]) -> list[Pool]:
    """The pools for which somebody asks for more nodes: a Deployment that is available, or the vendor."""
    awake = [item for item in deployments if beside.is_available(item)]
    return [pool for pool in pools if not pool.asked_by or any(beside.has_image(item, pool.asked_by) for item in awake)]


def growth(
    pools: Sequence[Pool], pods: Iterable[Mapping[str, Any]], live: Iterable[Mapping[str, Any]]
) -> dict[str, int]:
    """How many nodes the pools need at which pods without a place could run: the first in every zone, by pool's key.

    As a cluster autoscaler does, only what a new node could change is looked at: selectors and taints.
    """
    counts: dict[str, int] = {}
    for node in live:
        key = node["metadata"].get("labels", {}).get(POOL_LABEL, "")
        counts[key] = counts.get(key, 0) + 1
    wanted: dict[str, int] = {}
    for pod in pods:
        if not _has_no_place(pod):
            continue
        pool = next((pool for pool in pools if _could_take(pool, pod, count=counts.get(pool.key, 0))), None)
        if pool is not None:
            now = counts.get(pool.key, 0)
            wanted[pool.key] = min(pool.maximum, now + 1 if now else len(pool.zones))
    return wanted


def _has_no_place(pod: Mapping[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions") or ()
    return not pod["spec"].get("nodeName") and any(
        item["type"] == "PodScheduled" and item["status"] == "False" and item.get("reason") == "Unschedulable"
        for item in conditions
    )


def _could_take(pool: Pool, pod: Mapping[str, Any], *, count: int) -> bool:
    if not pool.grows or count >= pool.maximum:
        return False
    labels = manifest(pool, index=0, digits="")["metadata"]["labels"]
    spec = pod["spec"]
    selected = all(labels.get(key) == value for key, value in (spec.get("nodeSelector") or {}).items())
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or ()
    matches = not terms or any(
        all(_matches(rule, labels) for rule in term.get("matchExpressions") or ()) for term in terms
    )
    tolerated = all(
        any(_tolerates(toleration, taint) for toleration in spec.get("tolerations") or ())
        for taint in pool.taints
        if taint.effect != "PreferNoSchedule"
    )
    return selected and matches and tolerated


def _matches(rule: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, listed = labels.get(rule["key"]), rule.get("values") or ()
    match rule["operator"]:
        case "In":
            return value in listed
        case "NotIn":
            return value not in listed
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False


def _tolerates(toleration: Mapping[str, Any], taint: Taint) -> bool:
    """https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/."""
    if toleration.get("effect") not in (None, "", taint.effect):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint.key)
    return toleration.get("key") == taint.key and (toleration.get("value") or "") == taint.value
