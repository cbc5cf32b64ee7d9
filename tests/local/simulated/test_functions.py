import base64
import json
import re

import pytest

from local.simulated import values
from stacks import errors
from tests.local.simulated import worlds


def test_addon_versions_are_plausible_and_always_the_same():
    world = worlds.World()
    token = "aws:eks/getAddonVersion:getAddonVersion"
    first = world.ask(token, addonName="vpc-cni", kubernetesVersion="1.35", mostRecent=True)
    assert re.fullmatch(r"v1\.\d+\.\d+-eksbuild\.\d", first["version"])
    assert world.ask(token, addonName="vpc-cni", kubernetesVersion="1.35", mostRecent=True) == first
    proxy = world.ask(token, addonName="kube-proxy", kubernetesVersion="1.35")
    assert proxy["version"].startswith("v1.35.")


def test_aws_knows_where_it_is():
    world = worlds.World()
    assert world.ask("aws:index/getCallerIdentity:getCallerIdentity")["accountId"] == "111122223333"
    zones = world.ask("aws:index/getAvailabilityZones:getAvailabilityZones")["names"]
    assert zones == ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    assert world.ask("aws:index/getPartition:getPartition")["partition"] == "aws"
    minors = [
        one["clusterVersion"] for one in world.ask("aws:eks/getClusterVersions:getClusterVersions")["clusterVersions"]
    ]
    assert "1.35" in minors


def test_gcp_knows_its_project_and_versions():
    world = worlds.World()
    project = world.ask("gcp:organizations/getProject:getProject")
    assert project["projectId"] == "acme-dev"
    assert re.fullmatch(r"\d{12}", project["number"])
    versions = world.ask(
        "gcp:container/getEngineVersions:getEngineVersions", location="europe-west3", versionPrefix="1.35."
    )
    assert versions["latestMasterVersion"].startswith("1.35.")


def test_kubeconfig_of_an_aks_cluster_has_a_plugin_and_no_secret():
    world = worlds.World()
    cluster = worlds.aks(world)
    token = "azure-native:containerservice:listManagedClusterUserCredentials"
    answer = world.ask(token, resourceGroupName="rg", resourceName="prod", format="exec")
    config = json.loads(base64.b64decode(answer["kubeconfigs"][0]["value"]))
    assert config["clusters"][0]["cluster"]["server"] == f"https://{cluster.outputs['fqdn']}:443"
    assert base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).startswith(
        b"-----BEGIN CERT"
    )
    assert list(config["users"][0]["user"]) == ["exec"]


def test_credentials_of_a_cluster_that_is_not_there():
    world = worlds.World()
    token = "azure-native:containerservice:listManagedClusterUserCredentials"
    (problem,) = world.refused(world.ask, token, resourceGroupName="rg", resourceName="prod")
    assert "there is no cluster prod in rg (404)" in problem


@pytest.mark.parametrize(
    ("token", "args"),
    [
        (
            "azure-native:containerservice:listManagedClusterUserCredentials",
            {"resourceGroupName": "rg", "resourceName": values.UNKNOWN},
        ),
        ("aws:eks/getAddonVersion:getAddonVersion", {"addonName": "vpc-cni", "kubernetesVersion": values.UNKNOWN}),
    ],
)
def test_what_depends_on_the_unknown_is_unknown(token, args):
    answer = worlds.World().ask(token, **args)
    assert values.UNKNOWN in answer.values()


def test_a_function_that_is_not_simulated_is_refused():
    world = worlds.World()
    with pytest.raises(errors.VendorRefused, match="aws:ec2/getAmi:getAmi is not simulated"):
        world.ask("aws:ec2/getAmi:getAmi")


def test_wrong_arguments_are_refused():
    world = worlds.World()
    (problem,) = world.refused(world.ask, "aws:eks/getAddonVersion:getAddonVersion", addon="vpc-cni")
    assert "addon is no property of this type" in problem
