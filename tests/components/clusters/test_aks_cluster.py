"""The AKS cluster as Azure is asked for it: what is said, what is left to nobody, and the pitfalls that others fell into."""

from __future__ import annotations

import datetime as dt

import pytest

from stacks import managed
from tests.components.clusters import aks_program as azure


@pytest.fixture(scope="module")
def plain():
    return azure.deploy()


@pytest.fixture(scope="module")
def safe():
    return azure.deploy(**azure.SAFE)


def inputs(deployed):
    return deployed.only(azure.MANAGED_CLUSTER).inputs


# Pitfalls, each named after the thread where somebody met it.


def test_pulumi_azure_native_579_the_list_of_pools_has_one_and_its_changes_are_ignored(plain):
    cluster = plain.only(azure.MANAGED_CLUSTER)
    assert [(pool["name"], pool["mode"]) for pool in cluster.inputs["agentPoolProfiles"]] == [("system", "System")]
    assert "agentPoolProfiles" in cluster.ignored


def test_pulumi_azure_native_1575_the_inline_system_pool_is_never_a_resource_of_its_own(plain):
    assert [pool.inputs["agentPoolName"][:-4] for pool in plain.of(azure.AGENT_POOL)] == ["general"]


def test_pulumi_azure_native_1686_a_second_system_pool_does_not_change_the_inline_one():
    second = azure.pool("more", role="system")
    deployed = azure.deploy(pools=(azure.SYSTEM, second))
    assert [pool["name"] for pool in inputs(deployed)["agentPoolProfiles"]] == ["system"]
    assert [pool.inputs["mode"] for pool in deployed.of(azure.AGENT_POOL)] == ["System"]


def test_pulumi_azure_native_4264_the_system_pool_is_changed_through_the_api_for_pools(plain):
    (resource,) = plain.only(azure.DEPLOYMENT).inputs["properties"]["template"]["resources"]
    assert resource["type"] == "Microsoft.ContainerService/managedClusters/agentPools"
    assert resource["name"] == "[concat(parameters('cluster'), '/system')]"
    assert resource["properties"]["minCount"] == 2
    assert resource["properties"]["orchestratorVersion"] == "1.35"
    assert "count" not in resource["properties"]


def test_azure_aks_4765_pools_in_the_cluster_s_own_list_say_no_version(safe):
    assert "orchestratorVersion" not in inputs(safe)["agentPoolProfiles"][0]


def test_pulumi_azure_native_2059_a_cluster_that_azure_upgrades_is_not_asked_to_go_back():
    deployed = azure.deploy(upgrades="channel")
    cluster = deployed.only(azure.MANAGED_CLUSTER)
    assert cluster.inputs["kubernetesVersion"] == "1.35"
    assert "kubernetesVersion" in cluster.ignored
    (resource,) = deployed.only(azure.DEPLOYMENT).inputs["properties"]["template"]["resources"]
    assert "orchestratorVersion" not in resource["properties"]
    assert "orchestratorVersion" not in deployed.only(azure.AGENT_POOL).inputs


def test_a_pinned_minor_is_not_ignored(plain):
    assert "kubernetesVersion" not in plain.only(azure.MANAGED_CLUSTER).ignored


def test_pulumi_azure_native_2039_azure_s_roles_are_decided_at_the_creation(plain, safe):
    for deployed in (plain, safe):
        assert inputs(deployed)["aadProfile"]["managed"] is True
        assert inputs(deployed)["aadProfile"]["enableAzureRBAC"] is True
        assert inputs(deployed)["aadProfile"]["tenantID"] == azure.TENANT


def test_pulumi_azure_native_4756_container_network_services_stay_as_they_are(plain):
    assert inputs(plain)["networkProfile"]["advancedNetworking"] == {"enabled": False}


def test_terraform_azurerm_avm_219_pools_follow_the_control_plane(plain):
    cluster, step = plain.only(azure.MANAGED_CLUSTER), plain.only(azure.DEPLOYMENT)
    pool = plain.only(azure.AGENT_POOL)
    assert plain.waits_for(step, cluster)
    assert plain.waits_for(pool, step)
    assert (cluster.inputs["kubernetesVersion"], pool.inputs["orchestratorVersion"]) == ("1.35", "1.35")


def test_terraform_azurerm_aks_559_an_upgrade_drains_one_pool_at_a_time():
    deployed = azure.deploy(pools=(azure.SYSTEM, azure.pool("one"), azure.pool("two")))
    assert deployed.waits_for(deployed.named(azure.AGENT_POOL, "two"), deployed.named(azure.AGENT_POOL, "one"))


def test_sdk_injected_defaults_are_all_said(plain):
    network = inputs(plain)["networkProfile"]
    assert network["podCidr"] == "10.244.0.0/16"
    assert network["podCidrs"] == ["10.244.0.0/16"]
    assert network["serviceCidr"] == "172.20.0.0/16"
    assert network["serviceCidrs"] == ["172.20.0.0/16"]
    assert network["dnsServiceIP"] == "172.20.0.10"
    assert network["outboundType"] == "userAssignedNATGateway"
    assert "loadBalancerProfile" not in network
    assert inputs(plain)["nodeProvisioningProfile"] == {"mode": "Manual", "defaultNodePools": "Auto"}
    for window in plain.of(azure.MAINTENANCE):
        assert window.inputs["maintenanceWindow"]["durationHours"] == 6
    for subnet in plain.of(azure.SUBNET):
        assert subnet.inputs["privateEndpointNetworkPolicies"] == "Enabled"


def test_every_ignored_path_is_spelled_as_the_provider_spells_it(plain, safe):
    for deployed in (plain, safe):
        for item in deployed.registrations:
            assert not [path for path in item.ignored if "_" in path]


# What makes it safe by itself.


def test_nobody_has_an_account_or_a_password(plain):
    wanted = inputs(plain)
    assert wanted["disableLocalAccounts"] is True
    assert wanted["enableRBAC"] is True
    assert wanted["identity"]["type"] == "UserAssigned"
    assert wanted["apiServerAccessProfile"]["disableRunCommand"] is True


def test_networks_are_policed_by_cilium(plain):
    network = inputs(plain)["networkProfile"]
    chosen = [network[key] for key in ("networkPlugin", "networkPluginMode", "networkDataplane", "networkPolicy")]
    assert chosen == ["azure", "overlay", "cilium", "cilium"]


def test_nothing_is_changed_beside_the_cluster(plain):
    assert inputs(plain)["nodeResourceGroup"] == "test-nodes"
    assert inputs(plain)["nodeResourceGroupProfile"] == {"restrictionLevel": "ReadOnly"}


def test_pods_get_identities_and_old_images_go(plain):
    assert inputs(plain)["oidcIssuerProfile"] == {"enabled": True}
    security = inputs(plain)["securityProfile"]
    assert security["workloadIdentity"] == {"enabled": True}
    assert security["imageCleaner"] == {"enabled": True, "intervalHours": 168}


def test_policies_and_disks_are_there(plain):
    assert inputs(plain)["addonProfiles"] == {"azurepolicy": {"enabled": True}}
    assert inputs(plain)["storageProfile"]["diskCSIDriver"] == {"enabled": True}
    assert inputs(plain)["storageProfile"]["snapshotController"] == {"enabled": True}


@pytest.mark.parametrize(
    ("sku", "tier", "plan", "cost_analysis"),
    [
        ("free", "Free", "KubernetesOfficial", False),
        ("standard", "Standard", "KubernetesOfficial", True),
        ("premium", "Premium", "AKSLongTermSupport", True),
    ],
)
def test_the_price_tier_is_the_stack_s(sku, tier, plan, cost_analysis):
    wanted = inputs(azure.deploy(options=azure.options(sku=sku)))
    assert wanted["sku"] == {"name": "Base", "tier": tier}
    assert wanted["supportPlan"] == plan
    assert wanted["metricsProfile"] == {"costAnalysis": {"enabled": cost_analysis}}


def test_defender_watches_where_it_is_wanted(plain, safe):
    assert inputs(plain)["securityProfile"]["defender"] == {"securityMonitoring": {"enabled": False}}
    assert inputs(safe)["securityProfile"]["defender"] == {
        "logAnalyticsWorkspaceResourceId": "/Workspace/test",
        "securityMonitoring": {"enabled": True},
    }


# When it changes.


@pytest.mark.parametrize(("upgrades", "channel"), [("pinned", "patch"), ("channel", "stable")])
def test_patches_come_by_themselves_and_minors_only_in_a_channel(upgrades, channel):
    assert inputs(azure.deploy(upgrades=upgrades))["autoUpgradeProfile"] == {
        "upgradeChannel": channel,
        "nodeOSUpgradeChannel": "NodeImage",
    }


def test_the_cluster_is_upgraded_on_the_first_day_of_the_window_and_images_on_the_last(plain):
    windows = {item.inputs["configName"]: item.inputs["maintenanceWindow"] for item in plain.of(azure.MAINTENANCE)}
    assert windows.keys() == {"aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"}
    assert windows["aksManagedAutoUpgradeSchedule"]["schedule"] == {
        "weekly": {"dayOfWeek": "Saturday", "intervalWeeks": 1}
    }
    assert windows["aksManagedNodeOSUpgradeSchedule"]["schedule"] == {
        "weekly": {"dayOfWeek": "Sunday", "intervalWeeks": 1}
    }
    assert {(item["startTime"], item["utcOffset"]) for item in windows.values()} == {("02:00", "+00:00")}


def test_a_freeze_is_no_time_for_either():
    freeze = managed.Freeze(name="year-end", start=dt.date(2026, 12, 18), end=dt.date(2027, 1, 6))
    for item in azure.deploy(freezes=(freeze,)).of(azure.MAINTENANCE):
        assert item.inputs["maintenanceWindow"]["notAllowedDates"] == [{"start": "2026-12-18", "end": "2027-01-06"}]


# What it is compared with, and what comes before and after.


def test_permissions_network_and_key_come_before_the_cluster(safe):
    cluster = safe.only(azure.MANAGED_CLUSTER)
    parts = ("network", "kubelet", "volumes", "key", "vault", "disk-encryption")
    earlier = [safe.named(azure.ASSIGNMENT, f"control-plane-{part}") for part in parts]
    earlier += [safe.named(azure.ASSIGNMENT, "disk-encryption-key"), *safe.of(azure.SUBNET)]
    earlier += [*safe.of(azure.PUBLIC_ADDRESS), safe.only(azure.DISK_ENCRYPTION), safe.only(azure.KEY)]
    assert [item.urn for item in earlier if not safe.waits_for(cluster, item)] == []


def test_identities_made_a_moment_ago_are_not_looked_up(safe):
    for item in safe.of(azure.ASSIGNMENT):
        made_here = item.inputs["principalId"].startswith("principal of")
        assert (item.inputs.get("principalType") == "ServicePrincipal") is made_here, item.name


def test_an_assignment_has_the_same_name_in_every_run(plain):
    again = azure.deploy()
    names = [sorted(item.inputs["roleAssignmentName"] for item in run.of(azure.ASSIGNMENT)) for run in (plain, again)]
    assert names[0] == names[1]
    assert len(set(names[0])) == len(names[0])


def test_the_provider_of_what_is_on_it_is_replaced_with_the_cluster(plain):
    provider = plain.only(azure.KUBERNETES)
    assert provider.inputs["clusterIdentifier"] == f"aks:{azure.SUBSCRIPTION}/westeurope/test"
    assert provider.replaced_with == {plain.only(azure.MANAGED_CLUSTER).urn}


def test_only_the_stack_s_subscription_is_touched(plain):
    provider = plain.only("pulumi:providers:azure-native")
    assert provider.inputs == {"subscriptionId": azure.SUBSCRIPTION, "tenantId": azure.TENANT}
    for item in plain.registrations:
        if item.type.startswith("azure-native:"):
            assert item.provider.startswith(provider.urn)


def test_nodes_come_by_themselves_with_auto():
    deployed = azure.deploy(compute="auto", pools=(azure.SYSTEM,))
    assert inputs(deployed)["nodeProvisioningProfile"] == {"mode": "Auto", "defaultNodePools": "Auto"}
    (system,) = inputs(deployed)["agentPoolProfiles"]
    # Node auto provisioning excludes the cluster autoscaler.
    assert (system["enableAutoScaling"], system["count"]) == (False, 2)
    assert "minCount" not in system
    (resource,) = deployed.only(azure.DEPLOYMENT).inputs["properties"]["template"]["resources"]
    assert resource["properties"]["count"] == 2
    assert deployed.of(azure.AGENT_POOL) == []


def test_facts_say_what_and_where(plain):
    facts = plain.facts
    assert (facts.vendor, facts.name, facts.location, plain.version) == ("aks", "test", "westeurope", "1.35.2")
    assert facts.kubectl == "kubectl --context test"
    assert facts.login == (
        f"az aks get-credentials --subscription {azure.SUBSCRIPTION} --resource-group test --name test --format exec"
        " && kubelogin convert-kubeconfig --login azurecli"
    )
