"""The scylla-operator, played: what becomes of a cluster, and what it says of itself on the way."""

from __future__ import annotations

import base64
import copy

import pytest
from cryptography import x509

from components.operators import scylla_operator as operator
from local import reconciling
from local.operators import scylla_objects, scylla_operator
from runner.kubernetes import readiness as engine
from stacks.services import scylla as settings
from tests.components import test_mongodb_schema as kubernetes
from tests.components import test_scylla as service
from tests.components import test_scylla_schema as schemas

KINDS = {kind.kind: kind for kind in scylla_operator.PLAYED.kinds}
CONFIGURATION = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "db-config", "namespace": "db", "uid": "uid-db-config"},
    "data": {"scylla.yaml": ""},
}
ZONAL = ["db-dc1-a", "db-dc1-b", "db-dc1-c"]


def cluster(**options):
    """What the service asks for, as the API keeps it."""
    (found,) = service.build(**options).custom_resources
    found["metadata"] |= {"uid": "uid-db", "generation": 1}
    return found


class World:
    """Applies what is planned; makes pods and claims, as far as nodes have room."""

    def __init__(self, *items, room=100):
        self.items = {(item["kind"], item["metadata"]["name"]): copy.deepcopy(item) for item in items}
        self.room = room
        self.sizes = []
        self.told = []

    def picture(self):
        return {KINDS[name]: [one for (kind, _), one in self.items.items() if kind == name] for name in KINDS}

    def settle(self):
        for _ in range(60):
            actions = scylla_operator.plan(self.picture())
            if not actions:
                return self
            for action in actions:
                self.apply(action)
            self.run_nodes()
        pytest.fail(f"never settles: {actions}")

    def apply(self, action):
        if isinstance(action, reconciling.Delete):
            del self.items[action.kind, action.name]
            return
        manifest = copy.deepcopy(action.manifest)
        key = (manifest["kind"], manifest["metadata"]["name"])
        before = self.items.get(key, {"metadata": {"uid": f"uid-{key[1]}"}})
        if action.subresource == "status":
            self.items[key] = {**before, "status": manifest["status"]}
            if key[0] == "ScyllaCluster":
                self.told.append({item["type"]: item["status"] for item in manifest["status"]["conditions"]})
            return
        generation = before["metadata"].get("generation", 0) + 1
        metadata = {**before["metadata"], **manifest["metadata"], "generation": generation}
        self.items[key] = {**before, **manifest, "metadata": metadata}
        if key[0] == "StatefulSet":
            self.sizes.append((key[1], manifest["spec"]["replicas"]))

    def run_nodes(self):
        """What the controller of StatefulSets and the hosts do."""
        room = self.room
        for (kind, name), item in list(self.items.items()):
            if kind != "StatefulSet":
                continue
            wanted = item["spec"]["replicas"]
            ready = min(wanted, room)
            room -= ready
            for number in range(wanted):
                self.items.setdefault(("PersistentVolumeClaim", f"data-{name}-{number}"), self._claim(name, number))
            item["status"] = {
                "observedGeneration": item["metadata"]["generation"],
                "replicas": wanted,
                "readyReplicas": ready,
                "updatedReplicas": wanted,
                "currentRevision": "1",
                "updateRevision": "1",
            }

    @staticmethod
    def _claim(name, number):
        metadata = {"name": f"data-{name}-{number}", "namespace": "db", "uid": f"uid-data-{name}-{number}"}
        return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata}

    def change(self, **options):
        """Asks for something else, as the API keeps it."""
        (found,) = service.build(**options).custom_resources
        before = self.items["ScyllaCluster", "db"]
        metadata = {**before["metadata"], "generation": before["metadata"]["generation"] + 1}
        self.items["ScyllaCluster", "db"] = {**before, "spec": found["spec"], "metadata": metadata}
        self.sizes.clear()
        self.told.clear()
        return self.settle()

    def names(self, kind):
        return sorted(name for each, name in self.items if each == kind)

    @property
    def status(self):
        return self.items["ScyllaCluster", "db"]["status"]

    @property
    def conditions(self):
        return {item["type"]: (item["status"], item["reason"], item["message"]) for item in self.status["conditions"]}

    @property
    def is_ready(self):
        return engine.assess(self.items["ScyllaCluster", "db"]).ready


def world(*items, room=100, **options):
    return World(cluster(**options), *(items or (CONFIGURATION,)), room=room).settle()


GOOD = {
    "Available": ("True", "AsExpected", ""),
    "Progressing": ("False", "AsExpected", ""),
    "Degraded": ("False", "AsExpected", ""),
}


def test_racks_join_one_after_the_other():
    found = world(availability="zonal")
    assert found.sizes == [(name, 1) for name in ZONAL]
    assert found.conditions == GOOD
    assert found.is_ready


def test_the_next_rack_waits_for_the_last():
    found = world(availability="zonal", room=1)
    assert found.names("StatefulSet") == ZONAL[:2]
    assert not found.is_ready
    assert found.conditions["Progressing"] == (
        "True",
        "WaitingForStatefulSetRollout",
        'Waiting for StatefulSet "db/db-dc1-b" to roll out.',
    )


def test_no_status_on_the_way_is_taken_for_a_ready_one():
    found = world(availability="zonal")
    assert [told for told in found.told[:-1] if told["Available"] == "True" and told["Progressing"] == "False"] == []
    assert {told["Degraded"] for told in found.told} == {"False"}


def test_members_are_counted_rack_by_rack():
    status = world(availability="zonal", overrides=settings.ScyllaOverrides(replicas=6)).status
    assert (status["members"], status["readyMembers"], status["availableMembers"], status["rackCount"]) == (6, 6, 6, 3)
    assert status["racks"]["b"] == {
        "version": "2026.1.3",
        "members": 2,
        "readyMembers": 2,
        "availableMembers": 2,
        "updatedMembers": 2,
        "stale": False,
    }


def test_what_it_makes():
    found = world()
    assert found.names("Service") == ["db-client", "db-dc1-a-0"]
    assert found.names("Secret") == [
        "db-auth-token",
        "db-local-client-ca",
        "db-local-cql-connection-configs-admin",
        "db-local-serving-ca",
        "db-local-serving-certs",
        "db-local-user-admin",
    ]
    assert found.names("ConfigMap") == [
        "db-a-snitch-config",
        "db-config",
        "db-local-client-ca",
        "db-local-serving-ca",
        "db-managed-config",
        "db-manager-agent-config",
    ]
    assert found.names("ServiceAccount") == ["db-member"]
    assert found.names("PodDisruptionBudget") == ["db"]
    for kind, name in set(found.items) - {("ScyllaCluster", "db"), ("ConfigMap", "db-config")}:
        if kind != "PersistentVolumeClaim":
            (owner,) = found.items[kind, name]["metadata"]["ownerReferences"]
            assert (owner["kind"], owner["uid"]) == ("ScyllaCluster", "uid-db")


def test_the_clients_service_leads_to_nodes_alone():
    spec = world().items["Service", "db-client"]["spec"]
    assert spec["selector"]["scylla-operator.scylladb.com/pod-type"] == "scylladb-node"
    assert {port["name"]: port["port"] for port in spec["ports"]}["cql"] == service.scylla.PORT


def test_certificates_are_signed_by_the_authority_that_clients_are_shown():
    found = world()
    bundle = found.items["ConfigMap", "db-local-serving-ca"]["data"]["ca-bundle.crt"]
    serving = base64.b64decode(found.items["Secret", "db-local-serving-certs"]["data"]["tls.crt"])
    authority, leaf = x509.load_pem_x509_certificate(bundle.encode()), x509.load_pem_x509_certificate(serving)
    leaf.verify_directly_issued_by(authority)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "db-client.db.svc" in names.get_values_for_type(x509.DNSName)


def test_pods_are_as_the_service_and_its_policies_take_them_for():
    found = world(availability="zonal")
    template = found.items["StatefulSet", "db-dc1-b"]["spec"]["template"]
    assert service.NODES["podSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert template["metadata"]["labels"]["scylla/rack"] == "b"
    assert template["metadata"]["annotations"] == {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}
    (rack,) = (each for each in service.racks(service.build(availability="zonal")) if each["name"] == "b")
    assert template["spec"]["affinity"] == {
        key: value for key, value in rack["placement"].items() if key != "tolerations"
    }
    assert template["spec"]["tolerations"] == rack["placement"]["tolerations"]
    ports = {port["name"]: port["containerPort"] for port in template["spec"]["containers"][0]["ports"]}
    assert ports["prometheus"] == 9180


def test_pods_are_guaranteed_and_ask_for_what_the_checks_count():
    pod = world().items["StatefulSet", "db-dc1-a"]["spec"]["template"]["spec"]
    for container in [*pod["initContainers"], *pod["containers"]]:
        assert container["resources"]["requests"] == container["resources"]["limits"], container["name"]
    beside = [item["resources"]["limits"] for item in pod["containers"][1:]]
    assert beside == [{"cpu": "50m", "memory": "40Mi"}] * 2 + [{"cpu": "100m", "memory": "256Mi"}]


# Changes


def test_nodes_are_added_rack_by_rack():
    found = world(availability="zonal").change(availability="zonal", overrides=settings.ScyllaOverrides(replicas=6))
    assert found.sizes == [(name, 2) for name in ZONAL]
    assert found.is_ready
    assert "db-dc1-c-1" in found.names("Service")


def test_nodes_leave_one_at_a_time_and_take_their_service_and_their_claim_with_them():
    found = world(availability="zonal", overrides=settings.ScyllaOverrides(replicas=9)).change(availability="zonal")
    assert found.sizes == [(name, size) for name in ZONAL for size in (2, 1)]
    assert found.is_ready
    assert found.names("Service") == ["db-client", "db-dc1-a-0", "db-dc1-b-0", "db-dc1-c-0"]
    assert found.names("PersistentVolumeClaim") == ["data-db-dc1-a-0", "data-db-dc1-b-0", "data-db-dc1-c-0"]


def test_another_version_is_rolled_out_rack_by_rack():
    found = world(availability="zonal").change(
        availability="zonal", overrides=settings.ScyllaOverrides(version="2026.1.4")
    )
    assert found.sizes == [(name, 1) for name in ZONAL]
    assert {told["Available"] for told in found.told[:-1]} == {"False"}
    assert {rack["version"] for rack in found.status["racks"].values()} == {"2026.1.4"}
    assert found.is_ready


def test_two_racks_can_be_added_to_one():
    found = world().change(availability="zonal")
    # The first is rolled at last: from now on it keeps away from the others' zones.
    assert found.sizes == [(name, 1) for name in ("db-dc1-b", "db-dc1-c", "db-dc1-a")]
    assert found.is_ready


def test_a_rack_with_nodes_is_not_removed():
    found = world(availability="zonal").change()
    assert found.conditions["Degraded"][0] == "True"
    assert found.conditions["Degraded"][2] == (
        'rack "b" can\'t be removed because it still has members that have to be scaled down to zero first'
    )
    assert found.names("StatefulSet") == ZONAL


@pytest.mark.parametrize("options", [{"overrides": settings.ScyllaOverrides(storage="40Gi")}, {"nodes": "shared"}])
def test_other_storage_is_refused_and_nothing_is_changed(options):
    found = world().change(**options)
    assert found.conditions["Degraded"] == ("True", "Error", "changes in storage are currently not supported")
    assert found.sizes == []
    assert not found.is_ready


# Failures


def test_without_its_configuration_no_node_becomes_ready():
    found = world(cluster(name="other"))
    assert found.conditions["Available"] == ("False", "MembersNotReady", "Only 0 out of 1 member(s) are ready")
    assert found.conditions["Progressing"][0] == "True"
    found.items["ConfigMap", "db-config"] = copy.deepcopy(CONFIGURATION)
    assert found.settle().is_ready


def test_nodes_that_find_no_machine_are_waited_for():
    found = world(room=0)
    assert found.conditions["Available"][1] == "MembersNotReady"
    assert (found.status["members"], found.status["readyMembers"]) == (1, 0)
    found.room = 1
    found.run_nodes()
    assert found.settle().is_ready


def test_a_node_that_fails_later_is_told():
    found = world(availability="zonal")
    found.room = 2
    found.run_nodes()
    assert found.settle().conditions["Available"] == (
        "False",
        "MembersNotReady",
        "Only 2 out of 3 member(s) are ready",
    )


def test_nothing_is_made_for_one_that_is_going():
    going = cluster()
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert scylla_operator.plan(World(going).picture()) == []


# Tuning


def test_nodes_are_tuned_as_soon_as_they_are_there():
    config = copy.deepcopy(operator.TUNING)
    config["metadata"] |= {"uid": "uid-paasport", "generation": 2}
    found = World(config).settle()
    tuned = found.items["NodeConfig", "paasport"]
    assert engine.assess(tuned).ready
    assert tuned["status"]["observedGeneration"] == 2


# The API's schemas


def test_what_it_says_fits_the_schema_of_the_release():
    schema = schemas.schemas.schema_of(schemas.release(), "ScyllaCluster")
    found = world(availability="zonal").items["ScyllaCluster", "db"]
    schemas.jsonschema.Draft7Validator(schema).validate(found)


@pytest.mark.parametrize("nodes", ["dedicated", "shared"])
def test_its_stateful_sets_are_valid(nodes):
    found = world(availability="zonal", nodes=nodes)
    for name in ZONAL:
        assert [*kubernetes.mistakes(found.items["StatefulSet", name]["spec"], kubernetes.STATEFUL_SET)] == []


def test_what_it_says_of_nodes_fits_too():
    schema = schemas.schemas.schema_of(schemas.release(), "NodeConfig")
    config = copy.deepcopy(operator.TUNING)
    config["metadata"] |= {"uid": "uid-paasport", "generation": 1}
    schemas.jsonschema.Draft7Validator(schema).validate(World(config).settle().items["NodeConfig", "paasport"])


def test_it_looks_at_what_the_catalogue_knows():
    assert {kind.kind for kind in operator.OPERATOR.kinds} >= {"ScyllaCluster", "NodeConfig"}
    assert scylla_operator.PLAYED.repository in operator.IMAGE
    assert scylla_objects.SIDECAR == operator.IMAGE
