"""Free ports on the loopback interface, for programs that cannot be asked which port they took.

They are chosen below the kernel's ephemeral range: a port of that range could be taken by any outgoing connection
while a control plane is stopped.
"""

from __future__ import annotations

import contextlib
import pathlib
import random
import re
import socket
from collections.abc import Collection, Mapping
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_LOWEST: Final = 20_000
_FALLBACK_HIGHEST: Final = 32_767
"""Linux' default: the ephemeral range begins at 32768."""
_EPHEMERAL: Final = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")


def free(count: int, *, avoid: Collection[int] = ()) -> tuple[int, ...]:
    """That many different ports that nobody listens on now and that are not among `avoid`."""
    candidates = [port for port in _range() if port not in avoid]
    random.shuffle(candidates)
    chosen: list[int] = []
    while len(chosen) < count:
        port = candidates.pop()
        if is_free(port):
            chosen.append(port)
    return tuple(chosen)


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        # What Go's servers set too: without it, connections of the last server that linger would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def moved(text: str, changes: Mapping[int, int]) -> str:
    """A component's configuration with ports replaced, wherever they stand as a port: after ':', '=' or a blank."""
    if not changes:
        return text
    pattern = re.compile(r"(?<=[:= ])(" + "|".join(str(port) for port in changes) + r")\b")
    return pattern.sub(lambda match: str(changes[int(match[1])]), text)


def _range() -> list[int]:
    """Round numbers are left out: they occur in configurations as durations, which `moved` must not touch."""
    highest = _FALLBACK_HIGHEST
    with contextlib.suppress(OSError, ValueError):
        highest = int(_EPHEMERAL.read_text().split()[0]) - 1
    if highest <= _LOWEST + 1_000:
        highest = _FALLBACK_HIGHEST
    return [port for port in range(_LOWEST, highest + 1) if port % 100]
