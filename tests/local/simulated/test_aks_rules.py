import pytest

from tests.local.simulated import worlds

SUBNET, POOL = "azure-native:network:Subnet", "azure-native:containerservice:AgentPool"
CLUSTER = "azure-native:containerservice:ManagedCluster"
NETWORK = {"networkPlugin": "azure", "serviceCidr": "172.20.0.0/16", "dnsServiceIP": "172.20.0.10"}


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"agentPoolProfiles": None}, "agentPoolProfiles must be exactly one"),
        ({"agentPoolProfiles": [{"name": "a", "mode": "User"}]}, "agentPoolProfiles[0].mode must be System"),
        ({"agentPoolProfiles": [{"name": "a", "mode": "System", "scaleSetPriority": "Spot"}]}, "can't be Spot"),
        ({"agentPoolProfiles": [{"name": "A-1", "mode": "System"}]}, "lower-case letters and digits"),
        ({"agentPoolProfiles": [{"name": "a", "mode": "System", "enableAutoScaling": True}]}, "minCount is required"),
        (
            {"agentPoolProfiles": [{"name": "a", "mode": "System", "orchestratorVersion": "1.36"}]},
            "newer than the control plane's 1.35",
        ),
        (
            {"apiServerAccessProfile": {"enablePrivateCluster": True, "authorizedIPRanges": ["203.0.113.0/24"]}},
            "authorizedIPRanges can't be given for a private cluster",
        ),
        (
            {"apiServerAccessProfile": {"enableVnetIntegration": True}},
            "subnetId is required with enableVnetIntegration",
        ),
        ({"dnsPrefix": None}, "exactly one of dnsPrefix and fqdnSubdomain"),
        (
            {"networkProfile": {**NETWORK, "serviceCidr": "10.0.0.0/16", "dnsServiceIP": "10.0.0.10"}},
            "overlaps the virtual network's 10.0.0.0/16",
        ),
        ({"networkProfile": {"networkPlugin": "azure"}}, "serviceCidr is 10.0.0.0/16 and overlaps"),
        ({"networkProfile": {**NETWORK, "podCidr": "172.20.0.0/14"}}, "podCidr overlaps serviceCidr"),
        (
            {"networkProfile": {**NETWORK, "dnsServiceIP": "172.21.0.10"}},
            "dnsServiceIP is 172.21.0.10, and must lie in",
        ),
        ({"networkProfile": {**NETWORK, "networkPolicy": "cilium"}}, "cilium needs networkDataplane cilium"),
        ({"networkProfile": {**NETWORK, "outboundType": "userAssignedNATGateway"}}, "which has no NAT gateway"),
        (
            {"networkProfile": {**NETWORK, "outboundType": "userAssignedNATGateway", "loadBalancerProfile": {}}},
            "loadBalancerProfile can't be given",
        ),
        ({"securityProfile": {"workloadIdentity": {"enabled": True}}}, "needs oidcIssuerProfile.enabled"),
        ({"disableLocalAccounts": True}, "needs aadProfile.managed"),
        ({"supportPlan": "AKSLongTermSupport"}, "AKSLongTermSupport and sku.tier Premium belong together"),
        ({"metricsProfile": {"costAnalysis": {"enabled": True}}}, "needs sku.tier Standard or Premium"),
        ({"identity": {"type": "UserAssigned"}}, "userAssignedIdentities is required"),
        ({"kubernetesVersion": "v1.35"}, "kubernetesVersion is v1.35, and must look like"),
    ],
)
def test_cluster_refused(inputs, reason):
    world = worlds.World()
    assert any(reason in problem for problem in world.refused(worlds.aks, world, **inputs))


def test_node_provisioning_and_the_autoscaler_exclude_each_other():
    world = worlds.World()
    _, _, subnet = worlds.azure_network(world)
    scaled = worlds.system_pool(subnet, enableAutoScaling=True, minCount=1, maxCount=3)
    inputs = {
        "resourceGroupName": "rg",
        "dnsPrefix": "x",
        "nodeProvisioningProfile": {"mode": "Auto"},
        "agentPoolProfiles": [scaled],
    }
    assert any("can't be Auto with a pool" in problem for problem in world.refused(world.make, CLUSTER, **inputs))


def identities(world):
    make = "azure-native:managedidentity:UserAssignedIdentity"
    return [world.make(make, name, resourceGroupName="rg", resourceName=name) for name in ("plane", "kubelet")]


def assigned(world, identity, scope):
    definition = "/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7"
    inputs = {"principalId": identity.outputs["principalId"], "scope": scope.id, "roleDefinitionId": definition}
    return world.make("azure-native:authorization:RoleAssignment", f"{identity.name}-{scope.name}", **inputs)


def test_roles_are_assigned_before_the_cluster():
    world = worlds.World()
    _, network, subnet = worlds.azure_network(world)
    plane, kubelet = identities(world)
    inputs = {
        "resourceGroupName": "rg",
        "resourceName": "prod",
        "dnsPrefix": "prod",
        "networkProfile": NETWORK,
        "agentPoolProfiles": [worlds.system_pool(subnet)],
        "identity": {"type": "UserAssigned", "userAssignedIdentities": [plane.id]},
        "identityProfile": {"kubeletidentity": {"resourceId": kubelet.id}},
    }
    problems = world.refused(world.make, CLUSTER, **inputs)
    assert [path in problem for path, problem in zip(("vnetSubnetID", "kubeletidentity"), problems, strict=True)] == [
        True,
        True,
    ]
    assigned(world, plane, network)
    assigned(world, plane, kubelet)
    cluster = world.make(CLUSTER, **inputs)
    assert cluster.outputs["identity"]["userAssignedIdentities"] == {plane.id: {}}
    assert world.refused(world.drop, plane)


def test_api_server_gets_a_subnet_of_its_own():
    world = worlds.World()
    _, _, subnet = worlds.azure_network(world)
    inputs = {
        "resourceGroupName": "rg",
        "dnsPrefix": "x",
        "networkProfile": NETWORK,
        "agentPoolProfiles": [worlds.system_pool(subnet)],
        "apiServerAccessProfile": {"enableVnetIntegration": True, "subnetId": subnet.id},
    }
    assert any("which is not delegated" in problem for problem in world.refused(world.make, CLUSTER, **inputs))


@pytest.mark.parametrize(("version", "reason"), [("1.34", "would go down"), ("1.37", "only 1 minor at a time")])
def test_versions_go_up_one_by_one(version, reason):
    world = worlds.World()
    cluster = worlds.aks(world)
    assert reason in world.refused(world.change, cluster, kubernetesVersion=version)[0]
    assert world.change(cluster, kubernetesVersion="1.36").outputs["currentKubernetesVersion"].startswith("1.36.")


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"orchestratorVersion": "1.36"}, "newer than the control plane's 1.35"),
        ({"agentPoolName": "system"}, "is system, the inline pool of the cluster"),
        ({"mode": "System", "scaleSetPriority": "Spot"}, "can't be Spot for a system pool"),
        ({"spotMaxPrice": -1}, "spotMaxPrice can only be given with scaleSetPriority Spot"),
        ({"enableAutoScaling": True}, "minCount is required with maxCount"),
        ({"minCount": 1, "maxCount": 2}, "minCount can only be given where enableAutoScaling is true"),
    ],
)
def test_agent_pool_refused(inputs, reason):
    world = worlds.World()
    worlds.aks(world)
    assert any(reason in problem for problem in world.refused(worlds.user_pool, world, **inputs))


def test_user_pools_scale_to_nothing():
    world = worlds.World()
    worlds.aks(world)
    assert worlds.user_pool(world, count=0, enableAutoScaling=True, minCount=0, maxCount=3).inputs["minCount"] == 0


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"addressPrefix": "10.1.0.0/24"}, "outside of the network's 10.0.0.0/16"),
        ({"addressPrefix": "10.0.0.0/24"}, "overlaps 10.0.0.0/20, another subnet"),
        ({}, "addressPrefix is required"),
    ],
)
def test_subnet_refused(inputs, reason):
    world = worlds.World()
    worlds.azure_network(world)
    common = {"resourceGroupName": "rg", "virtualNetworkName": "net"}
    assert reason in world.refused(world.make, SUBNET, "other", **common, **inputs)[0]


def test_subnets_inline_and_by_themselves_exclude_each_other():
    world = worlds.World()
    _, network, _ = worlds.azure_network(world)
    inline = [{"name": "inline", "addressPrefix": "10.0.32.0/24"}]
    assert "would delete" in world.refused(world.change, network, subnets=inline)[0]


def test_a_lock_keeps_what_it_covers():
    world = worlds.World()
    cluster = worlds.aks(world)
    lock = world.make(
        "azure-native:authorization:ManagementLockByScope", "lock", scope=cluster.id, level="CanNotDelete"
    )
    assert any("ScopeLocked" in problem for problem in world.refused(world.drop, cluster))
    world.drop(lock)
    world.drop(cluster)


def test_a_resource_group_goes_last():
    world = worlds.World()
    group, network, subnet = worlds.azure_network(world)
    problems = world.refused(world.drop, group)
    assert [resource.id in "".join(problems) for resource in (network, subnet)] == [True, True]
    for resource in (subnet, network, group):
        world.drop(resource)


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"configName": "weekly"}, "configName must be one of default, aksManaged"),
        (
            {
                "configName": "default",
                "maintenanceWindow": {
                    "durationHours": 2,
                    "startTime": "02:00",
                    "schedule": {"daily": {"intervalDays": 1}},
                },
            },
            "must be between 4 and 24",
        ),
        (
            {
                "configName": "default",
                "maintenanceWindow": {
                    "durationHours": 4,
                    "startTime": "2:00",
                    "schedule": {"daily": {"intervalDays": 1}},
                },
            },
            "startTime is 2:00",
        ),
    ],
)
def test_window_refused(inputs, reason):
    world = worlds.World()
    worlds.aks(world)
    token = "azure-native:containerservice:MaintenanceConfiguration"
    problems = world.refused(world.make, token, resourceGroupName="rg", resourceName="prod", **inputs)
    assert any(reason in problem for problem in problems)


def test_deleted_vaults_keep_their_names():
    world = worlds.World()
    worlds.azure_network(world)
    properties = {"tenantId": worlds.AZURE["subscriptionId"], "sku": {"family": "A", "name": "standard"}}
    wanted = {"resourceGroupName": "rg", "vaultName": "secrets", "properties": properties}
    vault = world.make("azure-native:keyvault:Vault", **wanted)
    world.drop(vault)
    assert (
        "a deleted vault of this name is kept" in world.refused(world.make, "azure-native:keyvault:Vault", **wanted)[0]
    )


def test_names_that_are_unique_in_all_of_azure_are_taken_in_another_group_too():
    world = worlds.World()
    worlds.azure_network(world)
    group = {"resourceGroupName": "rg2", "location": "germanywestcentral"}
    world.make("azure-native:resources:ResourceGroup", "second", **group)
    properties = {"tenantId": worlds.AZURE["subscriptionId"], "sku": {"family": "A", "name": "standard"}}
    store = {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    for token, wanted in (
        ("azure-native:keyvault:Vault", {"vaultName": "secrets", "properties": properties}),
        ("azure-native:storage:StorageAccount", {"accountName": "acmebackups", **store}),
    ):
        world.make(token, "first", resourceGroupName="rg", **wanted)
        problems = world.refused(world.make, token, "second", resourceGroupName="rg2", **wanted)
        assert ["must be unique in all of Azure" in problem for problem in problems] == [True]


def test_the_name_of_a_role_assignment_is_unique_in_the_tenant():
    world = worlds.World()
    group, network, _ = worlds.azure_network(world)
    plane, _ = identities(world)
    token = "azure-native:authorization:RoleAssignment"
    wanted = {
        "roleAssignmentName": "11111111-1111-4111-8111-111111111111",
        "principalId": plane.outputs["principalId"],
        "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7",
    }
    world.make(token, "first", scope=group.id, **wanted)
    assert "must be unique in the tenant" in world.refused(world.make, token, "second", scope=network.id, **wanted)[0]


def test_addresses_of_the_way_out_are_the_control_plane_s_to_join():
    world = worlds.World()
    group, network, subnet = worlds.azure_network(world)
    plane, _ = identities(world)
    address = world.make(
        "azure-native:network:PublicIPAddress",
        "out",
        resourceGroupName="rg",
        publicIpAddressName="out",
        sku={"name": "Standard"},
        publicIPAllocationMethod="Static",
    )
    inputs = {
        "resourceGroupName": "rg",
        "resourceName": "prod",
        "dnsPrefix": "prod",
        "networkProfile": {
            **NETWORK,
            "outboundType": "loadBalancer",
            "loadBalancerProfile": {"outboundIPs": {"publicIPs": [{"id": address.id}]}},
        },
        "agentPoolProfiles": [worlds.system_pool(subnet)],
        "identity": {"type": "UserAssigned", "userAssignedIdentities": [plane.id]},
    }
    assigned(world, plane, network)
    (problem,) = world.refused(world.make, CLUSTER, **inputs)
    assert "outboundIPs.publicIPs[0].id names" in problem
    assigned(world, plane, group)
    world.make(CLUSTER, **inputs)


def test_the_provider_cannot_delete_an_immutability_policy():
    """pulumi-azure-native#2156: Azure answers 412, incorrect etag."""
    world = worlds.World()
    worlds.azure_network(world)
    at = {"resourceGroupName": "rg", "accountName": "acmebackups"}
    world.make("azure-native:storage:StorageAccount", **at, kind="StorageV2", sku={"name": "Standard_LRS"})
    world.make("azure-native:storage:BlobContainer", **at, containerName="backups")
    token = "azure-native:storage:BlobContainerImmutabilityPolicy"
    policy = world.make(token, **at, containerName="backups", immutabilityPeriodSinceCreationInDays=7)
    assert "incorrect etag" in world.refused(world.drop, policy)[0]


def written(**changes):
    """A deployment that writes the system pool of the cluster `prod`."""
    pool = {
        "type": "Microsoft.ContainerService/managedClusters/agentPools",
        "name": "[concat(parameters('cluster'), '/system')]",
        "properties": {"mode": "System", "vmSize": "Standard_D4ds_v5", "vnetSubnetID": "[parameters('subnet')]"},
    }
    pool["properties"] |= changes
    return pool


def deployment(subnet, pool):
    parameters = {"cluster": {"value": "prod"}, "subnet": {"value": subnet}}
    return {
        "resourceGroupName": "rg",
        "properties": {"mode": "Incremental", "template": {"resources": [pool]}, "parameters": parameters},
    }


DEPLOYMENT = "azure-native:resources:Deployment"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"availabilityZones": ["1", "2", "3"]}, "availabilityZones"),
        ({"vmSize": "Standard_D8ds_v5"}, "vmSize"),
        ({"osDiskSizeGB": 200}, "osDiskSizeGB"),
        ({"vnetSubnetID": "/another"}, "vnetSubnetID"),
    ],
)
def test_a_template_changes_nothing_on_a_pool_that_cannot_be_changed(changes, path):
    world = worlds.World()
    cluster = worlds.aks(world)
    subnet = cluster.inputs["agentPoolProfiles"][0]["vnetSubnetID"]
    refused = world.refused(world.make, DEPLOYMENT, **deployment(subnet, written(**changes)))
    place = f"properties.template.resources[0].properties.{path} can't be changed on the pool system"
    assert [place in problem for problem in refused] == [True]
    step = world.make(DEPLOYMENT, "step", **deployment(subnet, written()))
    assert place in world.refused(world.change, step, **deployment(subnet, written(**changes)))[0]


def test_a_template_may_change_everything_else_on_a_pool():
    world = worlds.World()
    cluster = worlds.aks(world)
    subnet = cluster.inputs["agentPoolProfiles"][0]["vnetSubnetID"]
    more = {"orchestratorVersion": "1.36", "nodeLabels": {"a": "b"}, "nodeTaints": ["a=b:NoSchedule"], "maxCount": 5}
    assert world.make(DEPLOYMENT, **deployment(subnet, written(**more)))


@pytest.mark.parametrize(
    ("before", "after"),
    [({"outboundType": "loadBalancer"}, {"outboundType": "managedNATGateway"}), ({}, {"outboundType": "none"})],
)
def test_a_cluster_that_provisions_nodes_itself_keeps_its_way_out(before, after):
    """learn.microsoft.com/azure/aks/node-auto-provisioning, limitations."""
    world = worlds.World()
    mode = {"nodeProvisioningProfile": {"mode": "Auto", "defaultNodePools": "Auto"}}
    cluster = worlds.aks(world, **mode, networkProfile={**NETWORK, **before})
    problems = world.refused(world.change, cluster, networkProfile={**NETWORK, **after})
    assert any("outboundType can't be changed where the cluster provisions nodes itself" in one for one in problems)


def test_a_cluster_that_provisions_nodes_itself_has_no_calico():
    world = worlds.World()
    inputs = {
        "nodeProvisioningProfile": {"mode": "Auto", "defaultNodePools": "Auto"},
        "networkProfile": {**NETWORK, "networkPolicy": "calico"},
    }
    assert any("can't be Auto with networkPolicy calico" in one for one in world.refused(worlds.aks, world, **inputs))
