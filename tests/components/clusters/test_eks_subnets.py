"""How a VPC is cut: pure arithmetic."""

from __future__ import annotations

import ipaddress

import hypothesis
from hypothesis import strategies

from components.clusters.eks import network, subnets

from . import eks_stacks

ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")
PREFIXES = strategies.integers(min_value=16, max_value=24)
NETWORKS = strategies.builds(
    lambda start, prefix: str(ipaddress.ip_network((start, prefix), strict=False)),
    strategies.integers(min_value=0x0A000000, max_value=0x0AFF0000),
    PREFIXES,
)


def plan(cidr, *, zones=3, own_control_plane=True):
    return subnets.plan(cidr, zones=ZONES[:zones], region_zones=ZONES, own_control_plane=own_control_plane)


def cidrs(found):
    return [(subnet.zone, subnet.cidr) for subnet in found]


def everything(found):
    return [ipaddress.ip_network(subnet.cidr) for subnet in (*found.private, *found.public, *found.control_plane)]


def test_a_sixteen_gives_each_zone_sixteen_thousand_addresses():
    found = plan("10.12.0.0/16")
    assert cidrs(found.private) == [
        ("eu-central-1a", "10.12.0.0/18"),
        ("eu-central-1b", "10.12.64.0/18"),
        ("eu-central-1c", "10.12.128.0/18"),
    ]
    assert cidrs(found.public) == [
        ("eu-central-1a", "10.12.192.0/20"),
        ("eu-central-1b", "10.12.208.0/20"),
        ("eu-central-1c", "10.12.224.0/20"),
    ]
    assert cidrs(found.control_plane) == [
        ("eu-central-1a", "10.12.240.0/28"),
        ("eu-central-1b", "10.12.240.16/28"),
        ("eu-central-1c", "10.12.240.32/28"),
    ]


def test_a_twenty_four_has_no_room_for_the_control_plane_s_own_subnets():
    found = plan("10.1.2.0/24")
    assert [subnet.cidr for subnet in found.private] == ["10.1.2.0/26", "10.1.2.64/26", "10.1.2.128/26"]
    assert [subnet.cidr for subnet in found.public] == ["10.1.2.192/28", "10.1.2.208/28", "10.1.2.224/28"]
    assert found.control_plane == ()


def test_a_twenty_three_has_room_for_two_of_them():
    assert [subnet.cidr for subnet in plan("10.1.2.0/23").control_plane] == ["10.1.3.224/28", "10.1.3.240/28"]


def test_auto_mode_starts_nodes_in_the_cluster_s_subnets_so_there_are_no_small_ones():
    assert plan("10.12.0.0/16", own_control_plane=False).control_plane == ()
    assert network.plan(eks_stacks.wanted(compute="auto", pools=None)).control_plane == ()
    assert len(network.plan(eks_stacks.wanted()).control_plane) == 3


@hypothesis.given(NETWORKS, strategies.booleans())
def test_subnets_lie_in_the_network_and_never_overlap(cidr, own_control_plane):
    found = everything(plan(cidr, own_control_plane=own_control_plane))
    assert len(found) >= 6
    assert all(subnet.subnet_of(ipaddress.ip_network(cidr)) and subnet.prefixlen <= 28 for subnet in found)
    assert not [(one, other) for one in found for other in found if one is not other and one.overlaps(other)]


@hypothesis.given(NETWORKS, strategies.integers(min_value=1, max_value=2))
def test_a_zone_that_is_added_moves_nothing_and_none_of_the_control_plane_s(cidr, zones):
    before, after = plan(cidr, zones=zones), plan(cidr, zones=zones + 1)
    assert after.private[:zones] == before.private
    assert after.public[:zones] == before.public
    assert after.control_plane == before.control_plane


@hypothesis.given(NETWORKS)
def test_the_control_plane_has_subnets_in_two_zones_or_none_of_its_own(cidr):
    assert len(plan(cidr, zones=2).control_plane) in {0, 2, 3}
