"""A virtual network with a subnet for nodes and one for the API server, or the one that the stack names.

Pods have addresses of their own (overlay), so nodes are all that needs room here.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from components import contracts, registration
from components.clusters.aks import egress, scope

_API_PREFIX: Final = 28
"""The smallest subnet that AKS takes for the API server, and large enough for good."""
DELEGATION: Final = "Microsoft.ContainerService/managedClusters"
STORAGE_ENDPOINT: Final = "Microsoft.Storage"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """Which addresses are for what."""

    nodes: str
    """The first half."""
    api: str
    """The last 16 addresses. What lies between is free for private endpoints and the like."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Network:
    """Where nodes and the API server are."""

    nodes: pulumi.Input[str]
    """Resource id of the nodes' subnet."""
    api: pulumi.Input[str] | None
    """Resource id of the API server's; None where an existing network has none."""
    controlled: Mapping[str, pulumi.Input[str]]
    """What the control plane must be allowed to change outside of the cluster's resource group, by a name for each."""
    own: registration.Resource | None
    """The virtual network, where it was made here."""
    egress: egress.Egress
    ready: tuple[pulumi.Resource, ...]
    """What nodes need before they start."""
    facts: contracts.NetworkFacts
    """What the layers above are told about it."""


def plan(cidr: str) -> Plan:
    """Divide the network's addresses."""
    network = ipaddress.IPv4Network(cidr)
    nodes = next(network.subnets(prefixlen_diff=1))
    last = int(network.broadcast_address) - 2 ** (32 - _API_PREFIX) + 1
    return Plan(nodes=str(nodes), api=f"{ipaddress.IPv4Address(last)}/{_API_PREFIX}")


def network(place: scope.Scope, *, group: pulumi.Input[str]) -> Network:
    """The network that the stack names, or a new one."""
    existing = place.settings.options.network
    if existing is None:
        return _create(place, group=group)
    subnets = {"nodes": existing.node_subnet, "api": existing.api_subnet}
    return Network(
        nodes=existing.node_subnet,
        api=existing.api_subnet,
        controlled={name: subnet for name, subnet in subnets.items() if subnet is not None},
        own=None,
        egress=egress.EXISTING,
        ready=(),
        facts=_facts(existing.virtual_network, nodes=existing.node_subnet, out=egress.EXISTING),
    )


def _create(place: scope.Scope, *, group: pulumi.Input[str]) -> Network:
    settings = place.settings
    network = registration.resource(
        "azure-native:network:VirtualNetwork",
        f"{settings.name}-network",
        {**_named(settings, group, virtualNetworkName=settings.name), **virtual_network(settings)},
        outputs=("name",),
        # Subnets are resources of their own; listed here as well, each side would delete the other's.
        opts=place.guarded(ignore=["subnets"]),
    )
    firewall = registration.resource(
        "azure-native:network:NetworkSecurityGroup",
        f"{settings.name}-nodes",
        {
            **_named(settings, group, networkSecurityGroupName=f"{settings.name}-nodes"),
            "securityRules": firewall_rules(settings),
        },
        opts=place.options(),
    )
    out = egress.egress(place, group=group)
    wanted = plan(settings.network.cidr)
    nodes = _subnet(
        place,
        "nodes",
        node_subnet(settings, prefix=wanted.nodes, firewall=firewall.id, gateway=out.gateway),
        group=group,
        network=network.output("name"),
        after=(),
    )
    # One after the other: Azure refuses two changes of a virtual network at once.
    api = _subnet(
        place,
        "api",
        api_subnet(prefix=wanted.api, firewall=firewall.id),
        group=group,
        network=network.output("name"),
        after=(nodes,),
    )
    return Network(
        nodes=nodes.id,
        api=api.id,
        controlled={},
        own=network,
        egress=out,
        ready=(nodes, api, *out.ready),
        facts=_facts(network.id, nodes=nodes.id, out=out),
    )


def _facts(network: pulumi.Input[str], *, nodes: pulumi.Input[str], out: egress.Egress) -> contracts.NetworkFacts:
    return contracts.NetworkFacts(
        id=pulumi.Output.from_input(network),
        private_subnets=(pulumi.Output.from_input(nodes),),
        egress_addresses=out.seen,
    )


def virtual_network(settings: scope.Settings) -> dict[str, Any]:
    """The network without its subnets."""
    return {"addressSpace": {"addressPrefixes": [settings.network.cidr]}}


def firewall_rules(settings: scope.Settings) -> list[dict[str, Any]]:
    """What the internet may reach: nothing, unless the stack's entrance is public.

    AKS has a firewall of its own before the nodes and opens there what Services ask for; both must let traffic through.
    So a public entrance opens this one for all load balancers, but never for SSH and RDP.
    """
    if settings.ingress is None or settings.ingress.scheme == "internal":
        return []
    ranges = list(settings.ingress.source_ranges)
    source = {"sourceAddressPrefixes": ranges} if ranges else {"sourceAddressPrefix": "Internet"}
    return [
        {
            "name": "load-balancers",
            "priority": 200,
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "*",
            **source,
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRanges": ["80", "443", "1024-3388", "3390-65535"],
        }
    ]


def node_subnet(
    settings: scope.Settings, *, prefix: str, firewall: pulumi.Input[str], gateway: pulumi.Input[str] | None
) -> dict[str, Any]:
    """Nodes reach the internet through the egress only; with backups, storage accounts by a way of their own."""
    return {
        "addressPrefix": prefix,
        "networkSecurityGroup": {"id": firewall},
        "natGateway": None if gateway is None else {"id": gateway},
        "defaultOutboundAccess": False,
        "privateEndpointNetworkPolicies": "Enabled",
        "serviceEndpoints": [{"service": STORAGE_ENDPOINT}] if settings.backups else None,
    }


def api_subnet(*, prefix: str, firewall: pulumi.Input[str]) -> dict[str, Any]:
    """The API server's own addresses in the network, so that nodes never leave it to reach the API server."""
    return {
        "addressPrefix": prefix,
        "networkSecurityGroup": {"id": firewall},
        "defaultOutboundAccess": False,
        "privateEndpointNetworkPolicies": "Enabled",
        "delegations": [{"name": "aks", "serviceName": DELEGATION}],
    }


def _subnet(
    place: scope.Scope,
    part: str,
    properties: Mapping[str, Any],
    *,
    group: pulumi.Input[str],
    network: pulumi.Input[str],
    after: Sequence[pulumi.Resource],
) -> registration.Resource:
    return registration.resource(
        "azure-native:network:Subnet",
        f"{place.settings.name}-{part}",
        {"resourceGroupName": group, "virtualNetworkName": network, "subnetName": part, **properties},
        # AKS writes actions into the delegation.
        opts=place.options(depends_on=after, ignore=["delegations"] if "delegations" in properties else []),
    )


def _named(settings: scope.Settings, group: pulumi.Input[str], **name: str) -> dict[str, Any]:
    return {"resourceGroupName": group, "location": settings.region, "tags": dict(settings.tags), **name}
