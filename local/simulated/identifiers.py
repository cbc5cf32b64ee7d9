"""Identifiers that a vendor makes up: deterministic, and marked, so that one that was made here is recognised.

The last digits of a marked identifier are a checksum of the others. A reference to a marked identifier must find its
resource; one without the mark belongs to something that exists outside of the stack, and is left alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import uuid
from typing import Final

_BEGINNING: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_SHORTEST_WITH_LONG_CHECK: Final = 12
_MADE_UP_NAME: Final = re.compile(r"([0-9a-f]{7,8})$")
_HEXADECIMAL: Final = re.compile(r"[0-9a-f]{8,}$")
_YEAR_IN_MINUTES: Final = 365 * 24 * 60


def digest(*parts: object, length: int) -> str:
    """Hexadecimal digits that follow from the parts."""
    text = "\0".join(str(part) for part in parts)
    return hashlib.shake_256(text.encode()).hexdigest((length + 1) // 2)[:length]


def marked(*parts: object, length: int) -> str:
    """Hexadecimal digits that follow from the parts, and that `is_marked` knows again."""
    body = digest(*parts, length=length - _check_length(length))
    return body + _check(body, length=length)


def is_marked(text: str) -> bool:
    """Whether the hexadecimal digits at the end of an identifier, at least eight of them, were made here."""
    found = _HEXADECIMAL.search(text)
    return found is not None and _holds(found[0])


def is_made_up_name(name: str) -> bool:
    """Whether a name ends with digits that were added here because no name was given."""
    found = _MADE_UP_NAME.search(name)
    if found is not None and _holds(found[1]):
        return True
    try:
        return str(uuid.UUID(name)) == name and _holds(name.replace("-", ""))
    except ValueError:
        return False


def guid(*parts: object) -> str:
    """A UUID that follows from the parts, as Azure gives them to principals."""
    return str(uuid.UUID(hex=marked(*parts, length=32)))


def digits(*parts: object, length: int) -> str:
    """Decimal digits that follow from the parts; the first is no zero."""
    number = int(digest(*parts, length=40), 16)
    return str(10 ** (length - 1) + number % (9 * 10 ** (length - 1)))


def moment(*parts: object) -> str:
    """A time in 2026 that follows from the parts, in RFC 3339: a clock would make two runs differ."""
    minutes = int(digest(*parts, length=8), 16) % _YEAR_IN_MINUTES
    return (_BEGINNING + dt.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def address(*parts: object) -> str:
    """An address from 198.18.0.0/15, which is for tests and belongs to nobody (RFC 2544)."""
    number = int(digest(*parts, length=8), 16)
    return f"198.{18 + number % 2}.{number // 2 % 256}.{1 + number // 512 % 254}"


def _holds(text: str) -> bool:
    length = _check_length(len(text))
    return _check(text[:-length], length=len(text)) == text[-length:]


def _check(body: str, *, length: int) -> str:
    return digest("made here", body, length=_check_length(length))


def _check_length(length: int) -> int:
    return 4 if length >= _SHORTEST_WITH_LONG_CHECK else 3
