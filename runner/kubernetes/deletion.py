"""Deletes one object and waits until it is gone."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final, cast

from runner.kubernetes import client, leftovers, objects, rejections, waiting
from stacks import errors

Json = dict[str, Any]

SECONDS: Final = 600.0
"""How long an object may take to go, unless the program says otherwise."""
POLICY: Final = "pulumi.com/deletionPropagationPolicy"
_POLICIES: Final = ("Foreground", "Background", "Orphan")
_LEAVES: Final = frozenset(
    {
        *(("", kind) for kind in ("ConfigMap", "Secret", "ServiceAccount", "LimitRange", "ResourceQuota")),
        *(
            ("rbac.authorization.k8s.io", f"{scope}{kind}")
            for scope in ("", "Cluster")
            for kind in ("Role", "RoleBinding")
        ),
        ("networking.k8s.io", "NetworkPolicy"),
        ("policy", "PodDisruptionBudget"),
        ("storage.k8s.io", "StorageClass"),
        ("scheduling.k8s.io", "PriorityClass"),
    }
)
"""Kinds that own nothing: waiting for the garbage collector to say so would only take time."""


async def delete(
    api: client.Client, waits: waiting.Waiting, live: Json, *, seconds: float, report: waiting.Report
) -> None:
    """Delete the very object `live` (its metadata suffices); raises `EngineError` when it does not go in time."""
    reference = objects.reference(live)
    uid = live["metadata"]["uid"]
    end = time.monotonic() + seconds
    if reference.kind == "CustomResourceDefinition":
        await _without_objects(api, reference, end=end, report=report)
    propagation = _propagation(live, reference)
    async with waits.observing(reference, at_once=propagation == "Foreground") as observation:
        try:
            gone = await api.delete(
                reference.api_version,
                reference.kind,
                reference.name,
                reference.namespace,
                uid=uid,
                propagation=propagation,
            )
        except rejections.ApiRejected as error:
            if error.code == 409 and "precondition" in error.message:  # noqa: PLR2004 - HTTP's number
                return  # it is gone, and the name now belongs to another object
            raise
        left = None if gone else await waits.until_gone(observation, uid, seconds=end - time.monotonic(), report=report)
    if left is not None:
        raise errors.EngineError.of(
            f"{reference} was not gone after {seconds:.0f} s: {waiting.keeper(left)}",
            why="what is being deleted keeps its name and its data until then",
            next="start the controller that owns the finalizer, or remove the finalizer, and run the command again",
        )


def _propagation(live: Json, reference: objects.Reference) -> client.Propagation:
    wished = objects.annotation(live, POLICY).capitalize()
    if wished in _POLICIES:
        return cast("client.Propagation", wished)
    leaf = (objects.group_of(reference.api_version), reference.kind) in _LEAVES
    return "Background" if leaf else "Foreground"


async def _without_objects(
    api: client.Client, reference: objects.Reference, *, end: float, report: waiting.Report
) -> None:
    """Wait until no object of a defined kind is left, because deleting the definition would delete them and their data.

    Only those that belong to another object are waited for: the garbage collector takes them.
    """
    definition = await api.get(reference.api_version, reference.kind, reference.name)
    spec = (definition or {}).get("spec") or {}
    served = [version["name"] for version in spec.get("versions") or [] if version.get("served")]
    while served:
        found = await api.list(f"{spec['group']}/{served[0]}", spec["names"]["kind"], metadata_only=True)
        items = leftovers.without(found, definition=reference.name)
        if not items:
            return
        ids = [objects.reference(item).id for item in items]
        told = f"{len(ids)} objects of it exist: {', '.join(ids[:3])}{', ...' if len(ids) > 3 else ''}"  # noqa: PLR2004
        if time.monotonic() >= end or not all(item["metadata"].get("ownerReferences") for item in items):
            raise errors.EngineError.of(
                f"CustomResourceDefinition {reference.name} is not deleted: {told}",
                why="Kubernetes would delete these objects with it, and what they stand for",
                next="delete them first, or keep the definition with retain_on_delete",
            )
        report(f"waits for the garbage collector: {told}")
        await asyncio.sleep(1.0)
