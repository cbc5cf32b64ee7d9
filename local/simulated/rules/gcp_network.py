"""What Compute Engine refuses about networks.

Sources: the documentation of subnets, Cloud Router and firewall rules, and the resources' documentation in the SDK.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from local.simulated import checking
from local.simulated.rules import addresses, judging

NETWORK: Final = "gcp:compute/network:Network"
SUBNETWORK: Final = "gcp:compute/subnetwork:Subnetwork"
_NAT: Final = "gcp:compute/routerNat:RouterNat"
_FIREWALL: Final = "gcp:compute/firewall:Firewall"


def _ranges_form(case: judging.Case) -> Iterator[checking.Finding]:
    yield from addresses.malformed("ipCidrRange", case.value("ipCidrRange"), shortest=8, longest=29)
    seen: dict[str, str] = {}
    own = [case.value("ipCidrRange")]
    for path, secondary in case.items("secondaryIpRanges[]"):
        name, block = secondary.get("rangeName"), secondary.get("ipCidrRange")
        yield from addresses.malformed(f"{path}.ipCidrRange", block, shortest=8, longest=29)
        if isinstance(name, str) and name in seen:
            yield checking.Finding(f"{path}.rangeName", f"is {name}, which {seen[name]} has already")
        seen[str(name)] = path
        other = addresses.overlapping(block, own)
        if other:
            yield checking.Finding(f"{path}.ipCidrRange", f"is {block} and overlaps {other} of the same subnetwork")
        own.append(block)


def blocks(subnetwork: Any) -> list[tuple[str, Any]]:
    """All ranges of a subnetwork's inputs, with their paths."""
    secondary = subnetwork.get("secondaryIpRanges") or []
    return [
        ("ipCidrRange", subnetwork.get("ipCidrRange")),
        *((f"secondaryIpRanges[{index}].ipCidrRange", one.get("ipCidrRange")) for index, one in enumerate(secondary)),
    ]


def _siblings(case: judging.Case) -> Iterator[checking.Finding]:
    network = case.named("network", NETWORK)
    same = [
        one
        for one in case.every(SUBNETWORK)
        if case.find(NETWORK, str(one.inputs.get("network"))) == network
        and (case.before is None or one.id != case.before.id)
    ]
    taken = [block for one in same if network is not None for _, block in blocks(one.inputs)]
    for path, block in blocks(case.inputs):
        other = addresses.overlapping(block, taken)
        if other:
            yield checking.Finding(
                path, f"is {block} and overlaps {other}, a range of another subnetwork of the network"
            )


def _only_grows(case: judging.Case) -> Iterator[checking.Finding]:
    old, new = (
        addresses.network(one)
        for one in (case.before and case.before.inputs.get("ipCidrRange"), case.value("ipCidrRange"))
    )
    if old is not None and new is not None and not old.subnet_of(new):
        yield checking.Finding("ipCidrRange", f"is {new}; a range can only be expanded, and was {old}")


def _nat(case: judging.Case) -> Iterator[checking.Finding]:
    listed = case.text("sourceSubnetworkIpRangesToNat") == "LIST_OF_SUBNETWORKS"
    if listed != case.given("subnetworks"):
        yield checking.Finding("subnetworks", "must be given with LIST_OF_SUBNETWORKS, and only then")
    if case.text("natIpAllocateOption") == "MANUAL_ONLY" and not case.given("natIps"):
        yield checking.Finding("natIps", "must be given with MANUAL_ONLY")
    if case.flag("enableDynamicPortAllocation") and case.flag("enableEndpointIndependentMapping"):
        yield checking.Finding("enableEndpointIndependentMapping", "can't be on with enableDynamicPortAllocation")


def _firewall(case: judging.Case) -> Iterator[checking.Finding]:
    if case.given("allows") == case.given("denies"):
        yield checking.Finding("allows", "exactly one of allows and denies must be given")
    for path in ("sourceRanges", "destinationRanges"):
        for at, block in case.items(f"{path}[]"):
            yield from addresses.malformed(at, block)
    if case.text("direction") == "EGRESS" and (case.given("sourceRanges") or case.given("sourceTags")):
        yield checking.Finding("sourceRanges", "can't be given for EGRESS")


CHECKS: Final = {
    NETWORK: (judging.one_of("routingMode", "REGIONAL", "GLOBAL"),),
    SUBNETWORK: (_ranges_form, judging.between("logConfig.flowSampling", 0, 1)),
    _NAT: (
        _nat,
        judging.one_of("natIpAllocateOption", "AUTO_ONLY", "MANUAL_ONLY"),
        judging.one_of(
            "sourceSubnetworkIpRangesToNat",
            *("ALL_SUBNETWORKS_ALL_IP_RANGES", "ALL_SUBNETWORKS_ALL_PRIMARY_IP_RANGES", "LIST_OF_SUBNETWORKS"),
        ),
        judging.one_of("logConfig.filter", "ERRORS_ONLY", "TRANSLATIONS_ONLY", "ALL"),
    ),
    _FIREWALL: (_firewall, judging.one_of("direction", "INGRESS", "EGRESS"), judging.between("priority", 0, 65535)),
}
CREATIONS: Final = {SUBNETWORK: (_siblings,)}
UPDATES: Final = {SUBNETWORK: (_siblings, _only_grows)}
