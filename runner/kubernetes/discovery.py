"""Which kinds an API server serves, and under which paths. Pure: reads discovery documents, sends nothing."""

from __future__ import annotations

import dataclasses
import urllib.parse
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class ResourceKind:
    """One kind as the API server serves it."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str] = frozenset()

    def path(self, *, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The URL path of one object, or of the collection where `name` is empty.

        An empty `namespace` of a namespaced kind means all namespaces, which only reads can ask for.
        """
        below = f"/namespaces/{_quoted(namespace)}" if namespace and self.namespaced else ""
        parts = "".join(f"/{_quoted(part)}" for part in (name, subresource) if part)
        return f"{group_path(self.api_version)}{below}/{self.plural}{parts}"


def _quoted(part: str) -> str:
    # A name that is none is for the API server to refuse; here it must not become another path.
    return urllib.parse.quote(part, safe=":")


def group_path(api_version: str) -> str:
    """Where the API server serves a group's version: the core group has a place of its own."""
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def kinds(api_version: str, document: Mapping[str, Any]) -> dict[str, ResourceKind]:
    """The kinds of an APIResourceList by their names."""
    found: dict[str, ResourceKind] = {}
    for resource in document.get("resources") or ():
        plural = str(resource["name"])
        if "/" in plural:
            # A subresource, such as `deployments/scale`.
            continue
        found[resource["kind"]] = ResourceKind(
            api_version=api_version,
            kind=resource["kind"],
            plural=plural,
            namespaced=bool(resource["namespaced"]),
            verbs=frozenset(resource.get("verbs") or ()),
        )
    return found
