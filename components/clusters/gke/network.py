"""The network of a GKE cluster: its own, with ranges for nodes, pods and Services and a way out, or one that exists.

Cloud NAT is a regional service without a gateway in any zone, so `egress: single` and `per-zone` are the same here.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import pulumi

from components import contracts, registration
from components.clusters.gke import project

_PODS: Final = "pods"
_SERVICES: Final = "services"

WEBHOOK_PORTS: Final = ("8443", "9443", "15017")
"""Where operators answer admission requests, beside 443 and 10250, which GKE opens itself."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Network:
    """Where a cluster is put."""

    network: pulumi.Input[str]
    subnetwork: pulumi.Input[str]
    pods_range: str
    """Name of the subnetwork's secondary range for pods."""
    services_range: str
    """Name of the subnetwork's secondary range for Services."""
    is_own: bool
    """Whether this stack made it."""
    egress: tuple[pulumi.Resource, ...]
    """What nodes need to reach the internet."""

    @property
    def facts(self) -> contracts.NetworkFacts:
        """What the layers above are told about it."""
        return contracts.NetworkFacts(
            id=pulumi.Output.from_input(self.network), private_subnets=(pulumi.Output.from_input(self.subnetwork),)
        )


def create(wanted: project.Wanted, *, opts: pulumi.ResourceOptions, depends_on: tuple[pulumi.Resource, ...]) -> Network:
    """Register the network, or say where the one is that exists."""
    existing = wanted.options.network
    if existing is not None:
        return Network(
            network=existing.network,
            subnetwork=existing.subnetwork,
            pods_range=existing.pods_range,
            services_range=existing.services_range,
            is_own=False,
            egress=(),
        )
    kept = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=project.is_protected(wanted)))
    vpc = registration.resource(
        "gcp:compute/network:Network",
        f"{wanted.name}-network",
        network(wanted),
        opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(depends_on=depends_on)),
    )
    nodes = registration.resource(
        "gcp:compute/subnetwork:Subnetwork", f"{wanted.name}-nodes", subnetwork(wanted, network=vpc.id), opts=kept
    )
    return Network(
        network=vpc.id,
        subnetwork=nodes.id,
        pods_range=_PODS,
        services_range=_SERVICES,
        is_own=True,
        egress=_egress(wanted, network=vpc.id, subnetwork=nodes.id, opts=opts),
    )


def _egress(
    wanted: project.Wanted,
    *,
    network: pulumi.Input[str],
    subnetwork: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> tuple[pulumi.Resource, ...]:
    way = registration.resource(
        "gcp:compute/router:Router",
        f"{wanted.name}-router",
        router(wanted, network=network),
        outputs=("name",),
        opts=opts,
    )
    translation = registration.resource(
        "gcp:compute/routerNat:RouterNat",
        f"{wanted.name}-nat",
        nat(wanted, router=way.output("name"), subnetwork=subnetwork),
        opts=opts,
    )
    return (way, translation)


def network(wanted: project.Wanted) -> dict[str, Any]:
    """A VPC network of the cluster's own. Google makes up the rest of its name, so that it can be replaced."""
    return {
        "project": wanted.options.project,
        "description": f"Nodes of the GKE cluster {wanted.name}",
        "autoCreateSubnetworks": False,
        "routingMode": "REGIONAL",
        # The route to the internet stays: Cloud NAT needs it.
        "deleteDefaultRoutesOnCreate": False,
    }


def subnetwork(wanted: project.Wanted, *, network: pulumi.Input[str]) -> dict[str, Any]:
    """Addresses of nodes, and in ranges of their own those of pods and Services."""
    return {
        "project": wanted.options.project,
        "region": wanted.region,
        "network": network,
        "ipCidrRange": wanted.network.cidr,
        "stackType": "IPV4_ONLY",
        "secondaryIpRanges": [
            {"rangeName": _PODS, "ipCidrRange": wanted.network.pods},
            {"rangeName": _SERVICES, "ipCidrRange": wanted.network.services},
        ],
        # Nodes have no public address; with this they reach Google's APIs without the internet.
        "privateIpGoogleAccess": True,
        "logConfig": _flow_logs() if wanted.network.flow_logs else None,
    }


def _flow_logs() -> dict[str, Any]:
    """Half of the connections in steps of ten minutes: enough to see who talks to whom, at a fraction of the price."""
    return {"aggregationInterval": "INTERVAL_10_MIN", "flowSampling": 0.5, "metadata": "INCLUDE_ALL_METADATA"}


def router(wanted: project.Wanted, *, network: pulumi.Input[str]) -> dict[str, Any]:
    """The router that Cloud NAT is a part of."""
    return {"project": wanted.options.project, "region": wanted.region, "network": network}


def nat(wanted: project.Wanted, *, router: pulumi.Input[str], subnetwork: pulumi.Input[str]) -> dict[str, Any]:
    """The way to the internet of this one subnetwork, with as many ports for a node as it uses."""
    return {
        "project": wanted.options.project,
        "region": wanted.region,
        "router": router,
        "natIpAllocateOption": "AUTO_ONLY",
        "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS",
        "subnetworks": [{"name": subnetwork, "sourceIpRangesToNats": ["ALL_IP_RANGES"]}],
        "enableDynamicPortAllocation": True,
        # Can't be had together with dynamic ports.
        "enableEndpointIndependentMapping": False,
        "minPortsPerVm": 64,
        "maxPortsPerVm": 65536,
        "logConfig": {"enable": True, "filter": "ERRORS_ONLY"},
    }


def webhooks(
    wanted: project.Wanted,
    *,
    network: pulumi.Input[str],
    control_plane: pulumi.Input[str],
    nodes: pulumi.Input[str],
) -> dict[str, Any]:
    """Lets a control plane with a private address reach the webhooks of operators.

    `control_plane` is its address, `nodes` the nodes' service account: unlike a network tag it is on the nodes that GKE
    makes by itself too.
    """
    return {
        "project": wanted.options.project,
        "network": network,
        "description": f"From the control plane of {wanted.name} to admission webhooks",
        "direction": "INGRESS",
        "sourceRanges": [pulumi.Output.concat(control_plane, "/32")],
        "targetServiceAccounts": [nodes],
        "allows": [{"protocol": "tcp", "ports": list(WEBHOOK_PORTS)}],
    }
