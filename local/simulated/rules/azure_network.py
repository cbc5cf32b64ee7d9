"""What Azure refuses about networks, and about anything that a lock or a resource group covers.

Sources: the documentation of virtual networks, NAT gateways and locks; error codes NetcfgInvalidSubnet,
InUseSubnetCannotBeDeleted, ScopeLocked; the SDK's warning about subnets given both inline and as resources.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from local.simulated import checking
from local.simulated.rules import addresses, judging

NETWORK: Final = "azure-native:network:VirtualNetwork"
SUBNET: Final = "azure-native:network:Subnet"
ADDRESS: Final = "azure-native:network:PublicIPAddress"
_NAT: Final = "azure-native:network:NatGateway"


def network_of(case: judging.Case, subnet: Any) -> Any:
    """The virtual network that a subnet lies in; None where it is outside of the stack."""
    same = case.every(NETWORK, resourceGroupName=subnet.get("resourceGroupName"))
    name = str(subnet.get("virtualNetworkName")).lower()
    return next((one for one in same if str(one.inputs.get("virtualNetworkName")).lower() == name), None)


def prefixes(subnet: Any) -> list[tuple[str, Any]]:
    """The address prefixes of a subnet's inputs, with their paths."""
    several = subnet.get("addressPrefixes") or []
    return [
        *([("addressPrefix", subnet["addressPrefix"])] if subnet.get("addressPrefix") else []),
        *((f"addressPrefixes[{index}]", block) for index, block in enumerate(several)),
    ]


def _space(case: judging.Case) -> Iterator[checking.Finding]:
    found = case.items("addressSpace.addressPrefixes[]")
    for index, (path, block) in enumerate(found):
        yield from addresses.malformed(path, block, shortest=8, longest=29)
        other = addresses.overlapping(block, [earlier for _, earlier in found[:index]])
        if other:
            yield checking.Finding(path, f"is {block} and overlaps {other}")


def _prefix_form(case: judging.Case) -> Iterator[checking.Finding]:
    found = prefixes(case.inputs)
    if not found:
        yield checking.Finding("addressPrefix", "is required and missing")
    for path, block in found:
        yield from addresses.malformed(path, block, shortest=8, longest=29)


def _subnet_place(case: judging.Case) -> Iterator[checking.Finding]:
    network = network_of(case, case.inputs)
    if network is None:
        return
    if network.inputs.get("subnets"):
        yield checking.Finding(
            "virtualNetworkName",
            f"names {network.id}, whose subnets are given inline; both together delete each other's subnets",
            "take the inline ones out",
        )
    space = network.value("addressSpace.addressPrefixes") or []
    siblings = case.every(
        SUBNET, resourceGroupName=case.value("resourceGroupName"), virtualNetworkName=case.value("virtualNetworkName")
    )
    others = [one for one in siblings if case.before is None or one.id != case.before.id]
    taken = [block for one in others for _, block in prefixes(one.inputs)]
    for path, block in prefixes(case.inputs):
        if not addresses.within(block, space if isinstance(space, list) else [space]):
            yield checking.Finding(path, f"is {block}, outside of the network's {', '.join(map(str, space))}")
        other = addresses.overlapping(block, taken)
        if other:
            yield checking.Finding(path, f"is {block} and overlaps {other}, another subnet (NetcfgInvalidSubnet)")


def _inline_subnets(case: judging.Case) -> Iterator[checking.Finding]:
    own = case.every(
        SUBNET, resourceGroupName=case.value("resourceGroupName"), virtualNetworkName=case.value("virtualNetworkName")
    )
    if own and case.value("subnets"):
        yield checking.Finding("subnets", f"would delete {own[0].id}, which is a resource of its own", "take them out")


def _address(case: judging.Case) -> Iterator[checking.Finding]:
    if case.text("sku.name").startswith("Standard") and case.text("publicIPAllocationMethod") != "Static":
        yield checking.Finding("publicIPAllocationMethod", "must be Static for a Standard address")
    zones = case.value("zones")
    if isinstance(zones, list) and zones and case.text("sku.name") not in ("Standard", "StandardV2"):
        yield checking.Finding("zones", "need a Standard address")


def _gateway(case: judging.Case) -> Iterator[checking.Finding]:
    zones = case.value("zones")
    if isinstance(zones, list) and len(zones) > 1 and case.text("sku.name") in ("", "Standard"):
        yield checking.Finding("zones", "may be one at most: a Standard NAT gateway lies in one zone")


def _gateway_addresses(case: judging.Case) -> Iterator[checking.Finding]:
    zones = case.value("zones") or []
    for path, handle in case.items("publicIpAddresses[].id"):
        address = case.find(ADDRESS, str(handle))
        if address is None:
            continue
        if not str(address.value("sku.name") or "").startswith("Standard"):
            yield checking.Finding(path, f"names {address.id}, which is no Standard address")
        theirs = address.inputs.get("zones") or []
        if zones and len(theirs) == 1 and theirs != zones:
            yield checking.Finding(path, f"names {address.id} in zone {theirs[0]}, and the gateway lies in {zones[0]}")


CHECKS: Final = {
    NETWORK: (_space, judging.between("flowTimeoutInMinutes", 4, 30)),
    SUBNET: (_prefix_form,),
    ADDRESS: (_address,),
    _NAT: (_gateway, judging.between("idleTimeoutInMinutes", 4, 120)),
}
CREATIONS: Final = {SUBNET: (_subnet_place,), _NAT: (_gateway_addresses,), NETWORK: (_inline_subnets,)}
UPDATES: Final = {SUBNET: (_subnet_place,), _NAT: (_gateway_addresses,), NETWORK: (_inline_subnets,)}
