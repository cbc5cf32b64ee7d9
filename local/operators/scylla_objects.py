"""What the scylla-operator 1.21.1 makes of a ScyllaCluster, after pkg/controller/scylladbdatacenter at its tag. Pure.

Not played: the ScyllaDBDatacenter in between, whose objects are the ScyllaCluster's own here; most mounts; commands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from local.operators import ownership, scylla_secrets

CLUSTER: Final = "scylla/cluster"
RACK: Final = "scylla/rack"
CLAIM: Final = "data"
SIDECAR: Final = "docker.io/scylladb/scylla-operator:1.21.1"
_TYPE: Final = "scylla-operator.scylladb.com/pod-type"
_SERVICE_TYPE: Final = "scylla-operator.scylladb.com/scylla-service-type"
_PLAYED_FROM: Final = "paasport.dev/played-from"
"""Annotation of an object: digest of what it was made from."""
_SERVED: Final = (
    ("inter-node-communication", 7000),
    ("ssl-inter-node-communication", 7001),
    ("cql", 9042),
    ("cql-ssl", 9142),
    ("cql-shard-aware", 19042),
    ("cql-ssl-shard-aware", 19142),
    ("jmx-monitoring", 7199),
    ("agent-api", 10001),
    ("prometheus", 9180),
    ("agent-prometheus", 5090),
    ("node-exporter", 9100),
    ("thrift", 9160),
)
_PORTS: Final = (
    ("intra-node", 7000),
    ("tls-intra-node", 7001),
    ("cql", 9042),
    ("cql-ssl", 9142),
    ("jmx", 7199),
    ("prometheus", 9180),
    ("node-exporter", 9100),
    ("thrift", 9160),
)
_SMALL: Final = {"cpu": "50m", "memory": "40Mi"}

Json = dict[str, Any]


def of(cluster: Mapping[str, Any]) -> Iterator[Json]:
    """Everything but StatefulSets and the Services of single nodes."""
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    yield _owned(cluster, "v1", "ServiceAccount", f"{name}-member")
    yield from scylla_secrets.of(cluster, owned=_owned)
    managed = {
        "cluster_name": name,
        "endpoint_snitch": "GossipingPropertyFileSnitch",
        "native_transport_port_ssl": 9142,
        "client_encryption_options": {"enabled": True, "require_client_auth": True},
    }
    files = {"scylladb-managed-config.yaml": json.dumps(managed)}
    yield _owned(cluster, "v1", "ConfigMap", f"{name}-managed-config", data=files)
    agent = {"scylla-manager-agent.yaml": "scylla: {api_address: 127.0.0.1, api_port: 10000}\n"}
    yield _owned(cluster, "v1", "ConfigMap", f"{name}-manager-agent-config", data=agent)
    for rack in racks(cluster):
        where = f"dc={spec['datacenter']['name']}\nrack={rack['name']}\nprefer_local=false\n"
        data = {"cassandra-rackdc.properties": where}
        yield _owned(cluster, "v1", "ConfigMap", f"{name}-{rack['name']}-snitch-config", data=data)
    yield _service(cluster, f"{name}-client", kind="identity", spec={"selector": _nodes(cluster)})
    jobs = {"key": "batch.kubernetes.io/job-name", "operator": "DoesNotExist"}
    selector = {"matchLabels": labels(cluster), "matchExpressions": [jobs]}
    yield _owned(cluster, "policy/v1", "PodDisruptionBudget", name, spec={"maxUnavailable": 1, "selector": selector})


def member_service(cluster: Mapping[str, Any], rack: Mapping[str, Any], number: int) -> Json:
    """Whose address is that of one node, whatever pod it runs in."""
    name = f"{stateful_set_name(cluster, rack)}-{number}"
    spec = {"selector": {"statefulset.kubernetes.io/pod-name": name}, "publishNotReadyAddresses": True}
    return _service(cluster, name, kind="member", spec=spec, more={RACK: rack["name"]})


def stateful_set(cluster: Mapping[str, Any], rack: Mapping[str, Any], *, replicas: int) -> Json:
    """The nodes of one rack."""
    selector = _rack_labels(cluster, rack)
    claim = {
        "metadata": {"name": CLAIM, "labels": selector},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": rack["storage"]["capacity"]}},
            **({"storageClassName": rack["storage"]["storageClassName"]} if _class(rack) else {}),
        },
    }
    given = cluster["spec"].get("podMetadata") or {}
    own = {**selector, _TYPE: "scylladb-node", "scylla/scylla-version": cluster["spec"]["version"]}
    metadata = {"labels": {**given.get("labels", {}), **own}, "annotations": dict(given.get("annotations", {}))}
    return _owned(
        cluster,
        "apps/v1",
        "StatefulSet",
        stateful_set_name(cluster, rack),
        more={RACK: rack["name"]},
        spec={
            "replicas": replicas,
            "serviceName": f"{cluster['metadata']['name']}-client",
            "podManagementPolicy": "OrderedReady",
            "minReadySeconds": 5,
            "selector": {"matchLabels": selector},
            "template": {"metadata": metadata, "spec": _pod(cluster, rack)},
            "volumeClaimTemplates": [claim],
        },
    )


def stateful_set_name(cluster: Mapping[str, Any], rack: Mapping[str, Any]) -> str:
    """As its pods and their Services are called before a number."""
    return f"{cluster['metadata']['name']}-{cluster['spec']['datacenter']['name']}-{rack['name']}"


def racks(cluster: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """In the order in which they join."""
    return cluster["spec"]["datacenter"].get("racks") or ()


def labels(cluster: Mapping[str, Any]) -> dict[str, str]:
    """Of everything that belongs to a cluster."""
    own = {"app": "scylla", "app.kubernetes.io/name": "scylla", "app.kubernetes.io/managed-by": "scylla-operator"}
    return {**own, CLUSTER: cluster["metadata"]["name"]}


def is_current(live: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> bool:
    """Whether an object was made from just this."""
    marks = [(item["metadata"].get("annotations") or {}).get(_PLAYED_FROM) for item in (live, wanted) if item]
    return len(marks) == 2 and marks[0] == marks[1]  # noqa: PLR2004 - both are there


def _pod(cluster: Mapping[str, Any], rack: Mapping[str, Any]) -> Json:
    spec, placement = cluster["spec"], rack.get("placement") or {}
    affinity = {key: placement[key] for key in ("nodeAffinity", "podAffinity", "podAntiAffinity") if key in placement}
    root = {"runAsUser": 0, "runAsGroup": 0}
    scylla = {
        "name": "scylla",
        "image": f"{spec['repository']}:{spec['version']}",
        "command": ["/usr/bin/bash", "--", f"--developer-mode={int(spec.get('developerMode', False))}"],
        "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in _PORTS],
        "resources": rack["resources"],
        "securityContext": {**root, "capabilities": {"add": ["SYS_NICE"]}},
        "volumeMounts": [{"name": CLAIM, "mountPath": "/var/lib/scylla"}, *(rack.get("volumeMounts") or ())],
    }
    agent = {
        "name": "scylla-manager-agent",
        "image": f"{spec['agentRepository']}:{spec['agentVersion']}",
        "ports": [{"name": "agent-rest-api", "containerPort": 10001, "protocol": "TCP"}],
        "resources": rack["agentResources"],
    }
    beside = [_sidecar("scylladb-api-status-probe", **_SMALL), _sidecar("scylladb-ignition", **_SMALL)]
    return {
        "serviceAccountName": f"{cluster['metadata']['name']}-member",
        "dnsPolicy": "ClusterFirstWithHostNet",
        "terminationGracePeriodSeconds": 900,
        "securityContext": root,
        **({"affinity": affinity} if affinity else {}),
        **({"tolerations": placement["tolerations"]} if placement.get("tolerations") else {}),
        "initContainers": [_sidecar("sidecar-injection", cpu="10m", memory="50Mi")],
        "containers": [scylla, *beside, agent],
        **({"volumes": list(rack["volumes"])} if rack.get("volumes") else {}),
    }


def _sidecar(name: str, *, cpu: str, memory: str) -> Json:
    asked = {"cpu": cpu, "memory": memory}
    return {"name": name, "image": SIDECAR, "resources": {"requests": dict(asked), "limits": dict(asked)}}


def _service(
    cluster: Mapping[str, Any], name: str, *, kind: str, spec: Json, more: Mapping[str, str] | None = None
) -> Json:
    ports = [{"name": each, "port": port, "targetPort": port, "protocol": "TCP"} for each, port in _SERVED]
    own = {_SERVICE_TYPE: kind, **(more or {})}
    return _owned(cluster, "v1", "Service", name, more=own, spec={"type": "ClusterIP", "ports": ports, **spec})


def _owned(
    cluster: Mapping[str, Any],
    api_version: str,
    kind: str,
    name: str,
    *,
    more: Mapping[str, str] | None = None,
    **content: Any,
) -> Json:
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
    own = {**labels(cluster), **(more or {})}
    metadata = {"name": name, "labels": own, "annotations": {_PLAYED_FROM: digest}}
    return ownership.owned(cluster, {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content})


def _nodes(cluster: Mapping[str, Any]) -> dict[str, str]:
    return {**labels(cluster), _TYPE: "scylladb-node"}


def _rack_labels(cluster: Mapping[str, Any], rack: Mapping[str, Any]) -> dict[str, str]:
    return {**labels(cluster), "scylla/datacenter": cluster["spec"]["datacenter"]["name"], RACK: rack["name"]}


def _class(rack: Mapping[str, Any]) -> str:
    return str(rack["storage"].get("storageClassName", ""))
