"""RabbitMQ's operator at work, on objects in memory."""

from __future__ import annotations

import copy

import pytest

from local.operators import rabbitmq_cluster_operator
from runner.kubernetes import readiness as engine
from tests.components import rabbitmq_objects as service

KINDS = {kind.kind: kind for kind in rabbitmq_cluster_operator.PLAYED.kinds}


def cluster(**options):
    """What the service asks for, as the API keeps it."""
    (found,) = service.build(**options).custom_resources
    found["metadata"] |= {"uid": "uid-mq", "generation": 1}
    return found


def having(found, **spec):
    return {**found, "spec": {**found["spec"], **spec}}


def secret(name, *keys):
    metadata = {"name": name, "namespace": "mq", "uid": f"uid-{name}"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": dict.fromkeys(keys, "eA==")}


USER = secret("mq-default-user", "username", "password", "default_user.conf")
CERTIFICATE = secret("mq-tls", "tls.crt", "tls.key", "ca.crt")
NEEDED = (USER, CERTIFICATE)


class World:
    """Applies what is planned; makes pods, claims and endpoints, as far as nodes have room."""

    def __init__(self, *items, room=100):
        self.items = {(item["kind"], item["metadata"]["name"]): copy.deepcopy(item) for item in items}
        self.room = room
        self.told = []

    def picture(self):
        return {KINDS[name]: [one for (kind, _), one in self.items.items() if kind == name] for name in KINDS}

    def settle(self):
        for _ in range(30):
            actions = rabbitmq_cluster_operator.plan(self.picture())
            if not actions:
                return self
            for action in actions:
                self.apply(action)
            self.run_nodes()
        pytest.fail(f"never settles: {actions}")

    def apply(self, action):
        manifest = copy.deepcopy(action.manifest)
        key = (manifest["kind"], manifest["metadata"]["name"])
        before = self.items.get(key, {"metadata": {"uid": f"uid-{key[1]}"}})
        if action.subresource == "status":
            self.items[key] = {**before, "status": manifest["status"]}
            told = self.conditions["ReconcileSuccess"]
            if told not in self.told[-1:]:
                self.told.append(told)
            return
        metadata = {**before["metadata"], **manifest["metadata"]}
        if action.manager.endswith("-finalizer"):
            metadata["finalizers"] = manifest["metadata"].get("finalizers", [])
        elif "spec" in manifest:
            metadata["generation"] = before["metadata"].get("generation", 0) + 1
        spec = {"spec": {**before.get("spec", {}), **manifest.get("spec", {})}}
        self.items[key] = {**before, **manifest, **spec, "metadata": metadata}

    def run_nodes(self):
        """What the controllers of StatefulSets and of endpoints and the hosts do."""
        nodes = self.items.get(("StatefulSet", "mq-server"))
        if nodes is None:
            return
        wanted, ready = nodes["spec"]["replicas"], min(nodes["spec"]["replicas"], self.room)
        for number in range(wanted):
            self.items.setdefault(*self._claim(nodes, f"persistence-mq-server-{number}"))
        nodes["status"] = {"observedGeneration": nodes["metadata"]["generation"], "readyReplicas": ready}
        addresses = [{"addresses": [f"10.0.0.{number}"]} for number in range(ready)]
        labels = {"kubernetes.io/service-name": "mq"}
        metadata = {"name": "mq-abcde", "namespace": "mq", "labels": labels}
        self.items["EndpointSlice", "mq-abcde"] = {"metadata": metadata, "endpoints": addresses}

    @staticmethod
    def _claim(nodes, name):
        (template,) = copy.deepcopy(nodes["spec"]["volumeClaimTemplates"])
        metadata = {**template["metadata"], "name": name, "namespace": "mq", "uid": f"uid-{name}"}
        return ("PersistentVolumeClaim", name), {**template, "metadata": metadata}

    def change(self, wanted):
        """Another spec, as the API keeps it: status, finalizers and uid stay."""
        before = self.items["RabbitmqCluster", "mq"]
        metadata = {**before["metadata"], "generation": before["metadata"]["generation"] + 1}
        self.items["RabbitmqCluster", "mq"] = {**before, "spec": wanted["spec"], "metadata": metadata}
        self.told.clear()
        return self.settle()

    def bring(self, *items):
        self.items |= {(item["kind"], item["metadata"]["name"]): copy.deepcopy(item) for item in items}
        return self.settle()

    @property
    def cluster(self):
        return self.items["RabbitmqCluster", "mq"]

    @property
    def status(self):
        return self.cluster["status"]

    @property
    def conditions(self):
        found = self.status["conditions"]
        return {item["type"]: (item["status"], item["reason"], item["message"]) for item in found}

    @property
    def nodes(self):
        return self.items["StatefulSet", "mq-server"]

    @property
    def pod(self):
        return self.nodes["spec"]["template"]["spec"]

    @property
    def ready(self):
        return engine.assess(self.cluster).ready

    @property
    def sizes(self):
        claims = [item for (kind, _), item in self.items.items() if kind == "PersistentVolumeClaim"]
        return [item["spec"]["resources"]["requests"]["storage"] for item in claims]


def settled(**options):
    return World(cluster(**options), *NEEDED).settle()
