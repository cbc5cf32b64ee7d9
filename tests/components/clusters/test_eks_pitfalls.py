"""What went wrong for others with EKS, each as a test that is named after its thread."""

from __future__ import annotations

import json
import re

import pytest

from components.clusters.eks import access, automode, firewall, places
from stacks import resolution

from . import eks_stacks

DEPLOYER = "arn:aws:iam::444455556666:role/paasport-deployer"
ADMIN_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
CLUSTER = "eks/cluster:Cluster"
NODE_GROUP = "eks/nodeGroup:NodeGroup"


@pytest.fixture
def cluster(run, project):
    return eks_stacks.deploy(run)


@pytest.fixture
def create(run, project):
    """Create the cluster with other settings."""
    return lambda **changes: eks_stacks.deploy(run, eks_stacks.wanted(**changes))


def test_pulumi_eks_2373_the_deployer_has_an_explicit_entry_and_the_creator_none(cluster):
    found = cluster.one(CLUSTER).inputs["accessConfig"]
    assert found == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    assert cluster.one("eks/accessEntry:AccessEntry", "deployer").inputs == {
        "clusterName": "shop",
        "principalArn": DEPLOYER,
        "type": "STANDARD",
    }
    assert cluster.one("eks/accessPolicyAssociation:AccessPolicyAssociation", "deployer").inputs == {
        "clusterName": "shop",
        "principalArn": DEPLOYER,
        "policyArn": ADMIN_POLICY,
        "accessScope": {"type": "cluster"},
    }


def test_pulumi_aws_4096_a_creator_flag_that_comes_back_different_replaces_nothing(cluster):
    """Also pulumi-aws#3997 and hashicorp/terraform-provider-aws#35824: it comes back as false, and locks out."""
    assert "accessConfig.bootstrapClusterCreatorAdminPermissions" in cluster.one(CLUSTER).ignored
    assert "bootstrapSelfManagedAddons" in cluster.one(CLUSTER).ignored


def test_terraform_aws_eks_2968_a_principal_has_one_entry_however_often_it_is_named(create):
    oncall, developers = (f"arn:aws:iam::444455556666:role/{name}" for name in ("platform-oncall", "developers"))
    found = create(
        access=eks_stacks.access(admins=[DEPLOYER, oncall, oncall], viewers=[oncall, developers, DEPLOYER, developers])
    )
    entries = [item.inputs["principalArn"] for item in found.all("eks/accessEntry:AccessEntry")]
    assert sorted(entries) == sorted([DEPLOYER, oncall, developers])


def test_terraform_aws_eks_3587_every_entry_has_its_policy(cluster):
    entries = cluster.names("eks/accessEntry:AccessEntry")
    assert entries == ["admin-444455556666-platform-oncall", "deployer", "viewer-444455556666-developers"]
    assert cluster.names("eks/accessPolicyAssociation:AccessPolicyAssociation") == entries


def test_viewers_see_no_secrets(cluster):
    found = cluster.one("eks/accessPolicyAssociation:AccessPolicyAssociation", "viewer-444455556666-developers")
    assert found.inputs["policyArn"].endswith("/AmazonEKSViewPolicy")


def test_an_entry_is_named_by_its_principal_so_that_another_s_removal_does_not_touch_it():
    principals = ("arn:aws:iam::444455556666:role/team/a", "arn:aws:iam::111122223333:user/b")
    found = access.entries(resolution.Access(api="private", cidrs=(), deployer=DEPLOYER, admins=principals, viewers=()))
    assert [entry.part for entry in found] == ["deployer", "admin-444455556666-team-a", "admin-111122223333-b"]


@pytest.mark.parametrize("later", ["shop-drain", "shop-storage", "shop-autoscaler"])
def test_terraform_aws_eks_2923_the_grant_outlives_everything_on_the_cluster(cluster, later):
    (found,) = [item for item in cluster.registrations if item.name == later and not item.type.startswith("aws:")]
    grant = cluster.one("eks/accessPolicyAssociation:AccessPolicyAssociation", "deployer")
    assert cluster.waits_for(found, grant)


def test_pulumi_eks_764_a_changed_address_replaces_no_provider(cluster):
    (provider,) = [item for item in cluster.registrations if item.type == "pulumi:providers:kubernetes"]
    assert provider.inputs["clusterIdentifier"] == "eks:444455556666/eu-central-1/shop"


def test_pulumi_eks_762_there_is_no_config_map_of_access_that_could_be_lost(cluster):
    """Also pulumi-eks#207 and pulumi#10540: whoever replaces or deletes `aws-auth` locks everybody out."""
    assert cluster.one(CLUSTER).inputs["accessConfig"]["authenticationMode"] == "API"
    assert "aws-auth" not in str([item.inputs for item in cluster.registrations])


@pytest.mark.parametrize("addon", ["vpc-cni", "kube-proxy", "eks-pod-identity-agent"])
def test_terraform_aws_eks_3446_the_network_is_there_before_any_node(cluster, addon):
    """Also terraform-aws-eks#3525, #3327 and #3001: to wait a while is no order."""
    for group in cluster.all(NODE_GROUP):
        assert cluster.waits_for(group, cluster.one("eks/addon:Addon", addon))


@pytest.mark.parametrize(
    "addon", ["coredns", "aws-ebs-csi-driver", "metrics-server", "snapshot-controller", "eks-node-monitoring-agent"]
)
def test_pulumi_eks_1819_what_runs_on_nodes_waits_for_all_of_them(cluster, addon):
    """Also pulumi-eks#1525: DNS that has no node is degraded for twenty minutes, and fails."""
    for group in cluster.all(NODE_GROUP):
        assert cluster.waits_for(cluster.one("eks/addon:Addon", addon), group)


def test_an_add_on_has_room_on_system_nodes_alone(cluster):
    tolerations = [{"key": "CriticalAddonsOnly", "operator": "Exists"}]
    for name in ("coredns", "metrics-server"):
        found = json.loads(cluster.one("eks/addon:Addon", name).inputs["configurationValues"])
        assert found["tolerations"] == tolerations


def test_pulumi_eks_1585_the_flags_of_auto_mode_are_one(create):
    """Also terraform-aws-eks#3418 and #3535."""
    for compute, is_on in (("auto", True), ("pools", False)):
        found = create(compute=compute).one(CLUSTER).inputs
        assert found["computeConfig"]["enabled"] is is_on
        assert found["kubernetesNetworkConfig"]["elasticLoadBalancing"]["enabled"] is is_on
        assert found["storageConfig"]["blockStorage"]["enabled"] is is_on


def test_terraform_aws_eks_3273_nothing_of_auto_mode_is_unknown_in_a_preview(create):
    place = places.of(eks_stacks.wanted(compute="auto", pools=None))
    assert automode.properties(place, is_enabled=True)["computeConfig"] == {
        "enabled": True,
        "nodePools": ["general-purpose", "system"],
        "nodeRoleArn": "arn:aws:iam::444455556666:role/shop-eu-central-1-nodes",
    }
    found = create(compute="auto", pools=None)
    assert found.one("iam/role:Role", "nodes").inputs["name"] == "shop-eu-central-1-nodes"
    role = found.one("iam/rolePolicyAttachment:RolePolicyAttachment", "nodes-AmazonEKSWorkerNodeMinimalPolicy")
    assert found.waits_for(found.one(CLUSTER), role)


def test_containers_roadmap_2531_a_role_that_is_still_in_use_can_be_deleted(cluster):
    assert [item.name for item in cluster.all("iam/role:Role") if not item.inputs["forceDetachPolicies"]] == []


def test_the_cluster_s_role_can_be_told_apart_by_tags(cluster):
    trusted = json.loads(cluster.one("iam/role:Role", "cluster").inputs["assumeRolePolicy"])
    (statement,) = trusted["Statement"]
    assert statement["Principal"] == {"Service": "eks.amazonaws.com"}
    assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]


def test_pulumi_eks_294_no_node_group_and_no_template_has_a_fixed_name(cluster):
    """Also terraform-aws-eks#1191, #1516, #1525 and aws-cdk#26931."""
    for item in (*cluster.all(NODE_GROUP), *cluster.all("ec2/launchTemplate:LaunchTemplate")):
        assert not {"nodeGroupName", "nodeGroupNamePrefix", "name", "namePrefix"} & item.inputs.keys()


def test_pulumi_eks_725_the_kubeconfig_is_no_secret_because_none_is_in_it(run, project):
    found = []

    async def ask(facts):
        found.append(await facts.kubeconfig.is_secret())

    eks_stacks.deploy(run, then=ask)
    assert found == [False]


def test_pulumi_eks_510_the_classes_are_gp3_of_the_csi_driver(cluster):
    (group,) = [item for item in cluster.registrations if item.name == "shop-storage"]
    assert {item["provisioner"] for item in group.inputs["objs"]} == {"ebs.csi.aws.com"}
    assert {item["parameters"]["type"] for item in group.inputs["objs"]} == {"gp3"}


def test_pulumi_eks_681_nodes_are_in_private_subnets_without_public_addresses(cluster):
    for group in cluster.all(NODE_GROUP):
        assert group.inputs["subnetIds"]
        assert all(re.fullmatch("shop-private-[abc]-id", subnet) for subnet in group.inputs["subnetIds"])
    assert {item.inputs["mapPublicIpOnLaunch"] for item in cluster.all("ec2/subnet:Subnet")} == {False}
    templates = cluster.all("ec2/launchTemplate:LaunchTemplate")
    assert [item.name for item in templates if "networkInterfaces" in item.inputs] == []


def test_terraform_aws_eks_faq_a_node_is_in_one_group_that_is_tagged_as_the_cluster_s(cluster):
    tagged = [
        item.name
        for item in cluster.all("ec2/securityGroup:SecurityGroup")
        if "kubernetes.io/cluster/shop" in item.inputs["tags"]
    ]
    assert tagged == ["shop-nodes"]
    for template in cluster.all("ec2/launchTemplate:LaunchTemplate"):
        assert template.inputs["vpcSecurityGroupIds"] == ["shop-nodes-id"]


def test_an_autoscaler_s_number_of_nodes_is_not_put_back(cluster):
    for group in cluster.all(NODE_GROUP):
        assert group.ignored == ("scalingConfig.desiredSize",)


def test_containers_roadmap_1282_a_budget_stops_an_upgrade_rather_than_being_overruled(cluster):
    assert [item.name for item in cluster.all(NODE_GROUP) if item.inputs.get("forceUpdateVersion")] == []


def test_containers_roadmap_2623_an_upgrade_takes_a_third_of_a_pool_because_budgets_are_not_always_kept(cluster):
    for group in cluster.all(NODE_GROUP):
        assert group.inputs["updateConfig"] == {"maxUnavailablePercentage": 33}


def test_pulumi_eks_1191_all_nodes_are_of_managed_groups_and_none_is_told_by_a_script_how_to_join(cluster):
    assert [item.type for item in cluster.registrations if item.type.startswith("aws:autoscaling/")] == []
    for template in cluster.all("ec2/launchTemplate:LaunchTemplate"):
        assert not {"userData", "imageId", "iamInstanceProfile", "keyName"} & template.inputs.keys()


def test_a_pod_cannot_take_its_node_s_role(cluster):
    for template in cluster.all("ec2/launchTemplate:LaunchTemplate"):
        assert template.inputs["metadataOptions"] == {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": 1,
        }


def test_the_network_add_on_s_permissions_are_not_every_node_s(cluster):
    assert cluster.one("eks/addon:Addon", "vpc-cni").inputs["podIdentityAssociations"] == [
        {"roleArn": "arn:aws:iam::444455556666:role/shop-eu-central-1-vpc-cni", "serviceAccount": "aws-node"}
    ]
    attached = cluster.names("iam/rolePolicyAttachment:RolePolicyAttachment")
    assert [name for name in attached if name.startswith("nodes-")] == [
        "nodes-AmazonEC2ContainerRegistryPullOnly",
        "nodes-AmazonEKSWorkerNodePolicy",
    ]


def test_webhooks_of_operators_can_be_reached(cluster):
    opened = {
        item.inputs["fromPort"]
        for item in cluster.all("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if item.inputs["securityGroupId"] == "shop-nodes-id"
        and item.inputs.get("referencedSecurityGroupId") == "shop-control-plane-id"
    }
    assert opened == {443, 4443, 6443, 8443, 9443, 10250, 10251, 10260}
    assert firewall.KUBELET in opened


def test_an_endpoint_group_or_a_node_group_has_no_rules_inside(cluster):
    for group in cluster.all("ec2/securityGroup:SecurityGroup"):
        assert not {"ingress", "egress"} & group.inputs.keys()
    assert cluster.one("ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs == {"vpcId": "shop-vpc-id"}
