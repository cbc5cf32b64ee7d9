"""Kubernetes quantities: the grammar of `500m`, `16`, `64Gi`, and their exact value.

Pure arithmetic on text. What a quantity is good for (a node's memory, a volume's size) is known elsewhere.
The grammar is that of `k8s.io/apimachinery/pkg/api/resource.Quantity`.
"""

from __future__ import annotations

import decimal
import re
from typing import Final

from stacks import unknown

PATTERN: Final = r"^(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$"
"""The grammar without a sign: nothing that a stack file asks for can be negative."""

_DECIMAL_POWERS: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_POWERS: Final = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_NUMBER_AND_SUFFIX: Final = re.compile(r"([0-9.]+(?:[eE][+-]?[0-9]+)?)([A-Za-z]*)")


def value(quantity: str) -> decimal.Decimal:
    """The quantity as a number of cores, bytes or pieces. Raises ValueError for what is no quantity."""
    match = _NUMBER_AND_SUFFIX.fullmatch(unknown.known(quantity))
    if match is None or not re.fullmatch(PATTERN, quantity):
        raise ValueError(f"{quantity!r} is no Kubernetes quantity such as 500m, 16 or 64Gi")
    number, suffix = match.groups()
    if suffix in _BINARY_POWERS:
        return decimal.Decimal(number) * decimal.Decimal(1024) ** _BINARY_POWERS[suffix]
    return decimal.Decimal(number).scaleb(_DECIMAL_POWERS[suffix])
