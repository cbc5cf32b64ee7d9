import pytest

from tests.local.simulated import worlds

ADDON, NODES, ENTRY = "aws:eks/addon:Addon", "aws:eks/nodeGroup:NodeGroup", "aws:eks/accessEntry:AccessEntry"
DEPLOYER = "arn:aws:iam::111122223333:role/deployer"
AUTO = {
    "computeConfig": {"enabled": True},
    "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": True}},
    "storageConfig": {"blockStorage": {"enabled": True}},
}
AUTO_POLICIES = (
    "AmazonEKSClusterPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"version": "1.35.2"}, "version is 1.35.2, and must be a minor"),
        ({"computeConfig": {"enabled": True}}, "must all be true or all be false"),
        ({**AUTO, "bootstrapSelfManagedAddons": True}, "bootstrapSelfManagedAddons must be false with Auto Mode"),
        ({"vpcConfig": {"subnetIds": ["subnet-0a1b2c3d4e5f67890"]}}, "must be at least two"),
        (
            {"vpcConfig": {"subnetIds": ["a", "b"], "endpointPublicAccess": False}},
            "endpointPrivateAccess must be true where the public endpoint is off",
        ),
        (
            {"vpcConfig": {"subnetIds": ["a", "b"], "publicAccessCidrs": ["10.0.0.0/8"]}},
            "publicAccessCidrs[0] is 10.0.0.0/8; private and reserved networks are not allowed",
        ),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "8.8.0.0/16"}}, "must lie in 10.0.0.0/8"),
        (
            {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.0.0.0/16"}},
            "serviceIpv4Cidr overlaps the VPC's 10.0.0.0/16",
        ),
        ({"enabledClusterLogTypes": ["audits"]}, "enabledClusterLogTypes[0] must be one of"),
        ({"accessConfig": {"authenticationMode": "IAM"}}, "authenticationMode must be one of"),
    ],
)
def test_cluster_refused(inputs, reason):
    world = worlds.World()
    assert any(reason in problem for problem in world.refused(worlds.eks, world, **inputs))


def test_auto_mode_needs_a_role_that_may_do_more():
    world = worlds.World()
    problems = world.refused(worlds.eks, world, **AUTO)
    assert any("sts:TagSession" in problem for problem in problems)
    assert any("lacks AmazonEKSComputePolicy" in problem for problem in problems)
    role = worlds.role(world, "auto", "eks.amazonaws.com", *AUTO_POLICIES, actions=("sts:AssumeRole", "sts:TagSession"))
    subnets = [one.id for one in world.account.resources() if one.token == "aws:ec2/subnet:Subnet"]
    inputs = {
        "name": "prod",
        "roleArn": role.outputs["arn"],
        "vpcConfig": {"subnetIds": subnets},
        "bootstrapSelfManagedAddons": False,
    }
    world.make("aws:eks/cluster:Cluster", "prod", **inputs, **AUTO)
    world.make(ADDON, "dns", clusterName="prod", addonName="coredns")


def test_auto_mode_keeps_its_node_role():
    world = worlds.World()
    service = ("sts:AssumeRole", "sts:TagSession")
    plane = worlds.role(world, "auto", "eks.amazonaws.com", *AUTO_POLICIES, actions=service)
    compute = {"enabled": True, "nodePools": ["system"], "nodeRoleArn": "arn:aws:iam::111122223333:role/one"}
    wanted = {**AUTO, "computeConfig": compute, "roleArn": plane.outputs["arn"]}
    cluster = worlds.eks(world, **wanted)
    world.change(cluster, computeConfig={**compute, "nodePools": ["general-purpose", "system"]})
    (problem,) = world.refused(
        world.change, cluster, computeConfig={**compute, "nodeRoleArn": "arn:aws:iam::111122223333:role/other"}
    )
    assert "nodeRoleArn can't be changed from arn:aws:iam::111122223333:role/one while Auto Mode is on" in problem


def test_cluster_needs_two_zones_and_names_in_its_network():
    world = worlds.World()
    vpc = world.make("aws:ec2/vpc:Vpc", "net", cidrBlock="10.0.0.0/16")
    subnets = [
        world.make(
            "aws:ec2/subnet:Subnet",
            f"s{index}",
            vpcId=vpc.id,
            cidrBlock=f"10.0.{index}.0/24",
            availabilityZone="eu-central-1a",
        ).id
        for index in range(2)
    ]
    role = worlds.role(world, "plane", "eks.amazonaws.com", "AmazonEKSClusterPolicy")
    inputs = {"roleArn": role.outputs["arn"], "vpcConfig": {"subnetIds": subnets, "endpointPrivateAccess": True}}
    problems = world.refused(world.make, "aws:eks/cluster:Cluster", **inputs)
    assert ["at least two zones" in problems[0], "enableDnsHostnames" in problems[1]] == [True, True]


@pytest.mark.parametrize(
    ("version", "reason"),
    [("1.34", "version would go down from 1.35 to 1.34"), ("1.37", "version would go from 1.35 to 1.37; only 1 minor")],
)
def test_versions_go_up_one_by_one(version, reason):
    world = worlds.World()
    cluster = worlds.eks(world)
    assert reason in world.refused(world.change, cluster, version=version)[0]
    assert world.change(cluster, version="1.36").outputs["version"] == "1.36"


def test_control_plane_stays_in_the_zones_that_it_was_created_in():
    world = worlds.World()
    cluster = worlds.eks(world)
    first, second = cluster.inputs["vpcConfig"]["subnetIds"]
    vpc = next(one.id for one in world.account.resources() if one.token == "aws:ec2/vpc:Vpc")

    def subnet(name, block, zone):
        return world.make("aws:ec2/subnet:Subnet", name, vpcId=vpc, cidrBlock=block, availabilityZone=zone).id

    third = subnet("third", "10.0.32.0/20", "eu-central-1c")
    (problem,) = world.refused(world.change, cluster, vpcConfig={"subnetIds": [first, second, third]})
    assert "lie in eu-central-1a, eu-central-1b, eu-central-1c, and the cluster was created in" in problem
    (problem,) = world.refused(world.change, cluster, vpcConfig={"subnetIds": [first, third]})
    assert "the cluster was created in eu-central-1a, eu-central-1b" in problem
    world.change(cluster, vpcConfig={"subnetIds": [first, subnet("other", "10.0.48.0/20", "eu-central-1b")]})


def test_authentication_does_not_go_back():
    world = worlds.World()
    cluster = worlds.eks(world)
    back = {"authenticationMode": "API_AND_CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": False}
    assert "can't go back from API" in world.refused(world.change, cluster, accessConfig=back)[0]


def test_protected_cluster_stays():
    world = worlds.World()
    cluster = worlds.eks(world, deletionProtection=True)
    assert "deletionProtection is on" in world.refused(world.drop, cluster)[0]
    world.drop(world.change(cluster, deletionProtection=False))


def test_cluster_stays_as_long_as_its_node_groups():
    world = worlds.World()
    cluster = worlds.eks(world)
    group = worlds.node_group(world)
    assert any(f"NodeGroup {group.id} still hangs on it" in problem for problem in world.refused(world.drop, cluster))


def test_creators_own_entry_is_there_already_with_the_bootstrap_grant():
    world = worlds.World()
    worlds.eks(world, accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True})
    (problem,) = world.refused(world.make, ENTRY, clusterName="prod", principalArn=DEPLOYER)
    assert "created the cluster (ResourceInUseException)" in problem


def test_entry_of_a_node_groups_role_is_there_already():
    world = worlds.World()
    worlds.eks(world)
    group = worlds.node_group(world)
    role = group.inputs["nodeRoleArn"]
    (problem,) = world.refused(world.make, ENTRY, clusterName="prod", principalArn=role, type="EC2_LINUX")
    assert "is the role of a managed node group" in problem


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"principalArn": "arn:aws:sts::111122223333:assumed-role/a/b"}, "must be the ARN of an IAM role or user"),
        ({"principalArn": DEPLOYER, "kubernetesGroups": ["system:masters"]}, "can't start with system:"),
        ({"principalArn": DEPLOYER, "type": "NORMAL"}, "type must be one of STANDARD"),
    ],
)
def test_access_entry_refused(inputs, reason):
    world = worlds.World()
    worlds.eks(world)
    assert reason in world.refused(world.make, ENTRY, clusterName="prod", **inputs)[0]


def test_grants_need_an_entry_and_keep_it():
    world = worlds.World()
    worlds.eks(world)
    token = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    grant = {"clusterName": "prod", "principalArn": DEPLOYER, "policyArn": policy, "accessScope": {"type": "cluster"}}
    assert "has no access entry" in world.refused(world.make, token, **grant)[0]
    entry = world.make(ENTRY, clusterName="prod", principalArn=DEPLOYER)
    made = world.make(token, **grant)
    assert world.refused(world.drop, entry)
    world.drop(made)
    world.drop(entry)


@pytest.mark.parametrize("addon", ["coredns", "aws-ebs-csi-driver"])
def test_addons_that_need_nodes_come_after_them(addon):
    world = worlds.World()
    worlds.eks(world)
    assert "stays DEGRADED" in world.refused(world.make, ADDON, clusterName="prod", addonName=addon)[0]
    worlds.node_group(world)
    assert world.make(ADDON, clusterName="prod", addonName=addon).id == f"prod:{addon}"


def test_nodes_come_after_the_network_addon():
    world = worlds.World()
    worlds.eks(world)
    role = worlds.role(
        world, "nodes", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"
    )
    (problem,) = world.refused(worlds.another_group, world, "general", nodeRoleArn=role.outputs["arn"])
    assert "has no vpc-cni and no kube-proxy" in problem


def test_nodes_need_a_role_that_may_join_and_pull():
    world = worlds.World()
    worlds.eks(world)
    worlds.node_group(world)
    poor = worlds.role(world, "poor", "ec2.amazonaws.com")
    (problem,) = world.refused(worlds.another_group, world, "other", nodeRoleArn=poor.outputs["arn"])
    assert "lacks AmazonEKSWorkerNodePolicy, AmazonEC2ContainerRegistryPullOnly" in problem


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"version": "1.36"}, "version is 1.36, newer than the control plane's 1.35"),
        ({"version": "1.31"}, "more than 3 minors behind"),
        ({"scalingConfig": {"minSize": 2, "maxSize": 1, "desiredSize": 1}}, "must lie between minSize and maxSize"),
        ({"diskSize": 50, "launchTemplate": {"id": "lt-0a1b2c3d4e5f67890", "version": "1"}}, "diskSize can't be given"),
        ({"taints": [{"key": "k", "effect": "NoSchedule"}]}, "taints[0].effect must be one of NO_SCHEDULE"),
        ({"capacityType": "spot"}, "capacityType must be one of"),
    ],
)
def test_node_group_refused(inputs, reason):
    world = worlds.World()
    worlds.eks(world)
    assert any(reason in problem for problem in world.refused(worlds.node_group, world, **inputs))


def test_node_group_takes_a_version_that_its_template_has():
    world = worlds.World()
    worlds.eks(world)
    template = world.make("aws:ec2/launchTemplate:LaunchTemplate", "nodes")
    wanted = {"id": template.id, "version": "2"}
    assert "the template has 1" in world.refused(worlds.node_group, world, launchTemplate=wanted)[0]


def test_pod_identity_needs_a_role_that_pods_may_assume():
    world = worlds.World()
    worlds.eks(world)
    token = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
    common = {"clusterName": "prod", "namespace": "metrics", "serviceAccount": "thanos"}
    wrong = worlds.role(world, "wrong", "ec2.amazonaws.com")
    assert "pods.eks.amazonaws.com" in world.refused(world.make, token, roleArn=wrong.outputs["arn"], **common)[0]
    right = worlds.role(world, "right", "pods.eks.amazonaws.com", actions=("sts:AssumeRole", "sts:TagSession"))
    world.make(token, roleArn=right.outputs["arn"], **common)
