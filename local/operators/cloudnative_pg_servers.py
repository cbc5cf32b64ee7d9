"""The servers of a PostgreSQL that CloudNativePG runs: which there are, and which of them run. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from local.operators import cloudnative_pg_objects as objects
from local.operators import ownership

Json = dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Servers:
    """The servers of a Cluster, by their serial numbers."""

    claims: Mapping[int, Sequence[Json]]
    pods: Mapping[int, Json]

    @property
    def missing(self) -> list[int]:
        """Those that have volumes and no pod."""
        return [serial for serial in sorted(self.claims) if serial not in self.pods]

    @property
    def ready(self) -> list[int]:
        """Those that run."""
        return [serial for serial in sorted(self.claims) if serial in self.pods and is_ready(self.pods[serial])]

    @property
    def waiting(self) -> list[int]:
        """Those that do not."""
        return [serial for serial in sorted(self.claims) if serial not in self.ready]

    def is_new(self, serial: int) -> bool:
        """Whether it has never run."""
        return any(annotation(claim, objects.PVC_STATUS) == "initializing" for claim in self.claims[serial])


def of(cluster: Mapping[str, Any], *, claims: Iterable[Json], pods: Iterable[Json]) -> Servers:
    """Those of this Cluster. What is being deleted counts as a pod and not as a volume."""
    volumes: dict[int, list[Json]] = {}
    for claim in claims:
        if is_owned(claim, cluster) and not ownership.is_going(claim):
            volumes.setdefault(_serial(claim), []).append(claim)
    return Servers(claims=volumes, pods={_serial(pod): pod for pod in pods if is_owned(pod, cluster)})


def is_owned(item: Mapping[str, Any], cluster: Mapping[str, Any]) -> bool:
    """Whether it was made for this Cluster."""
    owners = item["metadata"].get("ownerReferences") or ()
    return cluster["metadata"]["uid"] in [owner["uid"] for owner in owners]


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether a server runs."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return not ownership.is_going(pod) and any(
        each["type"] == "Ready" and each["status"] == "True" for each in conditions
    )


def annotation(item: Mapping[str, Any], key: str) -> str:
    """Its value; empty where there is none."""
    return str((item["metadata"].get("annotations") or {}).get(key, ""))


def _serial(item: Mapping[str, Any]) -> int:
    return int(annotation(item, "cnpg.io/nodeSerial"))
