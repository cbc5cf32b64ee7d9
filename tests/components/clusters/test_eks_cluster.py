"""The whole cluster under mocks: what is registered with which inputs, after what, and how it is protected."""

from __future__ import annotations

import json
import re

import pytest

from . import eks_stacks

PROVIDER = "pulumi:providers:kubernetes"


@pytest.fixture
def cluster(run, project):
    return eks_stacks.deploy(run)


@pytest.fixture
def create(run, project):
    """Create the cluster with other settings."""
    return lambda **changes: eks_stacks.deploy(run, eks_stacks.wanted(**changes))


def inputs(cluster):
    return cluster.one("eks/cluster:Cluster").inputs


def test_a_production_cluster_says_everything_itself(cluster):
    assert inputs(cluster) == {
        "name": "shop",
        "version": "1.35",
        "roleArn": "arn:aws:iam::444455556666:role/shop-eu-central-1-cluster",
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        "vpcConfig": {
            "subnetIds": ["shop-control-plane-a-id", "shop-control-plane-b-id", "shop-control-plane-c-id"],
            "securityGroupIds": ["shop-control-plane-id"],
            "endpointPrivateAccess": True,
            "endpointPublicAccess": False,
        },
        "kubernetesNetworkConfig": {
            "ipFamily": "ipv4",
            "serviceIpv4Cidr": "172.20.0.0/16",
            "elasticLoadBalancing": {"enabled": False},
        },
        "computeConfig": {"enabled": False},
        "storageConfig": {"blockStorage": {"enabled": False}},
        "encryptionConfig": {
            "provider": {"keyArn": "arn:aws:kms:eu-central-1:444455556666:key/11112222"},
            "resources": ["secrets"],
        },
        "enabledClusterLogTypes": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
        "upgradePolicy": {"supportType": "STANDARD"},
        "zonalShiftConfig": {"enabled": True},
        "deletionProtection": True,
        "bootstrapSelfManagedAddons": False,
    }


def test_every_resource_of_aws_goes_through_the_one_provider_of_this_account(cluster):
    (provider,) = [item for item in cluster.registrations if item.type == "pulumi:providers:aws"]
    assert provider.inputs["region"] == "eu-central-1"
    assert json.loads(provider.inputs["allowedAccountIds"]) == ["444455556666"]
    assert json.loads(provider.inputs["defaultTags"]) == {
        "tags": {"cost-center": "shop", "managed-by": "paasport", "cluster": "shop", "tier": "prod"}
    }
    own = [item for item in cluster.registrations if item.type.startswith("aws:")]
    assert len(own) > 90
    assert {item.provider for item in own} == {f"{provider.urn}::shop-id"}
    assert {item.parent for item in own} == {
        item.urn for item in cluster.registrations if item.type == "paasport:clusters:Eks"
    }


def test_names_are_short_and_the_same_in_every_run(cluster):
    own = [item.name for item in cluster.registrations if item.type.startswith("aws:")]
    assert [name for name in own if not re.fullmatch(r"shop-[A-Za-z0-9_-]{1,52}", name)] == []


# The API's address


@pytest.mark.parametrize("api", ["allowlist", "identity"])
def test_an_allowed_network_reaches_the_public_address_and_nodes_the_private_one(create, api):
    found = inputs(create(access=eks_stacks.access(api=api, cidrs=["203.0.113.0/24"])))["vpcConfig"]
    assert found["endpointPrivateAccess"] is True
    assert found["endpointPublicAccess"] is True
    assert found["publicAccessCidrs"] == ["203.0.113.0/24"]


def test_an_empty_allowlist_closes_the_public_address_because_aws_would_open_it_to_all(create):
    found = inputs(create(access=eks_stacks.access(api="allowlist", cidrs=[])))["vpcConfig"]
    assert found["endpointPublicAccess"] is False
    assert "publicAccessCidrs" not in found


def api_rules(cluster):
    return [name for name in cluster.names("vpc/securityGroupIngressRule:SecurityGroupIngressRule") if "api-" in name]


def test_a_private_api_opens_its_port_to_the_networks_that_are_named(create):
    found = create(access=eks_stacks.access(cidrs=["10.200.0.0/16"]))
    assert api_rules(found) == ["api-10-200-0-0-16", "api-from-nodes"]
    rule = found.one("vpc/securityGroupIngressRule:SecurityGroupIngressRule", "api-10-200-0-0-16").inputs
    assert rule == {
        "securityGroupId": "shop-control-plane-id",
        "description": "API from 10.200.0.0/16",
        "cidrIpv4": "10.200.0.0/16",
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
    }


def test_a_private_api_without_names_is_open_to_private_addresses_that_have_a_route(cluster):
    assert api_rules(cluster) == ["api-10-0-0-0-8", "api-172-16-0-0-12", "api-192-168-0-0-16", "api-from-nodes"]


def test_the_networks_of_a_public_api_are_not_let_into_the_private_one(create):
    found = create(access=eks_stacks.access(api="allowlist", cidrs=["203.0.113.0/24"]))
    assert api_rules(found) == ["api-from-nodes"]


# Order


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        (("eks/cluster:Cluster", "cluster"), ("cloudwatch/logGroup:LogGroup", "logs")),
        (
            ("eks/cluster:Cluster", "cluster"),
            ("iam/rolePolicyAttachment:RolePolicyAttachment", "cluster-AmazonEKSClusterPolicy"),
        ),
        (("eks/cluster:Cluster", "cluster"), ("iam/rolePolicy:RolePolicy", "cluster")),
        (
            ("eks/cluster:Cluster", "cluster"),
            ("vpc/securityGroupIngressRule:SecurityGroupIngressRule", "api-10-0-0-0-8"),
        ),
        (
            ("eks/accessPolicyAssociation:AccessPolicyAssociation", "deployer"),
            ("eks/accessEntry:AccessEntry", "deployer"),
        ),
        (
            ("eks/addon:Addon", "vpc-cni"),
            ("iam/rolePolicyAttachment:RolePolicyAttachment", "vpc-cni-AmazonEKS_CNI_Policy"),
        ),
        (("eks/addon:Addon", "vpc-cni"), ("eks/addon:Addon", "eks-pod-identity-agent")),
        (("eks/nodeGroup:NodeGroup", "pool-system"), ("eks/addon:Addon", "vpc-cni")),
        (("eks/nodeGroup:NodeGroup", "pool-system"), ("eks/addon:Addon", "kube-proxy")),
        (("eks/nodeGroup:NodeGroup", "pool-system"), ("eks/addon:Addon", "eks-pod-identity-agent")),
        (("eks/nodeGroup:NodeGroup", "pool-system"), ("ec2/route:Route", "private-a")),
        (("eks/nodeGroup:NodeGroup", "pool-system"), ("ec2/routeTableAssociation:RouteTableAssociation", "private-a")),
        (("eks/nodeGroup:NodeGroup", "pool-system"), ("ec2/vpcEndpoint:VpcEndpoint", "ecr-dkr")),
        (
            ("eks/nodeGroup:NodeGroup", "pool-system"),
            ("iam/rolePolicyAttachment:RolePolicyAttachment", "nodes-AmazonEKSWorkerNodePolicy"),
        ),
        (
            ("eks/nodeGroup:NodeGroup", "pool-system"),
            ("vpc/securityGroupIngressRule:SecurityGroupIngressRule", "nodes-10250"),
        ),
        (("ec2/natGateway:NatGateway", "nat-a"), ("ec2/route:Route", "public")),
        (
            ("s3/bucketPolicy:BucketPolicy", "backups"),
            ("s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "backups"),
        ),
        (
            ("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "backups"),
            ("s3/bucketVersioning:BucketVersioning", "backups"),
        ),
    ],
)
def test_one_is_there_before_the_other(cluster, later, earlier):
    assert cluster.waits_for(cluster.one(*later), cluster.one(*earlier))


@pytest.mark.parametrize(
    "type_",
    [
        "eks/nodeGroup:NodeGroup",
        "eks/addon:Addon",
        "ec2/natGateway:NatGateway",
        "ec2/route:Route",
        "ec2/vpcEndpoint:VpcEndpoint",
    ],
)
def test_what_empties_the_cluster_outlives_the_drain_guard(cluster, type_):
    (guard,) = [item for item in cluster.registrations if item.name == "shop-drain"]
    assert cluster.all(type_)
    assert [item.name for item in cluster.all(type_) if not cluster.waits_for(guard, item)] == []


def test_dns_grows_with_the_cluster(cluster):
    found = json.loads(cluster.one("eks/addon:Addon", "coredns").inputs["configurationValues"])
    assert found["autoScaling"] == {"enabled": True}


# What AWS makes by itself has the stack's tags too


def test_instances_volumes_and_load_balancers_have_the_stack_s_tags(cluster):
    tags = {"cost-center": "shop", "managed-by": "paasport", "cluster": "shop", "tier": "prod"}
    template = cluster.one("ec2/launchTemplate:LaunchTemplate", "pool-general").inputs
    assert template["tagSpecifications"] == [
        {"resourceType": kind, "tags": {**tags, "Name": "shop-general"}}
        for kind in ("instance", "volume", "network-interface")
    ]
    driver = json.loads(cluster.one("eks/addon:Addon", "aws-ebs-csi-driver").inputs["configurationValues"])
    assert driver["controller"]["extraVolumeTags"] == tags
    written = "cluster=shop,cost-center=shop,managed-by=paasport,tier=prod"
    name = "service.beta.kubernetes.io/aws-load-balancer-additional-resource-tags"
    assert cluster.facts.load_balancer.internal.annotations[name] == written


# Auto Mode


@pytest.fixture
def automatic(create):
    return create(compute="auto", pools=None)


def test_auto_mode_has_no_pools_and_only_the_add_ons_it_does_not_bring(automatic):
    assert automatic.all("eks/nodeGroup:NodeGroup") == []
    assert automatic.all("ec2/launchTemplate:LaunchTemplate") == []
    assert automatic.names("eks/addon:Addon") == ["metrics-server", "snapshot-controller"]


def test_auto_mode_s_roles_have_its_policies(automatic):
    attached = automatic.names("iam/rolePolicyAttachment:RolePolicyAttachment")
    assert attached == [
        "cluster-AmazonEKSBlockStoragePolicy",
        "cluster-AmazonEKSClusterPolicy",
        "cluster-AmazonEKSComputePolicy",
        "cluster-AmazonEKSLoadBalancingPolicy",
        "cluster-AmazonEKSNetworkingPolicy",
        "nodes-AmazonEC2ContainerRegistryPullOnly",
        "nodes-AmazonEKSWorkerNodeMinimalPolicy",
    ]
    own = json.loads(automatic.one("iam/rolePolicy:RolePolicy", "cluster").inputs["policy"])
    sids = [statement.get("Sid") for statement in own["Statement"]]
    assert sids == [None, "Compute", "Storage", "Networking", "LoadBalancers"]


def test_auto_mode_s_nodes_are_in_private_subnets_with_a_way_out(automatic):
    found = inputs(automatic)
    assert found["vpcConfig"]["subnetIds"] == ["shop-private-a-id", "shop-private-b-id", "shop-private-c-id"]
    assert automatic.waits_for(automatic.one("eks/cluster:Cluster"), automatic.one("ec2/route:Route", "private-a"))


def test_auto_mode_s_disks_and_load_balancers_are_its_own(automatic):
    (group,) = [item for item in automatic.registrations if item.name == "shop-storage"]
    retained = group.inputs["objs"][1]
    assert retained["provisioner"] == "ebs.csi.eks.amazonaws.com"
    assert retained["parameters"]["tagSpecification_2"] == "cost-center=shop"
    internal, public = automatic.facts.load_balancer.internal, automatic.facts.load_balancer.public
    assert internal.load_balancer_class == public.load_balancer_class == "eks.amazonaws.com/nlb"
    assert internal.annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"] == "internal"
    assert public.annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"] == "internet-facing"


# A network that exists


def test_in_a_network_that_exists_nothing_of_it_is_made(create):
    given = {
        "vpc": "vpc-0123456789abcdef0",
        "privateSubnets": ["subnet-0a000000", "subnet-0b000000", "subnet-0c000000"],
        "publicSubnets": ["subnet-0d000000", "subnet-0e000000"],
    }
    found = create(network=None, eks=eks_stacks.options(network=given))
    made = {
        item.type.removeprefix("aws:ec2/").partition(":")[0] for item in found.registrations if "aws:ec2/" in item.type
    }
    assert made == {"securityGroup", "launchTemplate"}
    assert inputs(found)["vpcConfig"]["subnetIds"] == ["subnet-0a000000", "subnet-0b000000", "subnet-0c000000"]
    assert found.one("eks/nodeGroup:NodeGroup", "pool-arm").inputs["subnetIds"] == ["subnet-0b000000"]
    assert found.one("ec2/securityGroup:SecurityGroup", "nodes").inputs["vpcId"] == "vpc-0123456789abcdef0"
    named = "service.beta.kubernetes.io/aws-load-balancer-subnets"
    assert found.facts.load_balancer.internal.annotations[named] == "subnet-0a000000,subnet-0b000000,subnet-0c000000"
    assert found.facts.load_balancer.public.annotations[named] == "subnet-0d000000,subnet-0e000000"


# Facts


def test_the_kubeconfig_asks_the_aws_command_and_holds_no_secret(run, project):
    texts = []
    eks_stacks.deploy(run, then=lambda facts: facts.kubeconfig.apply(texts.append))
    found = json.loads(texts[0])
    assert found["clusters"] == [
        {
            "name": "shop",
            "cluster": {
                "server": "https://0A1B2C3D4E5F.gr7.eu-central-1.eks.amazonaws.com",
                "certificate-authority-data": "LS0tLS1CRUdJTg==",
            },
        }
    ]
    (user,) = found["users"]
    assert user["user"].keys() == {"exec"}
    assert user["user"]["exec"]["command"] == "aws"
    assert " ".join(user["user"]["exec"]["args"]) == (
        "--region eu-central-1 eks get-token --cluster-name shop --output json"
    )
    assert user["user"]["exec"]["interactiveMode"] == "Never"


def test_the_provider_has_an_identity_of_inputs_and_goes_with_the_cluster(cluster):
    (provider,) = [item for item in cluster.registrations if item.type == PROVIDER]
    assert provider.inputs["clusterIdentifier"] == "eks:444455556666/eu-central-1/shop"
    assert provider.replaced_with == {cluster.one("eks/cluster:Cluster").urn}


def test_a_person_is_told_how_to_get_in(cluster):
    assert cluster.facts.login == "aws eks update-kubeconfig --region eu-central-1 --name shop --alias shop"
    assert cluster.facts.kubectl == "kubectl --context shop"
    assert cluster.facts.location == "eu-central-1"


def test_volumes_are_encrypted_gp3_with_the_customer_s_key(cluster):
    (group,) = [item for item in cluster.registrations if item.name == "shop-storage"]
    assert [item["provisioner"] for item in group.inputs["objs"]] == ["ebs.csi.aws.com"] * 3
    assert group.inputs["objs"][1]["parameters"] == {
        "type": "gp3",
        "encrypted": "true",
        "csi.storage.k8s.io/fstype": "ext4",
        "kmsKeyId": "arn:aws:kms:eu-central-1:444455556666:alias/eks/shop",
    }
    assert cluster.one("kms/alias:Alias").inputs == {"name": "alias/eks/shop", "targetKeyId": "11112222"}


def test_load_balancers_of_pools_are_network_load_balancers_of_the_cloud_controller(cluster):
    prefix = "service.beta.kubernetes.io/aws-load-balancer"
    facts = cluster.facts.load_balancer
    assert (facts.internal.load_balancer_class, facts.public.load_balancer_class) == (None, None)
    assert facts.internal.annotations[f"{prefix}-type"] == facts.public.annotations[f"{prefix}-type"] == "nlb"
    assert facts.internal.annotations[f"{prefix}-internal"] == "true"
    assert f"{prefix}-internal" not in facts.public.annotations
    assert facts.address == "hostname"


# Without a key of the customer's


def test_amazon_s_own_key_still_encrypts_nodes_volumes_and_backups(create):
    found = create(encryption="provider")
    assert found.all("kms/key:Key") == []
    assert "encryptionConfig" not in inputs(found)
    (disk,) = found.one("ec2/launchTemplate:LaunchTemplate", "pool-system").inputs["blockDeviceMappings"]
    assert disk["ebs"] == {"volumeType": "gp3", "volumeSize": 100, "encrypted": "true", "deleteOnTermination": "true"}
    encryption = found.one("s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
    assert encryption.inputs["rules"] == [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
    assert "kmsKeyId" not in found.one("cloudwatch/logGroup:LogGroup", "logs").inputs
