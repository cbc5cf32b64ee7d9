"""What EKS refuses about clusters.

Sources: the EKS API reference (CreateCluster, UpdateClusterVersion, DeleteCluster) and user guide (network-reqs: a
cluster's zones), and threads of those whom it bit: pulumi-eks#1585 and terraform-aws-eks#3418 (the three flags of Auto
Mode).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from local.simulated import checking
from local.simulated.rules import addresses, aws_identity, aws_network, judging, versions

_CLUSTER: Final = "aws:eks/cluster:Cluster"
_ROLE: Final = "aws:iam/role:Role"
_FLAGS: Final = (
    "computeConfig.enabled",
    "kubernetesNetworkConfig.elasticLoadBalancing.enabled",
    "storageConfig.blockStorage.enabled",
)
_AUTO_POLICIES: Final = (
    "AmazonEKSClusterPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
_LOGS: Final = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_FEWEST_SUBNETS: Final = 2


def is_auto(inputs: object) -> bool:
    """Whether a cluster makes its own nodes."""
    return isinstance(inputs, dict) and (inputs.get("computeConfig") or {}).get("enabled") is True


def _three_flags(case: judging.Case) -> Iterator[checking.Finding]:
    flags = [case.flag(path) is True for path in _FLAGS]
    hidden = any(case.given(path) and case.value(path) is None for path in _FLAGS)
    if not hidden and len(set(flags)) > 1:
        yield checking.Finding(_FLAGS[0], f"{', '.join(_FLAGS)} must all be true or all be false")
    if all(flags) and case.flag("bootstrapSelfManagedAddons") is not False:
        yield checking.Finding("bootstrapSelfManagedAddons", "must be false with Auto Mode")
    if case.given("computeConfig.nodePools") != case.given("computeConfig.nodeRoleArn") and case.value(
        "computeConfig.nodePools"
    ):
        yield checking.Finding("computeConfig.nodeRoleArn", "is needed for built-in node pools")


def _endpoints(case: judging.Case) -> Iterator[checking.Finding]:
    private, public = case.flag("vpcConfig.endpointPrivateAccess"), case.flag("vpcConfig.endpointPublicAccess")
    if public is False and private is not True:
        yield checking.Finding("vpcConfig.endpointPrivateAccess", "must be true where the public endpoint is off")
    for path, block in case.items("vpcConfig.publicAccessCidrs[]"):
        yield from addresses.malformed(path, block)
        if addresses.network(block) is not None and not addresses.is_public(block):
            yield checking.Finding(path, f"is {block}; private and reserved networks are not allowed here")


def _service_network(case: judging.Case) -> Iterator[checking.Finding]:
    path = "kubernetesNetworkConfig.serviceIpv4Cidr"
    block = case.value(path)
    yield from addresses.malformed(path, block, shortest=12, longest=24)
    if addresses.network(block) is not None and not addresses.is_private(block):
        yield checking.Finding(path, f"is {block}, and must lie in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")


def _version_form(case: judging.Case) -> Iterator[checking.Finding]:
    version = case.text("version")
    if version and not re.fullmatch(r"1\.\d+", version):
        yield checking.Finding("version", f"is {version}, and must be a minor such as 1.35")


def _subnet_count(case: judging.Case) -> Iterator[checking.Finding]:
    subnets = case.value("vpcConfig.subnetIds")
    if isinstance(subnets, list) and len(subnets) < _FEWEST_SUBNETS:
        yield checking.Finding("vpcConfig.subnetIds", "must be at least two, in different zones")


def _zones(case: judging.Case) -> Iterator[checking.Finding]:
    subnets = [case.find("aws:ec2/subnet:Subnet", str(one)) for _, one in case.items("vpcConfig.subnetIds[]")]
    known = [one for one in subnets if one is not None]
    zones = {one.inputs.get("availabilityZone") for one in known}
    if len(known) == len(subnets) and len(zones) < _FEWEST_SUBNETS:
        yield checking.Finding("vpcConfig.subnetIds", "must lie in at least two zones")
    vpcs = {str(one.inputs.get("vpcId")) for one in known}
    if len(vpcs) > 1:
        yield checking.Finding("vpcConfig.subnetIds", f"lie in different VPCs: {', '.join(sorted(vpcs))}")
    for vpc in (case.find("aws:ec2/vpc:Vpc", one) for one in vpcs):
        if vpc is None:
            continue
        if case.flag("vpcConfig.endpointPrivateAccess") and not aws_network.has_names(vpc.inputs):
            yield checking.Finding(
                "vpcConfig.endpointPrivateAccess", "needs enableDnsSupport and enableDnsHostnames of the VPC"
            )
        services = case.text("kubernetesNetworkConfig.serviceIpv4Cidr")
        if addresses.overlapping(services, [vpc.inputs.get("cidrBlock")]):
            yield checking.Finding(
                "kubernetesNetworkConfig.serviceIpv4Cidr", f"overlaps the VPC's {vpc.inputs.get('cidrBlock')}"
            )


def _role(case: judging.Case) -> Iterator[checking.Finding]:
    role = case.named("roleArn", _ROLE)
    if role is None:
        return
    auto = is_auto(case.inputs)
    actions = ("sts:AssumeRole", "sts:TagSession") if auto else ("sts:AssumeRole",)
    if not aws_identity.trusts(role, "eks.amazonaws.com", *actions):
        yield checking.Finding(
            "roleArn", f"names {role.id}, which does not let eks.amazonaws.com {' and '.join(actions)}"
        )
    wanted = _AUTO_POLICIES if auto else _AUTO_POLICIES[:1]
    lacking = [policy for policy in wanted if policy not in aws_identity.attached(case, role)]
    if lacking:
        yield checking.Finding(
            "roleArn", f"names {role.id}, which lacks {', '.join(lacking)}", "attach them before the cluster is created"
        )


def _upgrade(case: judging.Case) -> Iterator[checking.Finding]:
    old = case.before.value("version") if case.before else None
    yield from versions.change("version", before=old, after=case.value("version"))
    mode = case.before.value("accessConfig.authenticationMode") if case.before else None
    order = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
    new = case.text("accessConfig.authenticationMode")
    if mode in order and new in order and order.index(new) < order.index(str(mode)):
        yield checking.Finding("accessConfig.authenticationMode", f"can't go back from {mode} to {new}")


def _same_node_role(case: judging.Case) -> Iterator[checking.Finding]:
    """The nodes' role stays for as long as Auto Mode is on (API ComputeConfigRequest)."""
    path = "computeConfig.nodeRoleArn"
    old = case.before.value(path) if case.before else None
    if old and case.given(path) and case.value(path) not in (None, old) and is_auto(case.inputs):
        yield checking.Finding(path, f"can't be changed from {old} while Auto Mode is on")


def _same_zones(case: judging.Case) -> Iterator[checking.Finding]:
    """Subnets can be exchanged, the zones that they lie in can't: "the exact set of AZs", as AWS says."""
    old = case.before.value("vpcConfig.subnetIds") if case.before else None
    new = [one for _, one in case.items("vpcConfig.subnetIds[]")]
    before, after = _zones_of(case, old or ()), _zones_of(case, new)
    if before and after and before != after:
        yield checking.Finding(
            "vpcConfig.subnetIds",
            f"lie in {', '.join(sorted(after))}, and the cluster was created in {', '.join(sorted(before))}; "
            "other zones it never takes (InvalidParameterException)",
        )


def _zones_of(case: judging.Case, subnets: Iterable[object]) -> set[str]:
    """The zones of subnets; none where one of them is not of this account."""
    found = [case.find("aws:ec2/subnet:Subnet", str(one)) for one in subnets]
    return {str(one.inputs.get("availabilityZone")) for one in found if one} if all(found) else set()


def _protected(case: judging.Case) -> Iterator[checking.Finding]:
    if case.flag("deletionProtection"):
        yield checking.Finding("deletionProtection", "is on", "turn it off with an update before")


CHECKS: Final = {
    _CLUSTER: (
        _three_flags,
        _endpoints,
        _service_network,
        _version_form,
        _subnet_count,
        judging.one_of("enabledClusterLogTypes[]", *_LOGS),
        judging.one_of("accessConfig.authenticationMode", "API", "API_AND_CONFIG_MAP", "CONFIG_MAP"),
        judging.one_of("upgradePolicy.supportType", "STANDARD", "EXTENDED"),
        judging.one_of("encryptionConfig.resources[]", "secrets"),
        judging.one_of("computeConfig.nodePools[]", "general-purpose", "system"),
        judging.one_of("kubernetesNetworkConfig.ipFamily", "ipv4", "ipv6"),
    )
}
CREATIONS: Final = {_CLUSTER: (_zones, _role)}
UPDATES: Final = {_CLUSTER: (_upgrade, _same_node_role, _same_zones)}
DELETIONS: Final = {_CLUSTER: (_protected,)}
