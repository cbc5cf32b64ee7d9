"""What a tier decides where a stack file leaves a key out: plain data, pinned.

A changed value here changes running clusters, so a test compares what every stack comes to with what it came to before.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final, Literal

from stacks import managed


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tier:
    """The defaults of one tier, in the words of `managed.py`."""

    zones: int
    egress: Literal["single", "per-zone"]
    flow_logs: bool
    api: Literal["private", "allowlist"]
    upgrades: Literal["pinned", "channel"]
    encryption: managed.Encryption
    audit_days: int
    audit_categories: Literal["standard", "full"]
    zone_redundant: bool
    protection: managed.Protection
    drain_volumes: bool
    interface_endpoints: bool
    """EKS: AWS's own APIs without the internet; about 8 USD a month for each endpoint and zone."""
    control_plane: Literal["free", "standard"]
    """AKS: `free` has no SLA."""
    hardened: bool
    """GKE's binary authorization and AKS's Defender."""
    pools: Mapping[str, managed.Pool]


def _pools(*, minimum: int, system_cpu: int, cpu: int, maximum: int) -> dict[str, managed.Pool]:
    return {
        "system": managed.Pool(
            role="system",
            shape=managed.Shape(cpu=system_cpu, memory=f"{system_cpu * 4}Gi"),
            min=minimum,
            max=minimum * 2,
        ),
        "general": managed.Pool(shape=managed.Shape(cpu=cpu, memory=f"{cpu * 4}Gi"), min=minimum, max=maximum),
    }


TIERS: Final[Mapping[managed.Tier, Tier]] = {
    "dev": Tier(
        zones=2,
        egress="single",
        flow_logs=False,
        api="allowlist",
        upgrades="channel",
        encryption="provider",
        audit_days=30,
        audit_categories="standard",
        zone_redundant=False,
        protection="off",
        drain_volumes=True,
        interface_endpoints=False,
        control_plane="free",
        hardened=False,
        pools=_pools(minimum=1, system_cpu=2, cpu=4, maximum=4),
    ),
    "staging": Tier(
        zones=3,
        egress="single",
        flow_logs=True,
        api="allowlist",
        upgrades="pinned",
        encryption="customer-key",
        audit_days=90,
        audit_categories="standard",
        zone_redundant=False,
        protection="guarded",
        drain_volumes=False,
        interface_endpoints=False,
        control_plane="standard",
        hardened=False,
        pools=_pools(minimum=2, system_cpu=2, cpu=4, maximum=6),
    ),
    "prod": Tier(
        zones=3,
        egress="per-zone",
        flow_logs=True,
        api="private",
        upgrades="pinned",
        encryption="customer-key",
        audit_days=365,
        audit_categories="full",
        zone_redundant=True,
        protection="locked",
        drain_volumes=False,
        interface_endpoints=True,
        control_plane="standard",
        hardened=True,
        pools=_pools(minimum=3, system_cpu=4, cpu=8, maximum=12),
    ),
}

PODS: Final = "10.244.0.0/16"
SERVICES: Final = "172.20.0.0/16"
