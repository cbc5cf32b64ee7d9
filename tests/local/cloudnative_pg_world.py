"""CloudNativePG at work, on objects in memory."""

from __future__ import annotations

import copy

import pytest

from local import reconciling
from local.operators import cloudnative_pg
from tests.components import postgresql_objects as service

SECRETS = ("pg-server", "pg-replication", "pg-owner")
PLUGIN = "barman-cloud.cloudnative-pg.io"


def secret(name):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "pg"}}


def plugin(namespace="cnpg-system"):
    metadata = {"name": "barman-cloud", "namespace": namespace, "labels": {"cnpg.io/pluginName": PLUGIN}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata}


class World:
    """Applies what is planned, and lets pods run as far as nodes have room."""

    def __init__(self, *others, room=100, secrets=SECRETS, **options):
        (cluster,) = service.build(**options).custom_resources
        cluster["metadata"] |= {"uid": "uid-pg", "generation": 1}
        self.items = {}
        for item in (cluster, *map(secret, secrets), *others):
            self.items[item["kind"], item["metadata"]["name"]] = copy.deepcopy(item)
        self.room = room
        self.phases = []
        self.deleted = []
        self.made = 0

    @property
    def cluster(self):
        return self.items["Cluster", "pg"]

    @property
    def status(self):
        return self.cluster["status"]

    @property
    def roles(self):
        return {name: item["metadata"]["labels"].get("cnpg.io/instanceRole") for name, item in self.of("Pod").items()}

    def of(self, kind):
        return {name: item for (found, name), item in self.items.items() if found == kind}

    def picture(self):
        return {kind: list(self.of(kind.kind).values()) for kind in cloudnative_pg.PLAYED.kinds}

    def settle(self):
        for _ in range(60):
            actions = cloudnative_pg.plan(self.picture())
            if not actions:
                return self
            for action in actions:
                self.perform(action)
            self.run_pods()
        pytest.fail(f"never settles: {actions}")

    def perform(self, action):
        if isinstance(action, reconciling.Delete):
            assert action.namespace == "pg"
            del self.items[action.kind, action.name]
            self.deleted.append((action.kind, action.name))
            return
        manifest = copy.deepcopy(action.manifest)
        key = (manifest["kind"], manifest["metadata"]["name"])
        before = self.items.get(key, {"metadata": {}})
        if action.subresource:
            self.items[key] = {**before, "status": manifest["status"]}
            if not self.phases or self.phases[-1] != manifest["status"]["phase"]:
                self.phases.append(manifest["status"]["phase"])
            return
        self.items[key] = merged(before, manifest)
        self.made += "uid" not in before["metadata"]
        self.items[key]["metadata"].setdefault("uid", f"uid-{self.made}")

    def run_pods(self):
        """What the scheduler and the nodes do."""
        for number, pod in enumerate(self.of("Pod").values()):
            ready = "True" if number < self.room else "False"
            pod["status"] = {"conditions": [{"type": "Ready", "status": ready}]}

    def change(self, **spec):
        self.cluster["spec"] |= spec
        self.phases.clear()
        self.deleted.clear()
        return self.settle()

    def place(self, **nodes):
        """Pods are on these nodes, those with a `-` before their name are being emptied."""
        for pod, node in nodes.items():
            name = node.removeprefix("-")
            self.items["Pod", pod.replace("_", "-")]["spec"]["nodeName"] = name
            spec = {"unschedulable": True} if node.startswith("-") else {}
            self.items["Node", name] = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": spec}
        self.phases.clear()
        return self.settle()

    def lose(self, name):
        """A pod is gone, with its node."""
        del self.items["Pod", name]
        self.phases.clear()
        return self.settle()


def merged(before, after):
    """What server-side apply would make of it, as far as these tests need it."""
    if isinstance(before, dict) and isinstance(after, dict):
        return {**before, **{key: merged(before.get(key), value) for key, value in after.items()}}
    return after


def condition(world):
    (found,) = world.status["conditions"]
    return found["status"], found["reason"]
