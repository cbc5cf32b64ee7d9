"""Annotations by which an object says how it is waited for, honoured by both engines. Pure."""

from __future__ import annotations

import json
from typing import Final

from components import contracts

TIMEOUT_SECONDS: Final = 300
"""How long a custom resource may take to become ready: image pulls and volumes of a first start included."""

NOT_AWAITED: Final = {"pulumi.com/skipAwait": "true"}


def awaited(kind: contracts.Kind, *, timeout_seconds: int = TIMEOUT_SECONDS) -> dict[str, str]:
    """Annotations for a custom resource of this kind: ready when all that the kind says holds."""
    return {
        "pulumi.com/waitFor": json.dumps(list(kind.ready_when)),
        "pulumi.com/timeoutSeconds": str(timeout_seconds),
    }
