"""Both operators of Cassandra at work, on objects in memory."""

from __future__ import annotations

import copy

import pytest

from local import reconciling
from local.operators import cass_operator, k8ssandra_operator
from runner.kubernetes import readiness as engine
from tests.components import cassandra_objects as service

PLAYED = (k8ssandra_operator.PLAYED, cass_operator.PLAYED)
KINDS = {kind.kind: kind for played in PLAYED for kind in played.kinds}
DONE = ["CassandraDatacenter", "K8ssandraCluster"]


def cluster(**options):
    """What the service asks for, as the API keeps it."""
    (found,) = service.build(**options).custom_resources
    found["metadata"] |= {"uid": "uid-db", "generation": 1}
    return found


def having(found, **spec):
    return {**found, "spec": {**found["spec"], **spec}}


def secret(name, *keys):
    metadata = {"name": name, "namespace": "db", "uid": f"uid-{name}"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": dict.fromkeys(keys, "eA==")}


SUPERUSER = secret("db-superuser", "username", "password")
KEYSTORE = secret("db-keystore", "password")
MANAGEMENT = secret("db-management", "tls.crt", "tls.key", "ca.crt")
NEEDED = (SUPERUSER, KEYSTORE, MANAGEMENT)


class World:
    """Applies what is planned; makes pods and claims, as far as nodes have room; forgets what is deleted and free."""

    def __init__(self, *items, room=100):
        self.items = {(item["kind"], item["metadata"]["name"]): copy.deepcopy(item) for item in items}
        self.room, self.broken = room, "no image"
        self.told, self.sizes = [], []

    def picture(self, played):
        return {kind: [one for (name, _), one in self.items.items() if name == kind.kind] for kind in played.kinds}

    def planned(self):
        return [action for played in PLAYED for action in played.plan(self.picture(played))]

    def settle(self):
        for _ in range(80):
            actions = self.planned()
            if not actions:
                return self
            for action in actions:
                self.apply(action)
            self.run_nodes()
        pytest.fail(f"never settles: {actions}")

    def apply(self, action):
        if isinstance(action, reconciling.Delete):
            self.delete(action.kind, action.name)
            return
        manifest = copy.deepcopy(action.manifest)
        key = (manifest["kind"], manifest["metadata"]["name"])
        before = self.items.get(key, {"metadata": {"uid": f"uid-{key[1]}"}})
        if action.subresource == "status":
            self.items[key] = {**before, "status": manifest["status"]}
            if key[0] == "K8ssandraCluster" and self.error not in self.told[-1:]:
                self.told.append(self.error)
            return
        metadata = {**before["metadata"], **manifest["metadata"]}
        if action.manager.endswith("-finalizer"):
            self.finalize(key, before, action, manifest)
            return
        if "spec" in manifest:
            metadata["generation"] = before["metadata"].get("generation", 0) + 1
        spec = {"spec": {**before.get("spec", {}), **manifest["spec"]}} if "spec" in manifest else {}
        if key[0] == "StatefulSet" and "spec" in before:
            # As the API server has it, which refuses any other change.
            changed = {name for name, value in manifest["spec"].items() if before["spec"][name] != value}
            assert changed <= {"replicas", "template", "minReadySeconds"}
        self.items[key] = {**before, **manifest, **spec, "metadata": metadata}
        if key[0] == "StatefulSet" and key[1].endswith("-sts"):
            self.sizes.append(self.replicas)

    def finalize(self, key, before, action, manifest):
        """As server-side apply does it: each manager has its own entries of the list."""
        owned = {**before["metadata"].get("owned", {}), action.manager: manifest["metadata"].get("finalizers", [])}
        finalizers = [each for names in owned.values() for each in names]
        metadata = {**before["metadata"], "owned": owned, "finalizers": finalizers}
        self.items[key] = {**before, "metadata": metadata}
        if metadata.get("deletionTimestamp") and not finalizers:
            self.forget(key)

    def delete(self, kind, name):
        item = self.items[kind, name]
        if not item["metadata"].get("finalizers"):
            self.forget((kind, name))
            return
        item["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    def forget(self, key):
        """With all that it owns."""
        gone = self.items.pop(key)
        for other, item in list(self.items.items()):
            owners = item["metadata"].get("ownerReferences") or ()
            if any(owner["uid"] == gone["metadata"]["uid"] for owner in owners):
                self.forget(other)

    def run_nodes(self):
        """What the controller of StatefulSets and the hosts do."""
        for (kind, name), item in list(self.items.items()):
            if kind == "StatefulSet":
                wanted = item["spec"]["replicas"]
                for number in range(wanted):
                    self.items.setdefault(*self._claim(item, name, number))
                seen = {"observedGeneration": item["metadata"]["generation"], "replicas": wanted}
                starts = self.broken not in item["spec"]["template"]["spec"]["containers"][0]["image"]
                item["status"] = {**seen, "readyReplicas": min(wanted, self.room) if starts else 0}

    @staticmethod
    def _claim(nodes, name, number):
        (template,) = copy.deepcopy(nodes["spec"]["volumeClaimTemplates"])
        own = f"{template['metadata']['name']}-{name}-{number}"
        metadata = {**template["metadata"], "name": own, "namespace": "db", "uid": f"uid-{own}"}
        return ("PersistentVolumeClaim", own), {**template, "metadata": metadata}

    def change(self, wanted):
        """Another spec, as the API keeps it: status, finalizers and uid stay."""
        before = self.items["K8ssandraCluster", "db"]
        metadata = {**before["metadata"], "generation": before["metadata"]["generation"] + 1}
        self.items["K8ssandraCluster", "db"] = {**before, "spec": wanted["spec"], "metadata": metadata}
        self.told.clear()
        self.sizes.clear()
        return self.settle()

    def bring(self, *items):
        self.items |= {(item["kind"], item["metadata"]["name"]): copy.deepcopy(item) for item in items}
        return self.settle()

    def names(self, kind):
        return {name for (found, name) in self.items if found == kind}

    @property
    def cluster(self):
        return self.items["K8ssandraCluster", "db"]

    @property
    def error(self):
        return self.cluster["status"]["error"]

    @property
    def datacenter(self):
        return self.items["CassandraDatacenter", "dc1"]

    @property
    def conditions(self):
        return {item["type"]: item["status"] for item in self.datacenter["status"]["conditions"]}

    @property
    def replicas(self):
        return {
            name.removeprefix("db-dc1-").removesuffix("-sts"): item["spec"]["replicas"]
            for (kind, name), item in self.items.items()
            if kind == "StatefulSet" and name.endswith("-sts")
        }

    @property
    def claims(self):
        return {
            name.removeprefix("server-data-db-dc1-"): item["spec"]["resources"]["requests"]["storage"]
            for (kind, name), item in self.items.items()
            if kind == "PersistentVolumeClaim" and name.startswith("server-data-")
        }

    def pod(self, rack="r1"):
        return self.items["StatefulSet", f"db-dc1-{rack}-sts"]["spec"]["template"]["spec"]

    @property
    def ready(self):
        return engine.assess(self.cluster).ready


def settled(**options):
    return World(cluster(**options), *NEEDED).settle()
