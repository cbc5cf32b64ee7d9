"""Tells from an object's metadata alone whether it is as a run left it. Pure.

An unchanged resourceVersion means an unchanged object. But controllers write status all the time; where a kind counts
its generations, an unchanged generation with unchanged labels, annotations, finalizers and owners means that all but
the status is as it was, which is all that an apply could change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

_OWN: Final = ("labels", "annotations", "finalizers", "ownerReferences", "generation")


def of(item: Mapping[str, Any]) -> str:
    """What the inventory remembers of an object: `<resourceVersion>` or `<resourceVersion>:<digest>`."""
    metadata = item.get("metadata") or {}
    version = str(metadata.get("resourceVersion") or "")
    if not metadata.get("generation"):
        return version
    kept = json.dumps({key: metadata.get(key) for key in _OWN}, sort_keys=True)
    return f"{version}:{hashlib.sha256(kept.encode()).hexdigest()[:16]}"


def same_version(recorded: str, item: Mapping[str, Any]) -> bool:
    """Whether nothing at all has changed since."""
    version = str((item.get("metadata") or {}).get("resourceVersion") or "")
    return bool(version) and recorded.partition(":")[0] == version


def same_but_status(recorded: str, item: Mapping[str, Any]) -> bool:
    """Whether nothing but the status can have changed since."""
    digest = recorded.partition(":")[2]
    return same_version(recorded, item) or (bool(digest) and of(item).partition(":")[2] == digest)
