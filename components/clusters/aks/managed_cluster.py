"""The managed cluster itself: every setting of it, none left to a default of Azure's. Pure, but for the registration.

The generated SDK classes fill in addresses from Python (a service range that collides with a 10.0.0.0/16 network, for
one); nothing does so here, so all of them are written out.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Sequence
from typing import Any, Final

import pulumi

from components import registration
from components.clusters.aks import egress, encryption, identities, names, network, pools, scope

_CLEANER_HOURS: Final = 168
_NOBODY: Final = "0.0.0.0/32"
_DNS: Final = 10
"""Which address of the Services' range the cluster's DNS has, by convention."""
_DRIFTING: Final = (
    # Scaling, upgrades and pools that are resources of their own show up here (pulumi-azure-native#579, #1808, #2744).
    "agentPoolProfiles",
    # Azure fills these in, and a refresh would turn that into changes.
    "autoScalerProfile",
    "identityProfile",
    "nodeResourceGroup",
    "privateLinkResources",
    "windowsProfile",
)
_AUTOSCALER: Final = {
    "balanceSimilarNodeGroups": "true",
    "expander": "least-waste",
    "skipNodesWithLocalStorage": "false",
}
_SKUS: Final = {"free": "Free", "standard": "Standard", "premium": "Premium"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Around:
    """What the cluster is put into."""

    group: pulumi.Input[str]
    net: network.Network
    who: identities.Identities
    keys: encryption.Encryption | None
    logs: pulumi.Input[str]


def register(place: scope.Scope, around: Around, *, after: Sequence[pulumi.Resource]) -> registration.Resource:
    """Register the cluster, after its network, its permissions and its key."""
    settings = place.settings
    return registration.resource(
        "azure-native:containerservice:ManagedCluster",
        settings.name,
        {"resourceGroupName": around.group, **properties(settings, around)},
        outputs=("name", "currentKubernetesVersion", "fqdn", "privateFQDN"),
        opts=place.guarded(depends_on=after, ignore=ignored(settings)),
    )


def ignored(settings: scope.Settings) -> list[str]:
    """Paths whose changes are not ours: camelCase, as the provider has them."""
    moved = ["kubernetesVersion"] if settings.upgrades == "channel" else []
    through_gateway = settings.network.egress == "single" or settings.options.network is not None
    return [*_DRIFTING, *moved, *(["networkProfile.loadBalancerProfile"] if through_gateway else [])]


def properties(settings: scope.Settings, around: Around) -> dict[str, Any]:
    """All that the cluster is told."""
    keys, who = around.keys, around.who
    return {
        "resourceName": settings.name,
        "location": settings.region,
        "dnsPrefix": settings.name,
        "kubernetesVersion": settings.minor,
        "sku": {"name": "Base", "tier": _SKUS[settings.options.sku or "standard"]},
        "supportPlan": "AKSLongTermSupport" if settings.options.sku == "premium" else "KubernetesOfficial",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": [who.control_plane.id]},
        "identityProfile": {
            "kubeletidentity": {
                "resourceId": who.kubelet.id,
                "clientId": who.kubelet.output("clientId"),
                "objectId": who.kubelet.output("principalId"),
            }
        },
        "enableRBAC": True,
        "disableLocalAccounts": True,
        "aadProfile": {
            "managed": True,
            "enableAzureRBAC": True,
            "tenantID": settings.options.tenant,
            "adminGroupObjectIDs": list(settings.options.admin_groups),
        },
        "apiServerAccessProfile": api_server(settings, subnet=around.net.api),
        "networkProfile": network_profile(settings, way=around.net.egress),
        "agentPoolProfiles": [pools.system(settings, settings.pools[0], subnet=around.net.nodes)],
        "diskEncryptionSetID": None if keys is None else keys.disks.id,
        "securityProfile": security(settings, around),
        "nodeResourceGroup": names.node_group(settings),
        "nodeResourceGroupProfile": {"restrictionLevel": "ReadOnly"},
        "oidcIssuerProfile": {"enabled": True},
        "tags": dict(settings.tags),
        **_upgrades(settings),
        **_addons(settings),
    }


def api_server(settings: scope.Settings, *, subnet: pulumi.Input[str] | None) -> dict[str, Any]:
    """Who reaches the API server.

    Where there is a subnet for it, nodes do so inside the network in any case, so that an allowlist need not have the
    nodes' own way out. `identity`, which is another vendor's, is an allowlist here.
    """
    common = {"disableRunCommand": True, "enableVnetIntegration": subnet is not None, "subnetId": subnet}
    if settings.access.api == "private":
        return {
            **common,
            "enablePrivateCluster": True,
            "enablePrivateClusterPublicFQDN": False,
            "privateDNSZone": "system",
        }
    # An empty list would mean everybody; this one address, which nobody has, means nobody.
    allowed = list(settings.access.cidrs) or [_NOBODY]
    return {**common, "enablePrivateCluster": False, "authorizedIPRanges": allowed}


def network_profile(settings: scope.Settings, *, way: egress.Egress) -> dict[str, Any]:
    """Cilium on an overlay, with all addresses said: in the singular for Azure, in the plural against drift."""
    wanted = settings.network
    return {
        "networkPlugin": "azure",
        "networkPluginMode": "overlay",
        "networkDataplane": "cilium",
        "networkPolicy": "cilium",
        "loadBalancerSku": "standard",
        "outboundType": way.outbound_type,
        "loadBalancerProfile": egress.load_balancer(settings, way),
        "ipFamilies": ["IPv4"],
        "podCidr": wanted.pods,
        "podCidrs": [wanted.pods],
        "serviceCidr": wanted.services,
        "serviceCidrs": [wanted.services],
        "dnsServiceIP": str(ipaddress.IPv4Network(wanted.services)[_DNS]),
        "advancedNetworking": {"enabled": False},
    }


def security(settings: scope.Settings, around: Around) -> dict[str, Any]:
    """What protects the cluster from within."""
    watched = bool(settings.options.defender)
    return {
        "workloadIdentity": {"enabled": True},
        "imageCleaner": {"enabled": True, "intervalHours": _CLEANER_HOURS},
        "defender": {
            "logAnalyticsWorkspaceResourceId": around.logs if watched else None,
            "securityMonitoring": {"enabled": watched},
        },
        "azureKeyVaultKms": encryption.secrets(around.keys, private=around.net.api is not None),
    }


def _upgrades(settings: scope.Settings) -> dict[str, Any]:
    """`channel`: AKS moves the minor too, one behind its newest. `pinned`: patches only."""
    return {
        "autoUpgradeProfile": {
            "upgradeChannel": "stable" if settings.upgrades == "channel" else "patch",
            "nodeOSUpgradeChannel": "NodeImage",
        },
        "upgradeSettings": {"overrideSettings": {"forceUpgrade": False}},
    }


def _addons(settings: scope.Settings) -> dict[str, Any]:
    """What AKS brings along, and how nodes come and go."""
    automatic = settings.compute == "auto"
    return {
        "addonProfiles": {"azurepolicy": {"enabled": True}},
        "azureMonitorProfile": {"metrics": {"enabled": False}},
        # The free tier does not have it.
        "metricsProfile": {"costAnalysis": {"enabled": settings.options.sku != "free"}},
        "storageProfile": {
            "diskCSIDriver": {"enabled": True},
            "fileCSIDriver": {"enabled": True},
            "blobCSIDriver": {"enabled": False},
            "snapshotController": {"enabled": True},
        },
        "workloadAutoScalerProfile": {
            "keda": {"enabled": False},
            "verticalPodAutoscaler": {"enabled": False},
        },
        "nodeProvisioningProfile": {"mode": "Auto" if automatic else "Manual", "defaultNodePools": "Auto"},
        # The two autoscalers exclude each other (learn.microsoft.com/azure/aks/node-auto-provisioning, limitations).
        "autoScalerProfile": None if automatic else dict(_AUTOSCALER),
    }
