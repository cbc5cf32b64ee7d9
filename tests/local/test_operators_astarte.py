"""The Astarte operator, played: what becomes of an Astarte, its health, and what goes with it."""

from __future__ import annotations

import copy

import pytest

from components.operators import astarte_operator as operator
from local import reconciling
from local.operators import astarte_operator
from tests.components import test_astarte as service

KINDS = {kind.kind: kind for kind in astarte_operator.PLAYED.kinds}
SECRETS = ("my-iot-rabbitmq", "my-iot-cassandra", "my-iot-rabbitmq-ca", "my-iot-devices-ca")
KEYS = ("my-iot-housekeeping-private-key", "my-iot-housekeeping-public-key")


def astarte(**options):
    """What the service asks for, as the API keeps it."""
    found = copy.deepcopy(service.build(**options)[0]["Astarte", "my-iot"])
    found["metadata"]["uid"] = "uid-iot"
    return found


def secret(name):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "my-iot", "uid": f"u-{name}"}}


class World:
    """Applies what is planned, and runs pods of all that does not rest."""

    def __init__(self, *items, resting=()):
        self.items = {(item["kind"], item["metadata"]["name"]): copy.deepcopy(item) for item in items}
        self.resting = resting

    def plan(self):
        picture = {KINDS[name]: [one for (kind, _), one in self.items.items() if kind == name] for name in KINDS}
        return list(astarte_operator.plan(picture))

    def settle(self):
        for _ in range(10):
            actions = self.plan()
            if not actions:
                return self
            for action in actions:
                self.perform(action)
            self.run_pods()
        pytest.fail(f"never settles: {actions}")

    def perform(self, action):
        if isinstance(action, reconciling.Delete):
            del self.items[action.kind, action.name]
            return
        manifest = copy.deepcopy(action.manifest)
        key = (manifest["kind"], manifest["metadata"]["name"])
        before = self.items.get(key, {"metadata": {"uid": f"uid-{key[1]}"}})
        metadata = {**before["metadata"], **manifest["metadata"]}
        if action.manager.endswith("-finalizer"):
            metadata["finalizers"] = manifest["metadata"].get("finalizers", [])
        self.items[key] = {**before, **manifest, "metadata": metadata}

    def run_pods(self):
        for (kind, name), item in self.items.items():
            if kind in ("Deployment", "StatefulSet"):
                ready = 0 if name in self.resting else item["spec"]["replicas"]
                item["status"] = {"readyReplicas": ready}

    @property
    def status(self):
        return self.items["Astarte", "my-iot"].get("status", {})

    def names(self, kind):
        return {name for found, name in self.items if found == kind}


def world(found=None, *, without=(), **more):
    return World(found or astarte(), *(secret(name) for name in (*SECRETS, *KEYS) if name not in without), **more)


def test_all_its_parts_come_and_it_is_well():
    made = world().settle()
    assert made.names("Deployment") == {
        f"my-iot-{part}"
        for part in (
            *("housekeeping", "realm-management", "pairing", "appengine-api", "data-updater-plant", "trigger-engine"),
            *("cfssl", "dashboard"),
        )
    }
    assert made.names("StatefulSet") == {"my-iot-vernemq"}
    assert made.status == {
        "phase": "Reconciled",
        "astarteVersion": "1.3.3",
        "operatorVersion": "25.5.0-dev",
        "health": "green",
        "baseAPIURL": "https://api.iot.example.com",
        "brokerURL": "mqtts://broker.iot.example.com:8883",
    }
    assert made.items["Astarte", "my-iot"]["metadata"]["finalizers"] == list(operator.ASTARTE.finalizers)


def test_images_are_those_that_a_mirror_would_have():
    made = world().settle()
    images = {
        item["spec"]["template"]["spec"]["containers"][0]["image"]
        for (kind, _), item in made.items.items()
        if kind in ("Deployment", "StatefulSet")
    }
    assert images == {
        *(f"docker.io/astarte/astarte_{name}:1.3.3" for name in ("housekeeping", "realm_management", "pairing")),
        *(f"docker.io/astarte/astarte_{name}:1.3.3" for name in ("appengine_api", "data_updater_plant")),
        "docker.io/astarte/astarte_trigger_engine:1.3.3",
        "docker.io/astarte/astarte-dashboard:1.3.3",
        "docker.io/astarte/vernemq:1.3.3",
        "docker.io/astarte/cfssl:1.5.0-astarte.3",
    }


@pytest.mark.parametrize(
    ("resting", "health"),
    [
        ((), "green"),
        (("my-iot-pairing",), "yellow"),
        (("my-iot-vernemq",), "yellow"),
        (("my-iot-cfssl", "my-iot-dashboard"), "red"),
    ],
)
def test_its_health_is_how_many_parts_have_no_pod_at_all(resting, health):
    assert world(resting=resting).settle().status["health"] == health


@pytest.mark.parametrize("name", SECRETS)
def test_without_a_secret_that_it_mounts_nothing_starts(name):
    made = world(without=(name,)).settle()
    assert made.status["health"] == "red"
    made.items["Secret", name] = secret(name)
    assert made.settle().status["health"] == "green"


def test_keys_that_are_there_are_left_alone_and_others_are_made_once():
    made = world().settle()
    assert "data" not in made.items["Secret", KEYS[1]]
    generated = world(without=KEYS).settle()
    first = generated.items["Secret", KEYS[0]]["data"]
    assert generated.settle().items["Secret", KEYS[0]]["data"] == first


def test_right_after_a_change_the_status_is_that_of_before():
    made = world().settle()
    changed = astarte(overrides={"version": "1.3.4"})
    made.items["Astarte", "my-iot"]["spec"] = changed["spec"]
    assert (made.status["health"], made.status["astarteVersion"]) == ("green", "1.3.3")
    assert made.settle().status["astarteVersion"] == "1.3.4"


def test_an_upgrade_of_what_is_not_well_is_refused():
    made = world(resting=("my-iot-pairing",)).settle()
    made.items["Astarte", "my-iot"]["spec"]["version"] = "1.3.4"
    (action,) = made.plan()
    assert (action.manifest["kind"], action.manifest["reason"]) == ("Event", "ErrCritical")
    assert action.manifest["message"].startswith("Cluster health is yellow, refusing to upgrade.")
    made.perform(action)
    assert made.plan() == []
    assert made.status["astarteVersion"] == "1.3.3"


def test_a_version_of_another_line_gets_nothing_not_even_an_end():
    found = astarte()
    found["spec"]["version"] = "1.4.0"
    assert world(found).settle().status == {}
    found["metadata"] |= {"finalizers": list(operator.ASTARTE.finalizers), "deletionTimestamp": "2026-01-01T00:00:00Z"}
    (action,) = world(found).plan()
    assert action.manifest["message"] == "version 1.4.0 cannot be managed by this Operator"


def test_its_end_takes_claims_and_the_copy_of_the_authority_but_no_keys():
    made = world().settle()
    for name in ("my-iot-vernemq-data-my-iot-vernemq-0", "another"):
        metadata = {"name": name, "namespace": "my-iot", "uid": name}
        made.items["PersistentVolumeClaim", name] = {"kind": "PersistentVolumeClaim", "metadata": metadata}
    made.items["Astarte", "my-iot"]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    made.settle()
    assert made.names("PersistentVolumeClaim") == {"another"}
    assert "my-iot-cfssl-ca" not in made.names("Secret")
    assert {*SECRETS, *KEYS} <= made.names("Secret")
    assert made.items["Astarte", "my-iot"]["metadata"]["finalizers"] == []
