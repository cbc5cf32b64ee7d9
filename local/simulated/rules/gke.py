"""What GKE refuses about clusters and node pools.

Sources: the GKE API and documentation (private clusters, maintenance windows, release channels), the resources'
documentation in the SDK, and what others met: terraform-google-kubernetes-engine's docs/private_clusters.md (public
networks among those that reach a private endpoint) and pulumi-gcp#2247 (Autopilot with nodeConfig).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any, Final

from local.simulated import checking
from local.simulated.rules import addresses, gcp_identity, gcp_network, judging, versions

_CLUSTER: Final = "gcp:container/cluster:Cluster"
_POOL: Final = "gcp:container/nodePool:NodePool"
_FORBIDDEN_WITH_AUTOPILOT: Final = (
    "nodeConfig",
    "nodePools",
    "removeDefaultNodePool",
    "networkPolicy",
    "enableIntranodeVisibility",
    "defaultMaxPodsPerNode",
    "enableShieldedNodes",
    "clusterAutoscaling.enabled",
    "addonsConfig.networkPolicyConfig",
)
_SHORTEST_WINDOW: Final = dt.timedelta(hours=4)
_OLDEST_KUBELET: Final = 2


def _shape(case: judging.Case) -> Iterator[checking.Finding]:
    if case.flag("enableAutopilot"):
        for path in _FORBIDDEN_WITH_AUTOPILOT:
            if case.given(path) and case.value(path) is not False:
                yield checking.Finding(path, "can't be given with enableAutopilot")
        return
    if case.given("nodePools") and case.flag("removeDefaultNodePool"):
        yield checking.Finding(
            "nodePools", "can't be given with removeDefaultNodePool", "use gcp:container/nodePool:NodePool"
        )
    if not case.given("nodePools") and not case.given("initialNodeCount"):
        yield checking.Finding(
            "initialNodeCount", "is required where there are no nodePools; 1 with removeDefaultNodePool"
        )
    count = case.number("initialNodeCount")
    if count is not None and count < 1:
        yield checking.Finding("initialNodeCount", "must be at least 1; the default pool is removed after it was made")


def _access(case: judging.Case) -> Iterator[checking.Finding]:
    private = case.flag("privateClusterConfig.enablePrivateEndpoint")
    for path, entry in case.items("masterAuthorizedNetworksConfig.cidrBlocks[]"):
        block = entry.get("cidrBlock")
        yield from addresses.malformed(f"{path}.cidrBlock", block)
        if private and addresses.network(block) is not None and not addresses.is_private(block):
            yield checking.Finding(f"{path}.cidrBlock", f"is {block}, a public network, and the endpoint is private")
    if private and case.flag("privateClusterConfig.enablePrivateNodes") is False:
        yield checking.Finding("privateClusterConfig.enablePrivateEndpoint", "needs enablePrivateNodes")
    dns = case.flag("controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic")
    if case.flag("controlPlaneEndpointsConfig.ipEndpointsConfig.enabled") is False and dns is False:
        yield checking.Finding(
            "controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic",
            "is false and the IP endpoints are off, so nobody could reach the control plane from outside of Google",
        )


def _network_options(case: judging.Case) -> Iterator[checking.Finding]:
    if case.text("datapathProvider") == "ADVANCED_DATAPATH" and case.flag("networkPolicy.enabled"):
        yield checking.Finding("networkPolicy.enabled", "can't be on with ADVANCED_DATAPATH, which has policies itself")
    if case.flag("enableCiliumClusterwideNetworkPolicy") and case.text("datapathProvider") != "ADVANCED_DATAPATH":
        yield checking.Finding("enableCiliumClusterwideNetworkPolicy", "needs datapathProvider ADVANCED_DATAPATH")
    if case.given("inTransitEncryptionConfig") and case.text("datapathProvider") != "ADVANCED_DATAPATH":
        yield checking.Finding("inTransitEncryptionConfig", "needs datapathProvider ADVANCED_DATAPATH")
    policy = "ipAllocationPolicy"
    for kind in ("cluster", "services"):
        if case.given(f"{policy}.{kind}SecondaryRangeName") and case.given(f"{policy}.{kind}Ipv4CidrBlock"):
            yield checking.Finding(f"{policy}.{kind}Ipv4CidrBlock", f"can't be given with {kind}SecondaryRangeName")
    pool, project = case.text("workloadIdentityConfig.workloadPool"), case.variables.get("project", "")
    if pool and pool != f"{project}.svc.id.goog":
        yield checking.Finding("workloadIdentityConfig.workloadPool", f"is {pool}, and must be {project}.svc.id.goog")


def _encryption(case: judging.Case) -> Iterator[checking.Finding]:
    encrypted = case.text("databaseEncryption.state") == "ENCRYPTED"
    if encrypted and not case.given("databaseEncryption.keyName"):
        yield checking.Finding("databaseEncryption.keyName", "is required with ENCRYPTED")


def _window(case: judging.Case) -> Iterator[checking.Finding]:
    path = "maintenancePolicy.recurringWindow"
    start, end = (_time(case.text(f"{path}.{key}")) for key in ("startTime", "endTime"))
    if start and end and end - start < _SHORTEST_WINDOW:
        yield checking.Finding(f"{path}.endTime", "must be at least 4 hours after startTime")
    for at, exclusion in case.items("maintenancePolicy.maintenanceExclusions[]"):
        begins, ends = (_time(exclusion.get(key)) for key in ("startTime", "endTime"))
        if begins and ends and ends <= begins:
            yield checking.Finding(f"{at}.endTime", "must be after startTime")
    recurrence = case.text(f"{path}.recurrence")
    if recurrence and not re.fullmatch(r"FREQ=(DAILY|WEEKLY)(;[A-Z]+=[A-Z0-9,]+)*", recurrence):
        yield checking.Finding(f"{path}.recurrence", f"is {recurrence}, and must be FREQ=DAILY or FREQ=WEEKLY;BYDAY=…")


def _time(text: object) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text) if isinstance(text, str) and text else None
    except ValueError:
        return None


def _locations(case: judging.Case) -> Iterator[checking.Finding]:
    region = "-".join(case.text("location").split("-")[:2])
    for path, zone in case.items("nodeLocations[]"):
        if region and isinstance(zone, str) and not re.fullmatch(rf"{re.escape(region)}-[a-z]", zone):
            yield checking.Finding(path, f"is {zone}, which is no zone of {region}")


def _secondary_ranges(case: judging.Case) -> Iterator[checking.Finding]:
    subnetwork = case.named("subnetwork", gcp_network.SUBNETWORK)
    if subnetwork is None:
        return
    known = {one.get("rangeName") for one in subnetwork.inputs.get("secondaryIpRanges") or []}
    for kind in ("cluster", "services"):
        path = f"ipAllocationPolicy.{kind}SecondaryRangeName"
        if case.text(path) and case.text(path) not in known:
            yield checking.Finding(path, f"is {case.text(path)}, and {subnetwork.id} has no such secondary range")


def _key_granted(case: judging.Case) -> Iterator[checking.Finding]:
    key = case.named("databaseEncryption.keyName", "gcp:kms/cryptoKey:CryptoKey")
    if key is None:
        return
    grants = case.every("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember", cryptoKeyId=key.id)
    if not any("container-engine-robot" in str(one.inputs.get("member")) for one in grants):
        yield checking.Finding(
            "databaseEncryption.keyName",
            f"names {key.id}, which GKE's service agent may not use",
            "grant it roles/cloudkms.cryptoKeyEncrypterDecrypter before the cluster",
        )


def _upgrade(case: judging.Case) -> Iterator[checking.Finding]:
    old = case.before.value("masterVersion") if case.before else None
    yield from versions.change("minMasterVersion", before=old, after=case.value("minMasterVersion"))


def _protected(case: judging.Case) -> Iterator[checking.Finding]:
    if case.flag("deletionProtection") is not False:
        yield checking.Finding(
            "deletionProtection", "is on, as it is where nothing is said", "set it to false with an update before"
        )


def _autoscaling(case: judging.Case) -> Iterator[checking.Finding]:
    zonal = [case.given(f"autoscaling.{key}") for key in ("minNodeCount", "maxNodeCount")]
    total = [case.given(f"autoscaling.{key}") for key in ("totalMinNodeCount", "totalMaxNodeCount")]
    if any(zonal) and any(total):
        yield checking.Finding("autoscaling.totalMaxNodeCount", "can't be given with minNodeCount and maxNodeCount")
    for low, high in (("minNodeCount", "maxNodeCount"), ("totalMinNodeCount", "totalMaxNodeCount")):
        least, most = case.number(f"autoscaling.{low}"), case.number(f"autoscaling.{high}")
        if least is not None and most is not None and least > most:
            yield checking.Finding(f"autoscaling.{low}", f"must not be more than {high}")
    if case.given("autoscaling") and case.given("nodeCount"):
        yield checking.Finding("nodeCount", "can't be given with autoscaling")
    surge, missing = case.number("upgradeSettings.maxSurge"), case.number("upgradeSettings.maxUnavailable")
    if surge == 0 and missing == 0:
        yield checking.Finding("upgradeSettings.maxSurge", "must not be 0 together with maxUnavailable")


def _pool_of(case: judging.Case) -> Iterator[checking.Finding]:
    cluster = case.named("cluster", _CLUSTER)
    if cluster is None:
        return
    if cluster.inputs.get("enableAutopilot") is True:
        yield checking.Finding("cluster", f"names {cluster.id}, an Autopilot cluster, which has no node pools")
    location = case.text("location")
    if location and location != cluster.inputs.get("location"):
        yield checking.Finding("location", f"is {location}, and the cluster's is {cluster.inputs.get('location')}")
    yield from versions.skew(
        "version", nodes=case.value("version"), control_plane=cluster.value("masterVersion"), behind=_OLDEST_KUBELET
    )


def _pool_follows(case: judging.Case) -> Iterator[checking.Finding]:
    cluster = case.named("cluster", _CLUSTER)
    channel: Any = cluster.value("releaseChannel.channel") if cluster else None
    if case.flag("management.autoUpgrade") is False and channel not in (None, "UNSPECIFIED"):
        yield checking.Finding("management.autoUpgrade", f"must be true: the cluster follows the channel {channel}")


CHECKS: Final = {
    _CLUSTER: (
        _shape,
        _access,
        _network_options,
        _encryption,
        _window,
        _locations,
        gcp_identity.labels("resourceLabels"),
        judging.between("defaultMaxPodsPerNode", 8, 256),
        judging.one_of("releaseChannel.channel", "UNSPECIFIED", "RAPID", "REGULAR", "STABLE", "EXTENDED"),
        judging.one_of("datapathProvider", "DATAPATH_PROVIDER_UNSPECIFIED", "LEGACY_DATAPATH", "ADVANCED_DATAPATH"),
        judging.one_of("networkingMode", "VPC_NATIVE", "ROUTES"),
        judging.one_of("databaseEncryption.state", "ENCRYPTED", "DECRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED"),
        judging.one_of("binaryAuthorization.evaluationMode", "DISABLED", "PROJECT_SINGLETON_POLICY_ENFORCE"),
        judging.one_of("gatewayApiConfig.channel", "CHANNEL_DISABLED", "CHANNEL_EXPERIMENTAL", "CHANNEL_STANDARD"),
        judging.one_of("anonymousAuthenticationConfig.mode", "ENABLED", "LIMITED"),
        judging.one_of("clusterAutoscaling.autoscalingProfile", "BALANCED", "OPTIMIZE_UTILIZATION"),
        judging.one_of(
            "maintenancePolicy.maintenanceExclusions[].exclusionOptions.scope",
            *("NO_UPGRADES", "NO_MINOR_UPGRADES", "NO_MINOR_OR_NODE_UPGRADES"),
        ),
    ),
    _POOL: (
        _autoscaling,
        _locations,
        gcp_identity.labels("nodeConfig.resourceLabels"),
        judging.between("maxPodsPerNode", 8, 256),
        judging.between("nodeConfig.diskSizeGb", 10, 65536),
        judging.one_of("nodeConfig.taints[].effect", "NO_SCHEDULE", "PREFER_NO_SCHEDULE", "NO_EXECUTE"),
        judging.one_of("nodeConfig.workloadMetadataConfig.mode", "MODE_UNSPECIFIED", "GCE_METADATA", "GKE_METADATA"),
        judging.one_of("nodeConfig.kubeletConfig.insecureKubeletReadonlyPortEnabled", "TRUE", "FALSE"),
        judging.one_of("autoscaling.locationPolicy", "BALANCED", "ANY"),
        judging.one_of("upgradeSettings.strategy", "SURGE", "BLUE_GREEN", "SHORT_LIVED"),
    ),
}
CREATIONS: Final = {_CLUSTER: (_secondary_ranges, _key_granted), _POOL: (_pool_of, _pool_follows)}
UPDATES: Final = {_CLUSTER: (_upgrade,), _POOL: (_pool_of, _pool_follows)}
DELETIONS: Final = {_CLUSTER: (_protected,)}
