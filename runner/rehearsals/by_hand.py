"""What a rehearsal does on its control plane by hand: leaves things behind as a user would, and looks what there is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from local import volumes
from runner.kubernetes import client as clients
from runner.rehearsals import leavings, verdicts

_MANAGER: Final = "kubectl"
_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.2
_WORKLOADS: Final = (("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"))
_OURS: Final = "app.kubernetes.io/part-of=paasport"
_OWN_GROUPS: Final = ("metrics.k8s.io", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io")
"""API groups in which nothing is kept, or nothing but what tells of other things."""


async def plant(client: clients.Client, *, storage_class: str) -> list[str]:
    """Leave a workload with a load balancer and a volume; what did not become ready of it."""
    for manifest in leavings.workload(storage_class=storage_class):
        await client.apply(manifest, field_manager=_MANAGER)
    return await _patiently(lambda: _unfinished(client))


async def plant_budget(client: clients.Client) -> list[str]:
    """Leave a disruption budget that allows none, and wait until it is in force."""
    await client.apply(leavings.budget(), field_manager=_MANAGER)
    return await _patiently(lambda: _unguarded(client))


async def still_there(client: clients.Client) -> list[str]:
    """What is missing of that which was left, on a cluster that is not ours to empty."""
    missing = []
    for item in leavings.workload(storage_class=""):
        metadata = item["metadata"]
        live = await client.get(item["apiVersion"], item["kind"], metadata["name"], metadata.get("namespace", ""))
        if live is None or live["metadata"].get("deletionTimestamp"):
            missing.append(f"{item['kind']} {metadata['name']}, which somebody else had made, was deleted")
    return missing


async def not_ready(client: clients.Client) -> list[str]:
    """Workloads without their pods, once the cluster has had time to settle."""

    async def look() -> list[str]:
        found = [await client.list(api_version, kind) for api_version, kind in _WORKLOADS]
        return verdicts.not_ready(item for items in found for item in items)

    return await _patiently(look)


async def leftovers(client: clients.Client) -> list[str]:
    """Objects of ours that a destroyed stack has left on the control plane, and what keeps them from going."""
    return await _patiently(lambda: _labelled(client))


async def volumes_kept(client: clients.Client) -> list[verdicts.Kept]:
    """Volumes that are there."""
    return [
        verdicts.Kept(
            what=f"PersistentVolume {item['metadata']['name']} of volume claim "
            f"{(item['spec'].get('claimRef') or {}).get('namespace')}/"
            f"{(item['spec'].get('claimRef') or {}).get('name')}",
            reason=f"its reclaim policy is {item['spec'].get('persistentVolumeReclaimPolicy')}",
        )
        for item in await client.list(volumes.VOLUMES.api_version, volumes.VOLUMES.kind)
    ]


async def _patiently(look: Any) -> list[str]:
    """The answer once it is empty, or else after a while."""
    deadline = asyncio.get_running_loop().time() + _SECONDS
    while True:
        found: list[str] = await look()
        if not found or asyncio.get_running_loop().time() > deadline:
            return found
        await asyncio.sleep(_POLL_SECONDS)


async def _unfinished(client: clients.Client) -> list[str]:
    namespace, name = leavings.NAMESPACE, leavings.NAME
    claim = await client.get("v1", "PersistentVolumeClaim", name, namespace) or {}
    service = await client.get("v1", "Service", name, namespace) or {}
    deployment = await client.get("apps/v1", "Deployment", name, namespace) or {}
    told = {
        f"the volume claim {namespace}/{name} got no volume": claim.get("status", {}).get("phase") == "Bound",
        f"the Service {namespace}/{name} got no address": service.get("status", {})
        .get("loadBalancer", {})
        .get("ingress"),
        f"the Deployment {namespace}/{name} has no pod": deployment.get("status", {}).get("readyReplicas"),
    }
    return [problem for problem, is_fine in told.items() if not is_fine]


async def _unguarded(client: clients.Client) -> list[str]:
    namespace, name = leavings.NAMESPACE, leavings.NAME
    budget = await client.get("policy/v1", "PodDisruptionBudget", name, namespace) or {}
    covers = budget.get("status", {}).get("expectedPods")
    return [] if covers else [f"the disruption budget {namespace}/{name} covers no pod"]


async def _labelled(client: clients.Client) -> list[str]:
    kinds = await _kinds(client)
    lists = await asyncio.gather(
        *(client.list(api_version, kind, label_selector=_OURS, metadata_only=True) for api_version, kind in kinds)
    )
    return sorted({_named(item) for items in lists for item in items})


async def _kinds(client: clients.Client) -> list[tuple[str, str]]:
    """Every kind that can be listed, each in the version that its group prefers."""
    groups = (await client.request("GET", "/apis"))["groups"]
    preferred = [group["preferredVersion"]["groupVersion"] for group in groups if group["name"] not in _OWN_GROUPS]
    documents = await asyncio.gather(
        client.request("GET", "/api/v1"), *(client.request("GET", f"/apis/{version}") for version in preferred)
    )
    return list(_listable(zip(["v1", *preferred], documents, strict=True)))


def _listable(documents: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, str]]:
    for version, document in documents:
        for resource in document["resources"]:
            if "list" in resource["verbs"] and "/" not in resource["name"]:
                yield version, resource["kind"]


def _named(item: Any) -> str:
    metadata = item["metadata"]
    place = f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else metadata["name"]
    held = metadata.get("finalizers") or ()
    why = f", held by {', '.join(held)}" if metadata.get("deletionTimestamp") and held else ""
    return f"{item['kind']} {place} is left on the cluster{why}"
