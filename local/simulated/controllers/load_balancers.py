"""Load balancers of a simulated cluster: what a Service of type LoadBalancer makes in the account, and lets go of.

As at the vendors, a finalizer keeps the Service until its load balancer is gone, and a load balancer holds its network:
once the controllers have gone with their cluster nobody removes it any more. Pure.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from local import addresses, reconciling
from local.simulated import clusters, values

SERVICES: Final = addresses.SERVICES
FINALIZER: Final = "service.kubernetes.io/load-balancer-cleanup"
MANAGER: Final = "paasport-simulated-load-balancers"
SERVICE: Final = "kubernetes-service"
"""Input of what was made for a Service: `namespace/name`."""

_CLASSES: Final[Mapping[clusters.Vendor, frozenset[str]]] = {
    "eks": frozenset({""}),
    "gke": frozenset({"", "networking.gke.io/l4-regional-external", "networking.gke.io/l4-regional-internal"}),
    "aks": frozenset({""}),
}
"""The classes that the vendors' own controllers answer to; the empty one is no class at all."""
_AUTO: Final = "eks.amazonaws.com/nlb"
"""The class of EKS Auto Mode. That of the AWS Load Balancer Controller is nobody's where it is not installed."""
_AWS: Final = "service.beta.kubernetes.io/aws-load-balancer"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be done, in this order."""

    adopted: tuple[values.Resource, ...] = ()
    released: tuple[str, ...] = ()
    """Ids."""
    actions: tuple[reconciling.Action, ...] = ()


def plan(
    services: Sequence[Mapping[str, Any]], cluster: clusters.Cluster, resources: Sequence[values.Resource]
) -> Plan:
    """What the Services ask for and have not, and what nobody asks for any more."""
    held = {resource.id: resource for resource in resources if SERVICE in resource.inputs}
    adopted: list[values.Resource] = []
    actions: list[reconciling.Action] = []
    wanted: set[str] = set()
    for service in services:
        if not _is_served(service, cluster):
            actions += _let_go(service)
            continue
        made = _made(service, cluster, resources)
        wanted |= {resource.id for resource in made}
        adopted += [resource for resource in made if resource.id not in held]
        actions += _hold(service) + _tell(service, made[0], taken=_taken(services, but=service))
    released = tuple(known for known in held if known not in wanted)
    return Plan(adopted=tuple(adopted), released=released, actions=tuple(actions))


def _is_served(service: Mapping[str, Any], cluster: clusters.Cluster) -> bool:
    return (
        service["spec"].get("type") == "LoadBalancer"
        and service["spec"].get("loadBalancerClass", "")
        in _CLASSES[cluster.vendor] | ({_AUTO} if _auto(cluster) else set())
        and not service["metadata"].get("deletionTimestamp")
    )


def _identity(service: Mapping[str, Any]) -> dict[str, Any]:
    """With its uid, so that a Service that is gone is not made again by mistake."""
    metadata = {key: service["metadata"][key] for key in ("name", "namespace", "uid")}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata}


def _hold(service: Mapping[str, Any]) -> list[reconciling.Action]:
    if FINALIZER in service["metadata"].get("finalizers", ()):
        return []
    manifest = _identity(service)
    manifest["metadata"]["finalizers"] = [FINALIZER]
    return [reconciling.Apply(manifest=manifest, manager=MANAGER)]


def _let_go(service: Mapping[str, Any]) -> list[reconciling.Action]:
    if FINALIZER not in service["metadata"].get("finalizers", ()):
        return []
    return [reconciling.Apply(manifest=_identity(service), manager=MANAGER)]


def _tell(service: Mapping[str, Any], made: values.Resource, *, taken: set[str]) -> list[reconciling.Action]:
    """Its address, a host name at AWS and an IP address elsewhere."""
    told = (service.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}])[0]
    hostname = made.outputs.get("dnsName")
    if hostname:
        wanted = {"hostname": hostname}
    elif told.get("ip"):
        return []
    else:
        name = f"{service['metadata']['namespace']}/{service['metadata']['name']}"
        wanted = {"ip": addresses.choose(name, taken=taken), "ipMode": "VIP"}
    if all(told.get(key) == value for key, value in wanted.items()):
        return []
    manifest = {**_identity(service), "status": {"loadBalancer": {"ingress": [wanted]}}}
    return [reconciling.Apply(manifest=manifest, subresource="status", manager=MANAGER)]


def _taken(services: Iterable[Mapping[str, Any]], *, but: Mapping[str, Any]) -> set[str]:
    return {
        str(entry.get("ip"))
        for service in services
        if service is not but
        for entry in service.get("status", {}).get("loadBalancer", {}).get("ingress") or ()
    }


def _made(
    service: Mapping[str, Any], cluster: clusters.Cluster, resources: Sequence[values.Resource]
) -> tuple[values.Resource, ...]:
    """What the vendor's controller makes for the Service; the load balancer itself first."""
    metadata = service["metadata"]
    digest = hashlib.sha256(f"{cluster.name}/{metadata['namespace']}/{metadata['name']}".encode()).hexdigest()
    annotations = metadata.get("annotations") or {}
    owner = {SERVICE: f"{metadata['namespace']}/{metadata['name']}"}
    match cluster.vendor:
        case "eks":
            return _made_by_eks(cluster, resources, digest=digest, annotations=annotations, owner=owner)
        case "gke":
            return _made_by_gke(cluster, digest=digest, annotations=annotations, owner=owner)
        case "aks":
            return _made_by_aks(cluster, digest=digest, annotations=annotations, owner=owner)


def _made_by_eks(
    cluster: clusters.Cluster,
    resources: Sequence[values.Resource],
    *,
    digest: str,
    annotations: Mapping[str, str],
    owner: Mapping[str, str],
) -> tuple[values.Resource, ...]:
    public = _is_public_at_aws(cluster, annotations)
    role = "kubernetes.io/role/elb" if public else "kubernetes.io/role/internal-elb"
    own = set(cluster.resource.value("vpcConfig.subnetIds") or ())
    networks = {item.inputs.get("vpcId") for item in resources if item.id in own}
    tagged = [
        item.id
        for item in resources
        if "subnet:Subnet" in item.token
        and item.inputs.get("vpcId") in networks
        and role in (item.inputs.get("tags") or {})
    ]
    name = f"k8s-{digest[:16]}"
    account = str(cluster.resource.value("arn") or cluster.resource.id).split(":")
    owned_by = account[4] if len(account) > 4 else ""  # noqa: PLR2004 - arn:aws:eks:REGION:ACCOUNT:...
    arn = f"arn:aws:elasticloadbalancing:{cluster.region}:{owned_by}:loadbalancer/net/{name}/{digest[16:32]}"
    inputs = {
        "name": name,
        "internal": not public,
        "loadBalancerType": "network",
        "subnets": tagged or sorted(own),
        **owner,
    }
    outputs = {
        **inputs,
        "arn": arn,
        "vpcId": next((network for network in networks if network), ""),
        "dnsName": f"{name}-{digest[16:32]}.elb.{cluster.region}.amazonaws.com",
    }
    return (_resource("aws:lb/loadBalancer:LoadBalancer", name, arn, inputs=inputs, outputs=outputs, cluster=cluster),)


def _auto(cluster: clusters.Cluster) -> bool:
    return cluster.resource.value("computeConfig.enabled") is True


def _is_public_at_aws(cluster: clusters.Cluster, annotations: Mapping[str, str]) -> bool:
    """Auto Mode makes internal ones unless told otherwise; the cloud controller of the control plane the other way."""
    if _auto(cluster):
        return annotations.get(f"{_AWS}-scheme") == "internet-facing"
    return annotations.get(f"{_AWS}-internal") != "true"


def _made_by_gke(
    cluster: clusters.Cluster, *, digest: str, annotations: Mapping[str, str], owner: Mapping[str, str]
) -> tuple[values.Resource, ...]:
    internal = annotations.get("networking.gke.io/load-balancer-type") == "Internal"
    project = str(cluster.resource.value("project") or cluster.resource.provider.get("project") or "")
    name = f"a{digest[:31]}"
    network = {"network": cluster.resource.value("network"), "subnetwork": cluster.resource.value("subnetwork")}
    rule = {
        "name": name,
        "region": cluster.region,
        "loadBalancingScheme": "INTERNAL" if internal else "EXTERNAL",
        **network,
        **owner,
    }
    rule_id = f"projects/{project}/regions/{cluster.region}/forwardingRules/{name}"
    firewall = {"name": f"k8s-fw-{name}", "network": network["network"], **owner}
    firewall_id = f"projects/{project}/global/firewalls/k8s-fw-{name}"
    return (
        _resource("gcp:compute/forwardingRule:ForwardingRule", name, rule_id, inputs=rule, cluster=cluster),
        _resource("gcp:compute/firewall:Firewall", f"k8s-fw-{name}", firewall_id, inputs=firewall, cluster=cluster),
    )


def _made_by_aks(
    cluster: clusters.Cluster, *, digest: str, annotations: Mapping[str, str], owner: Mapping[str, str]
) -> tuple[values.Resource, ...]:
    internal = annotations.get("service.beta.kubernetes.io/azure-load-balancer-internal") == "true"
    name = f"kubernetes-{'internal-' if internal else ''}{digest[:12]}"
    subnet = cluster.resource.value("agentPoolProfiles.vnetSubnetID")
    frontend = {"name": name, **({"subnet": {"id": subnet}} if internal and subnet else {})}
    inputs = {
        "resourceGroupName": clusters.node_group(cluster),
        "loadBalancerName": name,
        "frontendIPConfigurations": [frontend],
        **owner,
    }
    base = cluster.resource.id.partition("/resourceGroups/")[0]
    made = f"{base}/resourceGroups/{clusters.node_group(cluster)}/providers/Microsoft.Network/loadBalancers/{name}"
    return (_resource("azure-native:network:LoadBalancer", name, made, inputs=inputs, cluster=cluster),)


def _resource(
    token: str,
    name: str,
    id: str,  # noqa: A002 - the vendor's word
    *,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any] | None = None,
    cluster: clusters.Cluster,
) -> values.Resource:
    return values.Resource(
        token=token, name=name, id=id, inputs=inputs, outputs=outputs or inputs, provider=cluster.resource.provider
    )
