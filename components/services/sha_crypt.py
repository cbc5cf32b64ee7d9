"""How Unix and ScyllaDB keep a password instead of the password itself: SHA-crypt with SHA-512. Pure.

https://www.akkadia.org/drepper/SHA-crypt.txt, version 0.6. Python's own `crypt` is gone since 3.13, and what packages
there are bring a compiler or thirty other schemes for these few lines.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

_ROUNDS: Final = 5000
"""The scheme's own number, which is left out of the text."""
_SALT: Final = 16
"""Most characters of a salt."""
_ALPHABET: Final = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTH: Final = hashlib.sha512().digest_size


def salted(password: str) -> str:
    """The text by which somebody who knows the password is known.

    Its salt is made of the password, so that the same password always gives the same text. That is safe for one that
    was generated and is used once, and for no other.
    """
    digest = hashlib.sha256(b"salt of " + password.encode()).digest()
    return crypt(password, salt=base64.b64encode(digest, altchars=b"./").decode()[:_SALT])


def crypt(password: str, *, salt: str) -> str:
    """What is kept of the password with this salt, of at most 16 characters: `$6$salt$…`, as libcrypt writes it."""
    key, grain = password.encode(), salt.encode()
    digest = _first(key, grain)
    p = _repeated(hashlib.sha512(key * len(key)).digest(), len(key))
    s = _repeated(hashlib.sha512(grain * (16 + digest[0])).digest(), len(grain))
    for number in range(_ROUNDS):
        odd = number % 2
        parts = [p if odd else digest, s if number % 3 else b"", p if number % 7 else b"", digest if odd else p]
        digest = hashlib.sha512(b"".join(parts)).digest()
    return f"$6${salt}${_written(digest)}"


def _first(key: bytes, grain: bytes) -> bytes:
    other = hashlib.sha512(key + grain + key).digest()
    found = hashlib.sha512(key + grain + _repeated(other, len(key)))
    for bit in reversed(f"{len(key):b}") if key else ():
        found.update(other if bit == "1" else key)
    return found.digest()


def _repeated(digest: bytes, length: int) -> bytes:
    return (digest * (length // _LENGTH + 1))[:length]


def _written(digest: bytes) -> str:
    """Three bytes at a time from the three thirds of the digest, in an order that turns; the last byte by itself."""
    text = ""
    for number in range(21):
        third = (number, number + 21, number + 42)
        turned = third[number % 3 :] + third[: number % 3]
        text += _letters(int.from_bytes(bytes(digest[index] for index in turned)), count=4)
    return text + _letters(digest[63], count=2)


def _letters(value: int, *, count: int) -> str:
    return "".join(_ALPHABET[value >> 6 * place & 63] for place in range(count))
