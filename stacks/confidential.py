"""Text that was encrypted in a stack file, marked so that no message can show it by mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Confidential(str):
    """A decrypted value. It is an ordinary text to whoever uses it; whoever describes it must ask for the type."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "[secret]"


def inside(value: Any) -> bool:
    """Whether anything in a value of mappings and lists was encrypted."""
    if isinstance(value, Mapping):
        return any(inside(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(inside(item) for item in value)
    return isinstance(value, Confidential)
