"""What k8ssandra-operator 1.32.5 makes of a K8ssandraCluster and of a Reaper, after its pkg/ at the tag. Pure.

Not played: most of Medusa's and Reaper's settings, metrics' filters, more than one datacenter, Vector, Stargate.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from local.operators import cass_operator_objects as marking

_MEDUSA: Final = "docker.io/k8ssandra/medusa:0.29.1"
_REAPER: Final = "docker.io/thelastpickle/cassandra-reaper:5.0.0"
_SERVER: Final = "docker.io/k8ssandra/cass-management-api"
_REAPER_USER: Final = 1000
NAME: Final = "k8ssandra.io/cluster-name"
NAMESPACE: Final = "k8ssandra.io/cluster-namespace"

Json = dict[str, Any]


def credentials(cluster: Mapping[str, Any]) -> Iterator[Json]:
    """Secrets with users; one that somebody else has made is left alone."""
    spec, name = cluster["spec"], cluster["metadata"]["name"]
    names = [superuser(cluster)]
    if spec.get("reaper"):
        names += [f"{name}-reaper", f"{name}-reaper-ui"]
    if spec.get("medusa"):
        names.append(f"{name}-medusa")
    for each in names:
        password = hashlib.sha256(f"{cluster['metadata']['uid']} {each}".encode()).hexdigest()[:20]
        data = {
            key: base64.b64encode(value.encode()).decode()
            for key, value in (("username", each), ("password", password))
        }
        labels = {**watched(cluster), "k8ssandra.io/replicated-by": "k8ssandracluster-controller"}
        made = marking.owned(cluster, "v1", "Secret", each, type="Opaque", data=data)
        yield {**made, "metadata": {**made["metadata"], "labels": labels}}


def config_maps(cluster: Mapping[str, Any]) -> Iterator[Json]:
    """What nodes' agents and Medusa are told."""
    name, datacenter = cluster["metadata"]["name"], template(cluster)["metadata"]["name"]
    agent = {"metrics-collector.yaml": "relabels: []\n"}
    yield _left(cluster, "v1", "ConfigMap", f"{name}-{datacenter}-metrics-agent-config", data=agent)
    medusa = cluster["spec"].get("medusa")
    if medusa:
        stored = medusa["storageProperties"]
        lines = [
            "[storage]",
            f"storage_provider = {stored['storageProvider']}",
            f"bucket_name = {stored['bucketName']}",
            f"prefix = {stored.get('prefix') or name}",
        ]
        yield _left(cluster, "v1", "ConfigMap", f"{name}-medusa", data={"medusa.ini": "\n".join(lines)})


def datacenter(cluster: Mapping[str, Any], *, password: str) -> Json:
    """The CassandraDatacenter; `password` is that of its keys' files, which upstream writes into it too."""
    common, own = cluster["spec"]["cassandra"], template(cluster)
    merged = {**common, **{key: value for key, value in own.items() if key not in ("metadata", "size", "racks")}}
    meta = {**(common.get("metadata") or {}), **(own.get("metadata") or {})}
    config = json.loads(json.dumps((common.get("config") or {}).get("cassandraYaml") or {}))
    _encrypt(config, merged, password=password)
    config |= {"authenticator": "PasswordAuthenticator", "authorizer": "CassandraAuthorizer", "num_tokens": 16}
    spec = {
        "clusterName": cluster["metadata"]["name"],
        "serverType": common.get("serverType", "cassandra"),
        "serverVersion": merged["serverVersion"],
        "serverImage": merged.get("serverImage") or f"{_SERVER}:{merged['serverVersion']}-ubi",
        "size": own["size"],
        "racks": own.get("racks") or merged.get("racks") or [],
        "storageConfig": merged["storageConfig"],
        "superuserSecretName": superuser(cluster),
        "users": [{"secretName": each, "superuser": True} for each in _users(cluster)],
        "config": {"cassandra-yaml": config},
        "podTemplateSpec": _pods(cluster, merged, meta),
        **{
            there: merged[here]
            for here, there in (
                ("resources", "resources"),
                ("managementApiAuth", "managementApiAuth"),
                ("readOnlyRootFilesystem", "readOnlyRootFilesystem"),
                ("serviceAccount", "serviceAccountName"),
            )
            if here in merged
        },
    }
    made = _left(cluster, "cassandra.datastax.com/v1beta1", "CassandraDatacenter", own["metadata"]["name"], spec=spec)
    made["metadata"]["annotations"] |= meta.get("annotations") or {}
    return made


def reaper(cluster: Mapping[str, Any]) -> Json:
    """The Reaper of the cluster's only datacenter."""
    own = template(cluster)["metadata"]["name"]
    given = {key: value for key, value in cluster["spec"]["reaper"].items() if key != "deploymentMode"}
    spec = {
        **given,
        "datacenterRef": {"name": own, "namespace": cluster["metadata"]["namespace"]},
        "datacenterAvailability": "ALL",
        "cassandraUserSecretRef": {"name": f"{cluster['metadata']['name']}-reaper"},
        "uiUserSecretRef": {"name": f"{cluster['metadata']['name']}-reaper-ui"},
    }
    return _left(cluster, "reaper.k8ssandra.io/v1alpha1", "Reaper", reaper_name(cluster), spec=spec)


def reaper_name(cluster: Mapping[str, Any]) -> str:
    """Of the Reaper, its StatefulSet and its pods' label."""
    return f"{cluster['metadata']['name']}-{template(cluster)['metadata']['name']}-reaper"


def of_reaper(reaper: Mapping[str, Any]) -> Iterator[Json]:
    """Its Service, and its StatefulSet, whose claim goes with it."""
    name, spec = reaper["metadata"]["name"], reaper["spec"]
    labels = {"app.kubernetes.io/managed-by": "k8ssandra-operator", "k8ssandra.io/reaper": name}
    ports = [{"name": each, "port": port, "protocol": "TCP"} for each, port in (("app", 8080), ("admin", 8081))]
    yield marking.owned(reaper, "v1", "Service", f"{name}-service", spec={"ports": ports, "selector": labels})
    restricted = {
        "runAsNonRoot": True,
        "runAsUser": _REAPER_USER,
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    container = {"image": _REAPER, "securityContext": restricted}
    pod = {
        "securityContext": spec.get("podSecurityContext") or {"runAsNonRoot": True, "fsGroup": _REAPER_USER},
        "initContainers": [
            {**container, "name": "reaper-schema-init", "resources": spec.get("initContainerResources") or {}}
        ],
        "containers": [
            {
                **container,
                "name": "reaper",
                "resources": spec.get("resources") or {},
                "volumeMounts": [{"name": "reaper-data", "mountPath": "/var/lib/cassandra-reaper/storage"}],
            }
        ],
    }
    yield marking.owned(
        reaper,
        "apps/v1",
        "StatefulSet",
        name,
        spec={
            "replicas": 1,
            "serviceName": "",
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Delete"},
            "volumeClaimTemplates": [{"metadata": {"name": "reaper-data"}, "spec": spec["storageConfig"]}],
        },
    )


def superuser(cluster: Mapping[str, Any]) -> str:
    """Name of the Secret with the first user."""
    given = (cluster["spec"]["cassandra"].get("superuserSecretRef") or {}).get("name")
    return str(given or f"{cluster['metadata']['name']}-superuser")


def template(cluster: Mapping[str, Any]) -> Json:
    """What is said about the only datacenter that is played."""
    return dict(cluster["spec"]["cassandra"]["datacenters"][0])


def watched(cluster: Mapping[str, Any]) -> dict[str, str]:
    """Labels by which the operator knows what is of which cluster."""
    return {NAME: cluster["metadata"]["name"], NAMESPACE: cluster["metadata"]["namespace"]}


def _users(cluster: Mapping[str, Any]) -> Sequence[str]:
    return [f"{cluster['metadata']['name']}-{each}" for each in ("reaper", "medusa") if cluster["spec"].get(each)]


def _left(cluster: Mapping[str, Any], api_version: str, kind: str, name: str, **content: Any) -> Json:
    """What has no owner and is deleted by the operator itself."""
    labels = {**watched(cluster), "k8ssandra.io/cleaned-up-by": "k8ssandracluster-controller"}
    return marking.plain(api_version, kind, name, owner=cluster, labels=labels, **content)


def _encrypt(config: Json, merged: Mapping[str, Any], *, password: str) -> None:
    for side in ("client", "server"):
        if merged.get(f"{side}EncryptionStores"):
            places = {
                f"{store}{suffix}": value
                for store in ("keystore", "truststore")
                for suffix, value in (("", f"/mnt/{side}-{store}/{store}"), ("_password", password))
            }
            config[f"{side}_encryption_options"] = {**places, **(config.get(f"{side}_encryption_options") or {})}


def _pods(cluster: Mapping[str, Any], merged: Mapping[str, Any], meta: Mapping[str, Any]) -> Json:
    containers = [dict(item) for item in merged.get("containers") or ()]
    inits = [dict(item) for item in merged.get("initContainers") or ()]
    volumes = _stores(merged)
    medusa = cluster["spec"].get("medusa")
    if medusa:
        own = {"image": _MEDUSA, "securityContext": medusa.get("securityContext") or {}}
        inits.append({"name": "medusa-restore", "resources": medusa.get("initContainerResources") or {}, **own})
        ports = [{"name": "grpc", "containerPort": 50051, "protocol": "TCP"}]
        resources = medusa.get("containerResources") or {}
        containers.append({"name": "medusa", "ports": ports, "resources": resources, **own})
    security = {"securityContext": merged["podSecurityContext"]} if merged.get("podSecurityContext") else {}
    return {
        "metadata": {
            "labels": (meta.get("pods") or {}).get("labels") or {},
            "annotations": (meta.get("pods") or {}).get("annotations") or {},
        },
        "spec": {**security, "initContainers": inits, "containers": containers or [{"name": "cassandra"}], **volumes},
    }


def _stores(merged: Mapping[str, Any]) -> Json:
    volumes = [
        {"name": f"{side}-{store}", "secret": {"secretName": stores[f"{store}SecretRef"]["name"]}}
        for side in ("client", "server")
        if (stores := merged.get(f"{side}EncryptionStores"))
        for store in ("keystore", "truststore")
    ]
    return {"volumes": volumes} if volumes else {}
