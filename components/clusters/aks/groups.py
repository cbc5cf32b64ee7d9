"""Three resource groups, because Azure deletes one with all that is in it, and only some of that may go.

The fourth, of nodes, AKS makes itself. The name of what `destroy` leaves is made up by Pulumi, once and for all: under
a fixed one the next cluster of the name would find it taken.
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
        cluster=_group(place, "cluster", opts=place.guarded(), name=names.group(settings)),
        kept=_group(place, "kept", opts=place.kept()),
        # Always: a disk of the class that retains outlives every stack, and the group would take it along.
        volumes=_group(
            place,
            "volumes",
            opts=pulumi.ResourceOptions.merge(place.kept(), pulumi.ResourceOptions(retain_on_delete=True)),
        ),
    )


def _group(
    place: scope.Scope, part: str, *, opts: pulumi.ResourceOptions, name: str | None = None
) -> registration.Resource:
    settings = place.settings
    return registration.resource(
        "azure-native:resources:ResourceGroup",
        f"{settings.name}-{part}",
        {"resourceGroupName": name, "location": settings.region, "tags": dict(settings.tags)},
        outputs=("name",),
        opts=opts,
    )
