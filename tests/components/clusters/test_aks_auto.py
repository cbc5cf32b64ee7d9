"""Node auto provisioning (`compute: auto`): the staging stack with it, all that it registers, as Azure wants it.

Requirements and limits: learn.microsoft.com/azure/aks, node-auto-provisioning, -networking and -node-pools (2026).
"""

from __future__ import annotations

import copy

import pytest

from components.clusters.drain_guard import plan
from stacks import errors, settings
from tests.components.clusters import aks_program as azure
from tests.components.clusters import conftest
from tests.components.clusters import drain_guard_builders as build

CLASS = "karpenter.azure.com"


def config(**given):
    """The staging stack's configuration with automatic nodes."""
    wanted = copy.deepcopy(conftest.config_of("aks-staging"))
    cluster = wanted["paasport:cluster"]
    cluster |= {"compute": "auto", "pools": {"system": cluster["pools"]["system"]}, **given}
    return wanted


def of(program, type_):
    return [item for item in program.registrations if item.type == type_]


@pytest.fixture
def staging(deploy):
    """Azure itself, simulated, has taken every part of it."""
    return deploy("aks-staging", config())


@pytest.fixture
def cluster(staging):
    (found,) = of(staging, azure.MANAGED_CLUSTER)
    return found.inputs


def test_azure_makes_the_nodes_and_begins_with_its_own_two_node_pools(cluster):
    assert cluster["nodeProvisioningProfile"] == {"mode": "Auto", "defaultNodePools": "Auto"}


def test_neither_cluster_nor_pool_says_anything_about_the_other_autoscaler(staging, cluster):
    assert "autoScalerProfile" not in cluster
    (system,) = cluster["agentPoolProfiles"]
    assert system["enableAutoScaling"] is False
    assert not {"minCount", "maxCount"} & system.keys()


def test_the_network_is_one_that_it_can_be_had_with(cluster):
    network = cluster["networkProfile"]
    chosen = {key: network[key] for key in ("networkPlugin", "networkPluginMode", "networkDataplane", "networkPolicy")}
    assert chosen == {
        "networkPlugin": "azure",
        "networkPluginMode": "overlay",
        "networkDataplane": "cilium",
        "networkPolicy": "cilium",
    }
    assert (network["loadBalancerSku"], network["ipFamilies"]) == ("standard", ["IPv4"])
    assert network["outboundType"] == "userAssignedNATGateway"
    # Karpenter puts nodes into the subnet of the cluster's first pool.
    (system,) = cluster["agentPoolProfiles"]
    assert system["vnetSubnetID"].endswith("/virtualNetworks/aks-staging/subnets/nodes")


def test_the_cluster_has_an_identity_that_may_join_nodes_to_the_subnet(staging, cluster):
    assert cluster["identity"]["type"] == "UserAssigned"
    (grant,) = [item for item in of(staging, azure.ASSIGNMENT) if item.name == "aks-staging-control-plane-network"]
    assert cluster["agentPoolProfiles"][0]["vnetSubnetID"].startswith(f"{grant.inputs['scope']}/")


def test_the_system_pool_keeps_its_least_number_of_nodes_and_is_the_only_one(staging, cluster):
    (system,) = cluster["agentPoolProfiles"]
    assert (system["mode"], system["count"]) == ("System", 2)
    assert system["nodeTaints"] == ["CriticalAddonsOnly=true:NoSchedule"]
    assert of(staging, azure.AGENT_POOL) == []
    (step,) = [item for item in of(staging, azure.DEPLOYMENT) if item.name == "aks-staging-system"]
    (written,) = step.inputs["properties"]["template"]["resources"]
    assert (written["properties"]["count"], written["properties"]["enableAutoScaling"]) == (2, False)
    assert written["properties"]["orchestratorVersion"] == "1.35"


def test_an_automatic_cluster_differs_from_one_with_pools_in_nothing_else(deploy, staging, cluster):
    pools = config(compute="pools")
    pools["paasport:cluster"]["pools"]["general"] = {"shape": {"cpu": 4, "memory": "16Gi"}, "min": 2, "max": 6}
    with_pools = {(item.type, item.name): item.inputs for item in deploy("aks-staging", pools).registrations}
    automatic = {(item.type, item.name): item.inputs for item in staging.registrations}
    assert with_pools.keys() - automatic.keys() == {(azure.AGENT_POOL, "aks-staging-general")}
    assert automatic.keys() <= with_pools.keys()
    before = with_pools[azure.MANAGED_CLUSTER, "aks-staging"]
    assert {key for key in before.keys() | cluster.keys() if before.get(key) != cluster.get(key)} == {
        "agentPoolProfiles",
        "autoScalerProfile",
        "nodeProvisioningProfile",
    }


def test_azure_divides_the_ports_of_a_way_out_of_nobody_knows_how_many_nodes():
    deployed = azure.deploy(compute="auto", pools=(azure.SYSTEM,), network={"egress": "per-zone"})
    profile = deployed.only(azure.MANAGED_CLUSTER).inputs["networkProfile"]
    assert profile["outboundType"] == "loadBalancer"
    assert profile["loadBalancerProfile"]["allocatedOutboundPorts"] == 0


@pytest.mark.parametrize(
    ("compute", "categories", "told"), [("auto", "full", True), ("auto", "standard", False), ("pools", "full", False)]
)
def test_what_the_provisioning_does_is_logged_with_everything_else(compute, categories, told):
    deployed = azure.deploy(compute=compute, pools=(azure.SYSTEM,), audit={"categories": categories})
    logs = [item["category"] for item in deployed.only(azure.DIAGNOSTICS).inputs["logs"]]
    assert ("karpenter-events" in logs) is told


@pytest.mark.parametrize("pool", [{"spot": True}, {"arch": "arm64"}], ids=lambda pool: next(iter(pool)))
def test_spot_and_arm64_pools_are_refused_rather_than_left_out(pool):
    wanted = config()
    more = {"shape": {"cpu": 4, "memory": "16Gi"}, "min": 0, "max": 4, **pool}
    wanted["paasport:cluster"]["pools"]["more"] = more
    with pytest.raises(errors.StackFileError, match=r"pools\.more` has no effect with `compute: auto`"):
        settings.parse(wanted)


# The drain guard.


def deleted(*objects):
    return [f"{item.kind} {item.name}" for item in plan.step(build.snapshot(*objects), build.drain()).delete]


def test_nodes_of_one_s_own_node_pools_are_waited_for_before_the_controller_goes():
    pool, node = build.node_pool("batch", classes=CLASS), build.node_claim("batch-abc", pool="batch")
    assert deleted(pool, node) == ["NodePool batch"]
    # Without its pool the node goes, and is waited for while Azure deletes the machine.
    assert deleted(node) == ["NodeClaim batch-abc"]
    going = build.node_claim("batch-abc", pool="batch", deleting=True, finalizers=("karpenter.sh/termination",))
    step = plan.step(build.snapshot(going), build.drain())
    assert [held.reference.name for held in step.waiting] == ["batch-abc"]
    assert step.wave is not plan.Wave.DONE


@pytest.mark.parametrize("name", ["default", "system-surge"])
def test_nodes_of_azure_s_two_node_pools_go_with_the_resource_group_of_the_nodes(name):
    assert deleted(build.node_pool(name, classes=CLASS), build.node_claim(f"{name}-abc", pool=name)) == []
