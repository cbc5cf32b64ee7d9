"""Passwords that nobody chooses: made once, remembered by the engine as secrets, the same at every run."""

from __future__ import annotations

import secrets
from typing import Final

import pulumi

from components import registration

_BYTES: Final = 24
"""192 bits. As text 32 letters, digits, `-` and `_`, which need no escaping in a URI."""


def text(*parts: pulumi.Input[str]) -> pulumi.Input[str]:
    """The parts as one text, such as a URI with a password in it; an Output only where one of them is."""
    plain = [part for part in parts if isinstance(part, str)]
    return "".join(plain) if len(plain) == len(parts) else pulumi.Output.concat(*parts)


def password(name: str, *, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """The password of this name. Another name, or a stack that was destroyed, gets another one."""
    first = pulumi.Output.secret(secrets.token_urlsafe(_BYTES))
    return pulumi.Output.secret(registration.remembered(name, first, opts=opts))
