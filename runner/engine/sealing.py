"""Secret values at rest: AES-256-GCM under a random key of the stack, bound to the resource they belong to."""

from __future__ import annotations

import base64
import binascii
import json
import os
import zlib
from typing import Any, Final

from cryptography import exceptions
from cryptography.hazmat.primitives.ciphers import aead

from stacks import errors

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_VERSION: Final = "v1"


class Seal:
    """Seals and opens JSON values. Neither the key nor a value shows in `repr` or in an error."""

    def __init__(self, key: bytes) -> None:
        self._cipher = aead.AESGCM(key)

    def close(self, value: Any, *, owner: str) -> str:
        """The value as text that only this key opens, and only for the same `owner`, a URN."""
        nonce = os.urandom(_NONCE_BYTES)
        # Sealed values no longer compress, and the inventory has to fit into one object.
        sealed = self._cipher.encrypt(nonce, zlib.compress(json.dumps(value).encode()), owner.encode())
        return f"{_VERSION}:{base64.b64encode(nonce + sealed).decode()}"

    def open(self, text: str, *, owner: str) -> Any:
        """Raises `EngineError` where the text was not sealed by this key for this owner."""
        version, _, content = text.partition(":")
        try:
            raw = base64.b64decode(content, validate=True)
            plain = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], owner.encode())
        except (exceptions.InvalidTag, binascii.Error, ValueError):
            plain = b""
        if version != _VERSION or not plain:
            raise errors.EngineError.of(
                "a secret value in the stack's inventory cannot be opened",
                why="the inventory or its key was changed by hand, or comes from another cluster",
                next="restore both Secrets of the stack in namespace paasport-system from a backup",
            )
        return json.loads(zlib.decompress(plain))
