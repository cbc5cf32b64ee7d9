"""The clusters of a simulated account: what their vendor says about them, and who is let in.

A rehearsal hands a local control plane out as such a cluster: the kubeconfig that the program makes keeps the vendor's
address and plugin, is judged here as the vendor would judge it, and is then exchanged for the control plane's own.
Pure.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from local.simulated import values
from runner.kubernetes import kubeconfig as kubeconfigs
from stacks import errors

Vendor = Literal["eks", "gke", "aks"]

TOKENS: Final[dict[str, Vendor]] = {
    "aws:eks/cluster:Cluster": "eks",
    "gcp:container/cluster:Cluster": "gke",
    "azure-native:containerservice:ManagedCluster": "aks",
}
"""The resources that are clusters."""

_ENTRY: Final = "aws:eks/accessEntry:AccessEntry"
_ASSOCIATION: Final = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
_ADMIN_POLICY: Final = "AmazonEKSClusterAdminPolicy"
_MEMBERS: Final = ("gcp:projects/iAMMember:IAMMember", "gcp:projects/iAMBinding:IAMBinding")
_ADMIN_ROLES: Final = frozenset({"roles/container.admin", "roles/container.clusterAdmin", "roles/owner"})
_ASSIGNMENT: Final = "azure-native:authorization:RoleAssignment"
_AKS_ADMIN: Final = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b"
"""Azure Kubernetes Service RBAC Cluster Admin, the same in every tenant."""
_LOGINS: Final = ("azurecli", "azd", "workloadidentity", "msi", "spn", "devicecode", "interactive")
"""What `kubelogin --login` accepts."""
_AKS_SERVER: Final = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""The Entra application of every AKS cluster's API server."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cluster:
    """One cluster of an account."""

    vendor: Vendor
    resource: values.Resource

    @property
    def name(self) -> str:
        """Its name at the vendor."""
        key = "resourceName" if self.vendor == "aks" else "name"
        return str(self.resource.inputs.get(key) or self.resource.value("name") or self.resource.name)

    @property
    def region(self) -> str:
        """The vendor's name of the region."""
        located = self.resource.value("region" if self.vendor == "eks" else "location")
        return str(located or self.resource.provider.get("region") or "")

    @property
    def version(self) -> str:
        """The version of its control plane as the vendor writes it, `1.35` or `1.35.3-gke.1000`."""
        paths = {
            "eks": ("version",),
            "gke": ("masterVersion", "minMasterVersion"),
            "aks": ("currentKubernetesVersion", "kubernetesVersion"),
        }
        return next((str(found) for path in paths[self.vendor] if (found := self.resource.value(path))), "")

    @property
    def addresses(self) -> tuple[str, ...]:
        """URLs under which its API server is reached."""
        if self.vendor == "gke":
            hosts = [
                self.resource.value("controlPlaneEndpointsConfig.dnsEndpointConfig.endpoint"),
                self.resource.value("endpoint"),
                self.resource.value("privateClusterConfig.privateEndpoint"),
            ]
        elif self.vendor == "aks":
            hosts = [self.resource.value("fqdn"), self.resource.value("privateFQDN")]
        else:
            hosts = [self.resource.value("endpoint")]
        return tuple(_url(str(host)) for host in hosts if host)


def found(resources: Iterable[values.Resource]) -> tuple[Cluster, ...]:
    """The clusters among the resources of an account."""
    return tuple(
        Cluster(vendor=TOKENS[resource.token], resource=resource) for resource in resources if resource.token in TOKENS
    )


def node_group(cluster: Cluster) -> str:
    """AKS: the resource group of what the cluster itself makes, which is deleted with the cluster."""
    named = cluster.resource.value("nodeResourceGroup")
    group = cluster.resource.inputs.get("resourceGroupName", "")
    return str(named or f"MC_{group}_{cluster.name}_{cluster.region}")


def resolve(given: str, *, resources: Sequence[values.Resource], deployer: str, kubeconfig: str) -> str:
    """The kubeconfig of the control plane that stands for the cluster which `given` points to.

    `kubeconfig` is that control plane's. `deployer` is the principal whose credentials this machine would have. Raises
    `VendorRefused` where the vendor would not let it in: no such address, 401 and 403.
    """
    access = kubeconfigs.load(given)
    cluster = next((each for each in found(resources) if _url(access.address) in each.addresses), None)
    if cluster is None:
        raise errors.VendorRefused.of(
            f"there is no cluster at {access.address}: no such host",
            why="the simulated account has no cluster with this address, so nothing can be done on it",
            next="take the server of the kubeconfig from the cluster's own outputs",
        )
    if complaint := _misidentified(cluster, access) or _misdirected(cluster, access):
        raise errors.VendorRefused.of(
            f"401 Unauthorized at {access.address}: {complaint}",
            why=f"the API server of {cluster.name} would not know who is calling",
            next="correct the kubeconfig that the cluster's component makes",
        )
    if complaint := _REFUSALS[cluster.vendor](cluster, resources, deployer):
        raise errors.VendorRefused.of(
            f"403 Forbidden at {access.address}: {complaint}",
            why=f"{deployer or 'whoever deploys'} could do nothing on {cluster.name}",
            next="let the provider depend on the grant of paasport:cluster.access.deployer",
        )
    return kubeconfig


def _misidentified(cluster: Cluster, access: kubeconfigs.Access) -> str:
    """What is wrong with the plugin that gets the credentials; empty where nothing is."""
    plugin, wanted = access.user.plugin, _plugin(cluster)
    if plugin is None:
        return "the kubeconfig has no exec plugin, and a fixed credential would be a secret that expires"
    if plugin.command != wanted.command:
        return f"its exec plugin is {plugin.command}, and the vendor's is {wanted.command}"
    if missing := [word for word in wanted.words if word not in plugin.arguments]:
        return f"its exec plugin is called without {' '.join(missing)}"
    for option, accepted in wanted.options.items():
        if (given := _option(plugin.arguments, option)) not in accepted:
            return f"its exec plugin is called with {option} {given!r} instead of {' or '.join(accepted)}"
    if cluster.vendor == "gke" and not plugin.provide_cluster_info:
        return "its exec plugin needs provideClusterInfo: true"
    return ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Plugin:
    command: str
    words: tuple[str, ...] = ()
    options: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    """The values that each option may have."""


def _plugin(cluster: Cluster) -> _Plugin:
    """How the vendor's program is called for a token of this cluster."""
    match cluster.vendor:
        case "eks":
            options: dict[str, tuple[str, ...]] = {"--cluster-name": (cluster.name,), "--region": (cluster.region,)}
            return _Plugin(command="aws", words=("eks", "get-token"), options=options)
        case "gke":
            return _Plugin(command="gke-gcloud-auth-plugin")
        case "aks":
            options = {"--server-id": (_AKS_SERVER,), "--login": _LOGINS}
            return _Plugin(command="kubelogin", words=("get-token",), options=options)


def _misdirected(cluster: Cluster, access: kubeconfigs.Access) -> str:
    """What is wrong with the authority that is to have signed the server's certificate."""
    public = cluster.vendor == "gke" and access.address.removeprefix("https://").endswith(".gke.goog")
    if public:
        return "x509: a public authority signs the DNS endpoint, and another is given" if access.authority else ""
    path = {"eks": "certificateAuthority.data", "gke": "masterAuth.clusterCaCertificate", "aks": ""}[cluster.vendor]
    known = cluster.resource.value(path) if path else None
    if not access.authority:
        return "x509: certificate signed by unknown authority"
    if isinstance(known, str) and base64.b64decode(known) != access.authority:
        return "x509: certificate signed by another authority than the one that is given"
    return ""


def _unlisted(cluster: Cluster, resources: Sequence[values.Resource], deployer: str) -> str:
    """EKS: an access entry, and the cluster administrators' policy on it."""

    def concerns(resource: values.Resource, token: str) -> bool:
        return (
            resource.token == token
            and resource.inputs.get("clusterName") == cluster.name
            and resource.inputs.get("principalArn") == deployer
        )

    if not any(concerns(resource, _ENTRY) for resource in resources):
        return f"{deployer} has no access entry"
    policies = [resource.inputs.get("policyArn") for resource in resources if concerns(resource, _ASSOCIATION)]
    if not any(str(policy).endswith(_ADMIN_POLICY) for policy in policies):
        return f"the access entry of {deployer} has no policy {_ADMIN_POLICY}"
    return ""


def _unbound(cluster: Cluster, resources: Sequence[values.Resource], deployer: str) -> str:  # noqa: ARG001 - one signature
    """GKE: a role of the project."""
    for resource in resources:
        members = [resource.inputs.get("member"), *(resource.inputs.get("members") or ())]
        if resource.token in _MEMBERS and deployer in members and resource.inputs.get("role") in _ADMIN_ROLES:
            return ""
    return f"{deployer} has none of the roles {', '.join(sorted(_ADMIN_ROLES))}"


def _unassigned(cluster: Cluster, resources: Sequence[values.Resource], deployer: str) -> str:
    """AKS: the role of cluster administrators, on the cluster or on something that contains it."""
    for resource in resources:
        scope = str(resource.inputs.get("scope") or "").lower()
        if (
            resource.token == _ASSIGNMENT
            and resource.inputs.get("principalId") == deployer
            and str(resource.inputs.get("roleDefinitionId")).endswith(_AKS_ADMIN)
            and scope
            and f"{cluster.resource.id}/".lower().startswith(f"{scope}/")
        ):
            return ""
    return f"{deployer} has no role Azure Kubernetes Service RBAC Cluster Admin on {cluster.name}"


_REFUSALS: Final = {"eks": _unlisted, "gke": _unbound, "aks": _unassigned}


def _option(arguments: Sequence[str], name: str) -> str:
    """The value of an option, given as `--name value` or `--name=value`."""
    for index, argument in enumerate(arguments):
        if argument == name and index + 1 < len(arguments):
            return arguments[index + 1]
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return ""


def _url(host: str) -> str:
    """An address in the one form in which addresses are compared."""
    return "https://" + host.removeprefix("https://").removesuffix(":443").rstrip("/").lower()
