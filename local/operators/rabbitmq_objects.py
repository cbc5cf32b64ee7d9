"""What the RabbitMQ cluster operator 2.22.3 makes of a RabbitmqCluster, after internal/resource at its tag. Pure.

Not played: the Role that a node older than 4.1 finds the others by, overrides of anything but the pods, most mounts,
and clusters without a disk.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from local.operators import ownership

CLAIM: Final = "persistence"
CONFIGURATION: Final = "default_user.conf"
"""Key of the Secret that nodes have their first user from."""
_IMAGE: Final = "rabbitmq:4.2.6-management"
"""Where none is named; upstream its webhook writes it."""
_PLAYED_FROM: Final = "paasport.dev/played-from"
"""Annotation of an object: digest of what it was made from."""
_PLUGINS: Final = ("rabbitmq_peer_discovery_k8s", "rabbitmq_prometheus", "rabbitmq_management")
_PLAIN: Final[Mapping[str, tuple[str, int]]] = {
    "": ("amqp", 5672),
    "rabbitmq_management": ("management", 15672),
    "rabbitmq_mqtt": ("mqtt", 1883),
    "rabbitmq_stomp": ("stomp", 61613),
    "rabbitmq_stream": ("stream", 5552),
}
_ENCRYPTED: Final[Mapping[str, tuple[str, int]]] = {
    "": ("amqps", 5671),
    "rabbitmq_management": ("management-tls", 15671),
    "rabbitmq_prometheus": ("prometheus-tls", 15691),
    "rabbitmq_mqtt": ("mqtts", 8883),
    "rabbitmq_stomp": ("stomps", 61614),
    "rabbitmq_stream": ("streams", 5551),
}
_RESTRICTED: Final = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}

Json = dict[str, Any]


def of(cluster: Mapping[str, Any]) -> Iterator[Json]:
    """Everything but the StatefulSet."""
    name, labels = cluster["metadata"]["name"], {"app.kubernetes.io/name": cluster["metadata"]["name"]}
    between = [("epmd", 4369), ("cluster-rpc", 25672)]
    yield _service(
        cluster, f"{name}-nodes", ports=between, selector=labels, clusterIP="None", publishNotReadyAddresses=True
    )
    yield _service(cluster, name, ports=_client_ports(cluster), selector=labels)
    yield _owned(cluster, "v1", "Secret", f"{name}-erlang-cookie", type="Opaque", data=_cookie(cluster))
    if not external_secret(cluster):
        yield _owned(cluster, "v1", "Secret", user_secret(cluster), type="Opaque", data=_user(cluster))
    plugins = {"enabled_plugins": f"[{','.join(_plugins(cluster))}]."}
    yield _owned(cluster, "v1", "ConfigMap", f"{name}-plugins-conf", data=plugins)
    yield _owned(cluster, "v1", "ConfigMap", f"{name}-server-conf", data=_configuration(cluster))
    yield _owned(cluster, "v1", "ServiceAccount", f"{name}-server")


def stateful_set(cluster: Mapping[str, Any], *, storage: str) -> Json:
    """The nodes. `storage` is what their claims are made with, which cannot be changed."""
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    claim: Json = {"metadata": {"name": CLAIM, "labels": _labels(cluster)}}
    # What the tag gives an owner, so that it goes with the cluster.
    claim = ownership.owned(cluster, claim)
    del claim["metadata"]["namespace"]
    claim["metadata"]["ownerReferences"][0]["blockOwnerDeletion"] = False
    claim["spec"] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": storage}},
        **({"storageClassName": spec["persistence"]["storageClassName"]} if _class(cluster) else {}),
    }
    return _owned(
        cluster,
        "apps/v1",
        "StatefulSet",
        f"{name}-server",
        spec={
            "replicas": spec["replicas"],
            "serviceName": f"{name}-nodes",
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "template": {"metadata": {"labels": _labels(cluster)}, "spec": _pod(cluster)},
            "volumeClaimTemplates": [claim],
        },
    )


def is_current(live: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> bool:
    """Whether an object was made from just this."""
    marks = [(item["metadata"].get("annotations") or {}).get(_PLAYED_FROM) for item in (live, wanted) if item]
    return len(marks) == 2 and marks[0] == marks[1]  # noqa: PLR2004 - both are there


def external_secret(cluster: Mapping[str, Any]) -> str:
    """Name of the Secret that somebody else makes; empty where the operator does."""
    backend = cluster["spec"].get("secretBackend") or {}
    return str((backend.get("externalSecret") or {}).get("name", ""))


def user_secret(cluster: Mapping[str, Any]) -> str:
    """Name of the operator's own."""
    return f"{cluster['metadata']['name']}-default-user"


def tls(cluster: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is said about TLS."""
    return cluster["spec"].get("tls") or {}


def _service(
    cluster: Mapping[str, Any], name: str, *, ports: Sequence[tuple[str, int]], selector: Json, **more: Any
) -> Json:
    listed = [{"name": each, "port": port, "targetPort": port, "protocol": "TCP"} for each, port in ports]
    return _owned(cluster, "v1", "Service", name, spec={"selector": selector, "ports": listed, **more})


def _client_ports(cluster: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Metrics without TLS only where there is no TLS: else every node would be read twice."""
    encrypted, only = bool(tls(cluster).get("secretName")), bool(tls(cluster).get("disableNonTLSListeners"))
    spoken = ("", *_plugins(cluster))
    plain = [] if only else [_PLAIN[plugin] for plugin in spoken if plugin in _PLAIN]
    if not encrypted:
        return [*plain, ("prometheus", 15692)]
    return [*plain, *(_ENCRYPTED[plugin] for plugin in spoken if plugin in _ENCRYPTED)]


def _plugins(cluster: Mapping[str, Any]) -> list[str]:
    additional = (cluster["spec"].get("rabbitmq") or {}).get("additionalPlugins") or ()
    return list(dict.fromkeys((*_PLUGINS, *additional)))


def _cookie(cluster: Mapping[str, Any]) -> dict[str, str]:
    """A secret of nothing, as no node runs; the same at every look."""
    return {".erlang.cookie": _encoded(_made_up(cluster, "cookie"))}


def _user(cluster: Mapping[str, Any]) -> dict[str, str]:
    name, namespace = cluster["metadata"]["name"], cluster["metadata"]["namespace"]
    user, password = f"default_user_{_made_up(cluster, 'user')[:19]}", _made_up(cluster, "password")
    scheme, port = ("amqps", "5671") if tls(cluster).get("secretName") else ("amqp", "5672")
    host = f"{name}.{namespace}.svc"
    plain = {
        "username": user,
        "password": password,
        CONFIGURATION: f"default_user = {user}\ndefault_pass = {password}\n",
        "provider": "rabbitmq",
        "type": "rabbitmq",
        "host": host,
        "port": port,
        "connection_string": f"{scheme}://{user}:{password}@{host}:{port}/",
    }
    return {key: _encoded(value) for key, value in plain.items()}


def _configuration(cluster: Mapping[str, Any]) -> dict[str, str]:
    own = {
        "cluster_partition_handling": "pause_minority",
        "disk_free_limit.absolute": "2GB",
        "cluster_formation.peer_discovery_backend": "rabbit_peer_discovery_k8s",
        "cluster_formation.target_cluster_size_hint": str(cluster["spec"]["replicas"]),
        "cluster_name": cluster["metadata"]["name"],
    }
    said = (cluster["spec"].get("rabbitmq") or {}).get("additionalConfig", "")
    return {
        "operatorDefaults.conf": "".join(f"{key} = {value}\n" for key, value in own.items()),
        "userDefinedConfiguration.conf": said,
    }


def _pod(cluster: Mapping[str, Any]) -> Json:
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    topology = {"topologyKey": "topology.kubernetes.io/zone", "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"}
    selector = {"labelSelector": {"matchLabels": {"app.kubernetes.io/name": name}}}
    resources = {"cpu": "20m", "memory": "64Mi"}
    own: Json = {
        "serviceAccountName": f"{name}-server",
        "automountServiceAccountToken": True,
        "terminationGracePeriodSeconds": spec.get("terminationGracePeriodSeconds", 604800),
        "securityContext": {
            "fsGroup": 0,
            "runAsUser": 999,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **({"affinity": spec["affinity"]} if spec.get("affinity") else {}),
        **({"tolerations": spec["tolerations"]} if spec.get("tolerations") else {}),
        "topologySpreadConstraints": [{**topology, **selector}],
        "initContainers": [
            {
                **_container("setup-container", cluster),
                "resources": {"limits": dict(resources), "requests": dict(resources)},
            }
        ],
        "containers": [
            {
                **_container("rabbitmq", cluster),
                "resources": spec.get("resources") or {},
                "ports": [
                    {"name": each, "containerPort": port, "protocol": "TCP"}
                    for each, port in (("epmd", 4369), *_client_ports(cluster))
                ],
                "volumeMounts": [{"name": CLAIM, "mountPath": "/var/lib/rabbitmq/mnesia/"}],
            }
        ],
    }
    return _overridden(own, cluster)


def _container(name: str, cluster: Mapping[str, Any]) -> Json:
    return {
        "name": name,
        "image": cluster["spec"].get("image") or _IMAGE,
        "securityContext": json.loads(json.dumps(_RESTRICTED)),
    }


def _overridden(own: Json, cluster: Mapping[str, Any]) -> Json:
    """As Kubernetes merges pods: lists whose items have a key by that key."""
    pods = ((cluster["spec"].get("override") or {}).get("statefulSet") or {}).get("spec") or {}
    given = (pods.get("template") or {}).get("spec") or {}
    merged = {**own, **given}
    keys = {"topologySpreadConstraints": "topologyKey", "containers": "name", "initContainers": "name"}
    for field, key in keys.items():
        merged[field] = _by_key(own[field], given.get(field) or (), key=key)
    return {**merged, "serviceAccountName": own["serviceAccountName"], "automountServiceAccountToken": True}


def _by_key(own: Sequence[Json], given: Sequence[Mapping[str, Any]], *, key: str) -> list[Json]:
    merged = {item[key]: item for item in own}
    for item in given:
        merged[item[key]] = {**merged.get(item[key], {}), **item}
    return list(merged.values())


def _owned(cluster: Mapping[str, Any], api_version: str, kind: str, name: str, **content: Any) -> Json:
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
    metadata = {"name": name, "labels": _labels(cluster), "annotations": {_PLAYED_FROM: digest}}
    return ownership.owned(cluster, {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content})


def _labels(cluster: Mapping[str, Any]) -> dict[str, str]:
    own = {"app.kubernetes.io/component": "rabbitmq", "app.kubernetes.io/part-of": "rabbitmq"}
    return {"app.kubernetes.io/name": cluster["metadata"]["name"], **own}


def _class(cluster: Mapping[str, Any]) -> str:
    return str(cluster["spec"]["persistence"].get("storageClassName", ""))


def _made_up(cluster: Mapping[str, Any], what: str) -> str:
    return hashlib.sha256(f"{cluster['metadata']['uid']} {what}".encode()).hexdigest()[:32]


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
