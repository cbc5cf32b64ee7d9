"""Outputs that need more than a template: versions, counters, endpoints that depend on options. Pure.

One function for each type that has such outputs, found by its token; and one for each vendor, for what it says about
everything: AWS `tagsAll`, Google the effective labels, Azure `name`, `type` and `provisioningState`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

from local.simulated import identifiers, schema, sdk, settings, templates, values
from local.simulated.rules import judging

NEWEST_MINOR: Final = "1.35"
"""What a cluster gets that asks for no version: the newest that all three vendors have in standard support."""

_PATCHES: Final = 8


@dataclasses.dataclass(frozen=True, kw_only=True)
class Made:
    """A resource whose simple outputs are known already."""

    case: judging.Case
    outputs: Mapping[str, Any]
    words: templates.Words

    @property
    def declared(self) -> Mapping[str, schema.Property]:
        """The outputs that the SDK declares for its type."""
        return schema.of(self.case.token).outputs

    def hash(self, label: str, *, length: int) -> str:
        """Digits that follow from the resource and the label."""
        return identifiers.digest(*self.words.seed, label, length=length)


def of(made: Made) -> dict[str, Any]:
    """What is computed about the resource."""
    common = _COMMON[sdk.vendor(made.case.token)](made)
    special = _SPECIAL.get(made.case.token)
    return {**common, **special(made)} if special else common


def patch(version: str, *seed: object) -> str:
    """The patch version that a vendor takes for a minor: the same one each time it is asked for the same minor."""
    given = version or NEWEST_MINOR
    return (
        given
        if given.count(".") > 1
        else f"{given}.{1 + int(identifiers.digest(*seed, given, length=4), 16) % _PATCHES}"
    )


def _aws(made: Made) -> dict[str, Any]:
    if "tagsAll" not in made.declared:
        return {}
    tags = settings.decoded(made.case.provider.get("defaultTags"))
    defaults = tags.get("tags", {}) if isinstance(tags, Mapping) else {}
    return {"tagsAll": {**defaults, **made.case.inputs.get("tags", {})}}


def _gcp(made: Made) -> dict[str, Any]:
    declared = made.declared
    found = {"project": made.words.variables["project"]} if "project" in declared else {}
    if "effectiveLabels" not in declared:
        return found
    labels = made.case.inputs.get("labels") or made.case.inputs.get("resourceLabels") or {}
    every = {**labels, "goog-pulumi-provisioned": "true"}
    return {**found, "effectiveLabels": every, "pulumiLabels": every}


def _azure(made: Made) -> dict[str, Any]:
    declared = made.declared
    identifier = str(made.words.variables["id"])
    provider = identifier.rpartition("/providers/")[2].split("/")
    type_ = "/".join([provider[0], *provider[1::2]])
    likely = {
        "name": identifier.rpartition("/")[2],
        "type": type_,
        "provisioningState": "Succeeded",
        "location": made.words.variables["region"],
        "etag": f'W/"{made.hash("etag", length=8)}"',
        "eTag": made.hash("etag", length=8),
    }
    inputs = schema.of(made.case.token).inputs
    free = {
        key: value
        for key, value in likely.items()
        if key in declared and (key not in inputs or key not in made.case.inputs)
    }
    return {key: value for key, value in free.items() if key != "type" or "type" not in made.outputs}


def _eks_cluster(made: Made) -> dict[str, Any]:
    version = made.case.text("version") or NEWEST_MINOR
    platform = f"eks.{4 + int(made.hash(version, length=2), 16) % 9}"
    subnets = [made.case.find("aws:ec2/subnet:Subnet", str(one)) for _, one in made.case.items("vpcConfig.subnetIds[]")]
    vpc = next((one.inputs["vpcId"] for one in subnets if one is not None), None)
    network = {"vpcConfig": {"vpcId": vpc}} if vpc else {}
    return {"version": version, "platformVersion": platform, **network}


def _eks_node_group(made: Made) -> dict[str, Any]:
    version = made.case.text("version") or NEWEST_MINOR
    release = made.case.text("releaseVersion") or f"{patch(version, 'ami')}-20260914"
    return {"version": version, "releaseVersion": release}


def _eks_addon(made: Made) -> dict[str, Any]:
    return {"addonVersion": made.case.text("addonVersion") or addon_version(made.case.text("addonName"), NEWEST_MINOR)}


def addon_version(addon: str, minor: str) -> str:
    """A plausible version of an EKS add-on for a Kubernetes minor; AWS's real ones are not known here."""
    number = int(identifiers.digest("addon", addon, minor, length=8), 16)
    if addon == "kube-proxy":
        return f"v{patch(minor, addon)}-eksbuild.{1 + number % 9}"
    return f"v1.{10 + number % 30}.{number // 30 % 9}-eksbuild.{1 + number // 300 % 9}"


def _launch_template(made: Made) -> dict[str, Any]:
    """Every change makes another version, and nothing takes one away."""
    last = made.case.before.outputs.get("latestVersion", 0) if made.case.before else 0
    latest = last + 1 if made.case.before is None or made.case.before.inputs != made.case.inputs else last
    follows = made.case.inputs.get("updateDefaultVersion") is True
    default = made.case.inputs.get("defaultVersion") or (
        made.case.before.outputs.get("defaultVersion", 1) if made.case.before else 1
    )
    return {"latestVersion": latest, "defaultVersion": latest if follows else default}


def _gke_cluster(made: Made) -> dict[str, Any]:
    version = _gke_version(made.case.text("minMasterVersion"))
    found: dict[str, Any] = {"masterVersion": version, "nodeVersion": made.case.text("nodeVersion") or version}
    cidr = made.case.text("ipAllocationPolicy.servicesIpv4CidrBlock")
    if cidr:
        found["servicesIpv4Cidr"] = cidr
    if values.at(made.case.inputs, "privateClusterConfig.enablePrivateEndpoint") is True:
        found["endpoint"] = str(values.at(made.outputs, "privateClusterConfig.privateEndpoint"))
    return found


def _gke_node_pool(made: Made) -> dict[str, Any]:
    return {"version": made.case.text("version") or _gke_version("")}


def _gke_version(asked: str) -> str:
    if "-gke." in asked:
        return asked
    full = patch(asked, "gke")
    return f"{full}-gke.{1000000 + int(identifiers.digest('gke', full, length=5), 16) % 900000}"


def _aks_cluster(made: Made) -> dict[str, Any]:
    version = made.case.text("kubernetesVersion") or NEWEST_MINOR
    region, tenant = made.words.variables["region"], made.words.variables["tenant"]
    found: dict[str, Any] = {"kubernetesVersion": version, "currentKubernetesVersion": patch(version, "aks")}
    if values.at(made.case.inputs, "oidcIssuerProfile.enabled") is True:
        issuer = f"https://{region}.oic.prod-aks.azure.com/{tenant}/{identifiers.guid(*made.words.seed, 'issuer')}/"
        found["oidcIssuerProfile"] = {"enabled": True, "issuerURL": issuer}
    if values.at(made.case.inputs, "apiServerAccessProfile.enablePrivateCluster") is True:
        prefix, digits = made.case.text("dnsPrefix") or made.case.text("fqdnSubdomain"), made.hash("fqdn", length=8)
        found["privateFQDN"] = f"{prefix}-{digits}.{made.hash('zone', length=8)}.privatelink.{region}.azmk8s.io"
    found["identity"] = _aks_identity(made)
    if values.at(made.case.inputs, "identityProfile.kubeletidentity") is None:
        found["identityProfile"] = {
            "kubeletidentity": {
                "objectId": identifiers.guid(*made.words.seed, "kubelet object"),
                "clientId": identifiers.guid(*made.words.seed, "kubelet client"),
            }
        }
    return found


def _aks_identity(made: Made) -> dict[str, Any]:
    """The identities that are the user's are listed by id; one of the cluster's own has a principal."""
    kind = made.case.text("identity.type")
    if kind != "UserAssigned":
        return {
            "principalId": identifiers.guid(*made.words.seed, "principal"),
            "tenantId": made.words.variables["tenant"],
        }
    listed = made.case.inputs["identity"].get("userAssignedIdentities") or []
    return {"type": kind, "userAssignedIdentities": {str(one): {} for one in listed}}


def _aks_pool(made: Made) -> dict[str, Any]:
    version = made.case.text("orchestratorVersion") or NEWEST_MINOR
    return {"orchestratorVersion": version, "currentOrchestratorVersion": patch(version, "aks")}


_COMMON: Final[Mapping[str, Callable[[Made], dict[str, Any]]]] = {"aws": _aws, "gcp": _gcp, "azure-native": _azure}
_SPECIAL: Final[Mapping[str, Callable[[Made], dict[str, Any]]]] = {
    "aws:eks/cluster:Cluster": _eks_cluster,
    "aws:eks/nodeGroup:NodeGroup": _eks_node_group,
    "aws:eks/addon:Addon": _eks_addon,
    "aws:ec2/launchTemplate:LaunchTemplate": _launch_template,
    "gcp:container/cluster:Cluster": _gke_cluster,
    "gcp:container/nodePool:NodePool": _gke_node_pool,
    "azure-native:containerservice:ManagedCluster": _aks_cluster,
    "azure-native:containerservice:AgentPool": _aks_pool,
}
