"""Three resource groups, because Azure deletes one with all that is in it, and only some of that may go.

The fourth, of nodes, AKS makes itself.
"""

from __future__ import annotations

import dataclasses

import pulumi

from components import registration
from components.clusters.aks import names, scope


@dataclasses.dataclass(frozen=True, kw_only=True)
class Groups:
    """The resource groups of one cluster."""

    cluster: registration.Resource
    """All that goes with the cluster."""
    kept: registration.Resource
    """Logs, key and backups."""
    volumes: registration.Resource
    """Disks of our storage classes: those in AKS's own group are deleted with the cluster."""


def groups(place: scope.Scope) -> Groups:
    """Register them."""
    settings = place.settings
    return Groups(
        cluster=_group(place, "cluster", names.group(settings), opts=place.guarded()),
        kept=_group(place, "kept", names.kept_group(settings), opts=place.kept()),
        # Always: a disk of the class that retains outlives every stack, and the group would take it along.
        volumes=_group(
            place,
            "volumes",
            names.volumes_group(settings),
            opts=pulumi.ResourceOptions.merge(place.kept(), pulumi.ResourceOptions(retain_on_delete=True)),
        ),
    )


def _group(place: scope.Scope, part: str, name: str, *, opts: pulumi.ResourceOptions) -> registration.Resource:
    settings = place.settings
    return registration.resource(
        "azure-native:resources:ResourceGroup",
        f"{settings.name}-{part}",
        {"resourceGroupName": name, "location": settings.region, "tags": dict(settings.tags)},
        outputs=("name",),
        opts=opts,
    )
