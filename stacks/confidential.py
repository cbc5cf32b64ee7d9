"""Text that was encrypted in a stack file, marked so that no message can show it by mistake."""

from __future__ import annotations


class Confidential(str):
    """A decrypted value. It is an ordinary text to whoever uses it; whoever describes it must ask for the type."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "[secret]"
