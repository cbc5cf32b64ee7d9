"""What a managed cluster's settings come to once its tier, its vendor and its region have filled in what is left out.

Pure. A component creates exactly what stands here and decides nothing by tier itself; the checks look at it too, so
that what they judge is what is created.
"""

from __future__ import annotations

import dataclasses
import decimal
from collections.abc import Mapping
from typing import Any, Final, Generic, Literal, TypeVar

from stacks import managed, quantities, regions, shapes, tiers, unknown

V = TypeVar("V", bound=managed.Options)

SPOT: Final = "paasport.dev/spot"
"""Key of the label and the taint of spot nodes, the same at every vendor; only AKS adds one of its own."""
ARCH: Final = "kubernetes.io/arch"
"""Key of the taint of arm64 nodes, as GKE sets it; the label of that name has every node."""
SYSTEM: Final = "CriticalAddonsOnly"
"""Key of the taint of system nodes, which the vendors' own add-ons tolerate."""
ROLE: Final = "paasport.dev/role"
POOL: Final = "paasport.dev/pool"
_GIB: Final = 2**30
_ANYTHING: Final[Mapping[str, Any]] = {field.name: unknown.Unknown() for field in dataclasses.fields(tiers.Tier)}
_NO_TIER: Final = tiers.Tier(**_ANYTHING)
"""What decides where it is not known which tier does."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Network:
    """Addresses and the way to the internet."""

    cidr: str
    """Empty where the vendor's block names a network that exists."""
    pods: str
    services: str
    zones: tuple[str, ...]
    """The vendor's own names, `eu-central-1a`, `europe-west3-a` or `1`; as many as the cluster uses."""
    egress: Literal["single", "per-zone"]
    flow_logs: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Access:
    """Who reaches the API server, and who may do what."""

    api: Literal["private", "allowlist", "identity"]
    cidrs: tuple[str, ...]
    deployer: str
    admins: tuple[str, ...]
    viewers: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pool:
    """Nodes of one kind, all of it said."""

    name: str
    """As in the stack file, or the tier's."""
    role: Literal["system", "user"]
    arch: Literal["amd64", "arm64"]
    instance_types: tuple[str, ...]
    """The vendor's names, in the order of preference; GKE and AKS take the first. Empty where none matches."""
    min: int
    """In all zones together, as is `max`."""
    max: int
    spot: bool
    disk: int
    """GiB."""
    labels: Mapping[str, str]
    taints: tuple[managed.Taint, ...]
    zones: tuple[str, ...]
    """The vendor's own names."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Audit:
    """What the control plane logs."""

    retention_days: int
    categories: Literal["standard", "full"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drain:
    """What `destroy` does inside the cluster first."""

    volumes: bool
    disruption_budgets: Literal["respect", "delete"]
    minutes: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Managed(Generic[V]):
    """A cluster that a vendor manages, all of it said."""

    vendor: Literal["eks", "gke", "aks"]
    name: str
    tier: managed.Tier
    region: str
    minor: str
    upgrades: Literal["pinned", "channel"]
    window: managed.Window
    freezes: tuple[managed.Freeze, ...]
    network: Network
    access: Access
    compute: managed.Compute
    pools: tuple[Pool, ...]
    """System pool first. With `compute: auto` only the system pool."""
    encryption: managed.Encryption
    audit: Audit
    zone_redundant_storage: bool
    ingress: managed.Ingress | None
    backups: managed.Backups | None
    drain: Drain
    protection: managed.Protection
    tags: Mapping[str, str]
    """The stack's own and those that say what it belongs to."""
    options: V
    """What only the vendor knows, with its tier's defaults filled in: no field is None but `network`."""


def options(cluster: managed.ManagedCluster) -> managed.Options:
    """The vendor's own block."""
    match cluster:
        case managed.EksCluster():
            return cluster.eks
        case managed.GkeCluster():
            return cluster.gke
        case managed.AksCluster():
            return cluster.aks
    raise TypeError(type(cluster).__name__)


def resolve(cluster: managed.EksCluster | managed.GkeCluster | managed.AksCluster, *, stack: str) -> Managed[Any]:
    """All that is to be created. `stack` names the cluster where its settings do not.

    Never raises: what does not fit (a region nobody knows, a shape without a machine) is left empty for the checks.
    What comes of a setting that is `unknown` is unknown too.
    """
    tier = _NO_TIER if unknown.is_unknown(cluster.tier) else tiers.TIERS[cluster.tier]
    zones = unknown.attempt(
        lambda: regions.zones(cluster.vendor, cluster.region)[: _or(cluster.network.zones, tier.zones)]
    )
    return Managed(
        vendor=cluster.vendor,
        name=_or(cluster.name, stack),
        tier=cluster.tier,
        region=cluster.region,
        minor=unknown.attempt(lambda: cluster.kubernetes.minor),
        upgrades=unknown.attempt(lambda: _or(cluster.kubernetes.upgrades, tier.upgrades)),
        window=unknown.attempt(lambda: cluster.kubernetes.window),
        freezes=unknown.attempt(lambda: cluster.kubernetes.freezes),
        network=unknown.attempt(lambda: _network(cluster, tier=tier, zones=zones)),
        access=unknown.attempt(lambda: _access(cluster.access, tier=tier)),
        compute=cluster.compute,
        pools=unknown.attempt(lambda: _pools(cluster, tier=tier, zones=zones)),
        encryption=_or(cluster.encryption, tier.encryption),
        audit=unknown.attempt(lambda: _audit(cluster.audit, tier=tier)),
        zone_redundant_storage=unknown.attempt(lambda: _or(cluster.storage.zone_redundant, tier.zone_redundant)),
        ingress=cluster.ingress,
        backups=cluster.backups,
        drain=unknown.attempt(lambda: _drain(cluster.drain, tier=tier)),
        protection=_or(cluster.protection, tier.protection),
        tags=unknown.attempt(lambda: _tags(cluster, stack=stack)),
        options=unknown.attempt(lambda: _options(options(cluster), tier=tier)),
    )


T = TypeVar("T")


def _or(given: T | None, default: T) -> T:
    """What was given, a zero and a no included."""
    return default if given is None else given


def _network(cluster: managed.ManagedCluster, *, tier: tiers.Tier, zones: tuple[str, ...]) -> Network:
    given = cluster.network
    return Network(
        cidr=unknown.attempt(lambda: _or(given.cidr, "") if options(cluster).network is None else ""),
        pods=_or(given.pods, tiers.PODS),
        services=_or(given.services, tiers.SERVICES),
        zones=zones,
        egress=_or(given.egress, tier.egress),
        flow_logs=_or(given.flow_logs, tier.flow_logs),
    )


def _access(given: managed.Access, *, tier: tiers.Tier) -> Access:
    return Access(
        api=_or(given.api, tier.api),
        cidrs=given.cidrs,
        deployer=given.deployer,
        admins=given.admins,
        viewers=given.viewers,
    )


def _audit(given: managed.Audit, *, tier: tiers.Tier) -> Audit:
    return Audit(
        retention_days=_or(given.retention_days, tier.audit_days),
        categories=_or(given.categories, tier.audit_categories),
    )


def _drain(given: managed.Drain, *, tier: tiers.Tier) -> Drain:
    return Drain(
        volumes=_or(given.volumes, tier.drain_volumes),
        disruption_budgets=given.disruption_budgets,
        minutes=given.minutes,
    )


def _tags(cluster: managed.ManagedCluster, *, stack: str) -> dict[str, str]:
    return {**cluster.tags, "managed-by": "paasport", "cluster": _or(cluster.name, stack), "tier": cluster.tier}


def _pools(cluster: managed.ManagedCluster, *, tier: tiers.Tier, zones: tuple[str, ...]) -> tuple[Pool, ...]:
    given = cluster.pools or dict(tier.pools)
    pools = [_pool(name, pool, cluster=cluster, zones=zones) for name, pool in given.items()]
    wanted = [pool for pool in pools if pool.role == "system" or cluster.compute == "pools"]
    return tuple(sorted(wanted, key=lambda pool: pool.role != "system"))


def _pool(name: str, pool: managed.Pool, *, cluster: managed.ManagedCluster, zones: tuple[str, ...]) -> Pool:
    return Pool(
        name=name,
        role=pool.role,
        arch=pool.arch,
        instance_types=unknown.attempt(lambda: pool.instance_types or _machines(pool, vendor=vendor(cluster))),
        min=pool.min,
        max=pool.max,
        spot=pool.spot,
        disk=unknown.attempt(lambda: _gib(pool.disk)),
        labels=unknown.attempt(lambda: _labels(name, pool)),
        taints=unknown.attempt(lambda: (*pool.taints, *_implied_taints(pool))),
        zones=unknown.attempt(lambda: _chosen(pool.zones, zones)),
    )


def vendor(cluster: managed.ManagedCluster) -> Literal["eks", "gke", "aks"]:
    """The vendor of a cluster whose exact type is not known here."""
    match cluster:
        case managed.EksCluster() | managed.GkeCluster() | managed.AksCluster():
            return cluster.vendor
    raise TypeError(type(cluster).__name__)


def _gib(quantity: str) -> int:
    return int((quantities.value(quantity) / _GIB).to_integral_value(decimal.ROUND_CEILING))


def _labels(name: str, pool: managed.Pool) -> dict[str, str]:
    return {**pool.labels, ROLE: pool.role, POOL: name, **({SPOT: "true"} if pool.spot else {})}


def _chosen(numbers: tuple[int, ...] | None, zones: tuple[str, ...]) -> tuple[str, ...]:
    """The cluster's zones with these numbers; all of them where there are none."""
    return tuple(zones[number - 1] for number in numbers if number <= len(zones)) if numbers else zones


def _machines(pool: managed.Pool, *, vendor: str) -> tuple[str, ...]:
    if pool.shape is None:
        return ()
    return shapes.machines(vendor, arch=pool.arch, cpu=pool.shape.cpu, memory=pool.shape.memory)


def _implied_taints(pool: managed.Pool) -> tuple[managed.Taint, ...]:
    implied = {
        managed.Taint(key=SYSTEM, value="true"): pool.role == "system",
        managed.Taint(key=SPOT, value="true"): pool.spot,
        managed.Taint(key=ARCH, value="arm64"): pool.arch == "arm64",
    }
    own = {(taint.key, taint.effect) for taint in pool.taints}
    return tuple(taint for taint, is_wanted in implied.items() if is_wanted and (taint.key, taint.effect) not in own)


def _options(given: managed.Options, *, tier: tiers.Tier) -> managed.Options:
    match given:
        case managed.EksOptions():
            filled = {"interface_endpoints": _or(given.interface_endpoints, tier.interface_endpoints)}
        case managed.GkeOptions():
            filled = {"binary_authorization": _or(given.binary_authorization, tier.hardened)}
        case managed.AksOptions():
            filled = {"defender": _or(given.defender, tier.hardened)}
            return given.model_copy(update={**filled, "sku": _or(given.sku, tier.control_plane)})
    return given.model_copy(update=filled)
