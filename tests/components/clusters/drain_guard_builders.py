"""Objects of a cluster that is to be drained, and a cluster in memory that lets go of them as it is told."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from typing import Any

from components.clusters.drain_guard import api, draining, objects
from stacks import resolution

Manifest = dict[str, Any]


def drain(*, volumes: bool = True, budgets: str = "delete", minutes: int = 20) -> resolution.Drain:
    return resolution.Drain(volumes=volumes, disruption_budgets=budgets, minutes=minutes)  # type: ignore[arg-type]


def manifest(
    api_version: str,
    kind: str,
    name: str,
    *,
    namespace: str = "",
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    finalizers: tuple[str, ...] = (),
    deleting: bool = False,
    owner: Manifest | None = None,
    **more: Any,
) -> Manifest:
    metadata: Manifest = {"name": name, "uid": f"{kind}-{name}-{uuid.uuid4().hex}"}
    if namespace:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = labels
    if annotations:
        metadata["annotations"] = annotations
    if finalizers:
        metadata["finalizers"] = list(finalizers)
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    if owner:
        metadata["ownerReferences"] = [
            {
                "apiVersion": owner["apiVersion"],
                "kind": owner["kind"],
                "name": owner["metadata"]["name"],
                "uid": owner["metadata"]["uid"],
                "controller": True,
            }
        ]
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}


def service(name: str, *, kind: str = "LoadBalancer", namespace: str = "shop", **more: Any) -> Manifest:
    return manifest("v1", "Service", name, namespace=namespace, spec={"type": kind}, **more)


def ingress(name: str, **more: Any) -> Manifest:
    return manifest("networking.k8s.io/v1", "Ingress", name, namespace="shop", spec={}, **more)


def gateway(name: str, **more: Any) -> Manifest:
    return manifest("gateway.networking.k8s.io/v1", "Gateway", name, namespace="shop", spec={}, **more)


def claim(name: str, *, volume: str = "", namespace: str = "shop", **more: Any) -> Manifest:
    spec = {"volumeName": volume} if volume else {}
    return manifest("v1", "PersistentVolumeClaim", name, namespace=namespace, spec=spec, **more)


def volume(
    name: str, *, policy: str = "Delete", of: Manifest | None = None, phase: str = "Bound", **more: Any
) -> Manifest:
    spec: Manifest = {
        "persistentVolumeReclaimPolicy": policy,
        "capacity": {"storage": "10Gi"},
        "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": f"vol-{name}"},
    }
    if of:
        spec["claimRef"] = {key: of["metadata"][key] for key in ("namespace", "name", "uid")}
    return manifest("v1", "PersistentVolume", name, spec=spec, status={"phase": phase}, **more)


def pod(name: str, *, claims: tuple[str, ...] = (), phase: str = "Running", **more: Any) -> Manifest:
    volumes = [{"name": f"v{index}", "persistentVolumeClaim": {"claimName": of}} for index, of in enumerate(claims)]
    return manifest("v1", "Pod", name, namespace="shop", spec={"volumes": volumes}, status={"phase": phase}, **more)


def workload(kind: str, name: str, **more: Any) -> Manifest:
    group = "batch/v1" if kind in ("Job", "CronJob") else "apps/v1"
    return manifest(group, kind, name, namespace="shop", **more)


def budget(name: str, *, allowed: int = 0, pods: int = 1, namespace: str = "shop", **more: Any) -> Manifest:
    status = {"disruptionsAllowed": allowed, "expectedPods": pods}
    return manifest("policy/v1", "PodDisruptionBudget", name, namespace=namespace, status=status, **more)


def node_pool(name: str, *, classes: str = "karpenter.k8s.aws", **more: Any) -> Manifest:
    spec = {"template": {"spec": {"nodeClassRef": {"group": classes, "kind": "Any", "name": "default"}}}}
    return manifest("karpenter.sh/v1", "NodePool", name, spec=spec, **more)


def node_claim(name: str, *, pool: str, **more: Any) -> Manifest:
    return manifest("karpenter.sh/v1", "NodeClaim", name, labels={"karpenter.sh/nodepool": pool}, **more)


def storage_class(name: str) -> Manifest:
    return manifest("storage.k8s.io/v1", "StorageClass", name)


def snapshot(*manifests: Manifest) -> objects.Snapshot:
    found: dict[objects.Kind, list[Manifest]] = {}
    for item in manifests:
        group = item["apiVersion"].rpartition("/")[0]
        found.setdefault(objects.Kind(group=group, name=item["kind"]), []).append(item)
    return found


class FakeClock(draining.Clock):
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class FakeCluster:
    """Objects go when they are deleted and nobody holds them; `then` runs before each look, as controllers would."""

    def __init__(self, *manifests: Manifest) -> None:
        self.objects = {item["metadata"]["uid"]: copy.deepcopy(item) for item in manifests}
        self.deleted: list[str] = []
        self.looks = 0
        self.then: Callable[[FakeCluster], None] = lambda _: None
        self.refusals: dict[str, api.Refused] = {}
        self.silent: Exception | None = None

    def snapshot(self, kinds: tuple[objects.Kind, ...]) -> dict[objects.Kind, list[Manifest]]:
        self.looks += 1
        self.then(self)
        if self.silent:
            raise self.silent
        found = snapshot(*self.objects.values())
        return {kind: list(found.get(kind, ())) for kind in kinds}

    def delete(self, reference: objects.Reference) -> None:
        if reference.name in self.refusals:
            raise self.refusals[reference.name]
        self.deleted.append(reference.label)
        if reference.uid not in self.objects:
            return
        if self.objects[reference.uid]["metadata"].get("finalizers"):
            self.objects[reference.uid]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        else:
            del self.objects[reference.uid]

    def release(self, name: str) -> None:
        """Let go of the object of this name; it goes when it was deleted."""
        for uid, item in list(self.objects.items()):
            if item["metadata"]["name"] == name and "deletionTimestamp" in item["metadata"]:
                del self.objects[uid]
