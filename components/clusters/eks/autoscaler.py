"""Cluster Autoscaler: between a pool's smallest and largest size somebody has to choose, and on EKS nobody does.

GKE and AKS bring one and so does Auto Mode; EKS has no add-on for it. So with node pools it is installed here, in a
namespace of its own, with a role that may scale this cluster's groups only. The objects are built by pure functions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

import pulumi

from components import contracts, isolation, registration
from components.clusters.eks import account, places, roles
from stacks import managed, resolution

NAME: Final = "cluster-autoscaler"

VERSIONS: Final = {"1.32": "v1.32.7", "1.33": "v1.33.5", "1.34": "v1.34.4", "1.35": "v1.35.1", "1.36": "v1.36.0"}
"""Release by minor, because it simulates the scheduler of that minor. As in kops' table of the same purpose; promoted
to registry.k8s.io, where a tag never moves, by kubernetes/k8s.io#9676 and its predecessors."""

_LABELS: Final = {"app.kubernetes.io/name": NAME, isolation.PART_OF: "paasport"}
_POD: Final = {"app.kubernetes.io/name": NAME}
_METRICS: Final = 8085
_READ: Final = ["get", "list", "watch"]


def install(
    target: account.Account,
    wanted: resolution.Managed[managed.EksOptions],
    facts: contracts.ClusterFacts,
    *,
    depends_on: Sequence[pulumi.Resource],
) -> contracts.ClusterFacts:
    """Install it on the cluster of these facts; whatever is put there afterwards finds it there."""
    group = registration.group(
        f"{wanted.name}-autoscaler",
        manifests(wanted),
        opts=pulumi.ResourceOptions(
            parent=target.parent, provider=facts.provider, depends_on=[*facts.ready, *depends_on]
        ),
    )
    return dataclasses.replace(facts, ready=(*facts.ready, group))


def permissions(
    target: account.Account, *, cluster: registration.Resource, agent: Sequence[pulumi.Resource]
) -> registration.Resource:
    """Register the autoscaler's role and bind it to its ServiceAccount."""
    role = roles.register(
        target,
        "autoscaler",
        trusted=roles.trust(roles.PODS, actions=roles.TAGGED),
        own_policy=policy(target.place),
    )
    return target.register(
        "eks/podIdentityAssociation:PodIdentityAssociation",
        "autoscaler",
        {"clusterName": cluster.output("name"), "namespace": NAME, "serviceAccount": NAME, "roleArn": role.arn},
        opts=pulumi.ResourceOptions(depends_on=[*role.permissions, *agent]),
    )


def policy(place: places.Place) -> str:
    """What the role may do: look at groups and machines, and change those that EKS has tagged as this cluster's."""
    looks = [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeTags",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
    ]
    own_groups = f"arn:{place.partition}:eks:{place.region}:{place.account}:nodegroup/{place.cluster}/*/*"
    return roles.document(
        {"Effect": "Allow", "Action": looks, "Resource": "*"},
        # By it an empty pool's labels and taints are known.
        {"Effect": "Allow", "Action": "eks:DescribeNodegroup", "Resource": own_groups},
        {
            "Effect": "Allow",
            "Action": ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            "Resource": "*",
            "Condition": {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{place.cluster}": "owned"}},
        },
    )


def group_tags(pool: resolution.Pool) -> dict[str, str]:
    """What the autoscaler can't find out of an empty group otherwise: the room on a node's disk, which pods ask for.

    The kubelet keeps a tenth of the disk free, and a GiB for the system: a node with 20 GiB has 17. Labels, taints and
    architecture it knows by EKS (kubernetes/autoscaler, cloudprovider/aws/aws_manager.go).
    """
    room = pool.disk * 9 // 10 - 1
    return {"k8s.io/cluster-autoscaler/node-template/resources/ephemeral-storage": f"{room}Gi"}


def manifests(wanted: resolution.Managed[managed.EksOptions]) -> list[contracts.Manifest]:
    """All its objects."""
    return [
        isolation.namespace(NAME),
        isolation.default_deny(NAME),
        isolation.network_policy(
            NAME, namespace=NAME, pods=_POD, ingress=(), egress=(isolation.DNS, isolation.API_SERVER, _POD_IDENTITY)
        ),
        _object("v1", "ServiceAccount", {}),
        _object("rbac.authorization.k8s.io/v1", "ClusterRole", {"rules": _CLUSTER_RULES}, namespaced=False),
        _object("rbac.authorization.k8s.io/v1", "Role", {"rules": _OWN_RULES}),
        _object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", _bound("ClusterRole"), namespaced=False),
        _object("rbac.authorization.k8s.io/v1", "RoleBinding", _bound("Role")),
        _object("policy/v1", "PodDisruptionBudget", {"spec": {"maxUnavailable": 1, "selector": {"matchLabels": _POD}}}),
        _object("apps/v1", "Deployment", {"spec": _deployment(wanted)}),
    ]


_POD_IDENTITY: Final[dict[str, Any]] = {
    "to": [{"ipBlock": {"cidr": "169.254.170.23/32"}}],
    "ports": [{"protocol": "TCP", "port": 80}],
}
"""Egress to the agent that hands out roles; it has this address on every node."""

_SPREAD: Final[dict[str, Any]] = {
    "maxSkew": 1,
    "topologyKey": "topology.kubernetes.io/zone",
    "whenUnsatisfiable": "ScheduleAnyway",
    "labelSelector": {"matchLabels": _POD},
}

_CLUSTER_RULES: Final[list[dict[str, Any]]] = [
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
    {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
    {"apiGroups": [""], "resources": ["pods/status"], "verbs": ["update"]},
    {"apiGroups": [""], "resources": ["nodes"], "verbs": [*_READ, "update"]},
    {
        "apiGroups": [""],
        "resources": [
            "namespaces",
            "persistentvolumeclaims",
            "persistentvolumes",
            "pods",
            "replicationcontrollers",
            "services",
        ],
        "verbs": _READ,
    },
    {"apiGroups": ["apps"], "resources": ["daemonsets", "replicasets", "statefulsets"], "verbs": _READ},
    {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"], "verbs": _READ},
    {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": _READ},
    {
        "apiGroups": ["storage.k8s.io"],
        "resources": ["csidrivers", "csinodes", "csistoragecapacities", "storageclasses", "volumeattachments"],
        "verbs": _READ,
    },
    {
        "apiGroups": ["resource.k8s.io"],
        "resources": ["deviceclasses", "resourceclaims", "resourceslices"],
        "verbs": _READ,
    },
]

_OWN_RULES: Final[list[dict[str, Any]]] = [
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "list", "watch"]},
    {
        "apiGroups": [""],
        "resources": ["configmaps"],
        "resourceNames": [f"{NAME}-status", f"{NAME}-priority-expander"],
        "verbs": ["delete", "get", "update", "watch"],
    },
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
    {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resourceNames": [NAME],
        "verbs": ["get", "update"],
    },
]


def _object(api_version: str, kind: str, content: dict[str, Any], *, namespaced: bool = True) -> contracts.Manifest:
    place = {"namespace": NAME} if namespaced else {}
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": NAME, **place, "labels": dict(_LABELS)},
        **content,
    }


def _bound(kind: str) -> dict[str, Any]:
    return {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": NAME},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAME}],
    }


def _deployment(wanted: resolution.Managed[managed.EksOptions]) -> dict[str, Any]:
    return {
        # One of them leads.
        "replicas": 2,
        "selector": {"matchLabels": dict(_POD)},
        "template": {
            "metadata": {"labels": dict(_LABELS)},
            "spec": {
                "serviceAccountName": NAME,
                "priorityClassName": "system-cluster-critical",
                "tolerations": [{"key": resolution.SYSTEM, "operator": "Exists"}],
                "topologySpreadConstraints": [_SPREAD],
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 65534,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [_container(wanted)],
            },
        },
    }


def _container(wanted: resolution.Managed[managed.EksOptions]) -> dict[str, Any]:
    groups = f"k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/{wanted.name}"
    return {
        "name": NAME,
        "image": f"registry.k8s.io/autoscaling/cluster-autoscaler:{release(wanted.minor)}",
        # The image has no entry point, only a command, so arguments alone would take its place.
        "command": [
            "/cluster-autoscaler",
            "--cloud-provider=aws",
            f"--namespace={NAME}",
            f"--node-group-auto-discovery=asg:tag={groups}",
            "--expander=least-waste",
            # Pools that differ by name and zone alone grow evenly: one for each zone, for services with volumes.
            "--balance-similar-node-groups",
            f"--balancing-ignore-label={resolution.POOL}",
            # System pods have budgets, and what they need on disk can be made again.
            "--skip-nodes-with-system-pods=false",
            "--skip-nodes-with-local-storage=false",
        ],
        "env": [{"name": "AWS_REGION", "value": wanted.region}],
        "ports": [{"name": "metrics", "containerPort": _METRICS}],
        "livenessProbe": {"httpGet": {"path": "/health-check", "port": "metrics"}, "periodSeconds": 30},
        "resources": {"requests": {"cpu": "100m", "memory": "600Mi"}, "limits": {"memory": "600Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def release(minor: str) -> str:
    """The autoscaler's release for a minor; for one that is newer than this table, the newest there is."""
    return VERSIONS.get(minor, max(VERSIONS.items(), key=lambda item: _order(item[0]))[1])


def _order(minor: str) -> int:
    return int(minor.partition(".")[2])
