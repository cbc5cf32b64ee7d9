"""Accounts with something in them, for tests of what may be added, changed and deleted."""

from __future__ import annotations

import asyncio
import json

import pytest

from local.simulated import account
from stacks import errors

AWS = {"region": "eu-central-1", "allowedAccountIds": '["111122223333"]'}
GCP = {"project": "acme-dev", "region": "europe-west3"}
AZURE = {"subscriptionId": "00000000-0000-4000-8000-0000000000d1", "location": "germanywestcentral"}
PROVIDERS = {"aws": AWS, "gcp": GCP, "azure-native": AZURE}


class World:
    """An account whose calls are made one after another."""

    def __init__(self, stack="test", **options):
        self.account = account.Account(stack=stack, **options)

    def make(self, token, name="one", /, **inputs):
        provider = PROVIDERS[token.partition(":")[0]]
        return asyncio.run(self.account.create(token, name, inputs, provider=provider))

    def change(self, resource, /, **inputs):
        whole = {**resource.inputs, **inputs}
        return asyncio.run(self.account.update(resource.token, resource.id, whole))

    def drop(self, resource):
        asyncio.run(self.account.delete(resource.token, resource.id))

    def ask(self, token, /, **args):
        return asyncio.run(self.account.invoke(token, args, provider=PROVIDERS[token.partition(":")[0]]))

    def refused(self, what, /, *args, **options):
        """The problems of a call that must be refused."""
        with pytest.raises(errors.VendorRefused) as raised:
            what(*args, **options)
        return [problem.what for problem in raised.value.problems]


def trust(service, *actions):
    """A trust policy for one service of AWS."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions or ("sts:AssumeRole",))}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role(world, name, service, *policies, actions=()):
    """A role with managed policies."""
    made = world.make("aws:iam/role:Role", name, name=name, assumeRolePolicy=trust(service, *actions))
    for policy in policies:
        arn = f"arn:aws:iam::aws:policy/{policy}"
        world.make("aws:iam/rolePolicyAttachment:RolePolicyAttachment", f"{name}-{policy}", role=name, policyArn=arn)
    return made


def aws_network(world):
    """A VPC with two subnets in two zones."""
    vpc = world.make("aws:ec2/vpc:Vpc", "net", cidrBlock="10.0.0.0/16", enableDnsHostnames=True)
    subnets = [
        world.make(
            "aws:ec2/subnet:Subnet",
            f"private-{zone}",
            vpcId=vpc.id,
            cidrBlock=block,
            availabilityZone=f"eu-central-1{zone}",
        )
        for zone, block in (("a", "10.0.0.0/20"), ("b", "10.0.16.0/20"))
    ]
    return vpc, subnets


def eks(world, **inputs):
    """An EKS cluster `prod` in a network of its own."""
    _, subnets = aws_network(world)
    plane = role(world, "plane", "eks.amazonaws.com", "AmazonEKSClusterPolicy")
    wanted = {
        "name": "prod",
        "version": "1.35",
        "roleArn": plane.outputs["arn"],
        "vpcConfig": {"subnetIds": [subnet.id for subnet in subnets], "endpointPrivateAccess": True},
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        "bootstrapSelfManagedAddons": False,
        **inputs,
    }
    return world.make("aws:eks/cluster:Cluster", "prod", **wanted)


def node_group(world, name="general", **inputs):
    """What a managed node group needs, and the node group."""
    nodes = role(world, "nodes", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
    for addon in ("vpc-cni", "kube-proxy"):
        world.make("aws:eks/addon:Addon", addon, clusterName="prod", addonName=addon)
    return another_group(world, name, nodeRoleArn=nodes.outputs["arn"], **inputs)


def another_group(world, name, **inputs):
    """A node group in the cluster `prod`."""
    subnets = [one.id for one in world.account.resources() if one.token == "aws:ec2/subnet:Subnet"]
    wanted = {
        "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 1},
        "subnetIds": subnets,
        "clusterName": "prod",
    }
    return world.make("aws:eks/nodeGroup:NodeGroup", name, **{**wanted, **inputs})


def gke(world, **inputs):
    """A GKE cluster `prod` in a network of its own."""
    network = world.make("gcp:compute/network:Network", "net", autoCreateSubnetworks=False)
    ranges = [
        {"rangeName": "pods", "ipCidrRange": "10.4.0.0/14"},
        {"rangeName": "services", "ipCidrRange": "10.8.0.0/20"},
    ]
    subnetwork = world.make(
        "gcp:compute/subnetwork:Subnetwork",
        "nodes",
        network=network.id,
        region="europe-west3",
        ipCidrRange="10.0.0.0/20",
        secondaryIpRanges=ranges,
    )
    wanted = {
        "name": "prod",
        "location": "europe-west3",
        "network": network.id,
        "subnetwork": subnetwork.id,
        "ipAllocationPolicy": {"clusterSecondaryRangeName": "pods", "servicesSecondaryRangeName": "services"},
        "removeDefaultNodePool": True,
        "initialNodeCount": 1,
        "minMasterVersion": "1.35",
        "deletionProtection": False,
        **inputs,
    }
    return world.make("gcp:container/cluster:Cluster", "prod", **wanted)


def azure_network(world):
    """A resource group with a virtual network and a subnet for nodes."""
    group = world.make(
        "azure-native:resources:ResourceGroup", "group", resourceGroupName="rg", location="germanywestcentral"
    )
    network = world.make(
        "azure-native:network:VirtualNetwork",
        "net",
        resourceGroupName="rg",
        virtualNetworkName="net",
        addressSpace={"addressPrefixes": ["10.0.0.0/16"]},
    )
    subnet = world.make(
        "azure-native:network:Subnet",
        "nodes",
        resourceGroupName="rg",
        virtualNetworkName="net",
        addressPrefix="10.0.0.0/20",
    )
    return group, network, subnet


def system_pool(subnet, **inputs):
    """The inline pool of an AKS cluster."""
    wanted = {"name": "system", "mode": "System", "vmSize": "Standard_D4ds_v5", "vnetSubnetID": subnet.id, "count": 1}
    return {**wanted, **inputs}


def aks(world, **inputs):
    """An AKS cluster `prod` in a network of its own, with an identity that Azure makes for it."""
    _, _, subnet = azure_network(world)
    wanted = {
        "resourceGroupName": "rg",
        "resourceName": "prod",
        "dnsPrefix": "prod",
        "kubernetesVersion": "1.35",
        "identity": {"type": "SystemAssigned"},
        "networkProfile": {"networkPlugin": "azure", "serviceCidr": "172.20.0.0/16", "dnsServiceIP": "172.20.0.10"},
        "agentPoolProfiles": [system_pool(subnet)],
        **inputs,
    }
    return world.make("azure-native:containerservice:ManagedCluster", "prod", **wanted)


def user_pool(world, name="user", **inputs):
    """Another agent pool of the cluster `prod`."""
    wanted = {"resourceGroupName": "rg", "resourceName": "prod", "agentPoolName": name, "mode": "User", "count": 1}
    return world.make("azure-native:containerservice:AgentPool", name, **{**wanted, **inputs})
