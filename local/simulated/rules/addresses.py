"""Networks in CIDR notation, as the rules compare them. Pure."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable, Iterator

from local.simulated import checking

Network = ipaddress.IPv4Network

_PRIVATE = tuple(ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_NOT_PUBLIC = (*_PRIVATE, *(ipaddress.IPv4Network(text) for text in ("100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8")))


@functools.lru_cache(maxsize=1024)
def network(text: object) -> Network | None:
    """The IPv4 network that a text means; None for anything else, which another rule may complain about."""
    try:
        return ipaddress.IPv4Network(text) if isinstance(text, str) else None
    except ValueError:
        return None


def malformed(path: str, text: object, *, shortest: int = 0, longest: int = 32) -> Iterator[checking.Finding]:
    """What is wrong with a CIDR block as such; the bounds are of its prefix length."""
    if not isinstance(text, str) or ":" in text:
        return
    found = network(text)
    if found is None:
        yield checking.Finding(path, f"is no IPv4 network in CIDR notation with its host bits zero: {text}")
    elif not shortest <= found.prefixlen <= longest:
        yield checking.Finding(path, f"must have a prefix of /{shortest} to /{longest}, and is {text}")


def overlapping(text: object, others: Iterable[object]) -> str | None:
    """The first of the other networks that shares addresses with this one."""
    mine = network(text)
    for other in others:
        theirs = network(other)
        if mine is not None and theirs is not None and mine.overlaps(theirs):
            return str(theirs)
    return None


def within(text: object, outer: Iterable[object]) -> bool:
    """Whether the network lies in one of the outer ones; true where it can't be told."""
    mine = network(text)
    known = [found for found in map(network, outer) if found is not None]
    return mine is None or not known or any(mine.subnet_of(one) for one in known)


def is_private(text: object) -> bool:
    """Whether all of it is private by RFC 1918."""
    mine = network(text)
    return mine is not None and any(mine.subnet_of(block) for block in _PRIVATE)


def is_public(text: object) -> bool:
    """Whether none of it is private or reserved; 0.0.0.0/0 counts as public."""
    mine = network(text)
    return mine is not None and (mine.prefixlen == 0 or not any(mine.overlaps(block) for block in _NOT_PUBLIC))
