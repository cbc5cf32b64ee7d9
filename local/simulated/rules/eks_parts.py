"""What EKS refuses about what belongs to a cluster: access, add-ons, node groups, pod identities.

Sources: the EKS API reference and user guide, and threads of those whom it bit: pulumi-eks#2373 (the creator's entry is
there already), terraform-aws-eks#2968 (so is that of a node group's role), pulumi-eks#1819 and terraform-aws-eks#3446
(CoreDNS without nodes, nodes without a CNI).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from local.simulated import checking, settings
from local.simulated.rules import aws_identity, eks_cluster, judging, versions

_CLUSTER: Final = "aws:eks/cluster:Cluster"
_NODES: Final = "aws:eks/nodeGroup:NodeGroup"
_ADDON: Final = "aws:eks/addon:Addon"
_ENTRY: Final = "aws:eks/accessEntry:AccessEntry"
_GRANT: Final = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
_IDENTITY: Final = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
_ROLE: Final = "aws:iam/role:Role"
_NEED_NODES: Final = (
    "coredns",
    "aws-ebs-csi-driver",
    "aws-efs-csi-driver",
    "metrics-server",
    "snapshot-controller",
    "cert-manager",
    "external-dns",
)
_BEFORE_NODES: Final = ("vpc-cni", "kube-proxy")
_AGENT: Final = "eks-pod-identity-agent"
_NODE_POLICIES: Final = (
    ("AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"),
    ("AmazonEC2ContainerRegistryPullOnly", "AmazonEC2ContainerRegistryReadOnly"),
)
_OLDEST_KUBELET: Final = 3
_PRINCIPAL: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/.+")
_POLICY: Final = re.compile(r"arn:aws[a-z-]*:eks::aws:cluster-access-policy/\w+")


def _cluster(case: judging.Case) -> Any:
    return case.named("clusterName", _CLUSTER)


def _parts(case: judging.Case, token: str) -> list[Any]:
    return case.every(token, clusterName=case.value("clusterName"))


def _entry_form(case: judging.Case) -> Iterator[checking.Finding]:
    principal = case.text("principalArn")
    if principal and not _PRINCIPAL.fullmatch(principal):
        yield checking.Finding("principalArn", "must be the ARN of an IAM role or user, not of a session")
    for path, group in case.items("kubernetesGroups[]"):
        if str(group).startswith("system:"):
            yield checking.Finding(path, f"is {group}; a group of an access entry can't start with system:")
    if case.text("type") not in ("", "STANDARD") and case.value("kubernetesGroups"):
        yield checking.Finding("kubernetesGroups", "can only be given for entries of type STANDARD")


def _entry_taken(case: judging.Case) -> Iterator[checking.Finding]:
    cluster = _cluster(case)
    if cluster is None:
        return
    if cluster.value("accessConfig.authenticationMode") == "CONFIG_MAP":
        yield checking.Finding("clusterName", f"names {cluster.id}, whose authentication mode has no access entries")
    principal = case.text("principalArn")
    if cluster.value("accessConfig.bootstrapClusterCreatorAdminPermissions") is not False and principal == _creator(
        case
    ):
        yield checking.Finding(
            "principalArn",
            f"has an entry already: {principal} created the cluster (ResourceInUseException)",
            "set accessConfig.bootstrapClusterCreatorAdminPermissions to false",
        )
    if any(group.inputs.get("nodeRoleArn") == principal for group in _parts(case, _NODES)):
        yield checking.Finding("principalArn", f"has an entry already: {principal} is the role of a managed node group")


def _creator(case: judging.Case) -> str:
    """Who made the cluster: the role that the provider assumes, or else whom the first explicit entry is for."""
    roles = settings.decoded(case.provider.get("assumeRoles"))
    if isinstance(roles, list) and roles and isinstance(roles[0], dict):
        return str(roles[0].get("roleArn", ""))
    earlier = [one for one in _parts(case, _ENTRY) if one.inputs.get("type", "STANDARD") == "STANDARD"]
    return "" if earlier else case.text("principalArn")


def _grant_form(case: judging.Case) -> Iterator[checking.Finding]:
    if case.text("policyArn") and not _POLICY.fullmatch(case.text("policyArn")):
        yield checking.Finding("policyArn", "must be arn:aws:eks::aws:cluster-access-policy/… (an IAM policy is none)")
    if (case.text("accessScope.type") == "namespace") != bool(case.value("accessScope.namespaces")) and not (
        case.given("accessScope.namespaces") and case.value("accessScope.namespaces") is None
    ):
        yield checking.Finding("accessScope.namespaces", "must be given for the scope namespace, and only then")


def _grant_entry(case: judging.Case) -> Iterator[checking.Finding]:
    entries = [one.inputs.get("principalArn") for one in _parts(case, _ENTRY)]
    if case.value("principalArn") not in entries:
        yield checking.Finding("principalArn", f"has no access entry in {case.text('clusterName')}", "create it before")


def _entry_granted(case: judging.Case) -> Iterator[checking.Finding]:
    grants = case.every(_GRANT, clusterName=case.value("clusterName"), principalArn=case.value("principalArn"))
    if grants:
        yield checking.Finding("", f"{grants[0].id} still hangs on it", "delete it first")


def _addon_form(case: judging.Case) -> Iterator[checking.Finding]:
    version, options = case.text("addonVersion"), case.text("configurationValues")
    if version and not re.fullmatch(r"v\d+\.\d+\.\d+(?:-[a-z0-9.]+)?-eksbuild\.\d+", version):
        yield checking.Finding("addonVersion", f"is {version}, and must look like v1.20.4-eksbuild.2")
    try:
        json.loads(options or "{}")
    except ValueError:
        yield checking.Finding("configurationValues", "must be JSON (YAML is accepted by the API, and not here)")


def _addon_turn(case: judging.Case) -> Iterator[checking.Finding]:
    cluster, name = _cluster(case), case.text("addonName")
    if cluster is None or eks_cluster.is_auto(cluster.inputs):
        return
    if name in _NEED_NODES and not _parts(case, _NODES):
        yield checking.Finding(
            "addonName", f"is {name}, which stays DEGRADED in a cluster without nodes", "create it after a node group"
        )
    installed = {one.inputs.get("addonName") for one in _parts(case, _ADDON)}
    if case.value("podIdentityAssociations") and _AGENT not in installed:
        yield checking.Finding("podIdentityAssociations", f"need the add-on {_AGENT}", "create it before")


def _nodes_form(case: judging.Case) -> Iterator[checking.Finding]:
    low, wanted, high = (case.number(f"scalingConfig.{key}") for key in ("minSize", "desiredSize", "maxSize"))
    if low is not None and high is not None and not low <= (wanted if wanted is not None else low) <= high:
        yield checking.Finding("scalingConfig.desiredSize", "must lie between minSize and maxSize")
    if high is not None and high < 1:
        yield checking.Finding("scalingConfig.maxSize", "must be at least 1")
    both = [key for key in ("maxUnavailable", "maxUnavailablePercentage") if case.given(f"updateConfig.{key}")]
    if case.given("updateConfig") and len(both) > 1:
        yield checking.Finding("updateConfig.maxUnavailable", "can't be given with maxUnavailablePercentage")
    for path in ("diskSize", "remoteAccess"):
        if case.given(path) and case.given("launchTemplate"):
            yield checking.Finding(path, "can't be given with a launch template", "say it in the template")
    if case.given("launchTemplate.id") and case.given("launchTemplate.name"):
        yield checking.Finding("launchTemplate.name", "can't be given with launchTemplate.id")


def _nodes_turn(case: judging.Case) -> Iterator[checking.Finding]:
    cluster = _cluster(case)
    if cluster is None:
        return
    installed = {one.inputs.get("addonName") for one in _parts(case, _ADDON)}
    lacking = [name for name in _BEFORE_NODES if name not in installed]
    managed = cluster.inputs.get("bootstrapSelfManagedAddons") is False
    if managed and lacking and not eks_cluster.is_auto(cluster.inputs):
        yield checking.Finding(
            "clusterName",
            f"names {cluster.id}, which has no {' and no '.join(lacking)}: nodes would never be ready",
            "create the add-ons before the node group",
        )
    entries = [one for one in _parts(case, _ENTRY) if one.inputs.get("principalArn") == case.value("nodeRoleArn")]
    if any(one.inputs.get("type", "STANDARD") == "STANDARD" for one in entries):
        yield checking.Finding("nodeRoleArn", "has an access entry of type STANDARD, so its nodes could not join")


def _nodes_role(case: judging.Case) -> Iterator[checking.Finding]:
    role = case.named("nodeRoleArn", _ROLE)
    if role is None:
        return
    if not aws_identity.trusts(role, "ec2.amazonaws.com", "sts:AssumeRole"):
        yield checking.Finding("nodeRoleArn", f"names {role.id}, which does not trust ec2.amazonaws.com")
    attached = aws_identity.attached(case, role)
    lacking = [choice[0] for choice in _NODE_POLICIES if not attached.intersection(choice)]
    if lacking:
        yield checking.Finding(
            "nodeRoleArn", f"names {role.id}, which lacks {', '.join(lacking)}", "attach them before the node group"
        )


def _nodes_version(case: judging.Case) -> Iterator[checking.Finding]:
    cluster = _cluster(case)
    if cluster is not None:
        yield from versions.skew(
            "version", nodes=case.value("version"), control_plane=cluster.value("version"), behind=_OLDEST_KUBELET
        )
    if case.before is not None:
        yield from versions.change("version", before=case.before.value("version"), after=case.value("version"))


def _template_version(case: judging.Case) -> Iterator[checking.Finding]:
    template, version = (
        case.named("launchTemplate.id", "aws:ec2/launchTemplate:LaunchTemplate"),
        case.text("launchTemplate.version"),
    )
    latest = template.outputs.get("latestVersion", 0) if template else 0
    if template is not None and version.isdigit() and int(version) > latest:
        yield checking.Finding("launchTemplate.version", f"is {version}, and the template has {latest}")
    elif version and not version.isdigit() and version not in ("$Latest", "$Default"):
        yield checking.Finding("launchTemplate.version", "must be a number, $Latest or $Default")


def _pod_trust(case: judging.Case) -> Iterator[checking.Finding]:
    role = case.named("roleArn", _ROLE)
    if role is not None and not aws_identity.trusts(role, "pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession"):
        yield checking.Finding(
            "roleArn", f"names {role.id}, which does not let pods.eks.amazonaws.com assume it and tag sessions"
        )


CHECKS: Final = {
    _ENTRY: (
        _entry_form,
        judging.one_of("type", "STANDARD", "EC2", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX"),
    ),
    _GRANT: (_grant_form, judging.one_of("accessScope.type", "cluster", "namespace")),
    _ADDON: (
        _addon_form,
        judging.one_of("resolveConflictsOnCreate", "NONE", "OVERWRITE"),
        judging.one_of("resolveConflictsOnUpdate", "NONE", "OVERWRITE", "PRESERVE"),
    ),
    _NODES: (
        _nodes_form,
        judging.one_of("capacityType", "ON_DEMAND", "SPOT", "CAPACITY_BLOCK"),
        judging.one_of("taints[].effect", "NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"),
        judging.between("updateConfig.maxUnavailablePercentage", 1, 100),
    ),
}
CREATIONS: Final = {
    _ENTRY: (_entry_taken,),
    _GRANT: (_grant_entry,),
    _ADDON: (_addon_turn,),
    _NODES: (_nodes_turn, _nodes_role, _nodes_version, _template_version),
    _IDENTITY: (_pod_trust,),
}
UPDATES: Final = {_NODES: (_nodes_version, _template_version), _IDENTITY: (_pod_trust,)}
DELETIONS: Final = {_ENTRY: (_entry_granted,)}
