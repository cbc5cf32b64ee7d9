"""What is deleted next, and what is waited for: one wave after the other, from what the cluster has now. Pure.

Nothing is remembered between two looks at the cluster. A second destroy therefore continues where the first one
stopped, and what somebody makes again meanwhile is seen.

Volumes go before nodes, because drivers and volumes both live on nodes: Karpenter for one lets go of a machine only
when nothing is attached to it any more.
"""

from __future__ import annotations

import dataclasses
import enum
import itertools
from collections.abc import Callable, Iterable
from typing import Final

from components.clusters import storage
from components.clusters.drain_guard import objects, volumes
from stacks import resolution


class Wave(enum.StrEnum):
    """Each begins when nothing of the one before is left. The value is how messages call what goes in it."""

    ENTRANCES = "load balancers"
    VOLUMES = "volumes"
    POOLS = "node pools"
    NODES = "nodes"
    CLASSES = "node classes"
    DONE = "nothing"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Held:
    """An object that is waited for."""

    reference: objects.Reference
    deleting: bool
    finalizers: tuple[str, ...]
    """Who must let go of it first."""
    note: str = ""
    """What else keeps it, as far as the cluster tells."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """What to do now."""

    wave: Wave
    delete: tuple[objects.Reference, ...]
    waiting: tuple[Held, ...]
    """Empty only in the last wave."""


_COMMON_KINDS: Final = (
    objects.SERVICE,
    objects.INGRESS,
    objects.GATEWAY,
    objects.ENDPOINT_GROUP,
    objects.NODE_POOL,
    objects.NODE_CLAIM,
    *objects.NODE_CLASSES,
    objects.CLAIM,
    objects.VOLUME,
    objects.SNAPSHOT_CONTENT,
    objects.STORAGE_CLASS,
    objects.BUDGET,
    objects.NAMESPACE,
)
_NEG_ANNOTATION: Final = "cloud.google.com/neg"


def kinds(drain: resolution.Drain) -> tuple[objects.Kind, ...]:
    """What has to be looked at. Pods, the most numerous objects, only where they can matter."""
    return (*_COMMON_KINDS, objects.POD, *objects.WORKLOADS) if drain.volumes else _COMMON_KINDS


def step(seen: objects.Snapshot, drain: resolution.Drain) -> Step:
    """The first wave that has something left, and what to do about it."""
    for wave, look in _WAVES.items():
        delete, waiting = look(seen, drain)
        if waiting:
            budgets = _budgets(seen, drain) if wave in DRAINS_NODES else ()
            return Step(wave=wave, delete=(*budgets, *delete), waiting=waiting)
    return Step(wave=Wave.DONE, delete=_budgets(seen, drain), waiting=())


def stack_s_own(seen: objects.Snapshot) -> tuple[str, ...]:
    """The stack's storage classes that are still there: the engine deletes them before the guard, on any destroy.

    Where they are, somebody deletes the guard of a cluster that stays, for example by renaming it in the program.
    """
    names = (storage.DEFAULT, storage.RETAIN, storage.XFS)
    there = {item["metadata"]["name"] for item in objects.of(seen, objects.STORAGE_CLASS)}
    return tuple(name for name in names if name in there)


def blocking_budgets(seen: objects.Snapshot) -> tuple[objects.Reference, ...]:
    """Budgets that allow no pod to be evicted now, without the vendor's own."""
    return tuple(
        objects.reference(budget)
        for budget in _users_budgets(seen)
        if budget.get("status", {}).get("expectedPods", 0) > 0 and budget["status"].get("disruptionsAllowed", 0) == 0
    )


def _budgets(seen: objects.Snapshot, drain: resolution.Drain) -> tuple[objects.Reference, ...]:
    """All of them: when every node goes, each budget comes to a pod that has no other place to go."""
    return _references(_users_budgets(seen)) if drain.disruption_budgets == "delete" else ()


def _users_budgets(seen: objects.Snapshot) -> list[objects.Manifest]:
    return [
        budget
        for budget in objects.of(seen, objects.BUDGET)
        if budget["metadata"]["namespace"] != "kube-system" and not objects.is_vendors_own(budget, seen)
    ]


_Look = tuple[tuple[objects.Reference, ...], tuple[Held, ...]]


def _entrances(seen: objects.Snapshot, _drain: resolution.Drain) -> _Look:
    kinds = (objects.GATEWAY, objects.INGRESS, objects.SERVICE)
    present = [
        item
        for item in objects.of(seen, *kinds)
        if (item["kind"] != objects.SERVICE.name or _holds(item)) and not objects.is_vendors_own(item, seen)
    ]
    # The controller removes them, once nothing asks for them any more.
    groups = [
        item for item in objects.of(seen, objects.ENDPOINT_GROUP) if item["metadata"]["namespace"] != "kube-system"
    ]
    return _references(present), _held(present + groups)


def _holds(service: objects.Manifest) -> bool:
    """Whether something at the vendor hangs on the Service: a load balancer, or a standalone network endpoint group."""
    metadata = service["metadata"]
    return bool(
        service["spec"].get("type") == "LoadBalancer"
        # One that was a load balancer before, and whose controller has not let go yet.
        or metadata.get("finalizers")
        or "exposed_ports" in (metadata.get("annotations") or {}).get(_NEG_ANNOTATION, "")
    )


def _volumes(seen: objects.Snapshot, drain: resolution.Drain) -> _Look:
    on_their_way = volumes.volumes_on_their_way(seen, also_failed=drain.volumes)
    noted = [_volume(volume) for volume in on_their_way]
    if not drain.volumes:
        return (), tuple(noted)
    claims = volumes.released_claims(seen)
    users = volumes.users(seen, claims)
    pods = volumes.used_by(users)
    delete = (*volumes.owners(seen, users), *_references(claims))
    return delete, (*_held(claims, note=lambda claim: _users_note(pods.get(objects.key(claim), []))), *noted)


def _volume(volume: objects.Manifest) -> Held:
    return _hold(volume, note=volume.get("status", {}).get("message", ""), deleting=True)


def _users_note(pods: list[str]) -> str:
    return f"used by pod {', '.join(pods)}" if pods else ""


def _pools(seen: objects.Snapshot, _drain: resolution.Drain) -> _Look:
    return _all(seen, objects.NODE_POOL)


def _nodes(seen: objects.Snapshot, _drain: resolution.Drain) -> _Look:
    return _all(seen, objects.NODE_CLAIM)


def _classes(seen: objects.Snapshot, _drain: resolution.Drain) -> _Look:
    return _all(seen, *objects.NODE_CLASSES)


_WAVES: Final[dict[Wave, Callable[[objects.Snapshot, resolution.Drain], _Look]]] = {
    Wave.ENTRANCES: _entrances,
    Wave.VOLUMES: _volumes,
    Wave.POOLS: _pools,
    Wave.NODES: _nodes,
    Wave.CLASSES: _classes,
}
DRAINS_NODES: Final = (Wave.POOLS, Wave.NODES)
"""Waves in which nodes are drained."""


def left_to_the_vendor(seen: objects.Snapshot) -> tuple[objects.Reference, ...]:
    """What would hold something at the vendor, and goes together with the cluster without the guard."""
    kinds = (objects.GATEWAY, objects.INGRESS, objects.NODE_POOL)
    balancers = [item for item in objects.of(seen, objects.SERVICE) if _holds(item)]
    found = itertools.chain(objects.of(seen, *kinds), balancers)
    return tuple(objects.reference(item) for item in found if objects.is_vendors_own(item, seen))


def _all(seen: objects.Snapshot, *kinds: objects.Kind) -> _Look:
    present = [item for item in objects.of(seen, *kinds) if not objects.is_vendors_own(item, seen)]
    return _references(present), _held(present)


def _references(manifests: Iterable[objects.Manifest]) -> tuple[objects.Reference, ...]:
    return tuple(objects.reference(item) for item in manifests if not objects.is_being_deleted(item))


def _held(
    manifests: Iterable[objects.Manifest], *, note: Callable[[objects.Manifest], str] = lambda _: ""
) -> tuple[Held, ...]:
    return tuple(_hold(item, note=note(item)) for item in manifests)


def _hold(manifest: objects.Manifest, *, note: str, deleting: bool = False) -> Held:
    return Held(
        reference=objects.reference(manifest),
        deleting=deleting or objects.is_being_deleted(manifest),
        finalizers=tuple(manifest["metadata"].get("finalizers") or ()),
        note=note,
    )
