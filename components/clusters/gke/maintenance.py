"""When Google may change a GKE cluster, and to which version. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from components.clusters.gke import project
from stacks import managed

_ANCHOR: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""When windows and the pin begin. Any day in the past, but always the same: another one would be a change."""

_DAYS: Final = {
    "monday": "MO",
    "tuesday": "TU",
    "wednesday": "WE",
    "thursday": "TH",
    "friday": "FR",
    "saturday": "SA",
    "sunday": "SU",
}


def policy(wanted: project.Wanted) -> dict[str, Any]:
    """The window in which Google may change the cluster, and the times in which it may not."""
    return {
        "recurringWindow": window(wanted.window),
        "maintenanceExclusions": [
            *(_freeze(freeze) for freeze in wanted.freezes),
            *((_pin(wanted.minor),) if wanted.upgrades == "pinned" else ()),
        ],
    }


def window(wanted: managed.Window) -> dict[str, str]:
    """The weekly window, which may pass midnight. GKE wants 12 hours a week, which the checks of settings see to."""
    hour, minute = (int(part) for part in wanted.start.split(":"))
    start = _ANCHOR.replace(hour=hour, minute=minute)
    days = [short for day, short in _DAYS.items() if day in wanted.days]
    return {
        "startTime": _time(start),
        "endTime": _time(start + dt.timedelta(hours=wanted.hours)),
        "recurrence": f"FREQ=WEEKLY;BYDAY={','.join(days)}",
    }


def _freeze(freeze: managed.Freeze) -> dict[str, Any]:
    """No new minor and no new nodes; patches of the control plane go on, which cost no pod anything."""
    first = dt.datetime.combine(freeze.start, dt.time(), tzinfo=dt.UTC)
    last = dt.datetime.combine(freeze.end, dt.time(), tzinfo=dt.UTC)
    return {
        "exclusionName": freeze.name,
        "startTime": _time(first),
        "endTime": _time(last + dt.timedelta(days=1)),
        "exclusionOptions": {"scope": "NO_MINOR_OR_NODE_UPGRADES"},
    }


def _pin(minor: str) -> dict[str, Any]:
    """No other minor as long as this one is supported. Its name has the minor in it: each has a pin of its own."""
    return {
        "exclusionName": f"pinned-{minor.replace('.', '-')}",
        "startTime": _time(_ANCHOR),
        "exclusionOptions": {"scope": "NO_MINOR_UPGRADES", "endTimeBehavior": "UNTIL_END_OF_SUPPORT"},
    }


def _time(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
