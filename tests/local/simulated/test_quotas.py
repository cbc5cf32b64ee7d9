from tests.local.simulated import worlds

VPC = "aws:ec2/vpc:Vpc"


def test_a_quota_is_kept():
    world = worlds.World()
    for index in range(5):
        world.make(VPC, f"net-{index}", cidrBlock=f"10.{index}.0.0/16")
    (problem,) = world.refused(world.make, VPC, "net-5", cidrBlock="10.5.0.0/16")
    assert problem == f"{VPC} net-5: would be one more than the 5 VPCs that the account may have"


def test_a_quota_counts_in_its_place():
    world = worlds.World()
    worlds.azure_network(world)
    token = "azure-native:managedidentity:FederatedIdentityCredential"
    for name in ("one", "two"):
        world.make(
            "azure-native:managedidentity:UserAssignedIdentity", name, resourceGroupName="rg", resourceName=name * 2
        )
    common = {"resourceGroupName": "rg", "issuer": "https://issuer", "audiences": ["api://AzureADTokenExchange"]}
    for index in range(20):
        world.make(token, f"pod-{index}", resourceName="oneone", subject=f"s{index}", **common)
    (problem,) = world.refused(world.make, token, "pod-20", resourceName="oneone", subject="s20", **common)
    assert "one more than the 20 federated credentials in rg, oneone" in problem
    world.make(token, "other-0", resourceName="twotwo", subject="s20", **common)


def test_gateways_are_counted_by_the_zone_of_their_subnet():
    world = worlds.World()
    vpc, subnets = worlds.aws_network(world)
    world.make("aws:ec2/internetGateway:InternetGateway", "way-out", vpcId=vpc.id)
    token = "aws:ec2/natGateway:NatGateway"
    for index in range(5):
        world.make(token, f"nat-{index}", subnetId=subnets[0].id, connectivityType="private")
    (problem,) = world.refused(world.make, token, "nat-5", subnetId=subnets[0].id, connectivityType="private")
    assert "5 NAT gateways in the zone" in problem
    world.make(token, "nat-5", subnetId=subnets[1].id, connectivityType="private")
