"""How a cluster's network is cut into subnets. Pure arithmetic."""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import Final

MOST_ZONES: Final = 3
FEWEST_CONTROL_PLANE_ZONES: Final = 2
"""EKS refuses subnets of one zone alone."""
_CONTROL_PLANE_PREFIX: Final = 28
"""The smallest subnet there is; EKS recommends at least 16 addresses, and uses about five."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subnet:
    """A part of the network in one zone."""

    zone: str
    cidr: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """All subnets of a network."""

    private: tuple[Subnet, ...]
    """For nodes, pods and internal load balancers."""
    public: tuple[Subnet, ...]
    """For gateways to the internet and public load balancers."""
    control_plane: tuple[Subnet, ...]
    """For the control plane's own interfaces, so that pods can't take the addresses that an upgrade needs. Empty where
    the private subnets serve for it."""


def plan(cidr: str, *, zones: tuple[str, ...], region_zones: tuple[str, ...], own_control_plane: bool) -> Plan:
    """Cut `cidr` (/16 to /24) for nodes in `zones`, which are the first ones of `region_zones`.

    Each zone has a quarter of the addresses for nodes and pods, and a sixteenth that is public; the last sixteenth is
    for the control plane. All of it is cut for three zones however many there are: a zone that is added later moves
    nothing that exists. The control plane's subnets lie in as many zones as there are, because EKS refuses other zones
    than those it was created with. A network smaller than /23 has no room for them, and nodes that are started in the
    control plane's subnets (`own_control_plane=False`, Auto Mode) leave no choice; then it takes the private ones.
    """
    *private, last = ipaddress.IPv4Network(cidr).subnets(prefixlen_diff=2)
    *public, rest = last.subnets(prefixlen_diff=2)
    small = list(rest.subnets(new_prefix=_CONTROL_PLANE_PREFIX))
    control_plane = _placed(region_zones[:MOST_ZONES], small) if own_control_plane else ()
    return Plan(
        private=_placed(zones, private),
        public=_placed(zones, public),
        control_plane=control_plane if len(control_plane) >= FEWEST_CONTROL_PLANE_ZONES else (),
    )


def _placed(zones: tuple[str, ...], networks: list[ipaddress.IPv4Network]) -> tuple[Subnet, ...]:
    """One network to each zone, as far as there are both."""
    return tuple(Subnet(zone=zone, cidr=str(network)) for zone, network in zip(zones, networks, strict=False))
