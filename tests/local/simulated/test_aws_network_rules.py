import pytest

from tests.local.simulated import worlds

VPC, SUBNET, NAT = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/natGateway:NatGateway"


@pytest.mark.parametrize(
    ("token", "inputs", "reason"),
    [
        (VPC, {"cidrBlock": "10.0.0.0/8"}, "cidrBlock must have a prefix of /16 to /28"),
        (VPC, {"cidrBlock": "10.0.0.1/16"}, "cidrBlock is no IPv4 network"),
        (SUBNET, {"vpcId": "vpc-0a1b2c3d4e5f67890", "cidrBlock": "10.0.0.0/29"}, "cidrBlock must have a prefix"),
        (SUBNET, {"vpcId": "vpc-0a1b2c3d4e5f67890", "availabilityZone": "us-east-1a"}, "is no zone of eu-central-1"),
        (NAT, {}, "subnetId is required and missing"),
        (NAT, {"subnetId": "subnet-0a1b2c3d4e5f67890"}, "allocationId is required and missing"),
        (NAT, {"availabilityMode": "regional"}, "vpcId is required and missing"),
        (NAT, {"availabilityMode": "zone", "vpcId": "x"}, "availabilityMode must be one of zonal, regional"),
        ("aws:ec2/route:Route", {"routeTableId": "rtb-1"}, "destinationCidrBlock exactly one of"),
        (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {"securityGroupId": "sg-1", "ipProtocol": "tcp", "cidrIpv4": "10.0.0.0/8"},
            "fromPort is required with toPort",
        ),
        (
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
            {"securityGroupId": "sg-1", "ipProtocol": "-1", "fromPort": 0, "cidrIpv4": "0.0.0.0/0"},
            "fromPort can't be given for all protocols",
        ),
        (
            "aws:ec2/vpcEndpoint:VpcEndpoint",
            {"vpcId": "vpc-0a1b2c3d4e5f67890", "vpcEndpointType": "Gateway", "subnetIds": ["a"]},
            "subnetIds can't be given for a gateway endpoint",
        ),
    ],
)
def test_refused_by_its_inputs(token, inputs, reason):
    world = worlds.World()
    assert any(reason in problem for problem in world.refused(world.make, token, **inputs))


@pytest.mark.parametrize(
    ("block", "reason"),
    [("10.1.0.0/24", "outside of the VPC's 10.0.0.0/16"), ("10.0.8.0/24", "overlaps 10.0.0.0/20, another subnet")],
)
def test_subnets_lie_in_their_network_and_beside_each_other(block, reason):
    world = worlds.World()
    vpc, _ = worlds.aws_network(world)
    (problem,) = world.refused(world.make, SUBNET, "third", vpcId=vpc.id, cidrBlock=block)
    assert reason in problem


def test_a_public_gateway_needs_a_way_out_that_stays_as_long():
    world = worlds.World()
    vpc, subnets = worlds.aws_network(world)
    address = world.make("aws:ec2/eip:Eip", "address", domain="vpc")
    wanted = {"subnetId": subnets[0].id, "allocationId": address.id}
    assert "Gateway.NotAttached" in world.refused(world.make, NAT, **wanted)[0]
    way_out = world.make("aws:ec2/internetGateway:InternetGateway", "way-out", vpcId=vpc.id)
    nat = world.make(NAT, **wanted)
    assert "mapped public addresses" in world.refused(world.drop, way_out)[0]
    assert world.refused(world.drop, address)
    for resource in (nat, way_out, address):
        world.drop(resource)


def test_endpoint_names_need_names_in_the_network():
    world = worlds.World()
    vpc = world.make(VPC, cidrBlock="10.0.0.0/16")
    inputs = {
        "vpcId": vpc.id,
        "vpcEndpointType": "Interface",
        "serviceName": "com.amazonaws.eu-central-1.sts",
        "privateDnsEnabled": True,
    }
    assert "enableDnsHostnames" in world.refused(world.make, "aws:ec2/vpcEndpoint:VpcEndpoint", **inputs)[0]
    world.change(vpc, enableDnsHostnames=True)
    world.make("aws:ec2/vpcEndpoint:VpcEndpoint", **inputs)
