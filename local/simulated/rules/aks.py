"""What AKS refuses about clusters and agent pools.

Sources: the AKS documentation (networking, private clusters, API server VNet integration, NAT gateways, node auto
provisioning, planned maintenance), and threads of those whom it bit: pulumi-azure-native#1575 (the last system pool),
AVM#219 (a pool newer than its cluster).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any, Final

from local.simulated import checking
from local.simulated.rules import addresses, azure_network, judging, versions

_CLUSTER: Final = "azure-native:containerservice:ManagedCluster"
_POOL: Final = "azure-native:containerservice:AgentPool"
_WINDOW: Final = "azure-native:containerservice:MaintenanceConfiguration"
_IDENTITY: Final = "azure-native:managedidentity:UserAssignedIdentity"
_ASSIGNMENT: Final = "azure-native:authorization:RoleAssignment"
_WINDOWS: Final = ("default", "aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule")
_POOL_NAME: Final = re.compile(r"[a-z][a-z0-9]{0,11}")
_DELEGATION: Final = "Microsoft.ContainerService/managedClusters"
_DEFAULT_SERVICES: Final = "10.0.0.0/16"
_LONGEST_API_PREFIX: Final = 28
_OLDEST_KUBELET: Final = 2
_MOST_SYSTEM_NODES: Final = 1000


def _inline_pool(case: judging.Case) -> Iterator[checking.Finding]:
    pools = case.value("agentPoolProfiles")
    if not isinstance(pools, list) or len(pools) != 1:
        yield checking.Finding(
            "agentPoolProfiles",
            "must be exactly one, of mode System: others are azure-native:containerservice:AgentPool",
            "keep the inline pool as it is and register the others by themselves",
        )
    for path, pool in case.items("agentPoolProfiles[]"):
        if pool.get("mode") != "System":
            yield checking.Finding(f"{path}.mode", "must be System")
        if pool.get("scaleSetPriority") == "Spot":
            yield checking.Finding(f"{path}.scaleSetPriority", "can't be Spot for a system pool")
        name = pool.get("name")
        if isinstance(name, str) and not _POOL_NAME.fullmatch(name):
            yield checking.Finding(f"{path}.name", f"is {name}: lower-case letters and digits, 12 at most")
        yield from _scaling(pool, path=f"{path}.", lowest=1)
        yield from versions.skew(
            f"{path}.orchestratorVersion",
            nodes=pool.get("orchestratorVersion"),
            control_plane=case.value("kubernetesVersion"),
            behind=_OLDEST_KUBELET,
        )


def _scaling(pool: Any, *, path: str, lowest: int) -> Iterator[checking.Finding]:
    low, count, high = (pool.get(key) for key in ("minCount", "count", "maxCount"))
    scaled = pool.get("enableAutoScaling") is True
    if scaled and not (isinstance(low, int) and isinstance(high, int)):
        yield checking.Finding(f"{path}minCount", "is required with maxCount where enableAutoScaling is true")
    elif not scaled and (low is not None or high is not None):
        yield checking.Finding(f"{path}minCount", "can only be given where enableAutoScaling is true")
    elif scaled and not lowest <= low <= high <= _MOST_SYSTEM_NODES:
        yield checking.Finding(f"{path}minCount", f"must be {lowest} at least and not more than maxCount")
    elif scaled and isinstance(count, int) and not low <= count <= high:
        yield checking.Finding(f"{path}count", "must lie between minCount and maxCount")


def _api_server(case: judging.Case) -> Iterator[checking.Finding]:
    path = "apiServerAccessProfile"
    private = case.flag(f"{path}.enablePrivateCluster")
    ranges = case.items(f"{path}.authorizedIPRanges[]")
    if private and ranges:
        yield checking.Finding(f"{path}.authorizedIPRanges", "can't be given for a private cluster")
    for at, block in ranges:
        if isinstance(block, str) and "/" in block:
            yield from addresses.malformed(at, block)
    integrated = case.flag(f"{path}.enableVnetIntegration")
    if integrated and not case.given(f"{path}.subnetId"):
        yield checking.Finding(f"{path}.subnetId", "is required with enableVnetIntegration")
    if case.given(f"{path}.privateDNSZone") and not private:
        yield checking.Finding(f"{path}.privateDNSZone", "can only be given for a private cluster")
    if case.given("dnsPrefix") == case.given("fqdnSubdomain"):
        yield checking.Finding("dnsPrefix", "exactly one of dnsPrefix and fqdnSubdomain must be given")
    prefix = case.text("dnsPrefix")
    if prefix and not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,52}[A-Za-z0-9])?", prefix):
        yield checking.Finding("dnsPrefix", f"is {prefix}: letters, digits and hyphens, 54 at most")


def _network_profile(case: judging.Case) -> Iterator[checking.Finding]:
    path = "networkProfile"
    blocks = [(key, case.value(f"{path}.{key}")) for key in ("podCidr", "serviceCidr")]
    for key, block in blocks:
        yield from addresses.malformed(f"{path}.{key}", block)
    if addresses.overlapping(blocks[0][1], [blocks[1][1]]):
        yield checking.Finding(f"{path}.podCidr", f"overlaps serviceCidr {blocks[1][1]}")
    yield from _dns_address(case, str(blocks[1][1] or _DEFAULT_SERVICES))
    cilium = case.text(f"{path}.networkDataplane") == "cilium"
    if cilium and case.text(f"{path}.networkPlugin") != "azure":
        yield checking.Finding(f"{path}.networkDataplane", "cilium needs networkPlugin azure")
    if cilium and case.text(f"{path}.networkPolicy") not in ("", "cilium", "none"):
        yield checking.Finding(f"{path}.networkPolicy", "must be cilium with networkDataplane cilium")
    if case.text(f"{path}.networkPolicy") == "cilium" and not cilium:
        yield checking.Finding(f"{path}.networkPolicy", "cilium needs networkDataplane cilium")
    if case.flag(f"{path}.advancedNetworking.enabled") and not cilium:
        yield checking.Finding(f"{path}.advancedNetworking.enabled", "needs networkDataplane cilium here")
    outbound = case.text(f"{path}.outboundType")
    if outbound not in ("", "loadBalancer") and case.given(f"{path}.loadBalancerProfile"):
        yield checking.Finding(f"{path}.loadBalancerProfile", f"can't be given with outboundType {outbound}")
    in_subnet = any("vnetSubnetID" in pool for _, pool in case.items("agentPoolProfiles[]"))
    if outbound in ("userAssignedNATGateway", "userDefinedRouting") and not in_subnet:
        yield checking.Finding("agentPoolProfiles[0].vnetSubnetID", f"is required with outboundType {outbound}")


def _dns_address(case: judging.Case, services: str) -> Iterator[checking.Finding]:
    path, text = "networkProfile.dnsServiceIP", case.text("networkProfile.dnsServiceIP")
    block = addresses.network(services)
    if not text or block is None:
        return
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        yield checking.Finding(path, f"is no IPv4 address: {text}")
        return
    if address not in block or address in (block[0], block[1]):
        yield checking.Finding(path, f"is {text}, and must lie in {services}, after its first address")


def _features(case: judging.Case) -> Iterator[checking.Finding]:
    oidc = case.flag("oidcIssuerProfile.enabled")
    if case.flag("securityProfile.workloadIdentity.enabled") and oidc is not True:
        yield checking.Finding("securityProfile.workloadIdentity.enabled", "needs oidcIssuerProfile.enabled")
    if case.flag("disableLocalAccounts") and case.flag("aadProfile.managed") is not True:
        yield checking.Finding("disableLocalAccounts", "needs aadProfile.managed, or nobody could log in")
    if case.flag("aadProfile.enableAzureRBAC") and case.flag("aadProfile.managed") is not True:
        yield checking.Finding("aadProfile.enableAzureRBAC", "needs aadProfile.managed")
    lts, tier = case.text("supportPlan") == "AKSLongTermSupport", case.text("sku.tier")
    if lts != (tier == "Premium") and (case.given("supportPlan") or tier == "Premium"):
        yield checking.Finding("supportPlan", "AKSLongTermSupport and sku.tier Premium belong together")
    if case.flag("metricsProfile.costAnalysis.enabled") and tier in ("", "Free"):
        yield checking.Finding("metricsProfile.costAnalysis.enabled", "needs sku.tier Standard or Premium")
    own = case.text("identity.type") == "UserAssigned"
    if own and not case.given("identity.userAssignedIdentities"):
        yield checking.Finding("identity.userAssignedIdentities", "is required for UserAssigned")
    if case.given("identityProfile.kubeletidentity") and not own:
        yield checking.Finding("identityProfile.kubeletidentity", "needs identity.type UserAssigned")
    scaled = any(pool.get("enableAutoScaling") is True for _, pool in case.items("agentPoolProfiles[]"))
    if case.text("nodeProvisioningProfile.mode") == "Auto" and scaled:
        yield checking.Finding(
            "nodeProvisioningProfile.mode", "can't be Auto with a pool that the cluster autoscaler scales"
        )
    if case.text("nodeProvisioningProfile.mode") == "Auto" and case.text("networkProfile.networkPolicy") == "calico":
        yield checking.Finding("nodeProvisioningProfile.mode", "can't be Auto with networkPolicy calico")


def _version_form(case: judging.Case) -> Iterator[checking.Finding]:
    for path in ("kubernetesVersion", "orchestratorVersion"):
        if case.text(path) and not re.fullmatch(r"1\.\d+(\.\d+)?", case.text(path)):
            yield checking.Finding(path, f"is {case.text(path)}, and must look like 1.35 or 1.35.2")


def _networks(case: judging.Case) -> Iterator[checking.Finding]:
    """The cluster's own ranges against those of the network that its nodes are in."""
    services = case.text("networkProfile.serviceCidr") or _DEFAULT_SERVICES
    for path, handle in case.items("agentPoolProfiles[].vnetSubnetID"):
        subnet = case.find(azure_network.SUBNET, str(handle))
        network = azure_network.network_of(case, subnet.inputs) if subnet else None
        space = (network.value("addressSpace.addressPrefixes") or []) if network else []
        for key, block in (("serviceCidr", services), ("podCidr", case.text("networkProfile.podCidr"))):
            other = addresses.overlapping(block, space)
            if other:
                yield checking.Finding(
                    f"networkProfile.{key}", f"is {block} and overlaps the virtual network's {other}"
                )
        gateway = case.text("networkProfile.outboundType") == "userAssignedNATGateway"
        if subnet is not None and gateway and not subnet.value("natGateway.id"):
            yield checking.Finding(path, f"names {subnet.id}, which has no NAT gateway")


def _api_subnet(case: judging.Case) -> Iterator[checking.Finding]:
    path = "apiServerAccessProfile.subnetId"
    subnet = case.named(path, azure_network.SUBNET)
    if subnet is None:
        return
    delegated = [one.get("serviceName") for one in subnet.inputs.get("delegations") or []]
    if _DELEGATION not in delegated:
        yield checking.Finding(path, f"names {subnet.id}, which is not delegated to {_DELEGATION}")
    found = addresses.network(next((block for _, block in azure_network.prefixes(subnet.inputs)), None))
    if found is not None and found.prefixlen > _LONGEST_API_PREFIX:
        yield checking.Finding(path, f"names {subnet.id}, which is smaller than /{_LONGEST_API_PREFIX}")


def _assigned(case: judging.Case) -> Iterator[checking.Finding]:
    """The role assignments without which the cluster can't be created; only for identities that are in the account."""
    listed = [case.find(_IDENTITY, str(one)) for _, one in case.items("identity.userAssignedIdentities[]")]
    principals = {one.value("principalId") for one in listed if one is not None}
    if not principals:
        return
    scopes = [
        str(one.inputs.get("scope")).lower()
        for one in case.every(_ASSIGNMENT)
        if one.inputs.get("principalId") in principals
    ]
    needed = [
        (path, handle, "Network Contributor")
        for pattern in ("agentPoolProfiles[].vnetSubnetID", "apiServerAccessProfile.subnetId")
        for path, handle in case.items(pattern)
        if case.find(azure_network.SUBNET, str(handle))
    ]
    outbound = "networkProfile.loadBalancerProfile.outboundIPs.publicIPs[].id"
    needed += [
        (path, handle, "Network Contributor")
        for path, handle in case.items(outbound)
        if case.find(azure_network.ADDRESS, str(handle))
    ]
    kubelet = "identityProfile.kubeletidentity.resourceId"
    if case.named(kubelet, _IDENTITY):
        needed.append((kubelet, case.text(kubelet), "Managed Identity Operator"))
    zone = "apiServerAccessProfile.privateDNSZone"
    if case.named(zone, "azure-native:privatedns:PrivateZone"):
        needed.append((zone, case.text(zone), "Private DNS Zone Contributor"))
    for path, handle, role in needed:
        if not any(str(handle).lower().startswith(scope) for scope in scopes):
            yield checking.Finding(
                path,
                f"names {handle}, on which the cluster's identity has no role",
                f"assign {role} before the cluster is created",
            )


def _upgrade(case: judging.Case) -> Iterator[checking.Finding]:
    if case.before is None:
        return
    yield from versions.change(
        "kubernetesVersion", before=case.before.value("kubernetesVersion"), after=case.value("kubernetesVersion")
    )
    provisioned = case.text("nodeProvisioningProfile.mode") == "Auto"
    if provisioned and case.before.value("networkProfile.outboundType") != case.value("networkProfile.outboundType"):
        yield checking.Finding(
            "networkProfile.outboundType", "can't be changed where the cluster provisions nodes itself"
        )
    if case.before.value("oidcIssuerProfile.enabled") is True and case.flag("oidcIssuerProfile.enabled") is not True:
        yield checking.Finding("oidcIssuerProfile.enabled", "can't be turned off again")


def _pool_form(case: judging.Case) -> Iterator[checking.Finding]:
    system, spot = case.text("mode") == "System", case.text("scaleSetPriority") == "Spot"
    if system and spot:
        yield checking.Finding("scaleSetPriority", "can't be Spot for a system pool")
    for path in ("spotMaxPrice", "scaleSetEvictionPolicy"):
        if case.given(path) and not spot:
            yield checking.Finding(path, "can only be given with scaleSetPriority Spot")
    yield from _scaling(case.inputs, path="", lowest=1 if system else 0)


def _cluster_of(case: judging.Case) -> Any:
    same = case.every(_CLUSTER, resourceGroupName=case.value("resourceGroupName"))
    return next((one for one in same if one.inputs.get("resourceName") == case.value("resourceName")), None)


def _pool_of(case: judging.Case) -> Iterator[checking.Finding]:
    cluster = _cluster_of(case)
    if cluster is None:
        return
    yield from versions.skew(
        "orchestratorVersion",
        nodes=case.value("orchestratorVersion"),
        control_plane=cluster.value("kubernetesVersion"),
        behind=_OLDEST_KUBELET,
    )
    inline = [one.get("name") for one in cluster.inputs.get("agentPoolProfiles") or []]
    if case.before is None and case.text("agentPoolName") in inline:
        yield checking.Finding("agentPoolName", f"is {case.text('agentPoolName')}, the inline pool of the cluster")
    if cluster.value("nodeProvisioningProfile.mode") == "Auto" and case.flag("enableAutoScaling"):
        yield checking.Finding("enableAutoScaling", "can't be on where the cluster provisions nodes itself")


def _last_system_pool(case: judging.Case) -> Iterator[checking.Finding]:
    cluster = _cluster_of(case)
    if cluster is None or case.text("mode") != "System":
        return
    same = {"resourceGroupName": case.value("resourceGroupName"), "resourceName": case.value("resourceName")}
    others = [one for one in case.every(_POOL, mode="System", **same) if case.before and one.id != case.before.id]
    inline = [one for one in cluster.inputs.get("agentPoolProfiles") or [] if one.get("mode") == "System"]
    if not others and not inline:
        yield checking.Finding("", "it is the last system pool: there has to be at least one agent pool of mode System")


def _window_form(case: judging.Case) -> Iterator[checking.Finding]:
    schedules = [
        key
        for key in ("daily", "weekly", "absoluteMonthly", "relativeMonthly")
        if case.given(f"maintenanceWindow.schedule.{key}")
    ]
    if case.given("maintenanceWindow") and len(schedules) != 1:
        yield checking.Finding("maintenanceWindow.schedule", "must have exactly one kind of schedule")
    start = case.text("maintenanceWindow.startTime")
    if start and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", start):
        yield checking.Finding("maintenanceWindow.startTime", f"is {start}, and must look like 02:00")


CHECKS: Final = {
    _CLUSTER: (_inline_pool, _api_server, _network_profile, _features, _version_form),
    _POOL: (_pool_form, _version_form),
    _WINDOW: (
        _window_form,
        judging.one_of("configName", *_WINDOWS),
        judging.between("maintenanceWindow.durationHours", 4, 24),
    ),
}
CREATIONS: Final = {_CLUSTER: (_networks, _api_subnet, _assigned), _POOL: (_pool_of,)}
UPDATES: Final = {_CLUSTER: (_upgrade,), _POOL: (_pool_of,)}
DELETIONS: Final = {_POOL: (_last_system_pool,)}
