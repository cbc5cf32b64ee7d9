"""The RabbitMQ cluster operator, played: what becomes of a cluster, and what it says of itself on the way."""

from __future__ import annotations

import base64

import pytest

from components.operators import rabbitmq_cluster_operator as operator
from local import reconciling
from local.operators import rabbitmq_cluster_operator, rabbitmq_objects
from stacks.services import rabbitmq as settings
from tests.components import rabbitmq_objects as service
from tests.components import service_objects
from tests.components import test_mongodb_schema as kubernetes
from tests.components import test_rabbitmq_schema as schemas
from tests.local.rabbitmq_world import CERTIFICATE, KINDS, NEEDED, USER, World, cluster, having, secret, settled


@pytest.mark.parametrize("availability", ["single", "zonal"])
def test_a_cluster_becomes_ready_after_all_its_nodes_have_started(availability):
    world = settled(availability=availability)
    assert world.told == [("Unknown", "Initialising", ""), ("True", "Success", "Finish reconciling")]
    assert world.ready
    assert world.conditions["AllReplicasReady"] == ("True", "AllPodsAreReady", "")
    assert world.conditions["ClusterAvailable"] == ("True", "AtLeastOneEndpointAvailable", "")
    assert world.conditions["NoWarnings"] == ("True", "NoWarnings", "")
    assert world.nodes["spec"]["replicas"] == {"single": 1, "zonal": 3}[availability]


def test_before_anything_is_made_it_says_that_it_knows_nothing():
    world = World(cluster(), *NEEDED)
    (told,) = [item for item in rabbitmq_cluster_operator.plan(world.picture()) if item.subresource == "status"]
    found = {item["type"]: (item["status"], item["reason"]) for item in told.manifest["status"]["conditions"]}
    assert found == {
        "AllReplicasReady": ("Unknown", "MissingStatefulSet"),
        "ClusterAvailable": ("Unknown", "CouldNotRetrieveEndpoints"),
        "NoWarnings": ("Unknown", "MissingStatefulSet"),
        "ReconcileSuccess": ("Unknown", "Initialising"),
    }
    assert "observedGeneration" not in told.manifest["status"]


def test_everything_that_the_operator_makes_is_there_and_goes_with_the_cluster():
    world = settled()
    made = {key for key, item in world.items.items() if item["metadata"].get("ownerReferences")}
    assert made == {
        ("Service", "mq"),
        ("Service", "mq-nodes"),
        ("Secret", "mq-erlang-cookie"),
        ("ConfigMap", "mq-plugins-conf"),
        ("ConfigMap", "mq-server-conf"),
        ("ServiceAccount", "mq-server"),
        ("StatefulSet", "mq-server"),
        ("PersistentVolumeClaim", "persistence-mq-server-0"),
    }
    for key in made:
        (owner,) = world.items[key]["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["uid"], owner["controller"]) == ("RabbitmqCluster", "uid-mq", True)


def test_claims_go_with_the_cluster_as_the_catalogue_says():
    assert operator.CLUSTER.volumes_when_deleted == "deleted"
    (claim,) = settled().nodes["spec"]["volumeClaimTemplates"]
    (owner,) = claim["metadata"]["ownerReferences"]
    assert (owner["uid"], owner["blockOwnerDeletion"]) == ("uid-mq", False)
    assert claim["spec"]["storageClassName"] == "paasport-ssd-retain"


def test_the_user_that_we_have_made_is_left_alone_and_named():
    world = settled()
    assert world.items["Secret", "mq-default-user"] == USER
    assert world.status["binding"] == {"name": "mq-default-user"}
    assert world.status["defaultUser"]["secretReference"]["name"] == "mq-default-user"


def test_without_a_user_of_ours_it_makes_one():
    world = World(having(cluster(), secretBackend={}), CERTIFICATE).settle()
    data = world.items["Secret", "mq-default-user"]["data"]
    plain = {key: base64.b64decode(value).decode() for key, value in data.items()}
    assert plain["connection_string"] == f"amqps://{plain['username']}:{plain['password']}@mq.mq.svc:5671/"
    assert world.ready


def test_nodes_wait_for_the_secret_that_they_have_their_user_from():
    world = World(cluster(), CERTIFICATE).settle()
    assert world.conditions["AllReplicasReady"] == ("False", "NotAllPodsReady", "0/1 Pods ready")
    assert not world.ready
    assert world.bring(USER).ready


def test_without_its_certificate_nothing_is_made_and_it_heals_by_itself():
    world = World(cluster(), USER).settle()
    assert world.conditions["ReconcileSuccess"] == ("False", "TLSError", 'secrets "mq-tls" not found')
    assert ("StatefulSet", "mq-server") not in world.items
    assert world.bring(CERTIFICATE).ready


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (("tls.crt", "ca.crt"), "does not have the fields tls.crt and tls.key"),
        (("tls.crt", "tls.key"), "does not have the field ca.crt"),
    ],
)
def test_a_certificate_that_is_not_whole_is_refused(keys, told):
    world = World(cluster(), USER, secret("mq-tls", *keys)).settle()
    assert world.conditions["ReconcileSuccess"] == ("False", "TLSError", f"TLS secret mq-tls in namespace mq {told}")


def test_tls_alone_cannot_be_without_tls():
    world = World(having(cluster(), tls={"disableNonTLSListeners": True}), *NEEDED).settle()
    status, reason, message = world.conditions["ReconcileSuccess"]
    assert (status, reason) == ("False", "TLSError")
    assert message == "TLS must be enabled if disableNonTLSListeners is set to true"


def test_a_cluster_whose_pods_find_no_room_says_how_many_have():
    world = World(cluster(availability="zonal"), *NEEDED, room=2).settle()
    assert world.conditions["AllReplicasReady"] == ("False", "NotAllPodsReady", "2/3 Pods ready")
    assert world.conditions["ClusterAvailable"][0] == "True"
    assert not world.ready


def test_nodes_are_added():
    world = settled().change(cluster(availability="zonal"))
    assert world.nodes["spec"]["replicas"] == 3
    assert world.ready
    assert world.status["observedGeneration"] == 2


def test_a_change_is_not_done_while_nodes_are_missing():
    world = settled()
    world.room = 2
    world.change(cluster(availability="zonal"))
    assert world.status["observedGeneration"] == 1
    assert world.conditions["ReconcileSuccess"][0] == "True"
    assert not world.ready


def test_nodes_are_never_removed():
    world = settled(availability="zonal").change(cluster())
    message = "Cluster Scale down not supported; tried to scale cluster from 3 nodes to 1 nodes"
    assert world.conditions["ReconcileSuccess"] == ("False", "UnsupportedOperation", message)
    assert world.nodes["spec"]["replicas"] == 3
    assert world.change(cluster(availability="zonal")).ready


def test_volumes_grow_and_keep_their_template():
    world = settled(availability="zonal")
    grown = settings.RabbitmqOverrides(storage="20Gi")
    world.change(cluster(availability="zonal", overrides=grown))
    assert world.sizes == ["20Gi"] * 3
    assert world.ready


def test_a_node_that_is_added_after_volumes_have_grown_gets_one_as_large():
    world = settled().change(cluster(overrides=settings.RabbitmqOverrides(storage="20Gi")))
    world.change(cluster(overrides=settings.RabbitmqOverrides(storage="20Gi", replicas=3)))
    assert world.sizes == ["20Gi"] * 3


def test_volumes_never_shrink():
    world = settled().change(cluster(overrides=settings.RabbitmqOverrides(storage="20Gi")))
    world.change(cluster(overrides=settings.RabbitmqOverrides(storage="15Gi")))
    message = "shrinking persistent volumes is not supported"
    assert world.conditions["ReconcileSuccess"] == ("False", "FailedReconcilePVC", message)
    assert world.sizes == ["20Gi"]


def test_another_version_reaches_every_node():
    world = settled().change(cluster(overrides=settings.RabbitmqOverrides(version="4.3.2")))
    assert {item["image"] for item in (*world.pod["containers"], *world.pod["initContainers"])} == {
        "docker.io/library/rabbitmq:4.3.2-management"
    }
    assert world.ready


def test_a_finalizer_holds_it_until_the_operator_has_seen_its_end():
    world = settled()
    assert world.cluster["metadata"]["finalizers"] == list(operator.CLUSTER.finalizers)
    world.cluster["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    (action,) = rabbitmq_cluster_operator.plan(world.picture())
    assert "finalizers" not in action.manifest["metadata"]
    assert action.manifest["metadata"]["uid"] == "uid-mq"
    world.apply(action)
    assert rabbitmq_cluster_operator.plan(world.picture()) == []


def test_what_is_paused_is_left_as_it_is():
    world = settled()
    world.cluster["metadata"]["labels"] |= {"rabbitmq.com/pauseReconciliation": "true"}
    world.change(cluster(availability="zonal"))
    assert world.nodes["spec"]["replicas"] == 1
    assert world.conditions["NoWarnings"][:2] == ("False", "reconciliation paused")


def test_memory_that_is_not_all_there_is_is_warned_of():
    resources = {"requests": {"memory": "1Gi"}, "limits": {"memory": "2Gi"}}
    world = World(having(cluster(), resources=resources), *NEEDED).settle()
    assert world.conditions["NoWarnings"][:2] == ("False", "MemoryRequestAndLimitDifferent")


def test_metrics_are_on_the_port_that_the_monitor_asks_for():
    monitor = service_objects.one(service.build(monitored_by="metrics").shared, "PodMonitor")["spec"]
    (endpoint,), (container,) = monitor["podMetricsEndpoints"], settled().pod["containers"]
    assert {item["name"]: item["containerPort"] for item in container["ports"]}[endpoint["port"]] == 15691


def test_clients_find_tls_and_nothing_else():
    world = settled(protocols=("mqtt", "stomp", "stream"))
    ports = {item["name"]: item["port"] for item in world.items["Service", "mq"]["spec"]["ports"]}
    assert ports == {
        "amqps": 5671,
        "management-tls": 15671,
        "prometheus-tls": 15691,
        "mqtts": 8883,
        "stomps": 61614,
        "streams": 5551,
    }


def test_without_tls_metrics_are_plain():
    world = World(having(cluster(), tls={}), *NEEDED).settle()
    ports = {item["name"]: item["port"] for item in world.items["Service", "mq"]["spec"]["ports"]}
    assert ports == {"amqp": 5672, "management": 15672, "prometheus": 15692}


def test_nodes_are_spread_by_our_word_over_the_operators_own():
    zones, hosts = settled(availability="zonal").pod["topologySpreadConstraints"]
    assert (zones["topologyKey"], zones["whenUnsatisfiable"], zones["minDomains"]) == (
        "topology.kubernetes.io/zone",
        "DoNotSchedule",
        3,
    )
    assert hosts["topologyKey"] == "kubernetes.io/hostname"
    (alone,) = settled().pod["topologySpreadConstraints"]
    assert alone["whenUnsatisfiable"] == "ScheduleAnyway"


def test_an_override_of_pods_cannot_take_their_account_away():
    other = {"statefulSet": {"spec": {"template": {"spec": {"containers": [], "serviceAccountName": "admin"}}}}}
    world = World(having(cluster(), override=other), *NEEDED).settle()
    assert world.pod["serviceAccountName"] == "mq-server"
    assert [item["name"] for item in world.pod["containers"]] == ["rabbitmq"]


@pytest.mark.parametrize("availability", ["single", "zonal"])
def test_pods_are_what_the_service_selects_and_what_its_namespace_admits(availability):
    world = settled(availability=availability)
    labels = world.nodes["spec"]["template"]["metadata"]["labels"]
    assert service.LABELS.items() <= labels.items()
    assert world.pod["securityContext"]["runAsNonRoot"] is True
    for item in (*world.pod["containers"], *world.pod["initContainers"]):
        assert item["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert item["securityContext"]["allowPrivilegeEscalation"] is False


@pytest.mark.parametrize("availability", ["single", "zonal"])
def test_the_stateful_set_is_one_that_the_api_takes(availability):
    assert [*kubernetes.mistakes(settled(availability=availability).nodes["spec"], kubernetes.STATEFUL_SET)] == []


@pytest.mark.parametrize("items", [(), NEEDED])
def test_its_status_is_one_that_the_api_takes(items):
    crd = schemas.of(operator.NAME, operator.CLUSTER.crd)
    crd.validate(World(cluster(availability="zonal"), *items).settle().cluster)


def test_clusters_of_the_same_name_in_other_namespaces_are_told_apart():
    other = cluster()
    other["metadata"] |= {"namespace": "else", "uid": "uid-else"}
    world = World(*NEEDED)
    picture = world.picture() | {rabbitmq_cluster_operator.CLUSTERS: [other]}
    (told,) = [item for item in rabbitmq_cluster_operator.plan(picture) if item.subresource == "status"]
    (condition,) = [item for item in told.manifest["status"]["conditions"] if item["type"] == "ReconcileSuccess"]
    assert condition["message"] == 'secrets "mq-tls" not found'


def test_it_looks_at_what_it_makes_nodes_of():
    assert reconciling.Kind("apps/v1", "StatefulSet") in rabbitmq_cluster_operator.PLAYED.kinds
    assert {item["kind"] for item in rabbitmq_objects.of(having(cluster(), secretBackend={}))} <= set(KINDS)
