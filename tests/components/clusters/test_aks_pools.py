"""Node pools in AKS's own words."""

from __future__ import annotations

import re

import pytest

from components.clusters.aks import pools
from stacks import managed
from tests.components.clusters import aks_program as azure

SPOT = "kubernetes.azure.com/scalesetpriority"


def made(**given):
    """The inputs of a user pool like this."""
    deployed = azure.deploy(pools=(azure.SYSTEM, azure.pool("general", **given)))
    return deployed.only(azure.AGENT_POOL).inputs


def test_a_pool_scales_by_itself_and_its_count_is_not_ours():
    deployed = azure.deploy()
    pool = deployed.only(azure.AGENT_POOL)
    scaling = {key: pool.inputs[key] for key in ("enableAutoScaling", "minCount", "maxCount", "count")}
    assert scaling == {"enableAutoScaling": True, "minCount": 1, "maxCount": 4, "count": 1}
    assert pool.ignored == ("count",)


def test_a_pool_may_begin_empty_but_a_system_pool_may_not():
    assert made(min=0)["minCount"] == 0
    deployed = azure.deploy(pools=(azure.pool("system", role="system", min=0),))
    (system,) = deployed.only(azure.MANAGED_CLUSTER).inputs["agentPoolProfiles"]
    assert (system["count"], system["minCount"]) == (1, 1)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"instance_types": ("Standard_D8ds_v5",)}, id="machine"),
        pytest.param({"disk": 120}, id="disk"),
        pytest.param({"zones": ("1",)}, id="zones"),
        pytest.param({"spot": True}, id="spot"),
    ],
)
def test_what_cannot_be_changed_makes_another_pool_beside_the_old_one(other):
    before, after = made()["agentPoolName"], made(**other)["agentPoolName"]
    assert before != after
    assert re.fullmatch(r"general[0-9a-f]{4}", after)
    assert len(after) <= 12


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"max": 9}, id="size"),
        pytest.param({"labels": {"a": "b"}}, id="labels"),
        pytest.param({"taints": (managed.Taint(key="a"),)}, id="taints"),
        pytest.param({"instance_types": ("Standard_D4ds_v5", "Standard_D4as_v5")}, id="another choice of machine"),
    ],
)
def test_what_can_be_changed_leaves_the_pool_as_it_is(other):
    assert made()["agentPoolName"] == made(**other)["agentPoolName"]


def test_a_spot_pool_has_azure_s_own_label_and_taint_and_never_a_surge():
    """hashicorp/terraform-provider-azurerm#19355: a spot pool with a surge is refused."""
    taint = managed.Taint(key="paasport.dev/spot", value="true")
    pool = made(spot=True, labels={"paasport.dev/spot": "true"}, taints=(taint,))
    assert (pool["scaleSetPriority"], pool["scaleSetEvictionPolicy"], pool["spotMaxPrice"]) == ("Spot", "Delete", -1)
    assert pool["nodeLabels"] == {"paasport.dev/spot": "true", SPOT: "spot"}
    assert pool["nodeTaints"] == ["paasport.dev/spot=true:NoSchedule", f"{SPOT}=spot:NoSchedule"]
    assert "upgradeSettings" not in pool


def test_other_pools_surge_and_wait_for_pods_that_may_not_be_disturbed():
    assert made()["upgradeSettings"] == {
        "maxSurge": "33%",
        "drainTimeoutInMinutes": 30,
        "nodeSoakDurationInMinutes": 0,
        "undrainableNodeBehavior": "Cordon",
    }


@pytest.mark.parametrize(("arch", "trusted"), [("amd64", True), ("arm64", False)])
def test_nodes_boot_securely_where_the_machines_can_and_never_let_ssh_in(arch, trusted):
    assert made(arch=arch)["securityProfile"] == {
        "sshAccess": "Disabled",
        "enableSecureBoot": trusted,
        "enableVTPM": trusted,
    }


def test_every_pool_encrypts_at_its_host_and_has_no_public_address():
    deployed = azure.deploy()
    inline = deployed.only(azure.MANAGED_CLUSTER).inputs["agentPoolProfiles"]
    for pool in (*inline, deployed.only(azure.AGENT_POOL).inputs):
        assert pool["enableEncryptionAtHost"] is True
        assert pool["enableNodePublicIP"] is False
        assert pool["osSKU"] == "AzureLinux3"
        assert pool["tags"] == {"cost-center": "1234"}


def test_taints_are_spelled_as_azure_spells_them():
    taints = (
        managed.Taint(key="dedicated", value="database"),
        managed.Taint(key="example.com/slow", effect="PreferNoSchedule"),
    )
    assert made(taints=taints)["nodeTaints"] == ["dedicated=database:NoSchedule", "example.com/slow=:PreferNoSchedule"]


def test_a_region_without_zones_has_pools_without_zones():
    assert "availabilityZones" not in made(zones=())
    assert made(zones=("1", "3"))["availabilityZones"] == ["1", "3"]


@pytest.mark.parametrize(
    ("machine", "gigabytes", "type_"),
    [
        ("Standard_D4ds_v5", 100, "Ephemeral"),
        ("Standard_D4pds_v5", 150, "Ephemeral"),
        ("Standard_E4ads_v5", 150, "Ephemeral"),
        ("Standard_D4ds_v5", 151, "Managed"),
        ("Standard_D2ds_v5", 100, "Managed"),
        ("Standard_D4s_v5", 30, "Managed"),
        ("Standard_D4ds_v6", 30, "Managed"),
    ],
)
def test_a_node_s_disk_is_the_machine_s_own_where_that_is_large_enough(machine, gigabytes, type_):
    assert pools.disk_type(machine, gigabytes=gigabytes) == type_


def test_the_step_for_the_system_pool_writes_the_same_pool_as_the_cluster():
    deployed = azure.deploy()
    (inline,) = deployed.only(azure.MANAGED_CLUSTER).inputs["agentPoolProfiles"]
    step = deployed.only(azure.DEPLOYMENT).inputs["properties"]
    written = step["template"]["resources"][0]["properties"]
    assert {**written, "vnetSubnetID": step["parameters"]["subnet"]["value"]} == {
        **{key: value for key, value in inline.items() if key not in ("name", "count")},
        "orchestratorVersion": "1.35",
    }
    assert step["parameters"]["cluster"]["value"] == "test"


def test_deleting_the_step_deletes_no_pool():
    # `Complete` would delete everything in the resource group that the template does not name.
    assert azure.deploy().only(azure.DEPLOYMENT).inputs["properties"]["mode"] == "Incremental"
