"""EKS Auto Mode: AWS makes the nodes, their disks and the load balancers.

Its parts are on or off together, or the provider refuses (pulumi-eks#1585, terraform-aws-eks#3273), and none of them
may be unknown in a preview; so all of them come of one setting, and the nodes' role is named by an ARN made of inputs.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import pulumi

from components import contracts, registration
from components.clusters.eks import account, places

CLUSTER_POLICIES: Final = (
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
NODE_POOLS: Final = ("general-purpose", "system")
"""The pools that Auto Mode comes with; `system` is kept for what tolerates `CriticalAddonsOnly`."""


def properties(place: places.Place, *, is_enabled: bool) -> dict[str, Any]:
    """The cluster's properties for Auto Mode, but for the one that is among its network's."""
    nodes = {"nodePools": list(NODE_POOLS), "nodeRoleArn": place.role_arn("nodes")} if is_enabled else {}
    return {
        "computeConfig": {"enabled": is_enabled, **nodes},
        "storageConfig": {"blockStorage": {"enabled": is_enabled}},
    }


NETWORK_POLICIES: Final[contracts.Manifest] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {
        "name": "amazon-vpc-cni",
        "namespace": "kube-system",
        "labels": {"app.kubernetes.io/part-of": "paasport"},
    },
    "data": {"enable-network-policy-controller": "true"},
}
"""Without it Auto Mode takes network policies and enforces none; its default class of nodes asks for nothing more.
Source: docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html."""


def install(target: account.Account, facts: contracts.ClusterFacts) -> contracts.ClusterFacts:
    """Turn on, on the cluster of these facts, what Auto Mode leaves off; what is put there afterwards finds it on."""
    group = registration.group(
        f"{facts.name}-network-policies",
        [NETWORK_POLICIES],
        opts=pulumi.ResourceOptions(parent=target.parent, provider=facts.provider, depends_on=list(facts.ready)),
    )
    return dataclasses.replace(facts, ready=(*facts.ready, group))


def tagging(place: places.Place) -> list[dict[str, Any]]:
    """Statements that let Auto Mode tag what it makes with more than its own tags, after terraform-aws-eks."""
    own_cluster = {"aws:RequestTag/eks:eks-cluster-name": "${aws:PrincipalTag/eks:eks-cluster-name}"}
    any_name = {f"aws:RequestTag/eks:kubernetes-node-{kind}-name": "*" for kind in ("class", "pool")}
    return [
        _allow(
            "Compute",
            ["ec2:CreateFleet", "ec2:RunInstances", "ec2:CreateLaunchTemplate"],
            condition={"StringEquals": own_cluster, "StringLike": any_name},
        ),
        _allow(
            "Storage",
            ["ec2:CreateVolume", "ec2:CreateSnapshot"],
            resources=[f"arn:{place.partition}:ec2:*:*:{kind}/*" for kind in ("volume", "snapshot")],
            condition={"StringEquals": own_cluster},
        ),
        _allow(
            "Networking",
            ["ec2:CreateNetworkInterface"],
            condition={"StringEquals": own_cluster, "StringLike": {"aws:RequestTag/eks:kubernetes-cni-node-name": "*"}},
        ),
        _allow(
            "LoadBalancers",
            [
                "elasticloadbalancing:CreateLoadBalancer",
                "elasticloadbalancing:CreateTargetGroup",
                "elasticloadbalancing:CreateListener",
                "elasticloadbalancing:CreateRule",
                "ec2:CreateSecurityGroup",
            ],
            condition={"StringEquals": own_cluster},
        ),
    ]


def _allow(name: str, actions: list[str], *, condition: Any, resources: Any = "*") -> dict[str, Any]:
    return {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": resources, "Condition": condition}
