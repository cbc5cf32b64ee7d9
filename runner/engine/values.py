"""The values that travel between a program, the engine and its providers.

Plain JSON values (None, bool, int, float, str, list, dict) plus two markers. Nothing here knows the wire format or
Kubernetes; `runner/wire.py` translates to and from Pulumi's signatures.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Final

MASK: Final = "[secret]"
"""What is shown wherever a secret would stand; Pulumi's own display uses the same word."""


@dataclasses.dataclass(frozen=True)
class Secret:
    """A value that must never be shown or stored in plain. `repr` hides it, so a stray log line cannot leak it."""

    value: Any

    def __repr__(self) -> str:
        return "Secret([secret])"


class Unknown:
    """A value that is only known after `up`. There is one instance, `UNKNOWN`; compare with `is`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


def revealed(value: Any) -> Any:
    """The value with every `Secret` opened: only for what is sent to a provider."""
    if isinstance(value, Secret):
        return revealed(value.value)
    if isinstance(value, dict):
        return {key: revealed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [revealed(item) for item in value]
    return value


def masked(value: Any) -> Any:
    """The value with every `Secret` replaced by `[secret]` and `UNKNOWN` by `[unknown]`: only for what is shown."""
    if isinstance(value, Secret):
        return MASK
    if value is UNKNOWN:
        return "[unknown]"
    if isinstance(value, dict):
        return {key: masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def contains_unknown(value: Any) -> bool:
    """Whether any part of the value is only known after `up`."""
    return any(part is UNKNOWN for part in _parts(value, open_secrets=True))


def contains_secret(value: Any) -> bool:
    """Whether any part of the value must not be shown."""
    return any(isinstance(part, Secret) for part in _parts(value, open_secrets=False))


def _parts(value: Any, *, open_secrets: bool) -> Iterator[Any]:
    """Everything in it that holds no more, in any order; without recursion, as every property of every object is asked.

    Without `open_secrets` a secret is such a part.
    """
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            left.extend(part.values())
        elif isinstance(part, list):
            left.extend(part)
        elif open_secrets and isinstance(part, Secret):
            left.append(part.value)
        else:
            yield part
