"""What marks a stack's objects in a cluster, by Kubernetes' ApplySet convention.

The inventory is the ApplySet's parent, an object of kind Secret, as the specification allows
(kubernetes/enhancements, KEP-3659). Other tools that know the convention can so list, and refuse to touch, our objects.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from runner.engine import model

NAMESPACE: Final = "paasport-system"
ID_LABEL: Final = "applyset.kubernetes.io/id"
PART_OF_LABEL: Final = "applyset.kubernetes.io/part-of"
STACK: Final = "paasport.dev/stack"
"""Annotation of the parent: `project/stack`, which the parent's name tells only to whoever knows it."""
TOOLING: Final = {"applyset.kubernetes.io/tooling": "paasport/v1"}
_KINDS: Final = "applyset.kubernetes.io/contains-group-kinds"
_NAMESPACES: Final = "applyset.kubernetes.io/additional-namespaces"
_SLUG_LENGTH: Final = 40


def parent_name(*, project: str, stack: str) -> str:
    """The inventory's name, for example `paasport-local-dev-5d3c41aa`: readable, and different for every stack."""
    digest = hashlib.sha256(f"{project}/{stack}".encode()).hexdigest()[:8]
    slug = re.sub(r"[^a-z0-9]+", "-", f"{project}-{stack}".lower()).strip("-")[:_SLUG_LENGTH].rstrip("-")
    return f"{slug}-{digest}"


def identifier(name: str) -> str:
    """The ApplySet's id, as the specification computes it from the parent object."""
    digest = hashlib.sha256(f"{name}.{NAMESPACE}.Secret.".encode()).digest()
    return f"applyset-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}-v1"


def stack_of(metadata: Mapping[str, Any]) -> str:
    """Name of the stack whose parent has this metadata; the parent's own where it does not say."""
    said = (metadata.get("annotations") or {}).get(STACK) or str(metadata["name"])
    return str(said).rpartition("/")[2]


def description(entries: Iterable[model.Entry]) -> dict[str, str]:
    """Annotations: what the parent tells about its members: their kinds and namespaces."""
    kinds: set[str] = set()
    namespaces: set[str] = set()
    for entry in entries:
        package, _, rest = entry.type.partition(":")
        if package != "kubernetes" or not entry.custom:
            continue
        module, _, kind = rest.partition(":")
        group = module.partition("/")[0]
        kinds.add(kind if group == "core" else f"{kind}.{group}")
        if "/" in entry.id:
            namespaces.add(entry.id.partition("/")[0])
    return {**TOOLING, _KINDS: ",".join(sorted(kinds)), _NAMESPACES: ",".join(sorted(namespaces - {NAMESPACE}))}
