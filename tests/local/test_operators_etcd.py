"""etcd-operator, played: what becomes of an EtcdCluster, member by member."""

from __future__ import annotations

import copy

import pytest

from local import reconciling
from local.operators import etcd_operator
from tests.components import test_etcd as service


def cluster(name="kv", **spec):
    return {
        "apiVersion": "operator.etcd.io/v1alpha1",
        "kind": "EtcdCluster",
        "metadata": {"name": name, "namespace": "shop", "uid": f"uid-{name}", "generation": 1},
        "spec": {"size": 3, "version": "v3.6.8", "storageSpec": {"volumeSizeRequest": "4Gi"}, **spec},
    }


class World:
    """Applies what is planned, and makes every member ready that a node takes."""

    def __init__(self, *clusters, room=100):
        self.items = {(item["kind"], item["metadata"]["name"]): copy.deepcopy(item) for item in clusters}
        self.room = room
        self.sizes = []

    def picture(self):
        kinds = {kind.kind: kind for kind in etcd_operator.PLAYED.kinds}
        return {kinds[name]: [one for (kind, _), one in self.items.items() if kind == name] for name in kinds}

    def settle(self):
        for _ in range(30):
            actions = etcd_operator.plan(self.picture())
            if not actions:
                return self
            for action in actions:
                self.apply(action)
            self.run_members()
        pytest.fail(f"never settles: {actions}")

    def apply(self, action):
        manifest = copy.deepcopy(action.manifest)
        key = (manifest["kind"], manifest["metadata"]["name"])
        before = self.items.get(key, {})
        generation = before.get("metadata", {}).get("generation", 0) + 1
        self.items[key] = {**before, **manifest, "metadata": {**manifest["metadata"], "generation": generation}}
        if manifest["kind"] == "StatefulSet":
            self.sizes.append(manifest["spec"]["replicas"])

    def run_members(self):
        """What the controller of StatefulSets and the nodes do."""
        for (kind, _), item in self.items.items():
            if kind == "StatefulSet":
                wanted = item["spec"]["replicas"]
                generation = item["metadata"]["generation"]
                ready = min(wanted, self.room)
                item["status"] = {"observedGeneration": generation, "replicas": wanted, "readyReplicas": ready}

    def change(self, name="kv", **spec):
        self.items["EtcdCluster", name]["spec"].update(spec)
        self.sizes.clear()
        return self.settle()

    @property
    def members(self):
        return self.items["StatefulSet", "kv"]["spec"]["replicas"]

    @property
    def container(self):
        (found,) = self.items["StatefulSet", "kv"]["spec"]["template"]["spec"]["containers"]
        return found

    @property
    def state(self):
        return self.items["ConfigMap", "kv-state"]["data"]


def test_members_are_added_one_at_a_time():
    assert World(cluster()).settle().sizes == [0, 1, 2, 3]


def test_the_next_member_waits_for_the_last():
    world = World(cluster(), room=2).settle()
    assert world.sizes == [0, 1, 2, 3]
    assert World(cluster(size=5), room=2).settle().members == 3


def test_members_are_removed_one_at_a_time():
    assert World(cluster(size=5)).settle().change(size=3).sizes == [4, 3]


def test_a_member_is_told_of_those_before_it():
    world = World(cluster(size=1)).settle()
    assert world.state == {
        "ETCD_INITIAL_CLUSTER_STATE": "new",
        "ETCD_INITIAL_CLUSTER": "kv-0=http://kv-0.kv.shop.svc.cluster.local:2380",
        "ETCD_DATA_DIR": "/var/lib/etcd",
    }
    state = world.change(size=3).state
    assert state["ETCD_INITIAL_CLUSTER_STATE"] == "existing"
    assert state["ETCD_INITIAL_CLUSTER"].count("http://") == 3


def test_it_never_says_how_it_is():
    assert "status" not in World(cluster()).settle().items["EtcdCluster", "kv"]


def test_what_it_makes_goes_with_the_cluster_and_the_volumes_stay():
    world = World(cluster()).settle()
    assert set(world.items) == {
        ("EtcdCluster", "kv"),
        ("StatefulSet", "kv"),
        ("Service", "kv"),
        ("ConfigMap", "kv-state"),
    }
    for key in set(world.items) - {("EtcdCluster", "kv")}:
        (owner,) = world.items[key]["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["uid"], owner["controller"]) == ("EtcdCluster", "uid-kv", True)
    (claim,) = world.items["StatefulSet", "kv"]["spec"]["volumeClaimTemplates"]
    assert "ownerReferences" not in claim["metadata"]


def test_nothing_is_made_for_one_that_is_going():
    going = cluster()
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert etcd_operator.plan(World(going).picture()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"version": "v3.6.9"},
        {"etcdOptions": ["--quota-backend-bytes=1"]},
        {"storageSpec": {"volumeSizeRequest": "9Gi"}},
    ],
)
def test_members_that_run_are_left_as_they_are_until_their_number_changes(change):
    world = World(cluster()).settle()
    before = copy.deepcopy(world.items["StatefulSet", "kv"])
    assert world.change(**change).items["StatefulSet", "kv"] == before
    assert world.change(size=5).items["StatefulSet", "kv"]["spec"] != before["spec"] | {"replicas": 5}


@pytest.mark.parametrize("version", ["v3.5.21", "v3.6.7", "v3.8.0", "v4.0.0"])
def test_a_step_that_etcd_cannot_take_stops_everything(version):
    assert World(cluster()).settle().change(version=version, size=5).sizes == []


@pytest.mark.parametrize("version", ["v3.6.9", "v3.7.0", "nightly"])
def test_a_step_that_etcd_can_take_or_that_is_not_judged_does_not(version):
    assert World(cluster()).settle().change(version=version, size=5).sizes == [4, 5]


def test_options_take_the_place_of_the_operators_own():
    arguments = World(cluster(etcdOptions=["--name=x", "--quota-backend-bytes=1"])).settle().container["args"]
    assert [each for each in arguments if each.startswith("--name")] == ["--name=x"]
    assert arguments[-1] == "--quota-backend-bytes=1"
    assert "--listen-client-urls=http://0.0.0.0:2379" in arguments


def test_labels_of_pods_are_kept_beside_the_operators_own():
    template = {"metadata": {"labels": {"app": "other", "team": "a"}}}
    found = World(cluster(podTemplate=template)).settle().items["StatefulSet", "kv"]["spec"]["template"]["metadata"]
    assert found["labels"] == {"app": "kv", "controller": "kv", "team": "a"}


def test_a_container_gets_neither_resources_nor_probes_nor_security():
    assert set(World(cluster()).settle().container) == {
        "name",
        "image",
        "command",
        "args",
        "env",
        "envFrom",
        "ports",
        "volumeMounts",
    }


def test_the_size_of_a_volume_is_its_limit_too():
    (claim,) = World(cluster()).settle().items["StatefulSet", "kv"]["spec"]["volumeClaimTemplates"]
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "4Gi"}, "limits": {"storage": "4Gi"}},
    }


@pytest.mark.parametrize("storage", [{"accessModes": "ReadOnlyMany"}, {"accessModes": "ReadWriteMany"}])
def test_a_volume_that_it_cannot_make_means_no_member(storage):
    assert World(cluster(storageSpec={"volumeSizeRequest": "4Gi", **storage})).settle().sizes == []


def test_a_stateful_set_of_somebody_else_is_left_alone():
    other = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "kv", "namespace": "shop", "generation": 1},
        "spec": {"replicas": 0},
    }
    assert World(cluster(), other).settle().sizes == []


def test_pods_of_the_service_have_the_labels_that_everything_about_them_selects():
    (manifest,) = service.build(availability="zonal").custom_resources
    manifest["metadata"] |= {"namespace": "kv", "uid": "u"}
    world = World(manifest).settle()
    labels = world.items["StatefulSet", "kv"]["spec"]["template"]["metadata"]["labels"]
    budget = service.one(service.build(), "PodDisruptionBudget")["spec"]["selector"]["matchLabels"]
    assert budget.items() <= labels.items()
    assert world.members == 3
    assert world.container["image"] == "gcr.io/etcd-development/etcd:v3.6.8"


def test_it_looks_at_what_it_makes_members_of():
    assert reconciling.Kind("apps/v1", "StatefulSet") in etcd_operator.PLAYED.kinds
