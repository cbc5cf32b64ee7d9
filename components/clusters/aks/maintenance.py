"""When AKS may upgrade the cluster and the nodes' images.

AKS knows one day of the week for each of the two. Of several days the cluster gets the first, the images the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pulumi

from components import registration
from components.clusters.aks import scope

UPGRADES: Final = "aksManagedAutoUpgradeSchedule"
IMAGES: Final = "aksManagedNodeOSUpgradeSchedule"
"""The names by which AKS finds them; others it takes for windows of its own maintenance."""


def windows(place: scope.Scope, *, group: pulumi.Input[str], cluster: pulumi.Input[str]) -> Sequence[pulumi.Resource]:
    """Register both windows."""
    days = place.settings.window.days
    return [
        registration.resource(
            "azure-native:containerservice:MaintenanceConfiguration",
            f"{place.settings.name}-{part}",
            {
                "resourceGroupName": group,
                "resourceName": cluster,
                "configName": name,
                "maintenanceWindow": window(place.settings, day=day),
            },
            opts=place.options(),
        )
        for part, name, day in (("upgrades", UPGRADES, days[0]), ("images", IMAGES, days[-1]))
    ]


def window(settings: scope.Settings, *, day: str) -> dict[str, Any]:
    """Once a week on this day, in UTC, but not in a freeze."""
    return {
        "schedule": {"weekly": {"dayOfWeek": day.capitalize(), "intervalWeeks": 1}},
        "startTime": settings.window.start,
        "utcOffset": "+00:00",
        "durationHours": settings.window.hours,
        "notAllowedDates": [
            {"start": freeze.start.isoformat(), "end": freeze.end.isoformat()} for freeze in settings.freezes
        ],
    }
