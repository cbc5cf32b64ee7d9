"""Why the pods of a workload do not become ready: the one sentence that helps most. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Final

from runner.kubernetes import expectations

Json = Mapping[str, Any]

_TELLING: Final = (
    "FailedCreate",
    "FailedScheduling",
    "FailedMount",
    "FailedAttachVolume",
    "FailedCreatePodSandBox",
    "ProvisioningFailed",
)
"""Reasons of events that explain something which no status says."""
_NODES_COMING: Final = frozenset({"TriggeredScaleUp", "Nominated"})
"""Reasons of events by which cluster-autoscaler and Karpenter say that a node is on its way for a pod."""
_LONGEST: Final = 240
"""Characters of a message: a scheduler lists every node of a large cluster."""
_EVENTS: Final = 5
_PATIENCE: Final[Mapping[str, float]] = {
    "InvalidImageName": 0.0,
    "ErrImageNeverPull": 0.0,
    # Registries have bad minutes, and what a container is configured by may still be coming.
    "ErrImagePull": 60.0,
    "ImagePullBackOff": 60.0,
    "CreateContainerConfigError": 60.0,
    # Pods that leave may make room. An autoscaler that can help has said so by then.
    "Unschedulable": 60.0,
}
"""Seconds after which waiting longer is of no use. A container that crashes may be waiting for something: not here."""
_SAME: Final[Mapping[str, str]] = {"ImagePullBackOff": "ErrImagePull"}
"""Reasons that take turns."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something that holds up an object, found in what belongs to it."""

    key: Hashable
    """Equal while it is the same trouble, whatever its words."""
    text: str
    pod: str = ""
    """Name of the pod that it is about."""
    patience: float | None = None
    """Seconds after which it counts as a failure; None where it may pass at any time."""


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
    return summary(troubles(pods)) or _short(
        next((_told(event) for event in _newest_first(events) if event.get("reason") in _TELLING), "")
    )


def summary(found: Sequence[Trouble]) -> str:
    """The first of the troubles, and how many more there are; empty for none."""
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return found[0].text + more if found else ""


def troubles(pods: Iterable[Json]) -> list[Trouble]:
    """What keeps each of these pods from becoming ready, where its status says so."""
    return [trouble for pod in pods for trouble in [_trouble(pod)] if trouble is not None]


def helped(trouble: Trouble, events: Iterable[Json]) -> Trouble:
    """The trouble of a pod as its events show it: where a node is on its way for it, it may pass at any time."""
    is_coming = any(
        event.get("reason") in _NODES_COMING and (event.get("involvedObject") or {}).get("name") == trouble.pod
        for event in events
    )
    return dataclasses.replace(trouble, patience=None) if is_coming else trouble


def claims(pods: Iterable[Json]) -> frozenset[str]:
    """Names of the PersistentVolumeClaims of these pods."""
    return frozenset(
        volume["persistentVolumeClaim"]["claimName"]
        for pod in pods
        for volume in (pod.get("spec") or {}).get("volumes") or ()
        if "persistentVolumeClaim" in volume
    )


def warnings(events: Iterable[Json], *, name: str, others: frozenset[str]) -> list[str]:
    """The newest warnings about an object, about what is named after it, and about `others`; each reason once."""
    told: dict[tuple[str, str], str] = {}
    for event in _newest_first(events):
        about_ = str((event.get("involvedObject") or {}).get("name", ""))
        mine = about_ == name or about_.startswith(f"{name}-") or about_ in others
        if mine and event.get("type", "Warning") == "Warning":
            told.setdefault((about_, str(event.get("reason"))), _short(_told(event)))
    return list(told.values())[:_EVENTS]


def _trouble(pod: Json) -> Trouble | None:
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            words = f"container {container['name']}: {_because(waiting)}{_last_end(container)}"
            return _of(name, str(waiting["reason"]), words)
    scheduled = expectations.find_condition(pod, "PodScheduled")
    if scheduled is not None and scheduled.get("status") == "False":
        return _of(name, str(scheduled.get("reason") or ""), _because(scheduled))
    if status.get("phase") == "Failed":
        return _of(name, "Failed", _because(status) or "failed")
    return None


def _of(pod: str, reason: str, words: str) -> Trouble:
    key = (pod, _SAME.get(reason, reason))
    return Trouble(key=key, pod=pod, text=_short(f"pod {pod}: {words}"), patience=_PATIENCE.get(reason))


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
