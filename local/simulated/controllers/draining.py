"""Emptying a node before it is deleted or upgraded: by the eviction API, so that disruption budgets count."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from runner.kubernetes import client as clients
from runner.kubernetes import rejections
from stacks import errors

PATIENCE_SECONDS: Final = 20.0
"""How long an eviction is tried again. The vendors take a quarter of an hour (EKS) to an hour (GKE)."""

_POLL_SECONDS: Final = 0.2
_TOO_MANY_REQUESTS: Final = 429
_MISSING: Final = 404
_MERGE: Final = "application/merge-patch+json"


async def cordon(client: clients.Client, node: str) -> None:
    """Let no new pod onto the node."""
    await _schedulable(client, node, value=False)


async def uncordon(client: clients.Client, node: str) -> None:
    """Let pods onto the node again."""
    await _schedulable(client, node, value=True)


async def drain(client: clients.Client, node: str, *, why: str) -> None:
    """Cordon the node and evict its pods, save those of DaemonSets.

    Raises `VendorRefused` where a disruption budget allows none for too long.
    """
    await cordon(client, node)
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    # Those that were there: what tolerates a cordoned node may come back at once.
    doomed = {pod["metadata"]["uid"] for pod in await _pods(client, node) if not _is_of_daemon_set(pod)}
    while pods := [pod for pod in await _pods(client, node) if pod["metadata"]["uid"] in doomed]:
        refused = [pod for pod in pods if not await _evicted(client, pod)]
        if refused and asyncio.get_running_loop().time() > deadline:
            named = ", ".join(f"{pod['metadata']['namespace']}/{pod['metadata']['name']}" for pod in refused)
            raise errors.VendorRefused.of(
                f"PodEvictionFailure: {why} could not evict {named} from {node}",
                why="a PodDisruptionBudget allows no disruption of them, so the vendor gives up",
                next="kubectl get poddisruptionbudgets -A shows which; allow one disruption, or delete it",
            )
        await asyncio.sleep(_POLL_SECONDS)


async def _schedulable(client: clients.Client, node: str, *, value: bool) -> None:
    body = {"spec": {"unschedulable": None if value else True}}
    try:
        await client.request("PATCH", f"/api/v1/nodes/{node}", json=body, content_type=_MERGE)
    except rejections.ApiRejected as error:
        if error.code != _MISSING:
            raise


async def _pods(client: clients.Client, node: str) -> list[dict[str, Any]]:
    return await client.list("v1", "Pod", field_selector=f"spec.nodeName={node}")


def _is_of_daemon_set(pod: Mapping[str, Any]) -> bool:
    return any(owner["kind"] == "DaemonSet" for owner in pod["metadata"].get("ownerReferences") or ())


async def _evicted(client: clients.Client, pod: Mapping[str, Any]) -> bool:
    """Whether the pod goes; False where its budget allows none now."""
    metadata = {key: pod["metadata"][key] for key in ("name", "namespace")}
    if pod["metadata"].get("deletionTimestamp"):
        return True
    path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/eviction"
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
    try:
        await client.request("POST", path, json=body)
    except rejections.ApiRejected as error:
        if error.code == _TOO_MANY_REQUESTS:
            return False
        # In a namespace that is being deleted nothing can be created, an eviction neither; its pods go all the same.
        if error.code != _MISSING and "being terminated" not in str(error):
            raise
    return True
