"""How nodes reach the internet: a NAT gateway in one zone, or a load balancer that outlives any of them.

The NAT gateway of this API version (`Standard`) lives in one zone, and a subnet has at most one, so gateways in every
zone would need a subnet and pools for each zone. `per-zone` is for outliving the loss of a zone; on Azure that is what
outbound rules of the cluster's standard load balancer give, through addresses that belong to all zones.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final, Literal

import pulumi

from components import registration
from components.clusters.aks import scope
from stacks import regions

_PORTS_PER_ADDRESS: Final = 64000
_PORTS_STEP: Final = 8
"""Azure hands out ports in multiples of it."""
_MOST_PORTS_PER_NODE: Final = 16000
"""More than any node uses at once to one destination, unverified; fewer leave room for surge nodes."""
_IDLE_MINUTES: Final = 10

OutboundType = Literal["userAssignedNATGateway", "loadBalancer"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Egress:
    """The way out, as subnets and the cluster are told about it."""

    outbound_type: OutboundType
    gateway: pulumi.Input[str] | None
    """Resource id of the NAT gateway, for the nodes' subnet."""
    addresses: tuple[pulumi.Input[str], ...]
    """Resource ids of the public addresses, for the load balancer's outbound rule."""
    seen: tuple[pulumi.Output[str], ...]
    """The addresses that others see; none known for a network that exists."""
    ready: tuple[pulumi.Resource, ...]


EXISTING: Final = Egress(outbound_type="userAssignedNATGateway", gateway=None, addresses=(), seen=(), ready=())
"""Of a network that exists: its nodes' subnet has a NAT gateway already."""


def egress(place: scope.Scope, *, group: pulumi.Input[str]) -> Egress:
    """Register what the stack's `network.egress` asks for."""
    settings = place.settings
    if settings.network.egress == "per-zone" and settings.network.zones:
        # In all zones of the region, whichever the nodes use: zones of an address can't be changed while it is in use.
        everywhere = regions.zones(settings.vendor, settings.region)
        addresses = [
            _address(place, f"egress-{number}", group=group, zones=everywhere)
            for number, _ in enumerate(settings.network.zones, start=1)
        ]
        return Egress(
            outbound_type="loadBalancer",
            gateway=None,
            addresses=tuple(address.id for address in addresses),
            seen=tuple(address.output("ipAddress") for address in addresses),
            ready=tuple(addresses),
        )
    zones = settings.network.zones[:1]
    address = _address(place, "egress", group=group, zones=zones)
    gateway = registration.resource(
        "azure-native:network:NatGateway",
        f"{settings.name}-egress",
        {
            "resourceGroupName": group,
            "natGatewayName": f"{settings.name}-egress",
            "location": settings.region,
            "sku": {"name": "Standard"},
            "zones": list(zones) or None,
            "idleTimeoutInMinutes": _IDLE_MINUTES,
            "publicIpAddresses": [{"id": address.id}],
            "tags": dict(settings.tags),
        },
        opts=place.options(),
    )
    return Egress(
        outbound_type="userAssignedNATGateway",
        gateway=gateway.id,
        addresses=(),
        seen=(address.output("ipAddress"),),
        ready=(address, gateway),
    )


def load_balancer(settings: scope.Settings, way: Egress) -> dict[str, Any] | None:
    """The outbound rule of the cluster's load balancer; None where a NAT gateway is the way out.

    Ports are divided up beforehand: left to Azure, nodes get fewer with each step that the cluster grows.
    """
    if way.outbound_type != "loadBalancer":
        return None
    return {
        "outboundIPs": {"publicIPs": [{"id": address} for address in way.addresses]},
        "allocatedOutboundPorts": ports(
            addresses=len(way.addresses),
            nodes=sum(pool.max for pool in settings.pools),
            auto=settings.compute == "auto",
        ),
        "idleTimeoutInMinutes": _IDLE_MINUTES,
        "backendPoolType": "NodeIPConfiguration",
    }


def ports(*, addresses: int, nodes: int, auto: bool) -> int:
    """Outbound ports of each node, for twice as many nodes as the pools may have, since upgrades add some.

    With `auto` nobody knows the number of nodes: 0 lets Azure divide.
    """
    if auto:
        return 0
    share = addresses * _PORTS_PER_ADDRESS // max(1, 2 * nodes)
    return min(_MOST_PORTS_PER_NODE, share // _PORTS_STEP * _PORTS_STEP)


def _address(
    place: scope.Scope, part: str, *, group: pulumi.Input[str], zones: tuple[str, ...]
) -> registration.Resource:
    settings = place.settings
    return registration.resource(
        "azure-native:network:PublicIPAddress",
        f"{settings.name}-{part}",
        {
            "resourceGroupName": group,
            "publicIpAddressName": f"{settings.name}-{part}",
            "location": settings.region,
            "sku": {"name": "Standard", "tier": "Regional"},
            "publicIPAllocationMethod": "Static",
            "publicIPAddressVersion": "IPv4",
            "zones": list(zones) or None,
            "tags": dict(settings.tags),
        },
        outputs=("ipAddress",),
        opts=place.options(),
    )
