"""What a managed cluster's settings come to once its tier, its vendor and its region have filled in what is left out.

Pure. A component creates exactly what stands here and decides nothing by tier itself; the checks look at it too, so
that what they judge is what is created.
"""

from __future__ import annotations

import dataclasses
import decimal
from collections.abc import Mapping
from typing import Any, Final, Generic, Literal, TypeVar

from stacks import managed, quantities, regions, shapes, tiers

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
    """
    tier = tiers.TIERS[cluster.tier]
    network, access = cluster.network, cluster.access
    zones = regions.zones(cluster.vendor, cluster.region)[: _or(network.zones, tier.zones)]
    return Managed(
        vendor=cluster.vendor,
        name=cluster.name or stack,
        tier=cluster.tier,
        region=cluster.region,
        minor=cluster.kubernetes.minor,
        upgrades=cluster.kubernetes.upgrades or tier.upgrades,
        window=cluster.kubernetes.window,
        freezes=cluster.kubernetes.freezes,
        network=Network(
            cidr=network.cidr or "",
            pods=network.pods or tiers.PODS,
            services=network.services or tiers.SERVICES,
            zones=zones,
            egress=network.egress or tier.egress,
            flow_logs=_or(network.flow_logs, tier.flow_logs),
        ),
        access=Access(
            api=access.api or tier.api,
            cidrs=access.cidrs,
            deployer=access.deployer,
            admins=access.admins,
            viewers=access.viewers,
        ),
        compute=cluster.compute,
        pools=_pools(cluster, tier=tier, zones=zones),
        encryption=cluster.encryption or tier.encryption,
        audit=Audit(
            retention_days=cluster.audit.retention_days or tier.audit_days,
            categories=cluster.audit.categories or tier.audit_categories,
        ),
        zone_redundant_storage=_or(cluster.storage.zone_redundant, tier.zone_redundant),
        ingress=cluster.ingress,
        backups=cluster.backups,
        drain=Drain(
            volumes=_or(cluster.drain.volumes, tier.drain_volumes),
            disruption_budgets=cluster.drain.disruption_budgets,
            minutes=cluster.drain.minutes,
        ),
        protection=cluster.protection or tier.protection,
        tags={**cluster.tags, "managed-by": "paasport", "cluster": cluster.name or stack, "tier": cluster.tier},
        options=_options(options(cluster), tier=tier),
    )


T = TypeVar("T", int, bool)


def _or(given: T | None, default: T) -> T:
    """What was given, a zero and a no included."""
    return default if given is None else given


def _pools(cluster: managed.ManagedCluster, *, tier: tiers.Tier, zones: tuple[str, ...]) -> tuple[Pool, ...]:
    given = cluster.pools or dict(tier.pools)
    pools = [_pool(name, pool, cluster=cluster, zones=zones) for name, pool in given.items()]
    wanted = [pool for pool in pools if pool.role == "system" or cluster.compute == "pools"]
    return tuple(sorted(wanted, key=lambda pool: pool.role != "system"))


def _pool(name: str, pool: managed.Pool, *, cluster: managed.ManagedCluster, zones: tuple[str, ...]) -> Pool:
    chosen = tuple(zones[number - 1] for number in pool.zones if number <= len(zones)) if pool.zones else zones
    return Pool(
        name=name,
        role=pool.role,
        arch=pool.arch,
        instance_types=pool.instance_types or _machines(pool, vendor=vendor(cluster)),
        min=pool.min,
        max=pool.max,
        spot=pool.spot,
        disk=int((quantities.value(pool.disk) / _GIB).to_integral_value(decimal.ROUND_CEILING)),
        labels={**pool.labels, ROLE: pool.role, POOL: name, **({SPOT: "true"} if pool.spot else {})},
        taints=(*pool.taints, *_implied_taints(pool)),
        zones=chosen,
    )


def vendor(cluster: managed.ManagedCluster) -> Literal["eks", "gke", "aks"]:
    """The vendor of a cluster whose exact type is not known here."""
    match cluster:
        case managed.EksCluster() | managed.GkeCluster() | managed.AksCluster():
            return cluster.vendor
    raise TypeError(type(cluster).__name__)


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
            return given.model_copy(update={**filled, "sku": given.sku or tier.control_plane})
    return given.model_copy(update=filled)
