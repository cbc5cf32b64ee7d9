"""Both operators of Cassandra, played together: what becomes of a cluster, and what it says of itself on the way."""

from __future__ import annotations

import pytest

from components.operators import cass_operator as cass_entry
from components.operators import k8ssandra_operator as entry
from local.operators import cass_operator, cass_operator_objects, k8ssandra_operator
from stacks.services import cassandra as settings
from tests.components import cassandra_objects as service
from tests.components import service_objects
from tests.components import test_mongodb_schema as kubernetes
from tests.components import test_rabbitmq_schema as schemas
from tests.local.cassandra_world import (
    KEYSTORE,
    KINDS,
    MANAGEMENT,
    NEEDED,
    SUPERUSER,
    World,
    cluster,
    having,
    secret,
    settled,
)


@pytest.mark.parametrize(("availability", "racks"), [("single", {"r1": 1}), ("zonal", {"r1": 1, "r2": 1, "r3": 1})])
def test_a_cluster_becomes_ready_after_all_its_nodes_have_started(availability, racks):
    world = settled(availability=availability)
    assert world.ready
    assert world.replicas == racks
    assert world.told == ["None"]
    assert world.conditions["Initialized"] == world.conditions["Ready"] == "True"
    assert world.datacenter["status"]["cassandraOperatorProgress"] == "Ready"
    assert {item["rack"] for item in world.datacenter["status"]["nodeStatuses"].values()} == set(racks)


def test_before_anything_is_made_it_knows_of_no_datacenter_and_no_generation():
    world = World(cluster(), *NEEDED)
    for action in world.planned():
        world.apply(action)
    assert world.cluster["status"] == {"error": "None"}
    assert not world.ready


def test_everything_that_the_operators_make_is_there():
    world = settled(availability="zonal")
    assert world.names("Service") == {
        "db-dc1-service",
        "db-dc1-all-pods-service",
        "db-dc1-additional-seed-service",
        "db-seed-service",
        "db-dc1-reaper-service",
    }
    assert world.names("Secret") == {"db-superuser", "db-keystore", "db-management", "db-reaper", "db-reaper-ui"}
    assert world.names("StatefulSet") == {"db-dc1-r1-sts", "db-dc1-r2-sts", "db-dc1-r3-sts", "db-dc1-reaper"}
    assert world.items["PodDisruptionBudget", "dc1-pdb"]["spec"]["minAvailable"] == 2


def test_a_single_node_has_no_reaper_and_holds_nobody_up():
    world = settled()
    assert world.names("Reaper") == set()
    assert world.items["PodDisruptionBudget", "dc1-pdb"]["spec"]["minAvailable"] == 0


def test_the_user_that_we_have_made_is_left_alone():
    world = settled()
    assert world.items["Secret", "db-superuser"] == SUPERUSER
    assert world.datacenter["spec"]["superuserSecretName"] == "db-superuser"


def test_without_a_user_of_ours_the_operator_makes_one():
    world = World(cluster(), KEYSTORE, MANAGEMENT).settle()
    assert world.ready
    assert world.items["Secret", "db-superuser"]["data"].keys() == {"username", "password"}


def test_it_is_not_ready_before_reaper_is():
    """The status says which generation it is about only when all is done."""
    world = World(cluster(availability="zonal"), *NEEDED)
    for _ in range(80):
        running = world.items.get(("StatefulSet", "db-dc1-reaper"))
        if running is not None:
            break
        for action in world.planned():
            world.apply(action)
        world.run_nodes()
    assert world.datacenter["status"]["cassandraOperatorProgress"] == "Ready"
    assert "observedGeneration" not in world.cluster["status"]
    assert not world.ready
    world.settle()
    assert world.cluster["status"]["datacenters"]["dc1"]["reaper"]["progress"] == "Running"
    assert world.ready


def test_without_the_password_of_its_keys_no_datacenter_is_made_and_it_heals_by_itself():
    world = World(cluster(), SUPERUSER, MANAGEMENT).settle()
    assert world.error == 'Secret "db-keystore" not found'
    assert world.names("CassandraDatacenter") == set()
    assert world.bring(KEYSTORE).ready
    assert world.error == "None"


@pytest.mark.parametrize("lacking", ["tls.crt", "tls.key", "ca.crt"])
def test_without_a_whole_certificate_for_the_management_api_nothing_is_started_and_nobody_says_so(lacking):
    keys = {"tls.crt", "tls.key", "ca.crt"} - {lacking}
    world = World(cluster(), SUPERUSER, KEYSTORE, secret("db-management", *keys)).settle()
    assert world.error == "None"
    assert "status" not in world.datacenter
    assert world.names("StatefulSet") == set()
    assert world.bring(MANAGEMENT).ready


def test_a_cluster_whose_nodes_find_no_room_is_not_ready():
    world = World(cluster(), *NEEDED, room=0).settle()
    assert world.conditions["Ready"] == "False"
    assert world.datacenter["status"]["cassandraOperatorProgress"] == "Updating"
    assert not world.ready


def test_racks_are_added_and_the_first_one_stays():
    world = settled()
    before = set(world.claims)
    world.change(cluster(availability="zonal"))
    assert world.replicas == {"r1": 1, "r2": 1, "r3": 1}
    assert before <= set(world.claims)
    assert world.ready


def test_nodes_are_added_to_all_racks():
    world = settled(availability="zonal")
    world.change(cluster(availability="zonal", overrides=settings.CassandraOverrides(replicas=6)))
    assert world.replicas == {"r1": 2, "r2": 2, "r3": 2}
    assert world.conditions["ScalingUp"] == "False"
    assert world.ready


def test_nodes_are_removed_one_by_one_with_their_volumes():
    world = settled(availability="zonal", overrides=settings.CassandraOverrides(replicas=6))
    world.change(cluster(availability="zonal"))
    assert [sum(sizes.values()) for sizes in world.sizes] == [5, 4, 3]
    assert set(world.claims) == {"r1-sts-0", "r2-sts-0", "r3-sts-0"}
    assert world.ready


def test_fewer_nodes_than_racks_are_not_even_tried():
    world = settled(availability="zonal")
    wanted = cluster(availability="zonal")
    wanted["spec"]["cassandra"]["datacenters"][0]["size"] = 2
    world.change(wanted)
    assert world.replicas == {"r1": 1, "r2": 1, "r3": 1}
    assert not world.ready


def test_a_change_is_not_done_while_nodes_are_missing():
    world = settled(availability="zonal")
    world.room = 1
    world.change(cluster(availability="zonal", overrides=settings.CassandraOverrides(replicas=6)))
    assert world.conditions["ScalingUp"] == "True"
    assert world.cluster["status"]["observedGeneration"] == 1
    assert not world.ready


def test_volumes_grow_and_keep_their_template():
    world = settled(availability="zonal")
    world.change(cluster(availability="zonal", overrides=settings.CassandraOverrides(storage="50Gi")))
    assert set(world.claims.values()) == {"50Gi"}
    assert world.ready


def test_volumes_never_shrink():
    world = settled(overrides=settings.CassandraOverrides(storage="50Gi"))
    world.change(cluster())
    assert world.conditions["Valid"] == "False"
    assert set(world.claims.values()) == {"50Gi"}
    assert not world.ready


def test_volumes_grow_only_where_that_is_permitted():
    world = settled()
    del world.datacenter["metadata"]["annotations"]["cassandra.datastax.com/allow-storage-changes"]
    world.datacenter["spec"]["storageConfig"]["cassandraDataVolumeClaimSpec"]["resources"]["requests"]["storage"] = (
        "90Gi"
    )
    assert any("not set to 'true'" in cass_operator._refusal(world.datacenter, racks) for racks in [racks_of(world)])


def racks_of(world):
    picture = world.picture(cass_operator.PLAYED)
    found = {
        (kind.kind, item["metadata"]["namespace"], item["metadata"]["name"]): item
        for kind, items in picture.items()
        for item in items
    }
    return cass_operator._racks(world.datacenter, found)


def test_another_version_reaches_every_node_rack_by_rack():
    world = settled(availability="zonal", overrides=settings.CassandraOverrides(version="5.0.8"))
    world.change(cluster(availability="zonal"))
    assert {world.pod(rack)["containers"][0]["image"] for rack in ("r1", "r2", "r3")} == {
        "docker.io/k8ssandra/cass-management-api:5.0.9-ubi-v0.1.125"
    }
    assert len(world.sizes) == 3
    assert world.ready


def test_while_the_first_rack_changes_the_others_run_as_before():
    world = settled(availability="zonal", overrides=settings.CassandraOverrides(version="5.0.8"))
    world.broken = "5.0.9"
    world.change(cluster(availability="zonal"))
    images = [world.pod(rack)["containers"][0]["image"].rpartition(":")[2] for rack in ("r1", "r2", "r3")]
    assert images == ["5.0.9-ubi-v0.1.125", "5.0.8-ubi-v0.1.125", "5.0.8-ubi-v0.1.125"]
    assert world.conditions["Updating"] == "True"


def test_a_repair_that_is_not_asked_for_any_more_goes():
    world = settled(overrides=settings.CassandraOverrides(replicas=3))
    world.change(cluster(overrides=settings.CassandraOverrides(replicas=1)))
    assert world.names("Reaper") == set()
    assert world.ready


def test_the_cluster_goes_after_all_that_it_is_made_of_and_leaves_the_claims():
    """As our annotation has it; see `test_without_our_annotation_claims_go_too`."""
    world = settled(availability="zonal")
    world.delete("K8ssandraCluster", "db")
    world.settle()
    assert {kind for kind, _ in world.items} == {"Secret", "PersistentVolumeClaim"}
    assert len(world.claims) == 3


def test_without_our_annotation_claims_go_too():
    assert (entry.CLUSTER.volumes_when_deleted, cass_entry.DATACENTER.volumes_when_deleted) == ("kept", "deleted")
    world = settled()
    del world.datacenter["metadata"]["annotations"]["cassandra.datastax.com/delete-pvc"]
    world.delete("K8ssandraCluster", "db")
    world.settle()
    assert world.claims == {}


def test_finalizers_hold_both_until_their_operators_have_seen_their_end():
    world = settled()
    assert tuple(world.cluster["metadata"]["finalizers"]) == entry.CLUSTER.finalizers
    assert set(world.datacenter["metadata"]["finalizers"]) == {
        *entry.CLUSTER.finalizers,
        *cass_entry.DATACENTER.finalizers,
    }
    world.delete("K8ssandraCluster", "db")
    actions = k8ssandra_operator.plan(world.picture(k8ssandra_operator.PLAYED))
    assert ("K8ssandraCluster", "db") in world.items
    assert {getattr(action, "kind", "") for action in actions} >= {"CassandraDatacenter"}


def backed_up(**medusa):
    found = cluster(backups=service.NIGHTLY)
    found["spec"]["medusa"] |= medusa
    return found


def test_medusa_runs_beside_every_node():
    world = World(backed_up(), *NEEDED).settle()
    assert [item["name"] for item in world.pod()["containers"]] == ["cassandra", "server-system-logger", "medusa"]
    assert "prefix = db" in world.items["ConfigMap", "db-medusa"]["data"]["medusa.ini"]
    assert world.ready


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"clientEncryptionStores": {}},
            "medusa encryption certificates were not provided despite client encryption being enabled",
        ),
        (
            {"storageProperties": {"storageProvider": "azure_blobs", "bucketName": "b"}},
            "must specify either a storge secret or use role-based credentials",
        ),
    ],
)
def test_medusa_is_refused_where_it_could_not_work(changed, told):
    world = World(backed_up(**changed), *NEEDED).settle()
    assert world.error == told
    assert not world.ready


def test_metrics_are_on_the_port_that_the_monitor_asks_for():
    monitor = service_objects.one(service.build(monitored_by="metrics").shared, "PodMonitor")["spec"]
    (endpoint,), container = monitor["podMetricsEndpoints"], settled().pod()["containers"][0]
    assert {item["name"]: item["containerPort"] for item in container["ports"]}[endpoint["port"]] == 9000


def test_clients_find_the_service_that_they_are_told_of():
    built = service.build()
    world = settled()
    host = built.connection["host"].partition(".")[0]
    assert host == built.endpoint.service
    served = {item["name"]: item["port"] for item in world.items["Service", host]["spec"]["ports"]}
    assert served["native"] == int(built.connection["port"])


def test_racks_keep_to_zones_of_their_own_and_nodes_to_hosts():
    hosts, zones = settled(availability="zonal").pod("r2")["affinity"]["podAntiAffinity"][
        "requiredDuringSchedulingIgnoredDuringExecution"
    ]
    assert hosts["topologyKey"] == "kubernetes.io/hostname"
    assert zones["topologyKey"] == "topology.kubernetes.io/zone"
    assert zones["labelSelector"]["matchExpressions"][0]["values"] == ["r2"]


@pytest.mark.parametrize("availability", ["single", "zonal"])
def test_pods_are_what_the_service_selects_and_what_its_namespace_admits(availability):
    world = settled(availability=availability)
    template = world.items["StatefulSet", "db-dc1-r1-sts"]["spec"]["template"]
    assert service.NODES["podSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert template["spec"]["serviceAccountName"] == "db"
    pods = [item["spec"]["template"]["spec"] for (kind, _), item in world.items.items() if kind == "StatefulSet"]
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for item in (*pod["containers"], *pod["initContainers"]):
            assert item["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert item["securityContext"]["allowPrivilegeEscalation"] is False


def test_reapers_pods_are_those_that_the_policies_let_through():
    template = settled(availability="zonal").items["StatefulSet", "db-dc1-reaper"]["spec"]["template"]
    assert service.REAPER["podSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()


@pytest.mark.parametrize("availability", ["single", "zonal"])
def test_stateful_sets_are_ones_that_the_api_takes(availability):
    world = settled(availability=availability)
    for (kind, _), item in world.items.items():
        if kind == "StatefulSet":
            assert [*kubernetes.mistakes(item["spec"], kubernetes.STATEFUL_SET)] == []


@pytest.mark.parametrize("items", [(), NEEDED])
@pytest.mark.parametrize("kind", [entry.CLUSTER, entry.REAPER_KIND, cass_entry.DATACENTER])
def test_their_statuses_and_what_they_make_are_such_that_the_api_takes_them(items, kind):
    operator = cass_entry.NAME if kind is cass_entry.DATACENTER else entry.NAME
    crd = schemas.of(operator, kind.crd)
    world = World(cluster(availability="zonal"), *items).settle()
    for (name, _), item in world.items.items():
        if name == kind.kind:
            own = {key: value for key, value in item["metadata"].items() if key != "owned"}
            crd.validate({**item, "metadata": own})


@pytest.mark.parametrize(
    ("count", "parts", "found"), [(3, 3, [1, 1, 1]), (5, 3, [2, 2, 1]), (1, 1, [1]), (7, 3, [3, 2, 2])]
)
def test_nodes_are_spread_over_racks_evenly(count, parts, found):
    assert cass_operator_objects.split(count, parts) == found


def test_without_names_there_is_one_rack():
    world = settled()
    assert cass_operator_objects.racks(having(world.datacenter, racks=[])) == [{"name": "default"}]


def test_they_look_at_what_they_make():
    made = {kind for kind, _ in settled(availability="zonal").items}
    assert made <= set(KINDS)
