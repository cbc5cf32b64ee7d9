"""The simulated nodes of a local control plane: what they look like, and what must change to get there.

kwok makes their pods Ready without running containers. Nodes without our label, real ones above all, are not touched.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from typing import Any, Final

from local import kwok, reconciling
from stacks import quantities, settings

NODES: Final = reconciling.Kind("v1", "Node")
SIMULATED_LABEL: Final = "paasport.dev/simulated"
REGION: Final = "local"
_EPHEMERAL_STORAGE: Final = "500Gi"
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


def wanted(spec: settings.LocalNodes, *, version: str) -> list[dict[str, Any]]:
    """The manifests of the nodes, spread over the zones in turn, labelled like real ones of this Kubernetes version."""
    return [
        _node(spec, name=f"node-{number + 1}", zone=spec.zones[number % len(spec.zones)], version=version)
        for number in range(spec.count)
    ]


def plan(spec: settings.LocalNodes, live: Sequence[Mapping[str, Any]], *, version: str) -> list[reconciling.Action]:
    """What turns the live nodes into the wanted ones; empty when they are."""
    present = {node["metadata"]["name"]: node for node in live}
    target = wanted(spec, version=version)
    actions: list[reconciling.Action] = []
    for manifest in target:
        node = present.get(manifest["metadata"]["name"])
        if node is None or not _has(node, manifest):
            actions += _applied(manifest)
    names = {manifest["metadata"]["name"] for manifest in target}
    actions += [
        reconciling.Delete(api_version="v1", kind="Node", name=name, uid=node["metadata"]["uid"])
        for name, node in present.items()
        if name not in names and SIMULATED_LABEL in node["metadata"].get("labels", {})
    ]
    return actions


def ready(live: Sequence[Mapping[str, Any]]) -> int:
    """How many nodes are Ready."""
    conditions = [node.get("status", {}).get("conditions", ()) for node in live]
    return sum(any(item["type"] == "Ready" and item["status"] == "True" for item in found) for found in conditions)


def _node(spec: settings.LocalNodes, *, name: str, zone: str, version: str) -> dict[str, Any]:
    found = platform.machine()
    resources = {
        "cpu": spec.cpu,
        "memory": spec.memory,
        "pods": str(spec.pods),
        "ephemeral-storage": _EPHEMERAL_STORAGE,
    }
    machine = kwok.Machine(
        type="simulated",
        arch=_ARCHITECTURES.get(found, found),
        region=REGION,
        zone=zone,
        version=version,
        capacity=resources,
        allocatable=resources,
    )
    return kwok.node(name, machine, labels={SIMULATED_LABEL: "true"})


def _applied(manifest: dict[str, Any]) -> list[reconciling.Action]:
    """Twice, because an update ignores status, and a creation must have it: kwok fills in what is missing."""
    return [reconciling.Apply(manifest=manifest), reconciling.Apply(manifest=manifest, subresource="status")]


def _has(node: Mapping[str, Any], manifest: Mapping[str, Any]) -> bool:
    metadata, status = node["metadata"], node.get("status", {})
    return (
        metadata.get("labels", {}).items() >= manifest["metadata"]["labels"].items()
        and metadata.get("annotations", {}).items() >= manifest["metadata"]["annotations"].items()
        and status.get("nodeInfo", {}).items() >= manifest["status"]["nodeInfo"].items()
        and all(_equal(status.get(part, {}), manifest["status"][part]) for part in ("capacity", "allocatable"))
    )


def _equal(live: Mapping[str, str], target: Mapping[str, str]) -> bool:
    """Compared as numbers: the API server may write `1000m` as `1`."""
    return all(name in live and quantities.value(live[name]) == quantities.value(target[name]) for name in target)
