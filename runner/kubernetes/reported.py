"""Events by which an operator reports on an object, where its status has no place for that. Pure.

They outlive by an hour what they are about, so only those since the object's last change count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]


def since_change(events: Iterable[Json], *, item: Mapping[str, Any]) -> list[Json]:
    """Those about this very object, and not from before its spec was last written.

    None where that is not known. Both times are of the cluster, in whole seconds, and compared as they are written.
    """
    changed = _changed(item)
    uid = item["metadata"].get("uid")
    about = (event for event in events if (event.get("involvedObject") or {}).get("uid") == uid)
    return [event for event in about if uid and changed and time_of(event) >= changed]


def time_of(event: Mapping[str, Any]) -> str:
    """When it was last seen."""
    return str(event.get("lastTimestamp") or event["metadata"].get("creationTimestamp") or "")


def _changed(item: Mapping[str, Any]) -> str:
    """When somebody last wrote a part of the spec."""
    entries = item["metadata"].get("managedFields") or []
    return max(
        (str(entry.get("time") or "") for entry in entries if "f:spec" in (entry.get("fieldsV1") or {})), default=""
    )
