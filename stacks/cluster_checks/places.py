"""Whether a cluster's region is its vendor's, and whether its zones are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from stacks import findings, managed, regions, suggestions, tiers
from stacks.cluster_checks import subject as subjects

EKS_LEAST_ZONES: Final = 2
"""EKS spreads a control plane over two zones at least, and wants a subnet in each."""
EKS_LONGEST: Final = 23
"""Length of the smallest network that has room for subnets of the control plane's own, in zones without nodes."""

EXAMPLES: Final[Mapping[str, str]] = {"eks": "eu-central-1", "gke": "europe-west3", "aks": "germanywestcentral"}
"""A region for a message where none is near to what was written."""


def region_is_the_vendors(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """The region is one of the vendor's."""
    region, vendor = subject.cluster.region, subject.vendor
    if region in regions.known(vendor):
        return
    place, owner = f"{subject.spelled('region')}{subject.shown(region)}", regions.owner(region)
    # Another vendor's region may be spelled like one of this vendor's that lies in another country.
    near = "" if owner else suggestions.nearest(region, regions.known(vendor), whole=True)
    yield subject.finding(
        "region",
        what=f"{place} is {f'a region of {owner}, and not' if owner else 'no region'} of {vendor}",
        why="the cluster and all that belongs to it would be made there",
        next=f"write `{near}`" if near else f"write one of its regions, for example `{EXAMPLES[vendor]}`",
    )


def region_is_in_the_partition(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """A region of AWS and its partition belong together."""
    region, options = subject.cluster.region, subject.resolved.options
    if not isinstance(options, managed.EksOptions) or region not in regions.known("eks"):
        return
    partition = regions.partition(region)
    if options.partition != partition:
        yield subject.finding(
            "eks",
            "partition",
            what=f"{subject.spelled('eks', 'partition')} is `{options.partition}`, and the region is in `{partition}`",
            why="every ARN names the partition",
            next=f"write `partition: {partition}`",
        )


def zones_are_there(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """The region has as many zones as the cluster uses."""
    cluster, vendor = subject.cluster, subject.vendor
    if cluster.region not in regions.known(vendor):
        return
    has = len(regions.zones(vendor, cluster.region))
    wanted = cluster.network.zones or tiers.TIERS[cluster.tier].zones
    if wanted > max(has, 1):
        given = f"is {wanted}" if cluster.network.zones else f"is {wanted} by the tier `{cluster.tier}`"
        yield subject.finding(
            "network",
            "zones",
            what=f"{subject.spelled('network', 'zones')} {given}, and the region has {_zones(has)}",
            why="nodes can only be where there is a zone",
            next=f"write `zones: {max(has, 1)}` at most, or choose another region",
        )
    elif wanted < EKS_LEAST_ZONES and _shares_subnets_with_the_control_plane(subject):
        yield subject.finding(
            "network",
            "zones",
            what=f"{subject.spelled('network', 'zones')} is {wanted}, and EKS needs {EKS_LEAST_ZONES} here",
            why="the control plane is in two zones, and here it has no other subnets than the nodes have",
            next=f"write `zones: {EKS_LEAST_ZONES}`; a pool's own `zones` may name one of them",
        )


def subnets_are_enough(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """A VPC that exists brings a private subnet for each zone."""
    match subject.resolved.options:
        case managed.EksOptions(network=managed.EksNetwork(private_subnets=subnets)):
            zones = subject.cluster.network.zones or tiers.TIERS[subject.cluster.tier].zones
            if len(subnets) != zones:
                yield subject.finding(
                    "eks",
                    "network",
                    "privateSubnets",
                    what=(
                        f"{subject.spelled('eks', 'network', 'privateSubnets')} names {len(subnets)} subnets, "
                        f"and the cluster has {_zones(zones)}"
                    ),
                    why="each zone's nodes are in its one subnet",
                    next=f"name one for each zone, or write `network: {{zones: {len(subnets)}}}`",
                )


def control_plane_has_subnets(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """Subnets of the control plane's own are in two zones, and nothing else is started in them."""
    match subject.resolved.options:
        case managed.EksOptions(network=managed.EksNetwork(control_plane_subnets=subnets)) if subnets:
            place = ("eks", "network", "controlPlaneSubnets")
            if len(subnets) < EKS_LEAST_ZONES:
                yield subject.finding(
                    *place,
                    what=f"{subject.spelled(*place)} names {len(subnets)} subnet, and EKS needs {EKS_LEAST_ZONES}",
                    why="the control plane is in two zones",
                    next="name one more, in another zone",
                )
            if subject.cluster.compute == "auto":
                yield subject.finding(
                    *place,
                    what=f"{subject.spelled(*place)} can't be had with `compute: auto`",
                    why="Auto Mode starts its nodes in the subnets that the control plane has",
                    next="remove it, or write `compute: pools`",
                )


@subjects.for_each(subjects.Subject.pools)
def pools_are_in_the_zones(subject: subjects.Subject, name: str, pool: managed.Pool) -> Iterator[findings.Finding]:
    """The zones of a pool are among the cluster's, each named once."""
    has = len(subject.resolved.network.zones)
    numbers = pool.zones or ()
    for index, number in enumerate(numbers):
        place = ("pools", name, "zones", index)
        if number > has and subject.cluster.region in regions.known(subject.vendor):
            what = f"{subject.spelled(*place)} is {number}, and the cluster has {_zones(has)}"
            yield subject.finding(
                *place,
                what=what,
                why="the pool would have no node there",
                next="leave `zones` out for all, or name those that there are",
            )
        elif number in numbers[:index]:
            what = f"{subject.spelled(*place)} names the zone {number} a second time"
            why = "a pool has its nodes in a zone or not"
            yield subject.finding(*place, what=what, why=why, next="name each zone once")


def _shares_subnets_with_the_control_plane(subject: subjects.Subject) -> bool:
    if subject.vendor != "eks" or not subject.has_own_network:
        return False
    length = int((subject.cluster.network.cidr or "/0").rpartition("/")[2])
    return length > EKS_LONGEST or subject.cluster.compute == "auto"


def _zones(number: int) -> str:
    return {0: "no zones", 1: "1 zone"}.get(number, f"{number} zones")


CHECKS: Final[tuple[subjects.Check, ...]] = (
    region_is_the_vendors,
    region_is_in_the_partition,
    zones_are_there,
    subnets_are_enough,
    control_plane_has_subnets,
    pools_are_in_the_zones,
)
