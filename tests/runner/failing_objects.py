"""Objects that something is wrong with, and what happens meanwhile."""

from __future__ import annotations

import asyncio
import json

from components import contracts
from components.operators import (
    astarte_operator,
    cert_manager,
    cloudnative_pg,
    etcd_operator,
    mongodb_kubernetes,
    prometheus_operator,
    rabbitmq_cluster_operator,
)
from components.services import readiness


class Row:
    """One object that is waited for: `before` is there first, `meanwhile` is done after so many seconds.

    With `change`, fields of its spec, it is brought up first, and what counts is how the wait for the change ends.
    """

    def __init__(self, manifest, *, before=(), meanwhile=(0.0, None), timeout=120, change=None):
        self.manifest, self.before, self.meanwhile = manifest, before, meanwhile
        self.change = change
        annotations = manifest["metadata"].setdefault("annotations", {})
        annotations["pulumi.com/timeoutSeconds"] = str(timeout)


def custom(kind: contracts.Kind, name, spec, **more):
    counted = spec if kind.ready_counts else None
    metadata = {"name": name, "namespace": name, "annotations": readiness.awaited(kind, spec=counted)}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec, **more}


def secret(namespace, name, **data):
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}


def mongodb(name, *, version="8.0.4", tls=None, resources=None):
    user = {
        "name": "app",
        "db": "admin",
        "roles": [],
        "passwordSecretRef": {"name": "app"},
        "scramCredentialsSecretName": "app",
    }
    containers = [{"name": "mongod", "resources": resources or {}}]
    template = {"spec": {"serviceAccountName": "default", "containers": containers}}
    spec = {
        "members": 1,
        "type": "ReplicaSet",
        "version": version,
        "security": {"authentication": {"modes": ["SCRAM"]}, **({"tls": tls} if tls else {})},
        "users": [user],
        "statefulSet": {"spec": {"template": template}},
    }
    return custom(mongodb_kubernetes.COMMUNITY, name, spec)


def prometheus(name, **spec):
    # Without a selector the operator reads no part of the configuration.
    selecting = {"serviceMonitorSelector": {}}
    return custom(prometheus_operator.PROMETHEUS, name, {"replicas": 1, "version": "v3.5.0", **selecting, **spec})


def certificate(name, issuer):
    spec = {"secretName": name, "dnsNames": [name], "issuerRef": {"name": issuer, "kind": "Issuer"}}
    return custom(cert_manager.CERTIFICATE, name, spec)


def issuer(name, spec, *, namespace=""):
    manifest = custom(cert_manager.ISSUER, name, spec)
    manifest["metadata"]["namespace"] = namespace or name
    return manifest


def postgresql(name, **spec):
    return custom(cloudnative_pg.CLUSTER, name, {"instances": 1, "storage": {"size": "1Gi"}, **spec})


def rabbitmq(name, **spec):
    return custom(rabbitmq_cluster_operator.CLUSTER, name, {"persistence": {"storage": "1Gi"}, **spec})


def astarte(name, *, version="1.3.3", **vernemq):
    connection = {"connection": {}}
    spec = {"version": version, "api": {"host": "api.example.com"}, "rabbitmq": connection, "cassandra": connection}
    return custom(astarte_operator.ASTARTE, name, {**spec, "vernemq": {"host": "broker.example.com", **vernemq}})


def budget(name):
    """As an etcd is waited for: the operator never writes a status."""
    terms = ["jsonpath={.status.expectedPods}=1", "jsonpath={.status.currentHealthy}=1"]
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": name, "annotations": {"pulumi.com/waitFor": json.dumps(terms)}},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": name}}},
    }


def etcd(name):
    storage = {"accessModes": "ReadWriteOnce", "storageClassName": "absent", "volumeSizeRequest": "1Gi"}
    manifest = custom(etcd_operator.ETCD_CLUSTER, name, {"size": 1, "version": "v3.6.8", "storageSpec": storage})
    return {**manifest, "metadata": {"name": name, "namespace": name}}


def claim(name):
    spec = {
        "storageClassName": "absent",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": name},
        "spec": spec,
    }


def deployment(name, **spec):
    labels = {"app": name}
    containers = [{"name": "main", "image": "registry.example/absent:1"}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": name},
        # Long enough for this test to say what a kubelet would: simulated ones pull every image.
        "spec": {"replicas": 1, "minReadySeconds": 60, "selector": {"matchLabels": labels}, "template": template},
    }


async def without_image(api, namespace):
    """What the kubelet of a node would say that can't pull the image, once the simulated one has pulled it."""
    pods = []
    while not pods:
        await asyncio.sleep(0.5)
        pods = [pod for pod in await api.list("v1", "Pod", namespace=namespace) if pod["status"].get("podIP")]
    (pod,) = pods
    waits = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "registry.example/absent:1"'}
    container = {"name": "main", "ready": False, "started": False, "restartCount": 0, "image": "absent", "imageID": ""}
    status = {
        "conditions": [{"type": "Ready", "status": "False"}, {"type": "ContainersReady", "status": "False"}],
        "containerStatuses": [{**container, "state": {"waiting": waits}}],
    }
    path = f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}/status"
    await api.request("PATCH", path, json={"status": status}, content_type="application/strategic-merge-patch+json")


def making(*manifests):
    async def make(api, _namespace):
        for manifest in manifests:
            await api.apply(manifest, field_manager="test")

    return make
