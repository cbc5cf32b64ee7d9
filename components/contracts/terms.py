"""Words that all contracts are written in."""

from __future__ import annotations

from typing import Any, TypeVar

Manifest = dict[str, Any]
"""One Kubernetes object as the API knows it: plain JSON with `apiVersion`, `kind` and `metadata`."""

Options = TypeVar("Options")
Class = type[Any]
"""A class; by a name of its own, because a service has a `type` of another sort."""
