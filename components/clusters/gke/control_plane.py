"""The GKE cluster itself: every setting that matters, said explicitly, as Google's defaults are open or move. Pure."""

from __future__ import annotations

from typing import Any, Final

from components.clusters.gke import access, audit, encryption, identity, maintenance, network, pools, project

IGNORED: Final = ("nodeConfig", "initialNodeCount", "nodeVersion", "nodePools")
"""What says something about nodes, which live in pools of their own: a difference there would replace the cluster
(pulumi-gcp#744). Names as in the provider's schema: Pulumi passes over others without a word."""


def properties(
    wanted: project.Wanted,
    *,
    where: network.Network,
    nodes: identity.Nodes,
    key: encryption.Key | None,
) -> dict[str, Any]:
    """All of the cluster's properties."""
    return {
        "project": wanted.options.project,
        "name": wanted.name,
        "location": wanted.region,
        "nodeLocations": list(wanted.network.zones),
        "resourceLabels": dict(wanted.tags),
        "deletionProtection": wanted.protection == "locked",
        **_network(wanted, where=where),
        **access.endpoints(wanted),
        **_security(wanted, key=key),
        **_version(wanted),
        **_nodes(wanted, nodes=nodes, key=key),
        "addonsConfig": _addons(),
        # Contour brings these definitions, the same ones on every vendor; two owners would fight over them.
        "gatewayApiConfig": {"channel": "CHANNEL_DISABLED"},
        "loggingConfig": audit.logging(wanted),
        "monitoringConfig": audit.monitoring(wanted),
        "costManagementConfig": {"enabled": True},
    }


def _network(wanted: project.Wanted, *, where: network.Network) -> dict[str, Any]:
    return {
        "network": where.network,
        "subnetwork": where.subnetwork,
        "networkingMode": "VPC_NATIVE",
        # Cilium, with NetworkPolicy built in; Calico's switch must stay off beside it.
        "datapathProvider": "ADVANCED_DATAPATH",
        "enableCiliumClusterwideNetworkPolicy": True,
        "ipAllocationPolicy": {
            "clusterSecondaryRangeName": where.pods_range,
            "servicesSecondaryRangeName": where.services_range,
            "stackType": "IPV4",
        },
        "defaultMaxPodsPerNode": wanted.options.pods_per_node,
        "enableIntranodeVisibility": True,
        "enableL4IlbSubsetting": True,
        # With external IPs, whoever may write a Service may catch another's traffic (CVE-2020-8554).
        "serviceExternalIpsConfig": {"enabled": False},
    }


def _security(wanted: project.Wanted, *, key: encryption.Key | None) -> dict[str, Any]:
    options = wanted.options
    return {
        "masterAuth": {"clientCertificateConfig": {"issueClientCertificate": False}},
        "anonymousAuthenticationConfig": {"mode": "LIMITED"},
        "enableLegacyAbac": False,
        "rbacBindingConfig": {
            "enableInsecureBindingSystemAuthenticated": False,
            "enableInsecureBindingSystemUnauthenticated": False,
        },
        "authenticatorGroupsConfig": {"securityGroup": options.security_group} if options.security_group else None,
        "workloadIdentityConfig": {"workloadPool": identity.pool(wanted)},
        "databaseEncryption": {"state": "ENCRYPTED", "keyName": key.name} if key else {"state": "DECRYPTED"},
        "binaryAuthorization": {
            "evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE" if options.binary_authorization else "DISABLED"
        },
        "securityPostureConfig": {"mode": "BASIC", "vulnerabilityMode": "VULNERABILITY_DISABLED"},
        "enableShieldedNodes": True,
        "enableKubernetesAlpha": False,
    }


def _version(wanted: project.Wanted) -> dict[str, Any]:
    """The control plane's version is at least the minor; what it does beyond is the channel's and the pin's affair."""
    return {
        "releaseChannel": {"channel": wanted.options.release_channel.upper()},
        "minMasterVersion": wanted.minor,
        "maintenancePolicy": maintenance.policy(wanted),
    }


def _nodes(wanted: project.Wanted, *, nodes: identity.Nodes, key: encryption.Key | None) -> dict[str, Any]:
    encrypted = key.name if key else None
    return {
        # GKE makes no cluster without nodes: it gets a pool of one node a zone, which is removed at once.
        "removeDefaultNodePool": True,
        "initialNodeCount": 1,
        # Only for that pool: the project's default account, which it would have otherwise, may edit everything.
        "nodeConfig": pools.hardened(service_account=nodes.email, key=encrypted),
        "nodePoolDefaults": {"nodeConfigDefaults": {"insecureKubeletReadonlyPortEnabled": "FALSE"}},
        # GKE does not pass the default above on to the pools that it makes by itself.
        "nodePoolAutoConfig": {"nodeKubeletConfig": {"insecureKubeletReadonlyPortEnabled": "FALSE"}},
        "clusterAutoscaling": pools.autoscaling(wanted, service_account=nodes.email, key=encrypted),
        "verticalPodAutoscaling": {"enabled": True},
    }


def _addons() -> dict[str, Any]:
    return {
        "httpLoadBalancing": {"disabled": False},
        "horizontalPodAutoscaling": {"disabled": False},
        "gcePersistentDiskCsiDriverConfig": {"enabled": True},
        "dnsCacheConfig": {"enabled": True},
        "networkPolicyConfig": {"disabled": True},
    }
