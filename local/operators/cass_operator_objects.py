"""What cass-operator 1.30.3 makes of a CassandraDatacenter, after pkg/reconciliation at its tag. Pure.

Not played: most mounts and variables of pods, their probes, node ports and additional seeds' addresses.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from local.operators import ownership

CLAIM: Final = "server-data"
_PLAYED_FROM: Final = "paasport.dev/played-from"
"""Annotation of an object: digest of what it was made from."""
_VERSION: Final = "app.kubernetes.io/version"
_LOGGER: Final = "docker.io/k8ssandra/system-logger:v1.30.3"
_CLIENT: Final = "docker.io/k8ssandra/k8ssandra-client:v0.8.14"
_PORTS: Final = {
    "native": 9042,
    "tls-native": 9142,
    "internode": 7000,
    "tls-internode": 7001,
    "jmx": 7199,
    "mgmt-api-http": 8080,
    "prometheus": 9103,
    "metrics": 9000,
}
_SERVED: Final = {"native": 9042, "tls-native": 9142, "mgmt-api": 8080, "prometheus": 9103, "metrics": 9000}

Json = dict[str, Any]


def services(datacenter: Mapping[str, Any]) -> Iterator[Json]:
    """All without an address of their own: drivers are told those of nodes."""
    cluster, base, pods = _cluster(datacenter), prefix(datacenter), labels(datacenter)
    yield _service(datacenter, f"{base}-service", ports=_SERVED, selector=pods)
    everybody = {name: port for name, port in _SERVED.items() if name != "tls-native"}
    yield _service(
        datacenter, f"{base}-all-pods-service", ports=everybody, selector=pods, publishNotReadyAddresses=True
    )
    seeds = {"cassandra.datastax.com/cluster": cluster, "cassandra.datastax.com/seed-node": "true"}
    yield _service(datacenter, f"{cluster}-seed-service", selector=seeds, publishNotReadyAddresses=True)
    yield _service(datacenter, f"{base}-additional-seed-service", publishNotReadyAddresses=True)


def budget(datacenter: Mapping[str, Any]) -> Json:
    """One node at a time; of a single one nothing is held back."""
    spec = {"minAvailable": datacenter["spec"]["size"] - 1, "selector": {"matchLabels": labels(datacenter)}}
    name = f"{datacenter['metadata']['name']}-pdb"
    return owned(datacenter, "policy/v1", "PodDisruptionBudget", name, spec=spec)


def racks(datacenter: Mapping[str, Any]) -> list[Json]:
    """As they are named; one by the name `default` where none is."""
    return [dict(rack) for rack in datacenter["spec"].get("racks") or [{"name": "default"}]]


def split(count: int, parts: int) -> list[int]:
    """How many nodes each rack gets: the first ones one more where it does not come out even."""
    return [count // parts + (1 if number < count % parts else 0) for number in range(parts)]


def name_of(datacenter: Mapping[str, Any], rack: str) -> str:
    """Of a rack's StatefulSet."""
    return f"{prefix(datacenter)}-{rack}-sts"


def stateful_set(datacenter: Mapping[str, Any], rack: Mapping[str, Any], *, replicas: int, storage: str) -> Json:
    """The nodes of one rack. `storage` is what their claims are made with, which cannot be changed."""
    selector = {**labels(datacenter), "cassandra.datastax.com/rack": rack["name"]}
    claim = json.loads(json.dumps(datacenter["spec"]["storageConfig"]["cassandraDataVolumeClaimSpec"]))
    claim["resources"]["requests"]["storage"] = storage
    # Upstream keeps the first version's label on it, because it can't be changed; here it has none.
    marked = {key: value for key, value in _marks(datacenter).items() if key != _VERSION}
    template = {"metadata": {"name": CLAIM, "labels": {**marked, **selector}}, "spec": claim}
    spec = {
        "replicas": replicas,
        "serviceName": f"{prefix(datacenter)}-all-pods-service",
        "podManagementPolicy": "Parallel",
        "minReadySeconds": 5,
        "selector": {"matchLabels": selector},
        "template": _template(datacenter, rack, selector=selector),
        "volumeClaimTemplates": [template],
    }
    return owned(datacenter, "apps/v1", "StatefulSet", name_of(datacenter, rack["name"]), spec=spec)


def is_current(live: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> bool:
    """Whether an object was made from just this."""
    marks = [(item["metadata"].get("annotations") or {}).get(_PLAYED_FROM) for item in (live, wanted) if item]
    return len(marks) == 2 and marks[0] == marks[1]  # noqa: PLR2004 - both are there


def owned(owner: Mapping[str, Any], api_version: str, kind: str, name: str, **content: Any) -> Json:
    """An object of the owner, marked with what it was made from."""
    marked = _marks(owner) if owner["kind"] == "CassandraDatacenter" else {}
    return ownership.owned(owner, plain(api_version, kind, name, owner=owner, labels=marked, **content))


def plain(
    api_version: str, kind: str, name: str, *, owner: Mapping[str, Any], labels: Mapping[str, str], **content: Any
) -> Json:
    """The same without an owner: it stays until somebody deletes it."""
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
    metadata = {
        "name": name,
        "namespace": owner["metadata"]["namespace"],
        "labels": dict(labels),
        "annotations": {_PLAYED_FROM: digest},
    }
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}


def prefix(datacenter: Mapping[str, Any]) -> str:
    """What names of Services and StatefulSets begin with."""
    return f"{_cluster(datacenter)}-{datacenter['metadata']['name']}"


def labels(datacenter: Mapping[str, Any]) -> dict[str, str]:
    """By which its pods and claims are found."""
    own = {"cassandra.datastax.com/datacenter": datacenter["metadata"]["name"]}
    return {"cassandra.datastax.com/cluster": _cluster(datacenter), **own}


def _template(datacenter: Mapping[str, Any], rack: Mapping[str, Any], *, selector: Mapping[str, str]) -> Json:
    spec = datacenter["spec"]
    given = spec.get("podTemplateSpec") or {}
    own = given.get("spec") or {}
    base = {"name": "server-config-init-base", "image": spec["serverImage"]}
    builds = {"name": "server-config-init", "image": _CLIENT, "resources": _resources("1", "256Mi", "384Mi")}
    ports = [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in _PORTS.items()]
    node = {
        "name": "cassandra",
        "image": spec["serverImage"],
        "resources": spec.get("resources") or {},
        "ports": ports,
        "volumeMounts": [{"name": CLAIM, "mountPath": "/var/lib/cassandra"}],
    }
    logger = {"name": "server-system-logger", "image": _LOGGER, "resources": _resources("100m", "64Mi", "128Mi")}
    user = 999
    return {
        "metadata": {
            "labels": {**((given.get("metadata") or {}).get("labels") or {}), **_marks(datacenter), **selector},
            "annotations": (given.get("metadata") or {}).get("annotations") or {},
        },
        "spec": {
            **own,
            "terminationGracePeriodSeconds": own.get("terminationGracePeriodSeconds", 120),
            "securityContext": own.get("securityContext")
            or {"runAsUser": user, "runAsGroup": user, "fsGroup": user, "runAsNonRoot": True},
            **({"serviceAccountName": spec["serviceAccountName"]} if spec.get("serviceAccountName") else {}),
            "affinity": {"podAntiAffinity": _away(datacenter, rack)},
            "initContainers": _completed(own.get("initContainers") or (), [base, builds]),
            "containers": _completed(own.get("containers") or (), [node, logger]),
        },
    }


def _away(datacenter: Mapping[str, Any], rack: Mapping[str, Any]) -> Json:
    """Never two nodes on one host, and what the rack says besides."""
    keys = ("cluster", "datacenter", "rack")
    expressions = [{"key": f"cassandra.datastax.com/{key}", "operator": "Exists"} for key in keys]
    hosts = {"labelSelector": {"matchExpressions": expressions}, "topologyKey": "kubernetes.io/hostname"}
    own = ((rack.get("affinity") or {}).get("podAntiAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or []
    alone = [] if datacenter["spec"].get("allowMultipleNodesPerWorker") else [hosts]
    return {"requiredDuringSchedulingIgnoredDuringExecution": [*alone, *own]}


def _completed(given: Sequence[Mapping[str, Any]], own: Sequence[Json]) -> list[Json]:
    """Those that are given, filled up with the operator's own, by name."""
    known = {item["name"]: item for item in own}
    merged = {item["name"]: {**known.get(item["name"], {}), **item} for item in given}
    for item in given:
        mounts = known.get(item["name"], {}).get("volumeMounts", [])
        if mounts:
            merged[item["name"]]["volumeMounts"] = [*mounts, *(item.get("volumeMounts") or ())]
    return [*merged.values(), *(item for name, item in known.items() if name not in merged)]


def _service(
    datacenter: Mapping[str, Any],
    name: str,
    *,
    ports: Mapping[str, int] | None = None,
    selector: Mapping[str, str] | None = None,
    **more: Any,
) -> Json:
    listed = [
        {"name": each, "port": port, "targetPort": port, "protocol": "TCP"} for each, port in (ports or {}).items()
    ]
    spec = {
        "clusterIP": "None",
        **({"ports": listed} if listed else {}),
        **({"selector": dict(selector)} if selector else {}),
        **more,
    }
    return owned(datacenter, "v1", "Service", name, spec=spec)


def _resources(cpu: str, memory: str, limit: str) -> Json:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": limit}}


def _marks(datacenter: Mapping[str, Any]) -> dict[str, str]:
    """What `oplabels` writes on everything."""
    return {
        "app.kubernetes.io/managed-by": "cass-operator",
        "app.kubernetes.io/created-by": "cass-operator",
        "app.kubernetes.io/name": "cassandra",
        "app.kubernetes.io/instance": f"cassandra-{_cluster(datacenter)}",
        _VERSION: datacenter["spec"]["serverVersion"],
    }


def _cluster(datacenter: Mapping[str, Any]) -> str:
    return str(datacenter["spec"]["clusterName"])
