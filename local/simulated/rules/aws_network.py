"""What the API of Amazon EC2 refuses about networks.

Sources: the EC2 API reference's error codes (InvalidSubnet.Range, InvalidSubnet.Conflict, DependencyViolation,
Gateway.NotAttached), the VPC user guide (blocks of /16 to /28), and the Terraform provider's documentation in the SDK.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from local.simulated import checking
from local.simulated.rules import addresses, judging

_VPC: Final = "aws:ec2/vpc:Vpc"
_SUBNET: Final = "aws:ec2/subnet:Subnet"
_GATEWAY: Final = "aws:ec2/internetGateway:InternetGateway"
_NAT: Final = "aws:ec2/natGateway:NatGateway"
_DESTINATIONS: Final = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
_TARGETS: Final = (
    "carrierGatewayId",
    "coreNetworkArn",
    "egressOnlyGatewayId",
    "gatewayId",
    "localGatewayId",
    "natGatewayId",
    "networkInterfaceId",
    "transitGatewayId",
    "vpcEndpointId",
    "vpcPeeringConnectionId",
)
_SOURCES: Final = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")


def _block(case: judging.Case) -> Iterator[checking.Finding]:
    yield from addresses.malformed("cidrBlock", case.value("cidrBlock"), shortest=16, longest=28)


def _zone_of_region(case: judging.Case) -> Iterator[checking.Finding]:
    zone, region = case.text("availabilityZone"), case.variables.get("region", "")
    if zone and not zone.startswith(region):
        yield checking.Finding("availabilityZone", f"is {zone}, which is no zone of {region}")


def _subnet_place(case: judging.Case) -> Iterator[checking.Finding]:
    block, vpc = case.value("cidrBlock"), case.named("vpcId", _VPC)
    if vpc is not None and not addresses.within(block, [vpc.inputs.get("cidrBlock")]):
        yield checking.Finding("cidrBlock", f"is {block}, outside of the VPC's {vpc.inputs.get('cidrBlock')}")
    siblings = [one.inputs.get("cidrBlock") for one in case.every(_SUBNET, vpcId=case.value("vpcId"))]
    other = addresses.overlapping(block, siblings)
    if other:
        yield checking.Finding("cidrBlock", f"is {block} and overlaps {other}, another subnet of the VPC")


def _nat_shape(case: judging.Case) -> Iterator[checking.Finding]:
    if case.text("availabilityMode") == "regional":
        if not case.given("vpcId"):
            yield checking.Finding("vpcId", "is required and missing: a regional NAT gateway belongs to a VPC")
        if case.given("subnetId"):
            yield checking.Finding("subnetId", "can't be given for a regional NAT gateway")
        return
    if not case.given("subnetId"):
        yield checking.Finding("subnetId", "is required and missing: a zonal NAT gateway lies in a subnet")
    if case.text("connectivityType") != "private" and not case.given("allocationId"):
        yield checking.Finding("allocationId", "is required and missing: a public NAT gateway has an Elastic IP")


def _nat_way_out(case: judging.Case) -> Iterator[checking.Finding]:
    subnet = case.named("subnetId", _SUBNET)
    vpc = case.text("vpcId") or (str(subnet.inputs.get("vpcId")) if subnet else "")
    known = case.find(_VPC, vpc)
    if known is None or case.text("connectivityType") == "private":
        return
    if not case.every(_GATEWAY, vpcId=known.id):
        path = "vpcId" if case.given("vpcId") else "subnetId"
        yield checking.Finding(
            path, f"lies in {known.id}, which has no internet gateway attached (Gateway.NotAttached)"
        )
    taken = case.every(_NAT, allocationId=case.value("allocationId")) if case.text("allocationId") else []
    if taken:
        yield checking.Finding("allocationId", f"is the address of {taken[0].id} already")


def _route(case: judging.Case) -> Iterator[checking.Finding]:
    for path, words in (("destinationCidrBlock", _DESTINATIONS), ("gatewayId", _TARGETS)):
        given = [word for word in words if case.given(word)]
        if len(given) != 1:
            yield checking.Finding(path, f"exactly one of {', '.join(words)} must be given, and {len(given)} are")


def _security_rule(case: judging.Case) -> Iterator[checking.Finding]:
    given = [word for word in _SOURCES if case.given(word)]
    if len(given) != 1:
        yield checking.Finding("cidrIpv4", f"exactly one of {', '.join(_SOURCES)} must be given, and {len(given)} are")
    if case.text("ipProtocol") == "-1" and (case.given("fromPort") or case.given("toPort")):
        yield checking.Finding("fromPort", "can't be given for all protocols (-1)")
    if case.text("ipProtocol") in ("tcp", "udp") and not (case.given("fromPort") and case.given("toPort")):
        yield checking.Finding("fromPort", "is required with toPort for tcp and udp")
    yield from addresses.malformed("cidrIpv4", case.value("cidrIpv4"))


def _endpoint(case: judging.Case) -> Iterator[checking.Finding]:
    if case.text("vpcEndpointType") in ("", "Gateway"):
        for path in ("subnetIds", "securityGroupIds", "privateDnsEnabled"):
            if case.given(path):
                yield checking.Finding(path, "can't be given for a gateway endpoint")
    elif case.given("routeTableIds"):
        yield checking.Finding("routeTableIds", "can only be given for a gateway endpoint")


def _endpoint_names(case: judging.Case) -> Iterator[checking.Finding]:
    vpc = case.named("vpcId", _VPC)
    if case.flag("privateDnsEnabled") and vpc is not None and not has_names(vpc.inputs):
        yield checking.Finding("privateDnsEnabled", "needs enableDnsSupport and enableDnsHostnames of the VPC")


def _gateway_in_use(case: judging.Case) -> Iterator[checking.Finding]:
    vpc = case.value("vpcId")
    subnets = {one.id for one in case.every(_SUBNET, vpcId=vpc)}
    users = [one for one in case.every(_NAT) if one.inputs.get("subnetId") in subnets or one.inputs.get("vpcId") == vpc]
    if users:
        yield checking.Finding(
            "", f"the VPC has mapped public addresses, those of {users[0].id} (DependencyViolation)", "delete it first"
        )


def has_names(vpc: object) -> bool:
    """Whether a VPC resolves names and gives them to its machines; without, private endpoints can't be found."""
    return isinstance(vpc, dict) and vpc.get("enableDnsSupport", True) is True and vpc.get("enableDnsHostnames") is True


CHECKS: Final = {
    _VPC: (_block, judging.one_of("instanceTenancy", "default", "dedicated")),
    _SUBNET: (_block, _zone_of_region),
    _NAT: (
        _nat_shape,
        judging.one_of("availabilityMode", "zonal", "regional"),
        judging.one_of("connectivityType", "public", "private"),
    ),
    "aws:ec2/eip:Eip": (judging.one_of("domain", "vpc"),),
    "aws:ec2/route:Route": (_route,),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (_security_rule,),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": (_security_rule,),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        _endpoint,
        judging.one_of("vpcEndpointType", "Gateway", "Interface", "GatewayLoadBalancer", "Resource", "ServiceNetwork"),
    ),
    "aws:ec2/flowLog:FlowLog": (
        judging.one_of("trafficType", "ACCEPT", "REJECT", "ALL"),
        judging.one_of("logDestinationType", "cloud-watch-logs", "s3", "kinesis-data-firehose"),
    ),
}
CREATIONS: Final = {
    _SUBNET: (_subnet_place,),
    _NAT: (_nat_way_out,),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (_endpoint_names,),
}
DELETIONS: Final = {_GATEWAY: (_gateway_in_use,)}
