"""The two identities of a cluster and what they may do, before the cluster exists.

The control plane acts in Azure as one of them, the nodes' kubelets as the other. AKS's own (system-assigned) would
exist only after the cluster, which needs its permissions to be created.
"""

from __future__ import annotations

import dataclasses
from typing import Final

import pulumi

from components import registration
from components.clusters.aks import groups, network, roles, scope

_ON_VOLUMES: Final = {
    "volumes": roles.Role.VIRTUAL_MACHINE_CONTRIBUTOR,
    # The role above has disks and no snapshots, which lie beside them.
    "snapshots": roles.Role.DISK_SNAPSHOT_CONTRIBUTOR,
}
"""What the CSI driver, which acts as the control plane, may do in the resource group of volumes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Identities:
    """Who the cluster is in Azure."""

    control_plane: registration.Resource
    kubelet: registration.Resource
    ready: tuple[pulumi.Resource, ...]
    """Role assignments that the cluster must wait for."""


def identities(place: scope.Scope, *, own: groups.Groups, net: network.Network) -> Identities:
    """Register both identities and their roles."""
    group = own.cluster.output("name")
    control_plane = identity(place, "control-plane", group=group, opts=place.options())
    kubelet = identity(place, "kubelet", group=group, opts=place.options())
    principal = control_plane.output("principalId")
    # On the whole group where the network is the cluster's own: addresses of its way out are there too, which AKS joins
    # to its load balancer (learn.microsoft.com/azure/aks/static-ip).
    controlled = {"network": own.cluster.id} if net.own is not None else net.controlled
    on_network = [
        roles.give(
            place,
            f"control-plane-{part}",
            role=roles.Role.NETWORK_CONTRIBUTOR,
            on=target,
            to=principal,
            principal_type="ServicePrincipal",
        )
        for part, target in controlled.items()
    ]
    on_kubelet = roles.give(
        place,
        "control-plane-kubelet",
        role=roles.Role.MANAGED_IDENTITY_OPERATOR,
        on=kubelet.id,
        to=principal,
        principal_type="ServicePrincipal",
    )
    on_volumes = [
        roles.give(
            place,
            f"control-plane-{part}",
            role=role,
            on=own.volumes.id,
            to=principal,
            principal_type="ServicePrincipal",
        )
        for part, role in _ON_VOLUMES.items()
    ]
    return Identities(control_plane=control_plane, kubelet=kubelet, ready=(*on_network, on_kubelet, *on_volumes))


def identity(
    place: scope.Scope, part: str, *, group: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> registration.Resource:
    """Register an identity that nobody has a password or key of."""
    settings = place.settings
    return registration.resource(
        "azure-native:managedidentity:UserAssignedIdentity",
        f"{settings.name}-{part}",
        {
            "resourceGroupName": group,
            "resourceName": f"{settings.name}-{part}",
            "location": settings.region,
            "tags": dict(settings.tags),
        },
        outputs=("name", "principalId", "clientId"),
        opts=opts,
    )
