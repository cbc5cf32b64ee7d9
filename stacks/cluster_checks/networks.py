"""Whether a network that exists is named as its vendor names it, fits together, and what is written beside it matters.

What such a network is like, nobody can see here: its owner answers for addresses, ways out and logs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from stacks import findings, managed, unknown
from stacks.cluster_checks import subject as subjects

_OWNERS: Final[Mapping[str, str]] = {
    "cidr": "its addresses are given",
    "egress": "its ways to the internet are its owner's",
    "flowLogs": "its connections are its owner's to log",
}
WITHOUT_EFFECT: Final[Mapping[str, Mapping[str, str]]] = {
    "eks": _OWNERS,
    "gke": {
        **_OWNERS,
        "pods": "they are those of the subnetwork's range `podsRange`",
        "services": "they are those of the subnetwork's range `servicesRange`",
    },
    "aks": _OWNERS,
}
"""By vendor the keys of `network` that no component looks at beside a network that exists, and why that is so. Not
among them are `zones`, which says where nodes are, and at EKS and AKS `services`, which are the cluster's own."""

_ATTRIBUTES: Final = {"flowLogs": "flow_logs"}

_GKE_PATH: Final = re.compile(
    r"(?:https://www\.googleapis\.com/compute/v1/)?projects/([^/]+)/(?:global|regions/([^/]+))/(?:networks|subnetworks)/.+"
)
_ARM: Final = re.compile(
    r"/subscriptions/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/resourceGroups/[^/]+"
    r"/providers/Microsoft\.Network/virtualNetworks/[^/]+(/subnets/[^/]+)?",
    re.IGNORECASE,
)
"""A virtual network of Azure, and behind it one of its subnets: Azure heeds no case."""


def _without_effect(subject: subjects.Subject) -> Iterator[tuple[str, str]]:
    if not subject.has_own_network:
        yield from WITHOUT_EFFECT[subject.vendor].items()


@subjects.for_each(_without_effect)
def nothing_beside_it_is_without_effect(subject: subjects.Subject, key: str, why: str) -> Iterator[findings.Finding]:
    """What is written about the network is not its owner's to decide."""
    if getattr(subject.cluster.network, _ATTRIBUTES.get(key, key)) is None:
        return
    place, block = subject.spelled("network", key), subject.spelled(subject.vendor, "network")
    yield subject.finding(
        "network",
        key,
        what=f"{place} has no effect: {block} names a network that exists",
        why=why,
        next=f"remove `{key}`, or remove {block} to have a network made",
    )


def endpoints_are_its_owners(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """Endpoints of AWS's services are made in a VPC of this stack's only."""
    match subject.cluster:
        case managed.EksCluster(eks=managed.EksOptions(network=managed.EksNetwork(), interface_endpoints=given)):
            if given is not None:
                place = ("eks", "interfaceEndpoints")
                block = subject.spelled("eks", "network")
                yield subject.finding(
                    *place,
                    what=f"{subject.spelled(*place)} has no effect: {block} names a network that exists",
                    why="ways to AWS's own services are its owner's",
                    next=f"remove `interfaceEndpoints`, or remove {block} to have a network made",
                )


def _subnets(subject: subjects.Subject) -> Iterator[tuple[str, int, str, Mapping[str, tuple[str, ...]]]]:
    """Each subnet of AWS's, and all of them by the key that they stand under."""
    match subject.resolved.options:
        case managed.EksOptions(network=managed.EksNetwork() as network):
            lists = {
                "privateSubnets": network.private_subnets,
                "publicSubnets": network.public_subnets,
                "controlPlaneSubnets": network.control_plane_subnets,
            }
            for key, subnets in lists.items():
                for index, given in enumerate(() if unknown.is_unknown(subnets) else subnets):
                    yield key, index, given, lists


@subjects.for_each(_subnets)
def subnets_are_different(
    subject: subjects.Subject, key: str, index: int, given: str, lists: Mapping[str, tuple[str, ...]]
) -> Iterator[findings.Finding]:
    """A subnet is named once, and is either private or public."""
    place = ("eks", "network", key, index)
    shown = f"{subject.spelled(*place)}{subject.shown(given)}"
    if given in lists[key][:index]:
        yield subject.finding(
            *place,
            what=f"{shown} is named a second time",
            why="each zone has one subnet of each kind" if key != "controlPlaneSubnets" else "EKS refuses it",
            next="name each subnet once",
        )
    elif key == "publicSubnets" and given in lists["privateSubnets"]:
        yield subject.finding(
            *place,
            what=f"{shown} is among the private subnets too",
            why="a subnet leads to the internet by a gateway of its own or it does not; nodes have no public addresses",
            next="take it out of one of the two lists",
        )


def public_entrance_has_subnets(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """A public load balancer is told its subnets."""
    ingress = subject.cluster.ingress
    if ingress is None or ingress.scheme != "public":
        return
    match subject.resolved.options:
        case managed.EksOptions(network=managed.EksNetwork(public_subnets=())):
            place = ("eks", "network", "publicSubnets")
            yield subject.finding(
                *place,
                what=f"{subject.spelled(*place)} is missing, and the entrance is public",
                why="its load balancer would look for subnets by tags, and find those of another cluster or none",
                next="name the public subnets, or write `scheme: internal`",
            )


def ranges_are_different(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """Pods and Services have a range of Google's each."""
    match subject.resolved.options:
        case managed.GkeOptions(network=managed.GkeNetwork(pods_range=pods, services_range=services)):
            if pods == services:
                place = ("gke", "network", "servicesRange")
                yield subject.finding(
                    *place,
                    what=f"{subject.spelled(*place)}{subject.shown(services)} is the range of the pods too",
                    why="an address in it could mean a pod or a Service; Google refuses it",
                    next="name another secondary range of the subnetwork",
                )


def subnetwork_is_in_the_region(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """A subnetwork of Google's is in the cluster's region."""
    match subject.resolved.options:
        case managed.GkeOptions(project=own, network=managed.GkeNetwork(subnetwork=subnetwork)):
            _, region = _home(subnetwork, own)
            if region and region != subject.cluster.region:
                place = ("gke", "network", "subnetwork")
                yield subject.finding(
                    *place,
                    what=(
                        f"{subject.spelled(*place)}{subject.shown(subnetwork)} is in another region than the cluster"
                        f"{f', which is in {subject.cluster.region}' if subject.echo else ''}"
                    ),
                    why="a subnetwork lies in one region, and nodes have their addresses of it",
                    next="name a subnetwork of the cluster's region, or choose another region",
                )


def subnetwork_is_in_the_networks_project(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """A subnetwork of Google's is in the project of its network: a name alone is one in the cluster's project."""
    match subject.resolved.options:
        case managed.GkeOptions(project=own, network=managed.GkeNetwork(network=network, subnetwork=subnetwork)):
            (home, _), (project, _) = _home(network, own), _home(subnetwork, own)
            if home != project:
                place = ("gke", "network", "subnetwork")
                where = f"the project {project}, and `network` in {home}" if subject.echo else "another project"
                host = home if subject.echo else "PROJECT"
                yield subject.finding(
                    *place,
                    what=f"{subject.spelled(*place)} is in {where}",
                    why="a subnetwork is a part of its network; a name alone means one in the cluster's own project",
                    next=f"write both alike: projects/{host}/global/networks/… and projects/{host}/regions/…",
                )


def _arm_ids(subject: subjects.Subject) -> Iterator[tuple[str, str, managed.AksNetwork]]:
    """Each resource id of Azure's that is written, with its key."""
    match subject.resolved.options:
        case managed.AksOptions(network=managed.AksNetwork() as network):
            given = {
                "virtualNetwork": network.virtual_network,
                "nodeSubnet": network.node_subnet,
                "apiSubnet": network.api_subnet,
            }
            yield from ((key, text, network) for key, text in given.items() if text is not None)


@subjects.for_each(_arm_ids)
def ids_are_of_the_right_kind(
    subject: subjects.Subject, key: str, text: str, network: managed.AksNetwork
) -> Iterator[findings.Finding]:
    """An id of Azure's is that of a virtual network, or of a subnet of it."""
    place = ("aks", "network", key)
    match, wanted = _ARM.fullmatch(unknown.known(text)), "virtual network" if key == "virtualNetwork" else "subnet"
    kind = "" if match is None else "subnet" if match[1] else "virtual network"
    if kind != wanted:
        form = "/subscriptions/UUID/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NAME"
        yield subject.finding(
            *place,
            what=f"{subject.spelled(*place)} is {f'the id of a {kind}, and not' if kind else 'no id'} of a {wanted}",
            why="Azure refuses the id of anything else",
            next=f"write {form}{'/subnets/NAME' if wanted == 'subnet' else ''}",
        )
    elif kind == "subnet" and not text.lower().startswith(f"{network.virtual_network}/subnets/".lower()):
        if _is_a_network(network.virtual_network):
            yield subject.finding(
                *place,
                what=f"{subject.spelled(*place)} is no subnet of `virtualNetwork`",
                why="nodes and API server must be in one virtual network",
                next="write the id of the virtual network, then /subnets/ and the subnet's name",
            )
    elif key == "apiSubnet" and text.lower() == network.node_subnet.lower():
        yield subject.finding(
            *place,
            what=f"{subject.spelled(*place)} is the nodes' subnet too",
            why="the API server's subnet is delegated to it, and holds nothing else",
            next="name a subnet of /28 or more that is delegated to Microsoft.ContainerService/managedClusters",
        )


def private_api_has_a_subnet(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """A private API of AKS has a subnet of its own."""
    match subject.resolved.options:
        case managed.AksOptions(network=managed.AksNetwork(api_subnet=None)):
            if subject.resolved.access.api == "private":
                place = ("aks", "network", "apiSubnet")
                yield subject.finding(
                    *place,
                    what=f"{subject.spelled(*place)} is missing, and the API is private",
                    why="the API server gets its private address there",
                    next="name a subnet of /28 or more that is delegated to Microsoft.ContainerService/managedClusters",
                )


def _home(name: str, own: str) -> tuple[str, str]:
    """Project and region of a network or subnetwork of Google's; a name alone is in the `own` project."""
    match = _GKE_PATH.fullmatch(unknown.known(name))
    return (match[1], match[2] or "") if match else (unknown.known(own), "")


def _is_a_network(text: str) -> bool:
    match = _ARM.fullmatch(unknown.known(text))
    return match is not None and not match[1]


CHECKS: Final[tuple[subjects.Check, ...]] = (
    nothing_beside_it_is_without_effect,
    endpoints_are_its_owners,
    subnets_are_different,
    public_entrance_has_subnets,
    ranges_are_different,
    subnetwork_is_in_the_region,
    subnetwork_is_in_the_networks_project,
    ids_are_of_the_right_kind,
    private_api_has_a_subnet,
)
