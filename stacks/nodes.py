"""What is known of the nodes that services will run on, before there is a cluster: how many, where, how large."""

from __future__ import annotations

import dataclasses
import decimal
import typing
from collections.abc import Iterable
from typing import Final

from stacks import managed, quantities, resolution, shapes, unknown
from stacks.cluster_checks import pools
from stacks.services import placement

if typing.TYPE_CHECKING:
    from stacks import settings

MILLICORES: Final = ((1, 60), (1, 10), (2, 5))
"""CPUs of a node, from the first on, and the thousandths of each that its system keeps; of all others it keeps 2.5."""
MEMORY: Final = ((4, "0.25"), (4, "0.2"), (8, "0.1"), (112, "0.06"))
"""GiB of a node, from the first on, and the share of each that its system keeps; of all others it keeps 0.02.

Both are Google's, the largest of the three: cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes."""
EVICTION: Final = decimal.Decimal(100 * 2**20)
"""Bytes that the kubelet keeps free."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Nodes:
    """The nodes that take pods without tolerations, or those that are kept for a kind of server."""

    count: int
    """The most that there may be."""
    zones: int
    cpu: decimal.Decimal
    """Cores that the largest has for pods."""
    memory: decimal.Decimal
    """Bytes that the largest has for pods."""
    remedy: str
    """What to change where they are too small, to be read after "ask for less, or"."""


def of(cluster: settings.Cluster | None, *, kept_for: placement.Nodes | None = None) -> Nodes | None:
    """The nodes of a cluster; None where they are not known: made by somebody else, or by the vendor on demand.

    Those that are `kept_for` a kind of server, where there is such a kind: None where a cluster has none of them.

    What comes of a setting that is `unknown` is unknown too; Unknowable is raised where that is everything.
    """
    if isinstance(cluster, managed.EksCluster | managed.GkeCluster | managed.AksCluster):
        return _managed(cluster, kept_for=kept_for)
    if cluster is None or cluster.vendor != "local" or kept_for is not None:
        return None
    local = cluster.nodes
    return Nodes(
        count=local.count,
        zones=unknown.attempt(lambda: len(set(local.zones))),
        cpu=unknown.attempt(lambda: quantities.value(local.cpu)),
        memory=unknown.attempt(lambda: quantities.value(local.memory)),
        remedy="set `nodes.{resource}` of the cluster to more than {asked}",
    )


def allocatable(*, cpu: int, memory: int) -> tuple[decimal.Decimal, decimal.Decimal]:
    """Cores and bytes that a machine has for pods: what it has less what a node's own system keeps, at the least."""
    kept_cpu = _kept(
        decimal.Decimal(cpu), ((size, decimal.Decimal(each) / 1000) for size, each in MILLICORES), rest="0.0025"
    )
    kept_memory = _kept(
        decimal.Decimal(memory) / shapes.GIB, ((size, decimal.Decimal(share)) for size, share in MEMORY), rest="0.02"
    )
    return cpu - kept_cpu, memory - kept_memory * shapes.GIB - EVICTION


def _kept(amount: decimal.Decimal, steps: Iterable[tuple[int, decimal.Decimal]], *, rest: str) -> decimal.Decimal:
    kept = decimal.Decimal(0)
    for size, share in steps:
        kept += min(amount, decimal.Decimal(size)) * share
        amount -= min(amount, decimal.Decimal(size))
    return kept + amount * decimal.Decimal(rest)


def _managed(
    cluster: managed.EksCluster | managed.GkeCluster | managed.AksCluster, *, kept_for: placement.Nodes | None
) -> Nodes | None:
    resolved = resolution.resolve(cluster, stack="cluster")
    hosts = pools.hosts(resolved, kept_for=kept_for)
    machines = [shapes.machine(cluster.vendor, name) for pool in hosts for name in pool.instance_types[:1]]
    known = [allocatable(cpu=machine.cpu, memory=machine.memory) for machine in machines if machine is not None]
    if cluster.compute == "auto" or not hosts or len(known) < len(hosts):
        return None
    return Nodes(
        count=unknown.attempt(lambda: sum(pool.max for pool in hosts)),
        zones=unknown.attempt(lambda: max(len({zone for pool in hosts for zone in pool.zones}), 1)),
        cpu=max(cpu for cpu, _ in known),
        memory=max(memory for _, memory in known),
        remedy="give a pool a larger `shape`: a node's own system keeps a part of it",
    )
