"""Addresses for Services of type LoadBalancer, which a cloud's controller gives them elsewhere.

They come from 198.18.0.0/15, the range that RFC 2544 sets aside for benchmarks: nobody routes it, so nothing answers
there, and nobody can take one for a real address.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Final

from local import reconciling

SERVICES: Final = reconciling.Kind("v1", "Service")
POOL: Final = ipaddress.IPv4Network("198.18.0.0/15")
_RESERVED: Final = 256
"""The first addresses are left for the control plane itself."""


def plan(services: Sequence[Mapping[str, Any]]) -> list[reconciling.Action]:
    """An address for each load balancer that has none, none for any other Service; no two have the same."""
    taken: set[str] = set()
    actions: list[reconciling.Action] = []
    bare: list[Mapping[str, Any]] = []
    # The oldest first: should two have one address, the newer one is moved.
    for service in sorted(services, key=_age):
        address = _address(service)
        if not _is_load_balancer(service):
            actions += [_give(service, "")] if address else []
        elif address and address not in taken:
            taken.add(address)
        else:
            bare.append(service)
    for service in bare:
        address = choose(f"{service['metadata']['namespace']}/{service['metadata']['name']}", taken=taken)
        taken.add(address)
        actions.append(_give(service, address))
    return actions


def choose(name: str, *, taken: set[str]) -> str:
    """An address that is not taken.

    The same for the same name as long as nobody else has it, so that a Service made again keeps its address.
    """
    size = POOL.num_addresses - _RESERVED - 1
    start = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % size
    candidates = (str(POOL[_RESERVED + (start + step) % size]) for step in range(size))
    return next(candidate for candidate in candidates if candidate not in taken)


def _is_load_balancer(service: Mapping[str, Any]) -> bool:
    return bool(service["spec"].get("type") == "LoadBalancer")


def _address(service: Mapping[str, Any]) -> str:
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
    return str(ingress[0].get("ip", ""))


def _age(service: Mapping[str, Any]) -> tuple[str, str]:
    return service["metadata"]["creationTimestamp"], service["metadata"]["uid"]


def _give(service: Mapping[str, Any], address: str) -> reconciling.Action:
    metadata = {key: service["metadata"][key] for key in ("name", "namespace")}
    ingress = [{"ip": address, "ipMode": "VIP"}] if address else []
    status = {"loadBalancer": {"ingress": ingress} if ingress else {}}
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "status": status}
    return reconciling.Apply(manifest=manifest, subresource="status")
