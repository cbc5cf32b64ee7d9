import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulated import account, identifiers
from stacks import errors
from tests.local.simulated import worlds


@pytest.mark.parametrize(
    ("token", "inputs", "property_", "shape"),
    [
        ("aws:iam/role:Role", {"assumeRolePolicy": worlds.trust("x")}, "name", r"one-[0-9a-f]{7}"),
        ("aws:kms/alias:Alias", {"targetKeyId": "k"}, "name", r"alias/one-[0-9a-f]{7}"),
        ("aws:s3/bucket:Bucket", {}, "bucket", r"one-[0-9a-f]{7}"),
        (
            "aws:eks/nodeGroup:NodeGroup",
            {
                "clusterName": "c",
                "nodeRoleArn": "r",
                "subnetIds": [],
                "scalingConfig": {"minSize": 1, "maxSize": 1, "desiredSize": 1},
            },
            "nodeGroupName",
            r"one-[0-9a-f]{7}",
        ),
        ("gcp:compute/network:Network", {}, "name", r"one-[0-9a-f]{7}"),
        ("azure-native:resources:ResourceGroup", {}, "resourceGroupName", r"one[0-9a-f]{8}"),
        (
            "azure-native:network:Subnet",
            {"resourceGroupName": "g", "virtualNetworkName": "n", "addressPrefix": "10.0.0.0/24"},
            "subnetName",
            "one",
        ),
    ],
)
def test_names_are_made_up_as_pulumi_does(token, inputs, property_, shape):
    checked = account.Account(stack="test").checked(token, "one", inputs)
    assert re.fullmatch(shape, checked[property_])


def test_role_assignment_gets_a_guid():
    inputs = {"scope": "/subscriptions/x", "roleDefinitionId": worlds.AZURE["subscriptionId"], "principalId": "x"}
    with pytest.raises(errors.VendorRefused):
        account.Account(stack="test").checked("azure-native:authorization:RoleAssignment", "one", inputs)
    guid = worlds.AZURE["subscriptionId"]
    inputs |= {"principalId": guid, "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{guid}"}
    checked = account.Account(stack="test").checked("azure-native:authorization:RoleAssignment", "one", inputs)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", checked["roleAssignmentName"])


def test_a_name_that_is_given_stays():
    checked = account.Account(stack="test").checked("aws:s3/bucket:Bucket", "one", {"bucket": "mine"})
    assert checked == {"bucket": "mine"}


def test_a_prefix_that_is_given_stays():
    checked = account.Account(stack="test").checked(
        "aws:iam/role:Role", "one", {"namePrefix": "eks-", "assumeRolePolicy": worlds.trust("x")}
    )
    assert re.fullmatch(r"eks-[0-9a-f]{8}", checked["name"])


def test_a_resource_keeps_its_made_up_name_and_its_successor_gets_another():
    world = worlds.World()
    first = world.make("aws:s3/bucket:Bucket", "data")
    assert world.account.checked("aws:s3/bucket:Bucket", "data", {}) == {"bucket": first.inputs["bucket"]}
    second = world.make("aws:s3/bucket:Bucket", "data", bucket=first.inputs["bucket"])
    assert second.inputs["bucket"] != first.inputs["bucket"]


@pytest.mark.parametrize(
    ("token", "inputs", "reason"),
    [
        ("aws:s3/bucket:Bucket", {"bucket": "Upper"}, "bucket is no name that the API takes"),
        ("aws:s3/bucket:Bucket", {"bucket": "192.168.0.1"}, "bucket is no name that the API takes"),
        ("aws:s3/bucket:Bucket", {"bucket": "a" * 64}, "bucket is 64 characters long"),
        ("aws:iam/role:Role", {"name": "a" * 65, "assumeRolePolicy": worlds.trust("x")}, "name is 65 characters long"),
        ("aws:kms/alias:Alias", {"name": "alias/aws/x", "targetKeyId": "k"}, "name is no name"),
        ("gcp:container/cluster:Cluster", {"name": "a" * 41, "initialNodeCount": 1}, "name is 41 characters long"),
        ("gcp:serviceaccount/account:Account", {"accountId": "short"}, "accountId is 5 characters long"),
        ("gcp:storage/bucket:Bucket", {"name": "google-data", "location": "EU"}, "name is no name"),
        (
            "azure-native:containerservice:AgentPool",
            {"agentPoolName": "System", "resourceGroupName": "g", "resourceName": "c"},
            "agentPoolName is no name",
        ),
        (
            "azure-native:containerservice:AgentPool",
            {"agentPoolName": "a234567890123", "resourceGroupName": "g", "resourceName": "c"},
            "agentPoolName is 13 characters long",
        ),
        (
            "azure-native:storage:StorageAccount",
            {"accountName": "my-data", "resourceGroupName": "g", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}},
            "accountName is no name",
        ),
    ],
)
def test_names_that_the_api_refuses(token, inputs, reason):
    with pytest.raises(errors.VendorRefused, match=re.escape(f"{token} one: {reason}")):
        account.Account(stack="test").checked(token, "one", inputs)


@given(st.text(), st.integers(min_value=8, max_value=40))
def test_made_up_identifiers_are_known_again(seed, length):
    assert identifiers.is_marked("vpc-" + identifiers.marked(seed, length=length))


@pytest.mark.parametrize("foreign", ["vpc-0a1b2c3d4e5f67890", "subnet-00000000000000001", "prod", "key-deadbeef"])
def test_identifiers_of_others_are_not_taken_for_made_up_ones(foreign):
    assert not identifiers.is_marked(foreign)
