"""Claims and volumes: which are released, by whom they are used, and which stay. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from components.clusters.drain_guard import objects
from stacks import resolution

_ENDED: Final = ("Succeeded", "Failed")
"""Phases of pods that use nothing any more."""
_BUILT_IN_GROUPS: Final = ("apps", "batch", "")


def released_claims(seen: objects.Snapshot) -> list[objects.Manifest]:
    """Claims whose volume goes with them, and those that have no volume yet."""
    volumes = _by_name(seen)
    return [claim for claim in objects.of(seen, objects.CLAIM) if _is_released(claim, volumes, seen)]


def _is_released(claim: objects.Manifest, volumes: dict[str, objects.Manifest], seen: objects.Snapshot) -> bool:
    if objects.is_vendors_own(claim, seen):
        return False
    name = claim["spec"].get("volumeName")
    if not name:
        return True
    # A claim whose volume is gone holds nothing.
    return name in volumes and _goes_with_its_claim(volumes[name])


def volumes_on_their_way(seen: objects.Snapshot, *, also_failed: bool) -> list[objects.Manifest]:
    """Volumes whose claim is gone and that their driver deletes now. `also_failed`: those too that it could not."""
    claims = {claim["metadata"]["uid"] for claim in objects.of(seen, objects.CLAIM)}
    phases = ("Bound", "Released", *(("Failed",) if also_failed else ()))
    return [
        volume
        for volume in objects.of(seen, objects.VOLUME)
        if _goes_with_its_claim(volume)
        and _phase(volume) in phases
        and (volume["spec"].get("claimRef") or {}).get("uid") not in claims
    ]


def kept(seen: objects.Snapshot, drain: resolution.Drain) -> list[tuple[objects.Manifest, str]]:
    """Volumes that outlive the cluster, and why."""
    return [(volume, reason) for volume in objects.of(seen, objects.VOLUME) if (reason := _why_kept(volume, drain))]


def _why_kept(volume: objects.Manifest, drain: resolution.Drain) -> str:
    policy = volume["spec"].get("persistentVolumeReclaimPolicy", "Retain")
    if policy != "Delete":
        return f"its reclaim policy is {policy}"
    if _phase(volume) == "Failed":
        return f"its driver could not delete it: {volume['status'].get('message', 'it does not say why')}"
    if not drain.volumes:
        return "drain.volumes is off"
    return "its claim is the vendor's own" if _phase(volume) == "Bound" else "it has no claim"


def users(seen: objects.Snapshot, claims: Iterable[objects.Manifest]) -> list[objects.Manifest]:
    """Pods that use one of the claims and thereby keep it from going."""
    wanted = {objects.key(claim) for claim in claims}
    return [
        pod
        for pod in objects.of(seen, objects.POD)
        if _phase(pod) not in _ENDED and any(name in wanted for name in _claims_of(pod))
    ]


def used_by(pods: Iterable[objects.Manifest]) -> dict[tuple[str, str], list[str]]:
    """Names of these pods, by the namespace and name of each claim that they use."""
    found: dict[tuple[str, str], list[str]] = {}
    for pod in pods:
        for claim in _claims_of(pod):
            found.setdefault(claim, []).append(pod["metadata"]["name"])
    return found


def _claims_of(pod: objects.Manifest) -> Iterator[tuple[str, str]]:
    namespace, name = objects.key(pod)
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            yield namespace, volume["persistentVolumeClaim"]["claimName"]
        if "ephemeral" in volume:
            yield namespace, f"{name}-{volume['name']}"


def owners(seen: objects.Snapshot, pods: Iterable[objects.Manifest]) -> list[objects.Reference]:
    """What must go so that these pods do and are not made again, each once.

    That is the topmost workload, and what an operator has made it from: a live operator would make it again, and one
    that is gone would leave its own objects behind for ever.
    """
    known = {item["metadata"]["uid"]: item for item in objects.of(seen, *objects.WORKLOADS)}
    return list(dict.fromkeys(target for pod in pods for target in _targets(pod, known)))


def _targets(pod: objects.Manifest, known: dict[str, objects.Manifest]) -> Iterator[objects.Reference]:
    top = pod
    while (owner := _controller(top)) and owner["uid"] in known:
        top = known[owner["uid"]]
    if owner and _group(owner) not in _BUILT_IN_GROUPS:
        yield objects.Reference(
            api_version=owner["apiVersion"],
            kind=owner["kind"],
            namespace=top["metadata"]["namespace"],
            name=owner["name"],
            uid=owner["uid"],
        )
    if not objects.is_being_deleted(top):
        yield objects.reference(top)


def _controller(manifest: objects.Manifest) -> dict[str, Any] | None:
    found = (owner for owner in manifest["metadata"].get("ownerReferences") or () if owner.get("controller"))
    return next(found, None)


def _group(owner: dict[str, Any]) -> str:
    return str(owner["apiVersion"]).rpartition("/")[0]


def _goes_with_its_claim(volume: objects.Manifest) -> bool:
    return bool(volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete")


def _phase(manifest: objects.Manifest) -> str:
    return str((manifest.get("status") or {}).get("phase", ""))


def _by_name(seen: objects.Snapshot) -> dict[str, objects.Manifest]:
    return {volume["metadata"]["name"]: volume for volume in objects.of(seen, objects.VOLUME)}
