"""Pulumi's passphrase secrets: what `pulumi config set --secret` writes where no other secrets provider is chosen.

The format is that of Pulumi's `pkg/secrets/passphrase` and `sdk/go/common/resource/config/crypt.go`: the key is
PBKDF2-HMAC-SHA256 of the passphrase, a value is AES-256-GCM without associated data. Where the passphrase comes from is
not known here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from typing import Final

from stacks import errors

ITERATIONS: Final = 1_000_000
KEY_BYTES: Final = 32
SALT_BYTES: Final = 8
NONCE_BYTES: Final = 12
VERSION: Final = "v1"
CHECK_TEXT: Final = "pulumi"
"""What the second half of a salt decrypts to if the passphrase is right."""


class Passphrase:
    """A passphrase made ready for one salt. Deriving the key takes about half a second, so make one and keep it."""

    def __init__(self, salt: str, *, passphrase: str) -> None:
        """Take the text of `encryptionsalt`. Raises UsageError where that is malformed; see `check` for the match."""
        version, _, rest = salt.partition(":")
        encoded, _, self._proof = rest.partition(":")
        if version != VERSION or not self._proof:
            raise _malformed("encryptionsalt")
        self._key = _derived(passphrase, _decoded(encoded, "encryptionsalt"))

    def check(self) -> None:
        """Raise UsageError where the passphrase is not the one that the salt was made with."""
        try:
            matches = self.decrypt(self._proof) == CHECK_TEXT
        except errors.UsageError:
            matches = False
        if not matches:
            raise errors.UsageError.of(
                "the passphrase is wrong",
                why="the values in this stack file were encrypted with another one, so they cannot be read",
                next="correct PULUMI_CONFIG_PASSPHRASE, or the file that PULUMI_CONFIG_PASSPHRASE_FILE names",
            )

    def encrypt(self, text: str) -> str:
        """The text as it stands behind `secure:`. Twice the same text gives two different values."""
        return _encrypted(self._key, text)

    def decrypt(self, value: str) -> str:
        """The text of a value that stands behind `secure:`. Raises UsageError where it cannot be read with this key."""
        from cryptography import exceptions  # noqa: PLC0415 - 60 ms that only an encrypted value is worth
        from cryptography.hazmat.primitives.ciphers import aead  # noqa: PLC0415 - likewise

        version, _, rest = value.partition(":")
        nonce, _, ciphertext = rest.partition(":")
        if version != VERSION or not ciphertext:
            raise _malformed("an encrypted value")
        sealed = _decoded(ciphertext, "an encrypted value")
        try:
            text = aead.AESGCM(self._key).decrypt(_decoded(nonce, "an encrypted value"), sealed, None)
            return text.decode()
        except (exceptions.InvalidTag, ValueError):
            raise errors.UsageError.of(
                "an encrypted value cannot be decrypted",
                why="it was encrypted with another passphrase or salt, or it is damaged",
                next="set it again with `pulumi config set --secret`",
            ) from None

    def __repr__(self) -> str:
        return "Passphrase([secret])"


def new_salt(passphrase: str) -> str:
    """A new `encryptionsalt` for a passphrase, random each time."""
    salt = os.urandom(SALT_BYTES)
    return f"{VERSION}:{_encoded(salt)}:{_encrypted(_derived(passphrase, salt), CHECK_TEXT)}"


def _derived(passphrase: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, ITERATIONS, KEY_BYTES)


def _encrypted(key: bytes, text: str) -> str:
    from cryptography.hazmat.primitives.ciphers import aead  # noqa: PLC0415 - as above

    nonce = os.urandom(NONCE_BYTES)
    return f"{VERSION}:{_encoded(nonce)}:{_encoded(aead.AESGCM(key).encrypt(nonce, text.encode(), None))}"


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decoded(text: str, subject: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed(subject) from None


def _malformed(subject: str) -> errors.PaasportError:
    return errors.UsageError.of(
        f"{subject} is not in the format of Pulumi's passphrase provider",
        why="it has the form `v1:...`, as `pulumi config set --secret` writes it, and may have been cut or edited",
        next="restore the file, or set the value again with `pulumi config set --secret`",
    )
