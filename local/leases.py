"""Leases by which a kwok holds its nodes, released for its successor.

Each kwok has an identity of its own and takes over a node only when the former one's lease has run out, which takes
more than three minutes. There is only ever one kwok here: when it is started, whatever holds a lease is dead.
"""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from runner.kubernetes import client as clients

_API: Final = "coordination.k8s.io/v1"
_NAMESPACE: Final = "kube-node-lease"


def stale(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of the leases that a kwok holds. A kubelet's are left alone: it holds one under its node's own name."""
    return [
        lease["metadata"]["name"]
        for lease in found
        if lease["spec"].get("holderIdentity") not in (None, lease["metadata"]["name"])
    ]


async def release(kubeconfig: pathlib.Path) -> None:
    """Delete the leases of a kwok that does not run any more. Raises `PaasportError`."""
    client = await clients.Client.connect(str(kubeconfig))
    try:
        found = await client.list(_API, "Lease", namespace=_NAMESPACE)
        await asyncio.gather(*(client.delete(_API, "Lease", name, _NAMESPACE) for name in stale(found)))
    finally:
        await client.close()
