"""The staging stack with `compute: auto`, whole: what it registers in AWS, and on the cluster."""

from __future__ import annotations

import copy
import json

import pytest

from stacks import settings

from . import conftest

CLUSTER = "aws:eks/cluster:Cluster"
GROUP = "kubernetes:yaml/v2:ConfigGroup"


def variant(**changes):
    """The configuration of eks-staging with Auto Mode, and with these keys of its cluster replaced."""
    config = copy.deepcopy(conftest.config_of("eks-staging"))
    cluster = config["paasport:cluster"]
    del cluster["pools"]
    cluster.update({"compute": "auto", **changes})
    return config


@pytest.fixture
def stack(deploy):
    return deploy("eks-staging", variant())


def of_type(stack, type_):
    return [item for item in stack.registrations if item.type == type_]


def named(stack, name, type_):
    return stack.one(type_, f"eks-staging-{name}")


def objects(stack):
    """All objects of groups, by kind and name."""
    return {
        (item["kind"], item["metadata"]["name"]): item
        for group in of_type(stack, GROUP)
        for item in group.inputs["objs"]
    }


def test_its_stack_file_is_right():
    assert settings.parse(variant()).cluster.compute == "auto"


def test_aws_takes_every_input_of_it(stack):
    own = [item for item in stack.registrations if item.type.startswith("aws:")]
    assert len(stack.account.resources()) == len(own) > 50


def test_the_three_flags_are_on_and_the_nodes_role_is_named(stack):
    found = named(stack, "cluster", CLUSTER).inputs
    assert found["computeConfig"] == {
        "enabled": True,
        "nodePools": ["general-purpose", "system"],
        "nodeRoleArn": "arn:aws:iam::111122223333:role/eks-staging-eu-central-1-nodes",
    }
    assert found["kubernetesNetworkConfig"]["elasticLoadBalancing"] == {"enabled": True}
    assert found["storageConfig"] == {"blockStorage": {"enabled": True}}
    assert found["bootstrapSelfManagedAddons"] is False


def test_the_cluster_s_role_may_be_told_apart_by_tags_and_may_tag_what_it_makes(stack):
    role = named(stack, "cluster", "aws:iam/role:Role").inputs
    (trusted,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert trusted["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    policy = json.loads(named(stack, "cluster", "aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    by_name = {statement.get("Sid"): statement for statement in policy["Statement"]}
    assert by_name["Compute"]["Action"] == ["ec2:CreateFleet", "ec2:RunInstances", "ec2:CreateLaunchTemplate"]
    assert by_name["Storage"]["Resource"] == ["arn:aws:ec2:*:*:volume/*", "arn:aws:ec2:*:*:snapshot/*"]
    for name in ("Compute", "Storage", "Networking", "LoadBalancers"):
        assert by_name[name]["Condition"]["StringEquals"] == {
            "aws:RequestTag/eks:eks-cluster-name": "${aws:PrincipalTag/eks:eks-cluster-name}"
        }


def test_nothing_is_made_that_auto_mode_brings(stack):
    types = {item.type for item in stack.registrations}
    assert not {"aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"} & types
    addons = [item.inputs["addonName"] for item in of_type(stack, "aws:eks/addon:Addon")]
    assert sorted(addons) == ["metrics-server", "snapshot-controller"]
    assert [item.name for item in stack.registrations if "autoscaler" in item.name] == []
    roles = sorted(item.name for item in of_type(stack, "aws:iam/role:Role"))
    # The last one is the database's, which writes its backups.
    assert roles == ["eks-staging-cluster", "eks-staging-flow-logs", "eks-staging-nodes", "eks-staging-orders-orders"]


def test_no_entry_is_made_for_the_nodes_role_because_eks_makes_it(stack):
    principals = [item.inputs["principalArn"] for item in of_type(stack, "aws:eks/accessEntry:AccessEntry")]
    assert [principal for principal in principals if principal.endswith("-nodes")] == []


def test_nodes_are_started_in_the_private_subnets_of_every_zone(stack):
    ids = named(stack, "cluster", CLUSTER).inputs["vpcConfig"]["subnetIds"]
    by_id = {item.id: item for item in stack.account.resources()}
    assert [by_id[subnet].name for subnet in ids] == [f"eks-staging-private-{zone}" for zone in "abc"]


def test_network_policies_are_enforced_which_auto_mode_does_not_do_by_itself(stack):
    found = objects(stack)["ConfigMap", "amazon-vpc-cni"]
    assert found["metadata"]["namespace"] == "kube-system"
    assert found["data"] == {"enable-network-policy-controller": "true"}
    assert [item["metadata"]["name"] for (kind, _), item in objects(stack).items() if kind == "NetworkPolicy"]
    (group,) = [item for item in of_type(stack, GROUP) if item.name == "eks-staging-network-policies"]
    isolated = [
        item for item in of_type(stack, GROUP) if any(obj["kind"] == "NetworkPolicy" for obj in item.inputs["objs"])
    ]
    assert isolated
    for item in isolated:
        assert needs(stack, item, group), item.name


def needs(stack, later, earlier):
    by_urn = {item.urn: item for item in stack.registrations}
    seen, pending = set(), [later.urn]
    while pending:
        item = by_urn.get(pending.pop())
        found = set(item.dependencies) - seen if item else set()
        found |= {child.urn for child in stack.registrations if child.parent in found} - seen
        seen |= found
        pending += found
    return earlier.urn in seen


def test_volumes_are_made_by_auto_mode_s_own_driver_for_its_own_nodes_with_the_stack_s_tags(stack):
    classes = [item for (kind, _), item in objects(stack).items() if kind == "StorageClass"]
    assert len(classes) == 3
    for item in classes:
        assert item["provisioner"] == "ebs.csi.eks.amazonaws.com"
        assert item["allowedTopologies"] == [
            {"matchLabelExpressions": [{"key": "eks.amazonaws.com/compute-type", "values": ["auto"]}]}
        ]
        assert item["parameters"]["kmsKeyId"] == "arn:aws:kms:eu-central-1:111122223333:alias/eks/eks-staging"
        assert "cost-center=platform" in item["parameters"].values()


def test_load_balancers_are_auto_mode_s_own_straight_to_the_pods(stack):
    for exposure in (stack.facts.load_balancer.internal, stack.facts.load_balancer.public):
        assert exposure.load_balancer_class == "eks.amazonaws.com/nlb"
        assert exposure.annotations["service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"] == "ip"


def test_the_drain_guard_outlives_what_makes_volumes_load_balancers_and_nodes(stack):
    (guard,) = [item for item in stack.registrations if item.name == "eks-staging-drain"]
    for type_ in (CLUSTER, "aws:eks/addon:Addon", "aws:ec2/natGateway:NatGateway", "aws:ec2/route:Route"):
        assert [item.name for item in of_type(stack, type_) if not needs(stack, guard, item)] == [], type_


def test_a_pod_gets_its_role_without_an_agent(stack):
    (bound,) = of_type(stack, "aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert (bound.inputs["namespace"], bound.inputs["serviceAccount"]) == ("orders", "orders")
    assert stack.facts.identity.supported
    assert stack.facts.identity.agent == ()
