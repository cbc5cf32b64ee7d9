"""A node that kwok plays: it makes the node Ready, and the pods on it too, without running containers. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Machine:
    """What a node is, as its kubelet would tell it."""

    type: str
    """As in the label `node.kubernetes.io/instance-type`."""
    arch: str
    region: str
    zone: str
    version: str
    """Of the kubelet, with a `v`. kwok would write its own, which is none of a kubelet's."""
    capacity: Mapping[str, str]
    allocatable: Mapping[str, str]


def node(
    name: str, machine: Machine, *, labels: Mapping[str, str], taints: Sequence[Mapping[str, str]] = ()
) -> dict[str, Any]:
    """The manifest of the node; `labels` are those that it has beside every node's."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake", "node.alpha.kubernetes.io/ttl": "0"},
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": machine.arch,
                "topology.kubernetes.io/region": machine.region,
                "topology.kubernetes.io/zone": machine.zone,
                "node.kubernetes.io/instance-type": machine.type,
                **labels,
            },
        },
        **({"spec": {"taints": list(taints)}} if taints else {}),
        "status": {
            "capacity": dict(machine.capacity),
            "allocatable": dict(machine.allocatable),
            "nodeInfo": {
                "kubeletVersion": machine.version,
                "operatingSystem": "linux",
                "architecture": machine.arch,
            },
        },
    }
