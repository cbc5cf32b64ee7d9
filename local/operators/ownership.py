"""What all operators write alike: objects that belong to a custom resource, and its status. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local import reconciling

Json = dict[str, Any]


def owned(owner: Mapping[str, Any], manifest: Mapping[str, Any]) -> Json:
    """The manifest in its owner's namespace, collected as garbage once the owner is gone."""
    metadata = {
        **manifest["metadata"],
        "namespace": owner["metadata"]["namespace"],
        "ownerReferences": [
            {
                "apiVersion": owner["apiVersion"],
                "kind": owner["kind"],
                "name": owner["metadata"]["name"],
                "uid": owner["metadata"]["uid"],
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    return {**manifest, "metadata": metadata}


def status(resource: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[reconciling.Action]:
    """Writes the status where it is not so yet."""
    if _holds(resource.get("status") or {}, wanted):
        return []
    metadata = {key: resource["metadata"][key] for key in ("name", "namespace") if key in resource["metadata"]}
    manifest = {
        "apiVersion": resource["apiVersion"],
        "kind": resource["kind"],
        "metadata": metadata,
        "status": dict(wanted),
    }
    return [reconciling.Apply(manifest=manifest, subresource="status")]


def condition(kind: str, *, holds: bool, reason: str, message: str = "", generation: int = 0) -> Json:
    """A condition as operators write it. The time is a constant, so that what is written twice is the same."""
    return {
        "type": kind,
        "status": "True" if holds else "False",
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
        **({"observedGeneration": generation} if generation else {}),
    }


def is_going(resource: Mapping[str, Any]) -> bool:
    """Whether somebody has deleted it."""
    return bool(resource["metadata"].get("deletionTimestamp"))


def _holds(live: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(live, Mapping) and all(key in live and _holds(live[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return isinstance(live, list) and len(live) == len(wanted) and all(map(_holds, live, wanted))
    return bool(live == wanted)
