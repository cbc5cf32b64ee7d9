"""Names that let a resource be replaced without a gap: a readable part, and a hash of what can't be changed. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

_DIGITS: Final = 4


def replaceable(name: str, immutable: Mapping[str, Any], *, separator: str = "") -> str:
    """The name with four hexadecimal digits of what would have to be replaced to change.

    A pool whose machines change so becomes another pool beside the old one, which is deleted only when the new one is
    there; under a fixed name the vendor would refuse the second (pulumi-eks#294).
    """
    text = json.dumps(immutable, sort_keys=True, default=str)
    return f"{name}{separator}{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}"
