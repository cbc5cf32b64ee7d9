import pytest

from local.simulated import values
from tests.local.simulated import worlds

SUBNET = "aws:ec2/subnet:Subnet"


def test_a_network_cannot_go_before_what_is_in_it():
    world = worlds.World()
    vpc, subnets = worlds.aws_network(world)
    problems = world.refused(world.drop, vpc)
    assert len(problems) == 2
    assert (
        problems[0] == f"aws:ec2/vpc:Vpc net ({vpc.id}): Subnet {subnets[0].id} still hangs on it (DependencyViolation)"
    )
    for resource in (*subnets, vpc):
        world.drop(resource)
    assert world.account.resources() == ()


@pytest.mark.parametrize("build", [worlds.eks, worlds.gke, worlds.aks])
def test_everything_can_go_in_the_opposite_order(build):
    world = worlds.World()
    build(world)
    for resource in reversed(world.account.resources()):
        world.drop(resource)
    assert world.account.resources() == ()


@pytest.mark.parametrize("build", [worlds.eks, worlds.gke, worlds.aks])
def test_the_first_resource_cannot_go_first(build):
    world = worlds.World()
    build(world)
    assert world.refused(world.drop, world.account.resources()[0])


def test_what_is_gone_already_can_be_deleted_again():
    world = worlds.World()
    vpc = world.make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
    world.drop(vpc)
    world.drop(vpc)


def test_what_was_deleted_cannot_be_referred_to():
    world = worlds.World()
    vpc = world.make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
    world.drop(vpc)
    (problem,) = world.refused(world.make, SUBNET, vpcId=vpc.id, cidrBlock="10.0.0.0/24")
    assert problem == f"{SUBNET} one: vpcId names {vpc.id}, which is no longer there (Vpc)"


def test_what_exists_outside_of_the_stack_can_be_referred_to():
    made = worlds.World().make(SUBNET, vpcId="vpc-0a1b2c3d4e5f67890", cidrBlock="10.0.0.0/24")
    assert made.inputs["vpcId"] == "vpc-0a1b2c3d4e5f67890"


def test_a_reference_must_look_like_what_it_refers_to():
    world = worlds.World()
    (problem,) = world.refused(world.make, SUBNET, vpcId="subnet-0a1b2c3d4e5f67890", cidrBlock="10.0.0.0/24")
    assert "vpcId must name a resource of type Vpc" in problem


def test_what_only_this_stack_makes_must_be_there():
    world = worlds.World()
    (problem,) = world.refused(world.make, "aws:eks/addon:Addon", clusterName="prod", addonName="vpc-cni")
    assert "clusterName names prod, and there is no such Cluster in this account" in problem


def test_references_go_by_identifier_arn_name_and_address():
    world = worlds.World()
    network = world.make("gcp:compute/network:Network", "net", autoCreateSubnetworks=False)
    by = (network.id, network.outputs["selfLink"], network.inputs["name"])
    for index, handle in enumerate(by):
        inputs = {"network": handle, "region": "europe-west3", "ipCidrRange": f"10.{index}.0.0/20"}
        world.make("gcp:compute/subnetwork:Subnetwork", f"nodes-{index}", **inputs)
    assert len(world.refused(world.drop, network)) == 3


def test_azure_compares_identifiers_without_regard_to_case():
    world = worlds.World()
    _, network, _ = worlds.azure_network(world)
    assert world.refused(world.drop, network)
    shouted = network.id.upper().replace("/SUBSCRIPTIONS", "/subscriptions")
    lock = world.make("azure-native:authorization:ManagementLockByScope", "lock", scope=shouted, level="CanNotDelete")
    assert any("ScopeLocked" in problem for problem in world.refused(world.drop, network))
    world.drop(lock)


@pytest.mark.parametrize("path", ["subnets", "vpcId"])
def test_a_load_balancer_of_the_cluster_holds_the_network(path):
    world = worlds.World()
    vpc, subnets = worlds.aws_network(world)
    held = {"subnets": subnets[0], "vpcId": vpc}[path]
    for subnet in subnets if path == "vpcId" else ():
        world.drop(subnet)
    inputs = {"subnets": [held.id]} if path == "subnets" else {"vpcId": held.id}
    balancer = values.Resource(
        token="aws:lb/loadBalancer:LoadBalancer", name="lb", id="arn:lb/1", inputs=inputs, outputs={}
    )
    world.account.adopt(balancer)
    assert any("the cluster made it" in problem for problem in world.refused(world.drop, held))
    world.account.release("arn:lb/1")
    world.account.release("arn:lb/1")
    world.drop(held)


def test_a_role_lets_go_of_its_policies_where_it_is_told_to():
    world = worlds.World()
    role = worlds.role(world, "nodes", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy")
    assert world.refused(world.drop, role)
    world.drop(world.change(role, forceDetachPolicies=True))


@pytest.mark.parametrize(
    ("token", "inputs", "reason"),
    [
        (
            "aws:eks/accessEntry:AccessEntry",
            {"clusterName": "prod", "principalArn": "arn:aws:iam::111122223333:role/a"},
            "exists already (409)",
        ),
        ("aws:ec2/internetGateway:InternetGateway", {}, None),
    ],
)
def test_what_exists_cannot_be_made_again(token, inputs, reason):
    world = worlds.World()
    worlds.eks(world)
    world.make(token, "first", **inputs)
    if reason:
        assert reason in world.refused(world.make, token, "second", **inputs)[0]
    else:
        world.make(token, "second", **inputs)


def test_names_are_unique_where_the_vendor_wants_it():
    world = worlds.World()
    vpc, _ = worlds.aws_network(world)
    token = "aws:ec2/securityGroup:SecurityGroup"
    world.make(token, "first", name="nodes", vpcId=vpc.id)
    (problem,) = world.refused(world.make, token, "second", name="nodes", vpcId=vpc.id)
    assert "name is taken" in problem
    world.make(token, "third", name="nodes", vpcId="vpc-0a1b2c3d4e5f67890")
