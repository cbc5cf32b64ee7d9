"""Why the pods of a workload do not become ready: the one sentence that helps most. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from runner.kubernetes import expectations

Json = Mapping[str, Any]

_TELLING: Final = ("FailedCreate", "FailedScheduling", "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox")
"""Reasons of events that explain something which no status says."""
_LONGEST: Final = 240
"""Characters of a message: a scheduler lists every node of a large cluster."""


def selector(item: Json) -> str:
    """Label selector of a workload's pods; empty for kinds that have none."""
    spec = item.get("spec") or {}
    labels = (spec.get("selector") or {}).get("matchLabels") if isinstance(spec.get("selector"), Mapping) else None
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items()))


def about(name: str, events: Iterable[Json]) -> list[Json]:
    """The events of a workload and of what its controllers made for it, whose names begin with its own."""
    return [event for event in events if str((event.get("involvedObject") or {}).get("name", "")).startswith(name)]


def explained(pods: Iterable[Json], events: Iterable[Json]) -> str:
    """The most telling reason among pods and events; empty when there is none."""
    troubles = [(f"pod {pod['metadata']['name']}", trouble) for pod in pods for trouble in [_trouble(pod)] if trouble]
    if troubles:
        name, trouble = troubles[0]
        more = f" (and {len(troubles) - 1} more)" if len(troubles) > 1 else ""
        return _short(f"{name}: {trouble}") + more
    return _short(next((_told(event) for event in _newest_first(events) if event.get("reason") in _TELLING), ""))


def _trouble(pod: Json) -> str:
    status = pod.get("status") or {}
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            return f"container {container['name']}: {_because(waiting)}{_last_end(container)}"
    scheduled = expectations.find_condition(pod, "PodScheduled")
    if scheduled is not None and scheduled.get("status") == "False":
        return _because(scheduled)
    if status.get("phase") == "Failed":
        return _because(status) or "failed"
    return ""


def _last_end(container: Json) -> str:
    ended = (container.get("lastState") or {}).get("terminated") or {}
    return f"; last end: {ended.get('reason')}, exit code {ended.get('exitCode')}" if ended else ""


def _because(part: Json) -> str:
    return ": ".join(str(part[key]) for key in ("reason", "message") if part.get(key))


def _told(event: Json) -> str:
    subject = event.get("involvedObject") or {}
    return f"{str(subject.get('kind', '')).lower()} {subject.get('name')}: {_because(event)}"


def _newest_first(events: Iterable[Json]) -> list[Json]:
    return sorted(
        events, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""), reverse=True
    )


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
