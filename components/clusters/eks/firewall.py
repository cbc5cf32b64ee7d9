"""Security groups of the control plane and of the nodes, and every rule as a resource of its own.

Rules inside of a group would make the two groups need each other, and would fight with those that load balancers add.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from components import registration
from components.clusters.eks import account
from stacks import managed, resolution

API: Final = 443
KUBELET: Final = 10250
WEBHOOKS: Final = (443, 4443, 6443, 8443, 9443, 10251, 10260)
"""Where operators and add-ons commonly answer the control plane: admission, conversion, metrics."""

PRIVATE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""Addresses that are no one's on the internet (RFC 1918)."""

_INGRESS: Final = "vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_EGRESS: Final = "vpc/securityGroupEgressRule:SecurityGroupEgressRule"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Groups:
    """The security groups."""

    control_plane: registration.Resource
    nodes: registration.Resource | None
    """None in Auto Mode, whose nodes are in the group that EKS makes."""
    rules: tuple[registration.Resource, ...]


def create(
    target: account.Account, wanted: resolution.Managed[managed.EksOptions], *, vpc: pulumi.Input[str]
) -> Groups:
    """Register the groups and their rules."""
    control_plane = _group(target, "control-plane", vpc=vpc, description="Control plane", tags={})
    ways_in = [
        target.register(_INGRESS, f"api-{_text(cidr)}", {"securityGroupId": control_plane.id, **from_network(cidr)})
        for cidr in networks(wanted)
    ]
    if wanted.compute == "auto":
        return Groups(control_plane=control_plane, nodes=None, rules=tuple(ways_in))
    # Exactly one group of a node may have this tag; with two of them no load balancer is made.
    owned = {f"kubernetes.io/cluster/{wanted.name}": "owned"}
    nodes = _group(target, "nodes", vpc=vpc, description="Nodes", tags=owned)
    rules = [*ways_in, *_between(target, control_plane=control_plane, nodes=nodes)]
    return Groups(control_plane=control_plane, nodes=nodes, rules=tuple(rules))


def networks(wanted: resolution.Managed[managed.EksOptions]) -> tuple[str, ...]:
    """Who may come to the API by its private address besides the nodes.

    A private API is reached by peering, VPN or a machine inside, from addresses that this stack does not know: those
    that it names, or else all private ones. Which of them have a route to this network is decided where the peering or
    the VPN is made, and who may do what by IAM.
    """
    return (wanted.access.cidrs or PRIVATE) if wanted.access.api == "private" else ()


def from_network(cidr: str) -> dict[str, Any]:
    """The API's port for a network."""
    return {"description": f"API from {cidr}", "cidrIpv4": cidr, **_port(API)}


def _group(
    target: account.Account, part: str, *, vpc: pulumi.Input[str], description: str, tags: Mapping[str, str]
) -> registration.Resource:
    name = f"{target.place.cluster}-{part}"
    return target.register(
        "ec2/securityGroup:SecurityGroup",
        part,
        {
            "vpcId": vpc,
            "description": f"{description} of EKS cluster {target.place.cluster}",
            # Groups that name each other, or that a load balancer names, could not be deleted otherwise.
            "revokeRulesOnDelete": True,
            "tags": {"Name": name, **tags},
        },
    )


def _between(
    target: account.Account, *, control_plane: registration.Resource, nodes: registration.Resource
) -> Sequence[registration.Resource]:
    to_nodes = {"securityGroupId": nodes.id, "referencedSecurityGroupId": control_plane.id}
    return (
        target.register(
            _INGRESS,
            "api-from-nodes",
            {
                "securityGroupId": control_plane.id,
                "referencedSecurityGroupId": nodes.id,
                "description": "API from the nodes",
                **_port(API),
            },
        ),
        *(
            target.register(_INGRESS, f"nodes-{port}", {**to_nodes, "description": purpose, **_port(port)})
            for port, purpose in _from_control_plane().items()
        ),
        target.register(
            _INGRESS,
            "nodes-self",
            {
                "securityGroupId": nodes.id,
                "referencedSecurityGroupId": nodes.id,
                # Not only high ports: pods have their node's group, and many listen on 80 or 443. What may talk to
                # what between pods is for network policies to say.
                "description": "Everything between nodes and pods",
                "ipProtocol": "-1",
            },
        ),
        target.register(
            _EGRESS,
            "nodes-out",
            {
                "securityGroupId": nodes.id,
                "description": "Everything out: images, AWS, what services call",
                "cidrIpv4": "0.0.0.0/0",
                "ipProtocol": "-1",
            },
        ),
    )


def _from_control_plane() -> dict[int, str]:
    webhooks = dict.fromkeys(WEBHOOKS, "Webhooks and aggregated APIs from the control plane")
    return {**webhooks, KUBELET: "Kubelets and webhooks from the control plane"}


def _port(port: int) -> dict[str, Any]:
    return {"ipProtocol": "tcp", "fromPort": port, "toPort": port}


def _text(cidr: str) -> str:
    return cidr.replace(".", "-").replace("/", "-")
