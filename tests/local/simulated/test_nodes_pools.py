import pytest

from local.simulated import nodes, nodes_pools
from tests.local.simulated import handed_out as made

SUBNETS = [made.subnet("subnet-a", zone="eu-central-1a"), made.subnet("subnet-b", zone="eu-central-1b")]
SYSTEM = nodes.Taint(key="CriticalAddonsOnly", value="true", effect="NoSchedule")


def only(*resources):
    (pool,) = nodes_pools.pools(resources)
    return pool


def test_an_eks_node_group_is_spread_over_its_subnets_zones():
    pool = only(made.eks(), *SUBNETS, made.node_group())
    assert (pool.zones, pool.minimum, pool.maximum) == (("eu-central-1a", "eu-central-1b"), 3, 6)
    assert (pool.machine, pool.arch, pool.cpu, pool.memory) == ("m7i.large", "amd64", 2, 8 * 2**30)
    assert (pool.version, pool.taints, pool.region) == ("v1.35.0", (SYSTEM,), "eu-central-1")
    assert pool.labels["paasport.dev/pool"] == "system"
    assert pool.labels["eks.amazonaws.com/capacityType"] == "ON_DEMAND"


def test_an_eks_node_group_grows_when_the_autoscaler_in_the_cluster_asks_for_it():
    pool = only(made.eks(), *SUBNETS, made.node_group())
    assert (pool.grows, pool.asked_by) == (True, "autoscaling/cluster-autoscaler")


def test_an_arm64_image_makes_arm64_nodes_even_of_a_machine_that_nobody_knows():
    assert only(made.eks(), made.node_group(amiType="AL2023_ARM_64_STANDARD", instanceTypes=["x"])).arch == "arm64"


def test_a_group_of_another_cluster_is_not_taken():
    assert nodes_pools.pools([made.eks(), made.node_group(clusterName="cart")]) == ()


def test_eks_auto_mode_begins_without_a_node_and_grows():
    pools = nodes_pools.pools([made.eks(computeConfig={"enabled": True}), *SUBNETS])
    assert [(pool.arch, pool.minimum, pool.grows) for pool in pools] == [("amd64", 0, True)]
    assert pools[0].labels["eks.amazonaws.com/compute-type"] == "auto"


def test_a_gke_pool_counts_in_all_zones_together_and_follows_the_control_plane():
    pool = only(made.gke(), made.gke_pool())
    assert (pool.minimum, pool.maximum, pool.grows) == (2, 4, True)
    assert pool.zones == ("europe-west3-a", "europe-west3-b", "europe-west3-c")
    assert (pool.version, pool.cpu, pool.memory) == ("v1.35.3-gke.1000000", 4, 16 * 2**30)


@pytest.mark.parametrize(
    ("changes", "sizes"),
    [
        ({"autoscaling": {"minNodeCount": 1, "maxNodeCount": 3}}, (3, 9)),
        ({"autoscaling": None, "nodeCount": 2}, (6, 6)),
        ({"autoscaling": None, "initialNodeCount": 1}, (3, 3)),
    ],
)
def test_gke_counts_in_each_zone_where_no_totals_are_given(changes, sizes):
    pool = only(made.gke(), made.gke_pool(**changes))
    assert (pool.minimum, pool.maximum) == sizes


def test_gke_taints_arm64_nodes_by_itself():
    pool = only(made.gke(), made.gke_pool(nodeConfig={"machineType": "c4a-standard-4"}))
    assert pool.taints == (nodes.Taint(key="kubernetes.io/arch", value="arm64", effect="NoSchedule"),)


@pytest.mark.parametrize("changes", [{"enableAutopilot": True}, {"clusterAutoscaling": {"enabled": True}}])
def test_gke_makes_nodes_by_itself_where_it_is_asked_to(changes):
    assert {pool.name for pool in nodes_pools.pools([made.gke(**changes)])} == {"auto-amd64", "auto-arm64"}


def test_the_inline_pool_of_aks_has_as_many_nodes_as_it_says():
    pool = only(made.aks())
    assert (pool.name, pool.minimum, pool.maximum, pool.grows) == ("system", 2, 2, False)
    assert pool.zones == ("germanywestcentral-1", "germanywestcentral-2")
    assert (pool.version, pool.taints) == ("v1.35.7", (SYSTEM,))


def test_an_aks_spot_pool_has_the_taint_that_azure_adds():
    spot = made.resource(
        "azure-native:containerservice:AgentPool",
        "shop-spot",
        f"{made.AKS_ID}/agentPools/spot1a2b",
        {
            "resourceName": "shop",
            "agentPoolName": "spot1a2b",
            "vmSize": "Standard_D4ds_v5",
            "scaleSetPriority": "Spot",
            "enableAutoScaling": True,
            "minCount": 0,
            "maxCount": 6,
            "orchestratorVersion": "1.34",
        },
    )
    pool = nodes_pools.pools([made.aks(), spot])[1]
    assert (pool.minimum, pool.maximum, pool.grows, pool.version) == (0, 6, True, "v1.34.0")
    assert nodes.Taint(key="kubernetes.azure.com/scalesetpriority", value="spot", effect="NoSchedule") in pool.taints


def deployment(*, cluster="shop", version="1.36"):
    template = {
        "resources": [
            {
                "type": "Microsoft.ContainerService/managedClusters/agentPools",
                "name": "[concat(parameters('cluster'), '/system')]",
                "properties": {"orchestratorVersion": version, "mode": "System"},
            }
        ]
    }
    properties = {"template": template, "parameters": {"cluster": {"value": cluster}}}
    return made.resource("azure-native:resources:Deployment", "follow", "d1", {"properties": properties})


@pytest.mark.parametrize(("cluster", "version"), [("shop", "v1.36.0"), ("cart", "v1.35.7")])
def test_a_template_moves_the_system_pool_of_its_cluster(cluster, version):
    assert only(made.aks(), deployment(cluster=cluster)).version == version


def test_no_two_pools_have_one_key():
    pools = nodes_pools.pools(
        [made.eks(computeConfig={"enabled": True}), made.node_group(), made.gke(), made.gke_pool()]
    )
    assert len({pool.key for pool in pools}) == len(pools) == 3
