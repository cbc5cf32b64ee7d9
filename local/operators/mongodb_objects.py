"""The Service, StatefulSets and configuration that MongoDB Controllers for Kubernetes makes of a replica set. Pure.

As mongodb-community-operator/controllers/construct/mongodbstatefulset.go has it, with what `spec.statefulSet.spec` says
merged by name as pkg/util/merge does; probes and most volumes, which nothing here would look at, are left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from local.operators import ownership

AGENT_IMAGE: Final = "quay.io/mongodb/mongodb-agent:108.0.25.9029-1"
HOOK_IMAGE: Final = "quay.io/mongodb/mongodb-kubernetes-operator-version-upgrade-post-start-hook:1.0.10"
PROBE_IMAGE: Final = "quay.io/mongodb/mongodb-kubernetes-readinessprobe:1.0.24"
PORT: Final = 27017
_SERVER_IMAGE: Final = "quay.io/mongodb/mongodb-community-server"
_ACCOUNT: Final = "mongodb-kubernetes-appdb"
_PLAYED_FROM: Final = "paasport.dev/played-from"
"""Annotation: digest of what a StatefulSet should be, since the API fills in more."""
_RESOURCES: Final = {"limits": {"cpu": "1", "memory": "500M"}, "requests": {"cpu": "500m", "memory": "400M"}}
_CONTAINER_SECURITY: Final = {
    "readOnlyRootFilesystem": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
}
_POD_SECURITY: Final = {
    "runAsUser": 2000,
    "runAsNonRoot": True,
    "fsGroup": 2000,
    "seccompProfile": {"type": "RuntimeDefault"},
}

Json = dict[str, Any]


def service(resource: Mapping[str, Any]) -> Json:
    """An address for every member, ready or not."""
    name = service_name(resource)
    ports = [{"name": "mongodb", "port": PORT}]
    if resource["spec"].get("prometheus"):
        ports.append({"name": "prometheus", "port": resource["spec"]["prometheus"].get("port", 9216)})
    manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "clusterIP": "None",
            "type": "ClusterIP",
            "publishNotReadyAddresses": True,
            "selector": {"app": name},
            "ports": ports,
        },
    }
    return ownership.owned(resource, manifest)


def service_name(resource: Mapping[str, Any]) -> str:
    """Its name."""
    return f"{resource['metadata']['name']}-svc"


def hosts(resource: Mapping[str, Any]) -> list[str]:
    """The members' own names."""
    name, namespace = resource["metadata"]["name"], resource["metadata"]["namespace"]
    domain = f"{service_name(resource)}.{namespace}.svc.cluster.local"
    return [f"{name}-{number}.{domain}" for number in range(resource["spec"]["members"])]


def uri(resource: Mapping[str, Any]) -> str:
    """Without a user, as the status has it."""
    members = ",".join(f"{host}:{PORT}" for host in hosts(resource))
    return f"mongodb://{members}/?replicaSet={resource['metadata']['name']}"


def configuration(resource: Mapping[str, Any], *, members: int) -> Json:
    """What the agents are told, as far as it changes: the members and what they run."""
    spec = resource["spec"]
    wanted = {**resource, "spec": {**spec, "members": members}}
    process = {"version": spec["version"], "args": spec.get("additionalMongodConfig") or {}}
    compatibility = spec.get("featureCompatibilityVersion")
    return {
        "processes": [
            {
                "name": host.partition(".")[0],
                "hostname": host,
                **process,
                **({"featureCompatibilityVersion": compatibility} if compatibility else {}),
            }
            for host in hosts(wanted)
        ],
        "users": [[user["name"], user["roles"]] for user in spec["users"]],
        "tls": bool(spec["security"].get("tls")),
        "prometheus": bool(spec.get("prometheus")),
    }


def stateful_set(resource: Mapping[str, Any], *, replicas: int) -> Json:
    """Of the members, marked with what it was made from."""
    manifest = _stateful_set(resource, name=resource["metadata"]["name"], replicas=replicas)
    digest = hashlib.sha256(json.dumps(manifest["spec"], sort_keys=True).encode()).hexdigest()[:32]
    manifest["metadata"]["annotations"] = {_PLAYED_FROM: digest}
    return ownership.owned(resource, manifest)


def arbiters(resource: Mapping[str, Any]) -> Json:
    """Of members without data, of which there are none; the operator makes it all the same."""
    manifest = stateful_set(resource, replicas=0)
    return {**manifest, "metadata": {**manifest["metadata"], "name": f"{resource['metadata']['name']}-arb"}}


def is_current(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a StatefulSet was made from just this."""
    marks = [(item["metadata"].get("annotations") or {}).get(_PLAYED_FROM) for item in (live, wanted)]
    return marks[0] == marks[1]


def has_same_claims(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether the claims are as they were: Kubernetes refuses others. Sizes are compared as they are written."""
    return _claims(live) == _claims(wanted)


def _claims(item: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        claim["metadata"]["name"]: (
            claim["spec"]["resources"]["requests"]["storage"],
            claim["spec"].get("storageClassName", ""),
        )
        for claim in item["spec"].get("volumeClaimTemplates") or ()
    }


def _stateful_set(resource: Mapping[str, Any], *, name: str, replicas: int) -> Json:
    labels = {"app": service_name(resource)}
    own = (resource["spec"].get("statefulSet") or {}).get("spec") or {}
    template = own.get("template") or {}
    more_labels = (template.get("metadata") or {}).get("labels") or {}
    claims = [_claim("data-volume", "10G"), _claim("logs-volume", "2G")]
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name},
        "spec": {
            "serviceName": service_name(resource),
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": {**labels, **more_labels}},
                "spec": _pod(resource, template.get("spec") or {}),
            },
            "volumeClaimTemplates": _by_name(
                claims, own.get("volumeClaimTemplates") or (), key=lambda item: item["metadata"]["name"]
            ),
        },
    }


def _pod(resource: Mapping[str, Any], own: Mapping[str, Any]) -> Json:
    name, version = resource["metadata"]["name"], resource["spec"]["version"]
    mounts = [
        {"name": "data-volume", "mountPath": "/data"},
        {"name": "logs-volume", "mountPath": "/var/log/mongodb-mms-automation"},
    ]
    containers = [
        {**_container("mongod", f"{_SERVER_IMAGE}:{version}-ubi8"), "volumeMounts": mounts},
        {**_container("mongodb-agent", AGENT_IMAGE), "volumeMounts": mounts},
    ]
    before = [_container("mongod-posthook", HOOK_IMAGE), _container("mongodb-agent-readinessprobe", PROBE_IMAGE)]
    return {
        "serviceAccountName": _ACCOUNT,
        "securityContext": dict(_POD_SECURITY),
        **own,
        "containers": _by_name(containers, own.get("containers") or (), key=_name),
        "initContainers": _by_name(before, own.get("initContainers") or (), key=_name),
        "volumes": [{"name": "automation-config", "secret": {"secretName": f"{name}-config"}}],
    }


def _container(name: str, image: str) -> Json:
    return {"name": name, "image": image, "resources": dict(_RESOURCES), "securityContext": dict(_CONTAINER_SECURITY)}


def _claim(name: str, storage: str) -> Json:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}}
    return {"metadata": {"name": name}, "spec": spec}


def _by_name(items: Sequence[Json], own: Sequence[Mapping[str, Any]], *, key: Any) -> list[Json]:
    """Each with what its namesake says instead, one level deep; those without a namesake are added; by name."""
    merged = {key(item): dict(item) for item in items}
    for item in own:
        before = merged.get(key(item), {})
        both = {
            name: {**before[name], **value}
            if isinstance(value, Mapping) and isinstance(before.get(name), Mapping)
            else value
            for name, value in item.items()
        }
        merged[key(item)] = {**before, **both}
    return [merged[name] for name in sorted(merged)]


def _name(container: Mapping[str, Any]) -> str:
    return str(container["name"])
