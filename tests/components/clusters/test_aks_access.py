"""Who gets in, and by which kubeconfig."""

from __future__ import annotations

import json

import pytest

from components.clusters.aks import credentials
from tests.components.clusters import aks_program as azure

CLUSTER_ADMIN = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b"
READER = "7f6c6a51-bcf8-42ba-9220-52d62157d7db"
CLUSTER_USER = "4abbcc35-e782-43d8-92c5-2d3f1bd2253f"


def given(deployed):
    """Roles on the cluster's own resource group of whoever the stack names: principal, and the end of the role's id."""
    return sorted(
        (item.inputs["principalId"], item.inputs["roleDefinitionId"].rpartition("/")[2])
        for item in deployed.of(azure.ASSIGNMENT)
        if item.name.startswith("test-access-")
    )


def test_the_deployer_may_do_everything_and_nobody_else_anything():
    assert given(azure.deploy()) == [(azure.DEPLOYER, CLUSTER_USER), (azure.DEPLOYER, CLUSTER_ADMIN)]


def test_admins_may_do_everything_and_viewers_look():
    deployed = azure.deploy(access={"admins": (azure.ADMIN,), "viewers": (azure.VIEWER,)})
    assert [pair for pair in given(deployed) if pair[0] == azure.ADMIN] == [
        (azure.ADMIN, CLUSTER_USER),
        (azure.ADMIN, CLUSTER_ADMIN),
    ]
    assert [pair for pair in given(deployed) if pair[0] == azure.VIEWER] == [
        (azure.VIEWER, CLUSTER_USER),
        (azure.VIEWER, READER),
    ]


def test_whoever_is_named_twice_gets_a_role_once():
    """Azure refuses the same assignment under another name."""
    deployed = azure.deploy(access={"admins": (azure.DEPLOYER,), "viewers": (azure.DEPLOYER,)})
    assert given(deployed) == [
        (azure.DEPLOYER, CLUSTER_USER),
        (azure.DEPLOYER, READER),
        (azure.DEPLOYER, CLUSTER_ADMIN),
    ]


def test_groups_of_admins_are_known_to_the_cluster_and_to_azure():
    deployed = azure.deploy(options=azure.options(admin_groups=(azure.GROUP,)))
    cluster = deployed.only(azure.MANAGED_CLUSTER).inputs
    assert cluster["aadProfile"]["adminGroupObjectIDs"] == [azure.GROUP]
    assert (azure.GROUP, CLUSTER_ADMIN) in given(deployed)
    groups = [item for item in deployed.of(azure.ASSIGNMENT) if item.inputs["principalId"] == azure.GROUP]
    assert {item.inputs["principalType"] for item in groups} == {"Group"}


def test_terraform_aws_eks_2923_access_goes_after_everything_on_the_cluster():
    deployed = azure.deploy(access={"viewers": (azure.VIEWER,)})
    provider = deployed.only(azure.KUBERNETES)
    grants = [item for item in deployed.of(azure.ASSIGNMENT) if item.name.startswith("test-access-")]
    assert len(grants) == 4
    assert [item.urn for item in grants if not deployed.waits_for(provider, item)] == []


def test_pulumi_azure_native_692_pulumi_5758_the_kubeconfig_is_asked_for_and_holds_no_secret():
    deployed = azure.deploy()
    (cluster,) = json.loads(deployed.kubeconfig)["clusters"]
    assert cluster == {
        "name": "test",
        "cluster": {"server": azure.SERVER, "certificate-authority-data": azure.AUTHORITY},
    }
    (user,) = json.loads(deployed.kubeconfig)["users"]
    assert user["user"].keys() == {"exec"}


def test_nothing_else_of_azure_s_answer_is_registered_anywhere():
    deployed = azure.deploy()
    for item in deployed.registrations:
        assert azure.SECRET_OF_A_KUBECONFIG not in json.dumps(item.raw), item.urn
    assert azure.SECRET_OF_A_KUBECONFIG not in deployed.kubeconfig


@pytest.mark.parametrize("login", ["azurecli", "workloadidentity", "msi", "spn"])
def test_kubelogin_gets_the_token_as_the_stack_says(login):
    wanted = azure.settings(options=azure.options(login=login))
    (user,) = json.loads(credentials.text(wanted, azure.answer()))["users"]
    plugin = user["user"]["exec"]
    assert plugin["command"] == "kubelogin"
    assert plugin["args"] == [
        "get-token",
        "--login",
        login,
        "--server-id",
        "6dae42f8-4368-4678-94ff-3960e28e3630",
        "--tenant-id",
        azure.TENANT,
        "--environment",
        "AzurePublicCloud",
    ]
    assert plugin["interactiveMode"] == "Never"
    assert "az aks install-cli" in plugin["installHint"]


def test_the_kubeconfig_is_asked_for_once_the_cluster_is_there():
    deployed = azure.deploy()
    assert deployed.waits_for(deployed.only(azure.KUBERNETES), deployed.only(azure.MANAGED_CLUSTER))
