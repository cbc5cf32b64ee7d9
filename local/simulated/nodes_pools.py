"""Which node pools a simulated account has: the vendors' three ways of describing one, read into `nodes.Pool`. Pure.

Where the vendor makes nodes by itself (EKS Auto Mode, GKE's node auto-provisioning, AKS's node auto provisioning), that
is a pool too, which begins without a node.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from local.simulated import clusters, nodes, values
from stacks import regions, shapes

TOKENS: Final[Mapping[str, clusters.Vendor]] = {
    "aws:eks/nodeGroup:NodeGroup": "eks",
    "gcp:container/nodePool:NodePool": "gke",
    "azure-native:containerservice:AgentPool": "aks",
}
"""The resources that are node pools by themselves."""
_DEPLOYMENT: Final = "azure-native:resources:Deployment"
SOURCES: Final = frozenset({*TOKENS, *clusters.TOKENS, _DEPLOYMENT})
"""The resources that say something about pools."""

_AGENT_POOLS: Final = "Microsoft.ContainerService/managedClusters/agentPools"
_AUTOSCALER: Final = "autoscaling/cluster-autoscaler"
_AUTO_MAXIMUM: Final = 24
_AUTO_CPU: Final = 8
_EFFECTS: Final = {
    "NO_SCHEDULE": "NoSchedule",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
    "NO_EXECUTE": "NoExecute",
}
_ENI_PODS: Final = {1: 8, 2: 29, 4: 58, 8: 58}
"""Pods on an EKS node by CPUs, without prefix delegation: AWS's eni-max-pods.txt for m7i."""


def pools(resources: Sequence[values.Resource]) -> tuple[nodes.Pool, ...]:
    """All pools of all clusters of the account."""
    result: list[nodes.Pool] = []
    for cluster in clusters.found(resources):
        result += _OF[cluster.vendor](cluster, resources)
    return tuple(result)


def kubelet_version(version: str) -> str:
    """The kubelet's version as a node reports it: `v1.35.0` where the vendor only names the minor."""
    bare = version.removeprefix("v")
    return f"v{bare}.0" if re.fullmatch(r"\d+\.\d+", bare) else f"v{bare}"


def belongs(pool: values.Resource, cluster: clusters.Cluster) -> bool:
    """Whether a resource is a pool of this cluster."""
    named = next((pool.inputs[key] for key in ("clusterName", "cluster", "resourceName") if pool.inputs.get(key)), "")
    return TOKENS.get(pool.token) == cluster.vendor and str(named).rpartition("/")[2] == cluster.name


def _of_eks(cluster: clusters.Cluster, resources: Sequence[values.Resource]) -> list[nodes.Pool]:
    zones = {item.id: str(item.value("availabilityZone")) for item in resources if "subnet:Subnet" in item.token}
    found = []
    for group in _own(cluster, resources):
        spot = group.inputs.get("capacityType") == "SPOT"
        arm = "ARM_64" in str(group.inputs.get("amiType", "")).upper()
        machine = _machine("eks", (group.inputs.get("instanceTypes") or [""])[0], arch="arm64" if arm else "amd64")
        given = group.value("nodeGroupName") or group.name
        found.append(
            _pool(
                group,
                name=str(given),
                cluster=cluster,
                prefix="i-",
                suffix=f".{cluster.region}.compute.internal",
                zones=_zones(group.inputs.get("subnetIds") or (), zones, region_zones=_known(cluster)),
                machine=machine,
                pods=_ENI_PODS.get(machine.cpu, 234),
                minimum=int(group.value("scalingConfig.minSize") or 0),
                maximum=int(group.value("scalingConfig.maxSize") or 1),
                # AWS changes the size of a group only when somebody asks for it; who asks is in the cluster, if at all.
                grows=True,
                asked_by=_AUTOSCALER,
                version=str(group.value("version") or cluster.version),
                labels={
                    **(group.inputs.get("labels") or {}),
                    "eks.amazonaws.com/nodegroup": str(given),
                    "eks.amazonaws.com/capacityType": "SPOT" if spot else "ON_DEMAND",
                },
                taints=_taints(group.inputs.get("taints") or ()),
            )
        )
    if cluster.resource.value("computeConfig.enabled") is True:
        subnets = cluster.resource.value("vpcConfig.subnetIds") or ()
        labels = {"eks.amazonaws.com/compute-type": "auto", "karpenter.sh/nodepool": "general-purpose"}
        own = _zones(subnets, zones, region_zones=_known(cluster))
        # The built-in pool for everybody has no other: docs.aws.amazon.com, set-builtin-node-pools.
        found += _auto(cluster, zones=own, labels=labels, architectures=("amd64",))
    return found


def _of_gke(cluster: clusters.Cluster, resources: Sequence[values.Resource]) -> list[nodes.Pool]:
    located = tuple(cluster.resource.inputs.get("nodeLocations") or ()) or _known(cluster)
    found = []
    for resource in _own(cluster, resources):
        zones = tuple(resource.inputs.get("nodeLocations") or ()) or located
        given = str(resource.value("name") or resource.name)
        config = resource.inputs.get("nodeConfig") or {}
        machine = _machine("gke", str(config.get("machineType") or ""))
        scaling = resource.inputs.get("autoscaling") or {}
        minimum, maximum = _gke_size(resource, scaling, zones=len(zones))
        arm = [{"key": "kubernetes.io/arch", "value": "arm64", "effect": "NO_SCHEDULE"}]
        taints = [*(config.get("taints") or ()), *(arm if machine.arch == "arm64" else ())]
        found.append(
            _pool(
                resource,
                name=given,
                cluster=cluster,
                prefix=f"gke-{cluster.name}-{given}-"[:50],
                zones=zones,
                machine=machine,
                pods=int(
                    resource.inputs.get("maxPodsPerNode") or cluster.resource.value("defaultMaxPodsPerNode") or 110
                ),
                minimum=minimum,
                maximum=maximum,
                grows=bool(scaling),
                # Under a channel a pool has no version of its own: Google moves it to the control plane's.
                version=str(resource.inputs.get("version") or cluster.version),
                labels={
                    **(config.get("labels") or {}),
                    "cloud.google.com/gke-nodepool": given,
                    **({"cloud.google.com/gke-spot": "true"} if config.get("spot") else {}),
                },
                taints=_taints(taints),
            )
        )
    provisioned = cluster.resource.value("clusterAutoscaling.enabled") or cluster.resource.value(
        "clusterAutoscaling.defaultComputeClassEnabled"
    )
    if cluster.resource.value("enableAutopilot") or provisioned:
        found += _auto(cluster, zones=located, labels={"cloud.google.com/gke-nodepool": "nap"})
    return found


def _gke_size(resource: values.Resource, scaling: Mapping[str, Any], *, zones: int) -> tuple[int, int]:
    """GKE counts in each zone, unless the totals are given."""
    if "totalMaxNodeCount" in scaling:
        return int(scaling.get("totalMinNodeCount") or 0), int(scaling["totalMaxNodeCount"])
    if scaling:
        return int(scaling.get("minNodeCount") or 0) * zones, int(scaling.get("maxNodeCount") or 1) * zones
    count = int(resource.inputs.get("nodeCount") or resource.inputs.get("initialNodeCount") or 0) * zones
    return count, count


def _of_aks(cluster: clusters.Cluster, resources: Sequence[values.Resource]) -> list[nodes.Pool]:
    written = _written_by_deployments(cluster, resources)
    described: list[tuple[values.Resource, Mapping[str, Any]]] = [
        (cluster.resource, {**profile, **written.get(str(profile.get("name")), {})})
        for profile in cluster.resource.inputs.get("agentPoolProfiles") or ()
    ]
    described += [(pool, pool.inputs) for pool in _own(cluster, resources)]
    found = [_of_aks_pool(cluster, resource, profile) for resource, profile in described]
    if cluster.resource.value("nodeProvisioningProfile.mode") == "Auto":
        zones = found[0].zones if found else _known(cluster)
        found += _auto(cluster, zones=zones, labels={"karpenter.sh/nodepool": "default"})
    return found


def _written_by_deployments(
    cluster: clusters.Cluster, resources: Iterable[values.Resource]
) -> dict[str, Mapping[str, Any]]:
    """What templates have written into the cluster's own pools, by their names: `[concat(..., '/system')]`."""
    found: dict[str, Mapping[str, Any]] = {}
    for resource in resources:
        if resource.token != _DEPLOYMENT or values.at(resource.inputs, "properties.parameters.cluster.value") != (
            cluster.name
        ):
            continue
        for item in values.at(resource.inputs, "properties.template").get("resources") or ():
            if item.get("type") == _AGENT_POOLS:
                found[str(item["name"]).rpartition("/")[2].rstrip("')]")] = item["properties"]
    return found


def _of_aks_pool(cluster: clusters.Cluster, resource: values.Resource, profile: Mapping[str, Any]) -> nodes.Pool:
    name = str(profile.get("name") or profile.get("agentPoolName") or _aks_name(resource))
    zones = tuple(f"{cluster.region}-{zone}" for zone in profile.get("availabilityZones") or ("0",))
    spot = profile.get("scaleSetPriority") == "Spot"
    taints = [_aks_taint(taint) for taint in profile.get("nodeTaints") or ()]
    if spot:
        taints.append(nodes.Taint(key="kubernetes.azure.com/scalesetpriority", value="spot", effect="NoSchedule"))
    scales = bool(profile.get("enableAutoScaling"))
    count = int(profile.get("count") or 0)
    return _pool(
        resource,
        name=name,
        cluster=cluster,
        prefix=f"aks-{name}-",
        suffix="-vmss",
        zones=zones,
        machine=_machine("aks", str(profile.get("vmSize") or "")),
        pods=int(profile.get("maxPods") or 30),
        minimum=int(profile.get("minCount") or 0) if scales else count,
        maximum=int(profile.get("maxCount") or count) if scales else count,
        grows=scales,
        # A pool that is told no version is moved together with the cluster.
        version=str(profile.get("orchestratorVersion") or cluster.version),
        labels={
            **(profile.get("nodeLabels") or {}),
            "kubernetes.azure.com/agentpool": name,
            "kubernetes.azure.com/mode": str(profile.get("mode") or "User").lower(),
            **({"kubernetes.azure.com/scalesetpriority": "spot"} if spot else {}),
        },
        taints=tuple(dict.fromkeys(taints)),
    )


def _auto(
    cluster: clusters.Cluster,
    *,
    zones: tuple[str, ...],
    labels: Mapping[str, str],
    architectures: tuple[str, ...] = ("amd64", "arm64"),
) -> list[nodes.Pool]:
    """The nodes that the vendor makes when pods need them, all of one kind: one pool for each architecture."""
    found = []
    for arch in architectures:
        choices = [each for each in shapes.known(cluster.vendor) if each.arch == arch and each.cpu == _AUTO_CPU]
        found += [
            _pool(
                cluster.resource,
                name=f"auto-{arch}",
                cluster=cluster,
                prefix=f"auto-{arch}-",
                zones=zones,
                machine=machine,
                pods=110,
                minimum=0,
                maximum=_AUTO_MAXIMUM,
                grows=True,
                version=cluster.version,
                labels=labels,
                # Whoever wants arm64 says so; a pod that says nothing may be built for the other.
                taints=(nodes.Taint(key="kubernetes.io/arch", value="arm64", effect="NoSchedule"),)
                if arch == "arm64"
                else (),
            )
            for machine in choices[:1]
        ]
    return found


def _pool(
    resource: values.Resource,
    *,
    name: str,
    cluster: clusters.Cluster,
    machine: shapes.Machine,
    version: str,
    **described: Any,
) -> nodes.Pool:
    digest = hashlib.sha256(f"{resource.token}/{resource.id}/{name}".encode()).hexdigest()[:12]
    return nodes.Pool(
        key=f"{name[:40].strip('-')}-{digest}",
        name=name,
        region=cluster.region,
        machine=machine.name,
        arch=machine.arch,
        cpu=machine.cpu,
        memory=machine.memory,
        version=kubelet_version(version),
        **described,
    )


def _own(cluster: clusters.Cluster, resources: Iterable[values.Resource]) -> list[values.Resource]:
    return [resource for resource in resources if belongs(resource, cluster)]


def _machine(vendor: str, name: str, *, arch: str = "amd64") -> shapes.Machine:
    """What is known of the machine; one that is not in the list is taken for one of a common size."""
    found = shapes.machine(vendor, name)
    return found or shapes.Machine(name=name or "unknown", arch=arch, cpu=4, memory=16 * 2**30, disk=0)


def _zones(subnets: Iterable[str], zones: Mapping[str, str], *, region_zones: tuple[str, ...]) -> tuple[str, ...]:
    """The zones of subnets; one of an existing network is in the zone whose turn it is."""
    found = [zones.get(subnet) or region_zones[index % len(region_zones)] for index, subnet in enumerate(subnets)]
    return tuple(dict.fromkeys(found)) or region_zones


def _known(cluster: clusters.Cluster) -> tuple[str, ...]:
    return regions.zones(cluster.vendor, cluster.region) or (cluster.region,)


def _taints(given: Iterable[Mapping[str, Any]]) -> tuple[nodes.Taint, ...]:
    found = (
        nodes.Taint(
            key=str(taint["key"]),
            value=str(taint.get("value") or ""),
            effect=_EFFECTS.get(str(taint.get("effect")), str(taint.get("effect"))),
        )
        for taint in given
    )
    return tuple(dict.fromkeys(found))


def _aks_taint(text: str) -> nodes.Taint:
    """`key=value:Effect`."""
    pair, _, effect = text.rpartition(":")
    key, _, value = pair.partition("=")
    return nodes.Taint(key=key, value=value, effect=effect)


def _aks_name(pool: values.Resource) -> str:
    return str(pool.inputs.get("agentPoolName") or pool.value("name") or pool.name)


_OF: Final[dict[str, Callable[[clusters.Cluster, Sequence[values.Resource]], list[nodes.Pool]]]] = {
    "eks": _of_eks,
    "gke": _of_gke,
    "aks": _of_aks,
}
