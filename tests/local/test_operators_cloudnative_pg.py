"""CloudNativePG, played: what becomes of a Cluster, server by server."""

from __future__ import annotations

import copy

import jsonschema
import pytest

from local import reconciling
from local.operators import cloudnative_pg
from tests.components import postgresql_objects as service
from tests.components import service_objects
from tests.components import test_postgresql_schema as schema
from tests.local.cloudnative_pg_world import PLUGIN, SECRETS, World, condition, plugin, secret


@pytest.fixture(scope="module")
def three():
    """A zonal one that has settled, to be copied."""
    return World(availability="zonal").settle()


@pytest.fixture
def world(three):
    return copy.deepcopy(three)


def test_a_single_server_is_set_up():
    world = World().settle()
    assert world.phases == ["Setting up primary", "Cluster in healthy state"]
    assert list(world.of("Pod")) == ["pg-1"]
    assert condition(world) == ("True", "ClusterIsReady")
    expected = {"instances": 1, "readyInstances": 1, "currentPrimary": "pg-1", "targetPrimary": "pg-1"}
    assert {key: world.status[key] for key in expected} == expected
    assert (world.status["writeService"], world.status["phaseReason"]) == ("pg-rw", "")


def test_standbys_are_made_one_after_the_other(three):
    assert three.phases == ["Setting up primary", "Creating a new replica", "Cluster in healthy state"]
    assert three.roles == {"pg-1": "primary", "pg-2": "replica", "pg-3": "replica"}
    assert three.status["instanceNames"] == ["pg-1", "pg-2", "pg-3"]


def test_each_server_has_a_volume_for_data_and_one_for_its_log(three):
    claims = three.of("PersistentVolumeClaim")
    sizes = {name: claim["spec"]["resources"]["requests"]["storage"] for name, claim in claims.items()}
    assert sizes == {
        **{f"pg-{serial}": "10Gi" for serial in (1, 2, 3)},
        **{f"pg-{serial}-wal": "4Gi" for serial in (1, 2, 3)},
    }
    assert {claim["metadata"]["annotations"]["cnpg.io/pvcStatus"] for claim in claims.values()} == {"ready"}
    assert {claim["spec"]["storageClassName"] for claim in claims.values()} == {"paasport-ssd-retain"}


def test_the_next_server_waits_for_the_last_and_the_status_says_for_which():
    world = World(availability="zonal", room=1).settle()
    assert list(world.of("Pod")) == ["pg-1", "pg-2"]
    assert (world.status["phase"], world.status["phaseReason"]) == (
        "Creating a new replica",
        "Creating replica pg-2-join",
    )
    assert condition(world) == ("False", "ClusterIsNotReady")
    assert world.status["readyInstances"] == 1


def test_a_first_server_that_finds_no_node_is_being_set_up_for_ever():
    world = World(room=0).settle()
    assert (world.status["phase"], world.status["readyInstances"]) == ("Setting up primary", 0)
    assert world.status["phaseReason"] == "Creating primary instance pg-1"
    assert "currentPrimary" not in world.status


def test_services_find_the_primary_and_the_standbys(three):
    selectors = {name: item["spec"]["selector"] for name, item in three.of("Service").items()}
    assert selectors == {
        "pg-rw": {"cnpg.io/cluster": "pg", "cnpg.io/instanceRole": "primary"},
        "pg-ro": {"cnpg.io/cluster": "pg", "cnpg.io/instanceRole": "replica"},
        "pg-r": {"cnpg.io/cluster": "pg", "cnpg.io/podRole": "instance"},
    }


def test_budgets_keep_the_primary_and_all_standbys_but_one(three):
    assert {name: item["spec"]["minAvailable"] for name, item in three.of("PodDisruptionBudget").items()} == {
        "pg-primary": 1,
        "pg": 1,
    }
    assert World().settle().of("PodDisruptionBudget") == {}


def test_budgets_go_where_a_single_server_is_left(world):
    world.change(instances=1, enablePDB=False)
    assert world.of("PodDisruptionBudget") == {}
    assert list(world.of("Pod")) == ["pg-1"]


def test_what_it_makes_goes_with_the_cluster_volumes_too(three):
    made = [item for (kind, _), item in three.items.items() if kind not in ("Cluster", "Secret")]
    assert {item["kind"] for item in made} == {
        *("Pod", "PersistentVolumeClaim", "Service", "PodDisruptionBudget", "ServiceAccount"),
    }
    for item in made:
        (owner,) = item["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["uid"], owner["controller"]) == ("Cluster", "uid-pg", True)


def test_nothing_is_done_for_one_that_is_going(world):
    world.cluster["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    world.lose("pg-2")
    assert list(world.of("Pod")) == ["pg-1", "pg-3"]


@pytest.mark.parametrize(("missing", "what"), [("pg-server", "server CA"), ("pg-replication", "client CA")])
def test_nothing_is_made_without_the_certificates_and_the_status_says_which_is_missing(missing, what):
    world = World(secrets=[name for name in SECRETS if name != missing]).settle()
    assert world.status["phase"] == "Unable to create required cluster objects"
    assert world.status["phaseReason"] == f'missing specified {what} secret {missing}: Secret "{missing}" not found'
    assert world.of("Service") == {}
    world.items["Secret", missing] = secret(missing)
    assert world.settle().status["phase"] == "Cluster in healthy state"


def test_the_status_keeps_what_it_knew_where_a_certificate_is_lost(world):
    del world.items["Secret", "pg-server"]
    world.settle()
    assert condition(world) == ("False", "ClusterIsNotReady")
    assert (world.status["currentPrimary"], world.status["readyInstances"]) == ("pg-1", 3)


def test_no_server_starts_without_the_owners_password():
    world = World(secrets=SECRETS[:2]).settle()
    assert world.of("Pod") == {}
    assert world.status["phase"] == "Setting up primary"
    world.items["Secret", "pg-owner"] = secret("pg-owner")
    assert list(world.settle().of("Pod")) == ["pg-1"]


def test_a_plugin_that_is_not_there_stops_everything():
    world = World()
    world.change(plugins=[{"name": PLUGIN}])
    assert world.phases == ["Cluster cannot proceed to reconciliation due to an unknown plugin being required"]
    assert world.status["phaseReason"].startswith(f"Unknown plugin: '{PLUGIN}'.")
    world.items["Service", "barman-cloud"] = plugin()
    assert world.settle().status["phase"] == "Cluster in healthy state"


def test_a_plugin_has_to_live_beside_the_operator():
    world = World(plugin(namespace="elsewhere")).change(externalClusters=[{"name": "a", "plugin": {"name": PLUGIN}}])
    assert "unknown plugin" in world.status["phase"]


def test_a_plugin_that_is_switched_off_is_not_looked_for():
    world = World().change(plugins=[{"name": PLUGIN, "enabled": False}])
    assert world.status["phase"] == "Cluster in healthy state"


def test_the_pods_account_gets_the_annotations_of_its_template(world):
    template = {"metadata": {"annotations": {"eks.amazonaws.com/role-arn": "arn"}}}
    world.change(serviceAccountTemplate=template)
    assert world.items["ServiceAccount", "pg"]["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": "arn"}


def test_servers_are_added(world):
    world.change(instances=5)
    assert list(world.of("Pod")) == ["pg-1", "pg-2", "pg-3", "pg-4", "pg-5"]
    assert world.phases == ["Creating a new replica", "Cluster in healthy state"]
    assert world.items["PodDisruptionBudget", "pg"]["spec"]["minAvailable"] == 3


def test_the_last_standbys_are_removed_with_their_volumes(world):
    world.change(instances=1)
    assert set(world.of("PersistentVolumeClaim")) == {"pg-1", "pg-1-wal"}
    assert [name for kind, name in world.deleted if kind == "Pod"] == ["pg-3", "pg-2"]


def test_the_primary_is_never_removed(world):
    world.lose("pg-1")
    world.change(instances=1)
    assert world.roles == {"pg-2": "primary"}


def test_a_number_that_is_free_is_taken_again(world):
    world.lose("pg-1")
    world.change(instances=1)
    assert list(world.change(instances=2).of("Pod")) == ["pg-2", "pg-1"]


def test_a_standby_takes_over_from_a_primary_that_is_lost(world):
    world.lose("pg-1")
    assert world.phases == ["Failing over", "Waiting for the instances to become active", "Cluster in healthy state"]
    assert world.roles == {"pg-2": "primary", "pg-3": "replica", "pg-1": "replica"}


def test_nobody_takes_over_where_a_commit_could_be_missing(world):
    del world.items["Pod", "pg-2"]
    world.room = 0
    world.run_pods()
    world.items["Pod", "pg-3"]["status"]["conditions"][0]["status"] = "True"
    assert "Failing over" not in [
        action.manifest["status"]["phase"]
        for action in cloudnative_pg.plan(world.picture())
        if isinstance(action, reconciling.Apply) and action.subresource
    ]
    del world.cluster["spec"]["postgresql"]["synchronous"]
    (told,) = [
        action.manifest["status"]
        for action in cloudnative_pg.plan(world.picture())
        if isinstance(action, reconciling.Apply) and action.subresource
    ]
    assert (told["phase"], told["targetPrimary"]) == ("Failing over", "pg-3")


def test_a_primary_hands_over_before_its_node_is_emptied(world):
    world.place(pg_1="-a", pg_2="b", pg_3="c")
    assert world.phases == ["Switchover in progress", "Cluster in healthy state"]
    assert world.roles == {"pg-1": "replica", "pg-2": "primary", "pg-3": "replica"}


def test_it_hands_over_to_nobody_whose_node_is_emptied_too(world):
    world.place(pg_1="-a", pg_2="-b", pg_3="c")
    assert world.roles == {"pg-1": "replica", "pg-2": "replica", "pg-3": "primary"}


@pytest.mark.parametrize(
    "nodes",
    [
        pytest.param({"pg_1": "a", "pg_2": "-b", "pg_3": "c"}, id="only-a-standby's-node"),
        pytest.param({"pg_1": "-a", "pg_2": "-a", "pg_3": "c"}, id="a-standby-is-still-there"),
        pytest.param({"pg_1": "-a", "pg_2": "-b", "pg_3": "-c"}, id="all-nodes"),
    ],
)
def test_otherwise_the_primary_stays_though_nodes_are_emptied(world, nodes):
    world.place(**nodes)
    assert world.roles == {"pg-1": "primary", "pg-2": "replica", "pg-3": "replica"}


def test_a_single_server_that_is_lost_comes_back_with_its_volumes():
    world = World().settle()
    claims = copy.deepcopy(world.of("PersistentVolumeClaim"))
    world.lose("pg-1")
    assert world.phases == ["Waiting for the instances to become active", "Cluster in healthy state"]
    assert world.of("PersistentVolumeClaim") == claims


def test_standbys_are_rolled_first_and_the_primary_hands_over(world):
    world.change(imageName="ghcr.io/cloudnative-pg/postgresql:18.5-standard-trixie")
    assert [name for _, name in world.deleted] == ["pg-3", "pg-2", "pg-1"]
    assert world.phases == ["Upgrading cluster", "Cluster in healthy state"]
    assert world.status["currentPrimary"] == "pg-2"
    images = {pod["spec"]["containers"][0]["image"] for pod in world.of("Pod").values()}
    assert images == {"ghcr.io/cloudnative-pg/postgresql:18.5-standard-trixie"}
    assert world.status["image"] == "ghcr.io/cloudnative-pg/postgresql:18.5-standard-trixie"


def test_a_single_server_is_restarted():
    world = World().settle().change(resources={"requests": {"cpu": "1"}})
    assert world.phases == ["Upgrading cluster", "Cluster in healthy state"]
    assert world.status["currentPrimary"] == "pg-1"


def test_a_primary_that_is_to_restart_hands_over_to_nobody():
    world = World(overrides=service.settings.PostgresqlOverrides(replicas=2)).settle()
    world.change(primaryUpdateMethod="restart", resources={})
    assert world.phases[-2:] == [
        "Primary instance is being restarted without a switchover",
        "Cluster in healthy state",
    ]
    assert world.status["currentPrimary"] == "pg-1"


def test_volumes_grow_while_servers_run_and_never_shrink(world):
    world.change(storage={"size": "20Gi", "storageClass": "paasport-ssd-retain"})
    sizes = {
        name: item["spec"]["resources"]["requests"]["storage"]
        for name, item in world.of("PersistentVolumeClaim").items()
    }
    assert (sizes["pg-1"], sizes["pg-3"], sizes["pg-1-wal"]) == ("20Gi", "20Gi", "4Gi")
    assert world.deleted == []
    world.change(storage={"size": "5Gi", "storageClass": "paasport-ssd-retain"})
    assert world.items["PersistentVolumeClaim", "pg-1"]["spec"]["resources"]["requests"]["storage"] == "20Gi"


def test_a_cluster_whose_volumes_are_all_gone_is_lost():
    world = World().settle()
    world.items = {key: item for key, item in world.items.items() if key[0] not in ("Pod", "PersistentVolumeClaim")}
    world.settle()
    assert world.status["phase"] == "Cluster is unrecoverable and needs manual intervention"
    assert world.of("Pod") == {}


def test_it_never_says_which_generation_it_is_about(three):
    assert "observedGeneration" not in three.status
    assert "observedGeneration" not in three.status["conditions"][0]


def test_the_status_is_one_that_the_api_takes():
    (version,) = schema.definition("Cluster")["spec"]["versions"]
    validator = jsonschema.Draft7Validator(schema.schemas.strict(version["schema"]["openAPIV3Schema"], root=True))
    for world in (World().settle(), World(availability="zonal", room=1).settle(), World(secrets=()).settle()):
        validator.validate(world.cluster)


def test_pods_are_those_that_everything_about_them_selects(three):
    built = service.build(availability="zonal", monitored_by="metrics")
    selectors = [service_objects.one(built.shared, "PodMonitor")["spec"]["selector"]["matchLabels"]]
    selectors += [service.policy(built.shared)["podSelector"]["matchLabels"]]
    selectors += [
        each["labelSelector"]["matchLabels"] for each in service_objects.spec(built)["topologySpreadConstraints"]
    ]
    for pod in three.of("Pod").values():
        assert all(selector.items() <= pod["metadata"]["labels"].items() for selector in selectors)
        ports = {each["name"]: each["containerPort"] for each in pod["spec"]["containers"][0]["ports"]}
        assert ports == {"postgresql": 5432, "metrics": 9187, "status": 8000}


def test_pods_keep_to_the_restricted_standard(three):
    spec = three.of("Pod")["pg-1"]["spec"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in (*spec["initContainers"], *spec["containers"]):
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["securityContext"]["allowPrivilegeEscalation"] is False


def test_a_volume_that_is_being_deleted_is_no_server_any_more(world):
    """Its pod keeps it for a while; the server that comes next has the same number and waits for neither."""
    for name in ("pg-3", "pg-3-wal"):
        world.items["PersistentVolumeClaim", name]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    told = [
        action.manifest["status"]
        for action in cloudnative_pg.plan(world.picture())
        if isinstance(action, reconciling.Apply) and action.subresource
    ]
    assert [(each["phase"], each["instances"]) for each in told] == [("Creating a new replica", 2)]


def test_pods_of_others_are_left_alone(world):
    other = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "other", "namespace": "pg", "uid": "x"}}
    world.items["Pod", "other"] = other
    assert cloudnative_pg.plan(world.picture()) == []


def test_it_looks_at_what_it_makes_and_at_nodes():
    assert {kind.kind for kind in cloudnative_pg.PLAYED.kinds} == {
        *("Cluster", "Pod", "PersistentVolumeClaim", "Service", "Secret", "ServiceAccount", "PodDisruptionBudget"),
        "Node",
    }
