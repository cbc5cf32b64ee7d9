import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulated import account, values
from tests.local.simulated import worlds

CLUSTER = "aws:eks/cluster:Cluster"
JSON = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(alphabet="abc", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)
INPUTS = st.dictionaries(st.sampled_from(["name", "tags", "version", "vpcConfig"]), JSON, max_size=4)


def difference(token, old, new):
    return account.Account(stack="test").difference(token, old, new)


@pytest.mark.parametrize(
    ("token", "old", "new", "changed", "replaces"),
    [
        (CLUSTER, {"version": "1.35"}, {"version": "1.36"}, ("version",), ()),
        (CLUSTER, {"name": "a"}, {"name": "b"}, ("name",), ("name",)),
        (CLUSTER, {"accessConfig": {"authenticationMode": "API"}}, {}, ("accessConfig",), ("accessConfig",)),
        (
            CLUSTER,
            {"bootstrapSelfManagedAddons": True},
            {"bootstrapSelfManagedAddons": False},
            ("bootstrapSelfManagedAddons",),
            ("bootstrapSelfManagedAddons",),
        ),
        (
            "aws:eks/nodeGroup:NodeGroup",
            {"scalingConfig": {"desiredSize": 1}},
            {"scalingConfig": {"desiredSize": 2}},
            ("scalingConfig.desiredSize",),
            (),
        ),
        (
            "aws:eks/nodeGroup:NodeGroup",
            {"instanceTypes": ["a"]},
            {"instanceTypes": ["b"]},
            ("instanceTypes[0]",),
            ("instanceTypes[0]",),
        ),
        (
            "gcp:container/nodePool:NodePool",
            {"nodeConfig": {"machineType": "a"}},
            {"nodeConfig": {"machineType": "b"}},
            ("nodeConfig.machineType",),
            ("nodeConfig.machineType",),
        ),
        (
            "gcp:container/nodePool:NodePool",
            {"nodeConfig": {"labels": {"a": "b"}}},
            {"nodeConfig": {"labels": {}}},
            ("nodeConfig.labels.a",),
            (),
        ),
        ("azure-native:containerservice:AgentPool", {"vmSize": "a"}, {"vmSize": "b"}, ("vmSize",), ("vmSize",)),
        ("azure-native:containerservice:AgentPool", {"count": 1}, {"count": 1.0}, (), ()),
        ("azure-native:network:VirtualNetwork", {"location": "a"}, {"location": "b"}, ("location",), ("location",)),
        ("aws:ec2/vpc:Vpc", {"enableDnsSupport": 1}, {"enableDnsSupport": True}, ("enableDnsSupport",), ()),
        ("aws:ec2/vpc:Vpc", {"tags": None}, {}, (), ()),
    ],
)
def test_what_changes_and_what_replaces(token, old, new, changed, replaces):
    found = difference(token, old, new)
    assert (found.changed, found.replaces) == (changed, replaces)


def test_unknown_counts_as_a_change():
    found = difference("aws:ec2/subnet:Subnet", {"vpcId": "vpc-1"}, {"vpcId": values.UNKNOWN})
    assert (found.changed, found.replaces) == (("vpcId",), ("vpcId",))
    assert difference("aws:ec2/subnet:Subnet", {"vpcId": values.UNKNOWN}, {"vpcId": values.UNKNOWN}).changed == ()


@pytest.mark.parametrize(
    ("token", "old", "new", "first"),
    [
        (CLUSTER, {"name": "prod", "roleArn": "a"}, {"name": "prod", "roleArn": "b"}, True),
        (CLUSTER, {"name": "prod"}, {"name": "other"}, False),
        ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}, {"cidrBlock": "10.1.0.0/16"}, False),
        (
            "aws:ec2/securityGroup:SecurityGroup",
            {"name": "a", "vpcId": "v", "description": "x"},
            {"name": "a", "vpcId": "v", "description": "y"},
            True,
        ),
        (
            "azure-native:containerservice:AgentPool",
            {"resourceGroupName": "g", "resourceName": "c", "agentPoolName": "p", "vmSize": "a"},
            {"resourceGroupName": "g", "resourceName": "c", "agentPoolName": "p", "vmSize": "b"},
            True,
        ),
        (CLUSTER, {"name": "prod", "version": "1.35"}, {"name": "prod", "version": "1.36"}, False),
    ],
)
def test_a_fixed_name_goes_before_its_successor(token, old, new, first):
    assert difference(token, old, new).delete_first is first


def test_a_made_up_name_lets_the_successor_come_first():
    api = account.Account(stack="test")
    old = api.checked("aws:iam/role:Role", "nodes", {"assumeRolePolicy": worlds.trust("x")})
    found = api.difference("aws:iam/role:Role", old, {**old, "path": "/other/"})
    assert (found.replaces, found.delete_first) == (("path",), False)


def test_what_replaces_cannot_be_changed_in_place():
    world = worlds.World()
    vpc = world.make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
    (problem,) = world.refused(world.change, vpc, cidrBlock="10.1.0.0/16")
    assert problem == f"aws:ec2/vpc:Vpc one ({vpc.id}): cidrBlock can't be changed on a living resource"


def test_what_does_not_exist_cannot_be_changed():
    world = worlds.World()
    vpc = world.make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
    world.drop(vpc)
    assert "does not exist (404)" in world.refused(world.change, vpc)[0]
    assert world.account.read(vpc.token, vpc.id) is None


@given(INPUTS)
def test_nothing_differs_from_itself(inputs):
    assert difference(CLUSTER, inputs, inputs).changed == ()


@given(INPUTS, INPUTS)
def test_differences_are_the_same_both_ways(old, new):
    assert difference(CLUSTER, old, new).changed == difference(CLUSTER, new, old).changed
