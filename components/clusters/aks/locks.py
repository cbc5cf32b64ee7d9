"""Azure's own locks: in a locked stack nobody deletes these resources, whatever tool or portal they use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pulumi

from components import registration
from components.clusters.aks import scope

_NOTES: Final = "paasport: set protection to guarded in the stack's file, and run up, to take this lock away"


def locks(
    place: scope.Scope, targets: Mapping[str, pulumi.Input[str]], *, after: Sequence[pulumi.Resource]
) -> list[pulumi.Resource]:
    """Register a lock for each target in a locked stack.

    They come after everything, so that they go before anything. A lock also holds what is below its target: while the
    cluster has one, no pool and no role on it can be removed.
    """
    if place.settings.protection != "locked":
        return []
    return [
        registration.resource(
            "azure-native:authorization:ManagementLockByScope",
            f"{place.settings.name}-{part}",
            {"lockName": f"paasport-{part}", "level": "CanNotDelete", "scope": target, "notes": _NOTES},
            opts=place.options(depends_on=after),
        )
        for part, target in targets.items()
    ]
