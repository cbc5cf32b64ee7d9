"""Annotations by which an object says how it is waited for. Pure.

Both engines honour when it is ready and how long that may take; that it has failed, only the embedded one, and Pulumi's
own provider waits to the time-out.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping
from typing import Any, Final

from components import contracts

TIMEOUT_SECONDS: Final = 300
"""How long a custom resource may take to become ready: image pulls and volumes of a first start included."""

NOT_AWAITED: Final = {"pulumi.com/skipAwait": "true"}

FAILED_WHEN: Final = "paasport.dev/failed-when"
"""The annotation that `runner.kubernetes.failures` reads."""


def awaited(
    kind: contracts.Kind, *, spec: Mapping[str, Any] | None = None, timeout_seconds: int = TIMEOUT_SECONDS
) -> dict[str, str]:
    """Annotations for a custom resource of this kind: ready when all that the kind says holds; none for no terms.

    With its `spec` the numbers that the status must reach are terms too. Raises KeyError where the spec lacks one.
    """
    counts = () if spec is None else kind.ready_counts
    terms = [*kind.ready_when, *(f"jsonpath={{{status}}}={_at(spec, path)}" for status, path in counts)]
    if not terms:
        return {}
    failures = {FAILED_WHEN: json.dumps([_said(each) for each in kind.failures])} if kind.failures else {}
    return {"pulumi.com/waitFor": json.dumps(terms), "pulumi.com/timeoutSeconds": str(timeout_seconds), **failures}


def _said(failure: contracts.Failure) -> dict[str, Any]:
    return {name: value for name, value in dataclasses.asdict(failure).items() if value}


def _at(spec: Mapping[str, Any] | None, path: str) -> Any:
    """The value at a path such as `.spec.instances`."""
    return functools.reduce(lambda value, step: value[step], path.removeprefix(".spec.").split("."), dict(spec or {}))
