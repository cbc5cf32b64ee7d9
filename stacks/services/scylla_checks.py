"""What must hold between the settings of a ScyllaDB. Pure; one function a rule.

What upstream says of nodes and systems is docs/source/reference/releases.md of the operator at tag v1.21.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from stacks import findings, managed, quantities, resolution, unknown
from stacks.cluster_checks import pools
from stacks.services import instance, placement, relations, scylla

if TYPE_CHECKING:
    from stacks import nodes, settings

_ELSEWHERE: Final = "use the service `cassandra`, which runs on any nodes"
"""What to take where ScyllaDB's nodes cannot be had."""


def racks_are_alike(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """As many nodes in each, because each has a copy of everything."""
    if not isinstance(service, scylla.Scylla) or service.overrides.replicas is None:
        return
    replicas, racks, place = service.overrides.replicas, len(service.racks), (*path, "overrides", "replicas")
    if replicas % racks:
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {replicas}, which {racks} racks cannot share evenly",
            why="each rack has a copy of all data, so a node of the smallest would have more to do than the others",
            next=f"write {replicas + racks - replicas % racks}",
        )


def version_can_be_had(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """One of a series that the operator supports."""
    if not isinstance(service, scylla.Scylla) or service.overrides.version is None:
        return
    version, place = unknown.known(service.overrides.version), (*path, "overrides", "version")
    if version.rpartition(".")[0] not in scylla.SERIES:
        listed = f"{', '.join(scylla.SERIES[:-1])} and {scylla.SERIES[-1]}"
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {version}; ScyllaDB {listed} can be had",
            why="the operator 1.21.1 supports no others, and Astarte none that is newer",
            next=f"leave `version` out for {scylla.VERSION}",
        )


def cores_are_whole(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """A shard runs on a core of its own."""
    if not isinstance(service, scylla.Scylla) or service.overrides.cpu is None:
        return
    cpu, place = service.overrides.cpu, (*path, "overrides", "cpu")
    if quantities.value(cpu) % 1:
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {cpu}, which is no whole number of cores",
            why="ScyllaDB runs one shard on each core, and the kubelet gives whole cores only for itself",
            next="write a whole number",
        )


def memory_is_enough(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """For every shard, and for the system."""
    if not isinstance(service, scylla.Scylla):
        return
    cpu, memory = service.asked("cpu"), service.asked("memory")
    least = quantities.value(scylla.LEAST_BESIDE_SHARDS) + quantities.value(scylla.LEAST_OF_A_SHARD) * (
        -(-quantities.value(cpu) // 1)
    )
    if quantities.value(memory) < least:
        place = (*path, "overrides", "memory" if service.overrides.memory else "cpu")
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(path)}` has {memory} of memory for {cpu} cores",
            why="ScyllaDB does not start with less than 1 GiB for each core, and leaves 2 GiB to the system",
            next=f"ask for {int(least / 2**30)}Gi or more, or for fewer cores",
        )


def volume_is_large_enough(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """Room for data beside the log of writes."""
    if not isinstance(service, scylla.Scylla):
        return
    memory, storage = service.asked("memory"), service.asked("storage")
    if quantities.value(storage) <= 2 * quantities.value(memory):
        place = (*path, "overrides", "storage" if service.overrides.storage else "memory")
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(path)}` has {storage} of storage for {memory} of memory",
            why="the log of writes grows as large as the memory, and compaction needs room for a second copy",
            next="ask for more than twice as much storage as memory",
        )


def system_is_supported(
    service: instance.Instance, cluster: settings.Cluster, path: findings.Path
) -> Iterator[findings.Finding]:
    """Nodes' systems that upstream tests with, and none that it knows not to work."""
    if not isinstance(service, scylla.Scylla):
        return
    unsupported = _unsupported(cluster)
    if unsupported:
        what, why = unsupported
        yield findings.Finding(
            path=path,
            what=f"`{findings.spelled(path)}` is a ScyllaDB, and {what}",
            why=why,
            next=_ELSEWHERE,
        )


def _unsupported(cluster: settings.Cluster) -> tuple[str, str] | None:
    """What of the cluster is not supported, and why not."""
    if not isinstance(cluster, managed.EksCluster | managed.GkeCluster | managed.AksCluster):
        return None
    if isinstance(cluster, managed.AksCluster):
        return "its nodes are those of AKS", "the operator 1.21.1 is tested with EKS, GKE and OKE; on AKS nobody does"
    if isinstance(cluster, managed.GkeCluster):
        return _unsupported_by_gke(cluster)
    if cluster.compute == "auto":
        return (
            "its nodes are made by EKS Auto Mode",
            "they run Bottlerocket, under which ScyllaDB sees the wrong memory: upstream lists it as known not to work",
        )
    if cluster.eks.node_image == "bottlerocket":
        return (
            "the cluster's `eks.nodeImage` is `bottlerocket`",
            "ScyllaDB sees the wrong memory under it: upstream lists it as known not to work; `al2023` is tested",
        )
    return None


def _unsupported_by_gke(cluster: managed.GkeCluster) -> tuple[str, str] | None:
    if cluster.gke.node_image == "ubuntu":
        return None
    why = "that system knows no XFS, on which ScyllaDB keeps its data: upstream lists it as known not to work"
    return "the cluster's `gke.nodeImage` is `cos`", f"{why}; `ubuntu` is tested"


def kubernetes_is_supported(
    service: instance.Instance, cluster: settings.Cluster, path: findings.Path
) -> Iterator[findings.Finding]:
    """A minor that the operator is made for."""
    if not isinstance(service, scylla.Scylla) or not isinstance(cluster, managed.ManagedCluster):
        return
    minor = unknown.known(cluster.kubernetes.minor)
    if minor not in scylla.MINORS:
        yield findings.Finding(
            path=path,
            what=f"`{findings.spelled(path)}` is a ScyllaDB, and the cluster's Kubernetes is {minor}",
            why=f"the operator 1.21.1 supports {scylla.MINORS[0]} to {scylla.MINORS[-1]}",
            next=f"write one of them as the cluster's `kubernetes.minor`, or {_ELSEWHERE}",
        )


def dedicated_nodes_are_there(
    service: instance.Instance, cluster: settings.Cluster, path: findings.Path
) -> Iterator[findings.Finding]:
    """Nodes with the label and the taint, of which an existing cluster's owner knows."""
    if not isinstance(service, scylla.Scylla) or service.dedicated_nodes is None or _unsupported(cluster):
        return
    place, kind = (*path, "nodes"), service.dedicated_nodes
    if cluster.vendor == "local":
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is `dedicated`, and no node of a local control plane is",
            why="simulated nodes carry no labels of one's own, so the pods would stay Pending",
            next="write `nodes: shared`",
        )
    if not isinstance(cluster, managed.EksCluster | managed.GkeCluster | managed.AksCluster):
        return
    found = pools.hosts(resolution.resolve(cluster, stack="cluster"), kept_for=kind)
    kept = sum(pool.max for pool in found if kind.keeps_others_away(pool.taints))
    if kept < service.servers:
        yield findings.Finding(
            path=place,
            what=(
                f"`{findings.spelled(place)}` is `dedicated`, and the cluster keeps {kept} nodes for ScyllaDB "
                f"where {service.servers} are needed"
            ),
            why="each of its nodes has a machine for itself, of which the interrupts and limits are tuned for it",
            next=(
                f"{'write `compute: pools` and ' if cluster.compute == 'auto' else ''}"
                f"add a pool such as `{_pool(service, kind)}`, or {_ELSEWHERE}"
            ),
        )


def _pool(service: scylla.Scylla, kind: placement.Nodes) -> str:
    """A pool that would do, as a line of a stack file.

    Of the smallest usual machines that leave a core to the system, with 4 GiB for each core as the sizes have it.
    """
    (key, value), (taint,) = next(iter(kind.labels.items())), kind.taints
    cores = 1 << int(quantities.value(service.asked("cpu"))).bit_length()
    return (
        f"scylla: {{shape: {{cpu: {cores}, memory: {4 * cores}Gi}}, min: {service.servers}, max: {service.servers}, "
        f"labels: {{{key}: {value}}}, taints: [{{key: {taint.key}, value: {taint.value}}}]}}"
    )


def what_may_be_lost_is_not_guarded(
    service: instance.Instance, cluster: settings.Cluster, path: findings.Path
) -> Iterator[findings.Finding]:
    """Developer mode is for data that nobody misses."""
    if not isinstance(service, scylla.Scylla) or service.dedicated_nodes is not None:
        return
    if relations.is_protected(service, cluster=cluster):
        place = (*path, "nodes")
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is `shared`, and the instance is guarded against deletion",
            why="on shared nodes ScyllaDB runs in developer mode, without the checks that keep data whole",
            next="leave `nodes` out for nodes of its own, or write `protection: off` for data that may be lost",
        )


CHECKS = (
    racks_are_alike,
    version_can_be_had,
    cores_are_whole,
    memory_is_enough,
    volume_is_large_enough,
)
ON_CLUSTER = (
    system_is_supported,
    kubernetes_is_supported,
    dedicated_nodes_are_there,
    what_may_be_lost_is_not_guarded,
)
"""What must hold between an instance and its cluster."""
