"""The claims on volumes in a namespace, and what becomes of each volume once its claim is gone."""

from __future__ import annotations

import asyncio
from typing import Any

from runner.engine import loss
from runner.kubernetes import client

Json = dict[str, Any]


async def of_namespace(api: client.Client, namespace: str) -> tuple[loss.Claim, ...]:
    """All of them, by name. Raises `EngineError` where they cannot be listed."""
    found = await api.list("v1", "PersistentVolumeClaim", namespace=namespace)
    volumes = await asyncio.gather(*(_volume(api, claim) for claim in found))
    claims = (_claim(claim, volume) for claim, volume in zip(found, volumes, strict=True))
    return tuple(sorted(claims, key=lambda claim: claim.name))


async def _volume(api: client.Client, claim: Json) -> Json:
    name = claim["spec"].get("volumeName")
    return (await api.get("v1", "PersistentVolume", name) if name else None) or {}


def _claim(claim: Json, volume: Json) -> loss.Claim:
    asked = claim["spec"].get("resources", {}).get("requests", {}).get("storage", "")
    return loss.Claim(
        name=claim["metadata"]["name"],
        size=(claim.get("status") or {}).get("capacity", {}).get("storage", asked),
        storage_class=claim["spec"].get("storageClassName") or "",
        reclaim=(volume.get("spec") or {}).get("persistentVolumeReclaimPolicy", ""),
    )
