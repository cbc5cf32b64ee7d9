"""The autoscaler of node pools: what it may do, how it runs, and when it is there at all."""

from __future__ import annotations

import json

import pytest

from components.clusters.eks import autoscaler, places
from stacks import versions

from . import eks_stacks

PLACE = places.Place(partition="aws", account="444455556666", region="eu-central-1", cluster="shop")


def objects(**changes):
    return {item["kind"]: item for item in autoscaler.manifests(eks_stacks.wanted(**changes))}


@pytest.fixture
def cluster(run, project):
    return eks_stacks.deploy(run)


@pytest.fixture
def create(run, project):
    """Create the cluster with other settings."""
    return lambda **changes: eks_stacks.deploy(run, eks_stacks.wanted(**changes))


def test_it_changes_this_cluster_s_groups_only():
    looks, node_groups, scales = json.loads(autoscaler.policy(PLACE))["Statement"]
    assert not [action for action in looks["Action"] if not action.split(":")[1].startswith(("Describe", "Get"))]
    assert node_groups["Resource"] == "arn:aws:eks:eu-central-1:444455556666:nodegroup/shop/*/*"
    assert scales["Condition"] == {"StringEquals": {"aws:ResourceTag/k8s.io/cluster-autoscaler/shop": "owned"}}


def test_it_finds_its_groups_by_the_tags_that_eks_gives_them():
    (container,) = objects()["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert (
        "--node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/shop"
        in container["command"]
    )
    assert container["env"] == [{"name": "AWS_REGION", "value": "eu-central-1"}]


@pytest.mark.parametrize(("minor", "release"), [("1.34", "v1.34.4"), ("1.35", "v1.35.1"), ("1.99", "v1.36.0")])
def test_its_release_follows_the_minor(minor, release):
    (container,) = objects(kubernetes={"minor": minor})["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"registry.k8s.io/autoscaling/cluster-autoscaler:{release}"


def test_every_minor_that_eks_has_has_its_release():
    assert autoscaler.VERSIONS.keys() == versions.known("eks").keys()


@pytest.mark.parametrize(
    ("pool", "taint"),
    [
        ("spot", {"key": "paasport.dev/spot", "value": "true", "effect": "NO_SCHEDULE"}),
        ("arm", {"key": "kubernetes.io/arch", "value": "arm64", "effect": "NO_SCHEDULE"}),
    ],
)
def test_an_empty_pool_s_labels_and_taints_are_its_group_s_where_the_autoscaler_looks_for_them(cluster, pool, taint):
    group = cluster.one("eks/nodeGroup:NodeGroup", f"pool-{pool}").inputs
    assert group["scalingConfig"]["minSize"] == 0
    assert group["taints"] == [taint]
    assert group["labels"]["paasport.dev/pool"] == pool
    (reads,) = [item for item in json.loads(autoscaler.policy(PLACE))["Statement"] if "eks:" in str(item["Action"])]
    assert reads["Action"] == "eks:DescribeNodegroup"


@pytest.mark.parametrize(("disk", "room"), [("20Gi", "17Gi"), ("100Gi", "89Gi"), ("30Gi", "26Gi")])
def test_an_empty_pool_s_disk_is_known_by_a_tag_or_pods_that_ask_for_some_would_never_get_a_node(create, disk, room):
    pool = {"instanceTypes": ["m7i.xlarge"], "min": 0, "max": 3, "disk": disk}
    system = {"role": "system", "instanceTypes": ["m7i.large"], "min": 3, "max": 6}
    found = create(pools={"system": system, "general": pool}).one("eks/nodeGroup:NodeGroup", "pool-general").inputs
    assert found["tags"] == {
        "Name": "shop-general",
        "k8s.io/cluster-autoscaler/node-template/resources/ephemeral-storage": room,
    }


def test_pools_of_one_zone_each_grow_evenly_though_each_has_a_name_of_its_own():
    (container,) = objects()["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert {"--balance-similar-node-groups", "--balancing-ignore-label=paasport.dev/pool"} <= set(container["command"])


def test_its_namespace_is_restricted_and_it_reaches_only_what_it_needs():
    found = autoscaler.manifests(eks_stacks.wanted())
    assert found[0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    deny, policy = [item for item in found if item["kind"] == "NetworkPolicy"]
    assert deny["metadata"]["name"] == "default-deny"
    assert "ingress" not in policy["spec"]
    ports = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
    assert ports == {53, 80, 443, 6443}


def test_it_reads_no_secrets_and_has_no_wildcards():
    rules = [rule for kind in ("ClusterRole", "Role") for rule in objects()[kind]["rules"]]
    words = {word for rule in rules for key in ("apiGroups", "resources", "verbs") for word in rule[key]}
    assert "*" not in words
    assert "secrets" not in words


def test_it_is_on_the_cluster_before_anything_that_needs_its_nodes(cluster):
    (group,) = [item for item in cluster.registrations if item.name == "shop-autoscaler" and item.remote]
    assert cluster.waits_for(group, cluster.one("eks/podIdentityAssociation:PodIdentityAssociation", "autoscaler"))
    (guard,) = [item for item in cluster.registrations if item.name == "shop-drain"]
    assert cluster.waits_for(group, guard)
    assert len(cluster.facts.ready) == 5


def test_auto_mode_has_its_own(run, project):
    found = eks_stacks.deploy(run, eks_stacks.wanted(compute="auto", pools=None))
    assert [item.name for item in found.registrations if "autoscaler" in item.name] == []


def test_definitions_of_kinds_do_not_wait_for_it_and_operators_do(deploy):
    """Neither on the way up nor, in the opposite order, on the way down."""
    program = deploy("eks-prod")
    scaling = program.one("kubernetes:yaml/v2:ConfigGroup", "eks-prod-autoscaler").urn
    for operator in ("contour", "prometheus-operator"):
        definitions = program.one("kubernetes:yaml/v2:ConfigFile", f"{operator}-crds")
        workload = program.one("kubernetes:yaml/v2:ConfigGroup", operator)
        assert scaling not in definitions.dependencies
        assert {scaling, definitions.urn} <= workload.dependencies
