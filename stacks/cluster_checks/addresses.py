"""Whether a cluster's addresses are networks, lie apart from each other, and are enough for its nodes and pods."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterator, Mapping
from typing import Final

from stacks import findings, managed, resolution, shapes, unknown
from stacks.cluster_checks import subject as subjects

Block = ipaddress.IPv4Network

_RFC_1918: Final = tuple(map(Block, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
PRIVATE: Final = (*_RFC_1918, Block("100.64.0.0/10"))
"""Networks that are not routed in the internet: those of RFC 1918 and RFC 6598."""
AKS_RESERVED: Final = tuple(map(Block, ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24")))
"""What AKS uses itself: learn.microsoft.com/azure/aks/concepts-network-ip-address-planning."""

LENGTHS: Final[Mapping[str, tuple[int, int]]] = {"cidr": (16, 24), "pods": (9, 22), "services": (16, 24)}
"""Shortest and longest length of each network. A VPC of AWS is /16 at most; Services' limits are the strictest of all
vendors', Google's above and AWS's below."""

RESERVED_IN_SUBNET: Final = 5
"""Addresses that AWS and Azure keep of each subnet; Google keeps four."""
AKS_PODS_PER_NODE: Final = 256
"""Addresses that a node takes of an overlay's range, always a /24."""
EKS_PODS: Final = ((4, 29), (16, 58))
"""Pods by CPUs below which a machine has no more: AWS's limits by network interfaces, which have all addresses."""
EKS_MOST_PODS: Final = 110
"""The most that AWS recommends for machines of less than 30 CPUs."""


def _written(subject: subjects.Subject) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for texts in (_of_network(subject.cluster), _of_access(subject.cluster), _of_ingress(subject.cluster)):
        yield from unknown.as_far_as_known(texts)


def _of_network(cluster: managed.ManagedCluster) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for key in LENGTHS:
        if (text := getattr(cluster.network, key)) is not None:
            yield ("network", key), text


def _of_access(cluster: managed.ManagedCluster) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for index, text in enumerate(cluster.access.cidrs):
        yield ("access", "cidrs", index), text


def _of_ingress(cluster: managed.ManagedCluster) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for index, text in enumerate(cluster.ingress.source_ranges if cluster.ingress else ()):
        yield ("ingress", "sourceRanges", index), text


@subjects.for_each(_written)
def are_networks(subject: subjects.Subject, steps: tuple[str | int, ...], text: str) -> Iterator[findings.Finding]:
    """Each text that the grammar lets pass is a network: no octet above 255, no bits behind the length."""
    place = f"{subject.spelled(*steps)}{subject.shown(unknown.known(text))}"
    if _block(text) is not None:
        return
    try:
        network = str(Block(text, strict=False)) if subject.echo else "its first address"
    except ValueError:
        advice = "write four numbers of 0 to 255, a slash and a length, such as 10.20.0.0/16"
        yield subject.finding(*steps, what=f"{place} is no IPv4 network", why="vendors refuse it", next=advice)
        return
    yield subject.finding(
        *steps,
        what=f"{place} is an address inside a network",
        why="a network is named by its first address, and vendors refuse any other",
        next=f"write `{network}`" if subject.echo else f"write {network}",
    )


def is_given(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """A network that this stack makes has addresses, and one that exists has them already."""
    network, vendor = subject.cluster.network, subject.vendor
    if subject.has_own_network and network.cidr is None:
        yield subject.finding(
            "network",
            "cidr",
            what=f"{subject.spelled('network', 'cidr')} is missing",
            why="the cluster's network is made with these addresses",
            next=f"add for example `cidr: 10.20.0.0/16`, or name a network that exists in `{vendor}.network`",
        )
    if vendor == "eks" and network.pods is not None:
        yield subject.finding(
            "network",
            "pods",
            what=f"{subject.spelled('network', 'pods')} has no effect here",
            why="pods on EKS have addresses of the network itself",
            next="remove `pods`",
        )


def _keys(_subject: subjects.Subject) -> Iterator[tuple[str]]:
    yield from ((key,) for key in LENGTHS)


@subjects.for_each(_keys)
def have_the_right_size(subject: subjects.Subject, key: str) -> Iterator[findings.Finding]:
    """Each network has a length that all its vendors accept."""
    shortest, longest = LENGTHS[key]
    block = _block(getattr(subject.cluster.network, key))
    if block is not None and not shortest <= block.prefixlen <= longest:
        yield subject.finding(
            "network",
            key,
            what=f"{subject.spelled('network', key)}{subject.shown(block)} must be /{shortest} to /{longest}",
            why="a larger network or a smaller one is refused by a vendor or holds no cluster",
            next=f"write a length of {shortest} to {longest} behind the slash",
        )


@subjects.for_each(_keys)
def are_private(subject: subjects.Subject, key: str) -> Iterator[findings.Finding]:
    """Nodes, pods and Services have addresses that belong to nobody in the internet."""
    block = _block(getattr(subject.cluster.network, key))
    allowed = _RFC_1918 if key == "services" else PRIVATE
    if block is None:
        return
    place = f"{subject.spelled('network', key)}{subject.shown(block)}"
    if not any(block.subnet_of(network) for network in allowed):
        yield subject.finding(
            "network",
            key,
            what=f"{place} is not in {', '.join(map(str, allowed))}",
            why="the real owners of these addresses could not be reached from the cluster",
            next="choose a private network",
        )
    elif subject.vendor == "aks" and (taken := [network for network in AKS_RESERVED if block.overlaps(network)]):
        yield subject.finding(
            "network",
            key,
            what=f"{place} overlaps {taken[0]}, which AKS uses itself",
            why="what is there could not be reached from the cluster",
            next="choose another private network",
        )


def _pairs(subject: subjects.Subject) -> Iterator[tuple[str, str]]:
    yield "cidr", "services"
    if subject.vendor != "eks" and (subject.has_own_network or subject.vendor == "aks"):
        yield from (("cidr", "pods"), ("services", "pods"))


@subjects.for_each(_pairs)
def lie_apart(subject: subjects.Subject, first: str, second: str) -> Iterator[findings.Finding]:
    """Nodes, pods and Services have no address in common."""
    network, resolved = subject.cluster.network, subject.resolved.network
    blocks = {key: _block(getattr(resolved, key)) for key in (first, second)}
    one, other = blocks.values()
    if one is None or other is None or not one.overlaps(other):
        return
    # At the one that was written: the other may be a default.
    at, against = (second, first) if getattr(network, second) is not None else (first, second)
    yield subject.finding(
        "network",
        at,
        what=(
            f"{subject.spelled('network', at)}{subject.shown(blocks[at])} "
            f"overlaps {subject.spelled('network', against)}{subject.shown(blocks[against])}"
            f"{'' if getattr(network, against) is not None else ', which is left at its default'}"
        ),
        why="an address in both could mean a node, a pod or a Service",
        next="choose a network that is apart from the other",
    )


def are_enough_for_nodes(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """The addresses last for as many nodes as the pools may have, and a third more while they are upgraded."""
    resolved = subject.resolved
    if subject.has_own_network and resolved.network.zones and (block := _block(resolved.network.cidr)):
        needed = sum(_eks_addresses(subject.vendor, pool) for pool in resolved.pools) or _most_nodes(resolved)
        room = _room(subject, block)
        if room < needed:
            yield subject.finding(
                "network",
                "cidr",
                what=(
                    f"{subject.spelled('network', 'cidr')}{subject.shown(block)} has room for {room} addresses of "
                    f"nodes{' and pods' if subject.vendor == 'eks' else ''}, and the pools may need {needed}"
                ),
                why="nodes without an address never join, and pods without one never start",
                next="choose a shorter length, or lower `max` of the pools",
            )


def are_enough_for_pods(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """The addresses last for the pods of as many nodes, where each node takes some for its own."""
    taken, block = _pods_of_a_node(subject), _block(subject.resolved.network.pods)
    if taken and block and (lasting := block.num_addresses // taken) < (nodes := _most_nodes(subject.resolved)):
        yield subject.finding(
            "network",
            "pods",
            what=(
                f"{subject.spelled('network', 'pods')}{subject.shown(block)} lasts for "
                f"{lasting} node{'' if lasting == 1 else 's'}, and the pools may have {nodes}"
            ),
            why=f"each node takes {taken} addresses for its pods, whether they run or not",
            next="choose a shorter length, or lower `max` of the pools",
        )


def _block(text: str | None) -> Block | None:
    """The network; None where there is none or the text is not one, which `are_networks` tells."""
    try:
        return Block(text) if text else None
    except ValueError:
        return None


def _most_nodes(resolved: resolution.Managed[managed.Options]) -> int:
    """Nodes that the pools may have, those included that are made first while others are upgraded."""
    return sum(pool.max + math.ceil(pool.max / 3) for pool in resolved.pools)


def _room(subject: subjects.Subject, block: Block) -> int:
    """Addresses for nodes: a quarter of the network in each zone at EKS, half of it where a subnet spans the zones."""
    if subject.vendor != "eks":
        return max(block.num_addresses // 2 - RESERVED_IN_SUBNET, 0)
    return len(subject.resolved.network.zones) * max(block.num_addresses // 4 - RESERVED_IN_SUBNET, 0)


def _eks_addresses(vendor: str, pool: resolution.Pool) -> int:
    """Addresses that a pool takes at most where pods have the network's own; 0 where they have not."""
    if vendor != "eks":
        return 0
    machine = shapes.machine("eks", pool.instance_types[0]) if pool.instance_types else None
    cpu = machine.cpu if machine else 0
    pods = next((pods for below, pods in EKS_PODS if cpu < below), EKS_MOST_PODS) if cpu else EKS_MOST_PODS
    return (pool.max + math.ceil(pool.max / 3)) * (1 + pods)


def _pods_of_a_node(subject: subjects.Subject) -> int:
    """Addresses that a node takes of the pods' range; 0 where there is none, or its size is not known here."""
    match subject.resolved.options:
        case managed.GkeOptions(network=None, pods_per_node=pods):
            return 1 << (math.ceil(math.log2(pods)) + 1)
        case managed.AksOptions():
            return AKS_PODS_PER_NODE
    return 0


CHECKS: Final[tuple[subjects.Check, ...]] = (
    are_networks,
    is_given,
    have_the_right_size,
    are_private,
    lie_apart,
    are_enough_for_nodes,
    are_enough_for_pods,
)
