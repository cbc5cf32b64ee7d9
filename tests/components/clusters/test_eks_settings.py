"""Every setting of a managed cluster changes something that is registered on EKS, or the vendor's page says why not."""

from __future__ import annotations

import dataclasses
import datetime as dt
import pathlib

import pytest

from components.clusters.eks import offers
from stacks import managed, resolution

from . import eks_stacks

PAGE = pathlib.Path(__file__).parents[3] / "docs/vendors/eks.md"

POOL = resolution.Pool(
    name="extra",
    role="user",
    arch="amd64",
    instance_types=("m7i.large",),
    min=1,
    max=2,
    spot=False,
    disk=100,
    labels={},
    taints=(),
    zones=("eu-central-1a",),
)
CHANGES = {
    "name": "other",
    "region": "eu-west-1",
    "minor": "1.36",
    "upgrades": "channel",
    "network.cidr": "10.99.0.0/16",
    "network.services": "172.21.0.0/16",
    "network.zones": ("eu-central-1a", "eu-central-1b"),
    "network.egress": "single",
    "network.flow_logs": False,
    "access.api": "allowlist",
    "access.cidrs": ("203.0.113.0/24",),
    "access.deployer": "arn:aws:iam::444455556666:role/other",
    "access.admins": (),
    "access.viewers": (),
    "compute": "auto",
    "pools": (POOL,),
    "encryption": "provider",
    "audit.retention_days": 30,
    "audit.categories": "standard",
    "backups": None,
    "backups.retention_days": 7,
    "drain.volumes": True,
    "drain.disruption_budgets": "respect",
    "drain.minutes": 5,
    "protection": "off",
    "tags": {"cost-center": "other"},
    "options.account": "999900001111",
    "options.partition": "aws-us-gov",
    "options.node_image": "bottlerocket",
    "options.addon_versions": {"coredns": "v9"},
    "options.patch_level": "2026-12",
    "options.support": "extended",
    "options.network": managed.EksNetwork(
        vpc="vpc-0123456789abcdef0", private_subnets=("subnet-0a000000", "subnet-0b000000", "subnet-0c000000")
    ),
    "options.interface_endpoints": False,
}
POOL_CHANGES = {
    "name": "other",
    "role": "system",
    "arch": "arm64",
    "instance_types": ("m7a.large",),
    "min": 0,
    "max": 3,
    "spot": True,
    "disk": 50,
    "labels": {"team": "shop"},
    "taints": (managed.Taint(key="team", value="shop", effect="PreferNoSchedule"),),
    "zones": ("eu-central-1b",),
}
WITHOUT_EFFECT = {
    "vendor",
    "tier",
    "window",
    "freezes",
    "network.pods",
    "zone_redundant_storage",
    "ingress",
}
"""Each has a row in the page's table of settings without effect."""
SPELLED = {
    "window": "kubernetes.window",
    "freezes": "kubernetes.freezes",
    "zone_redundant_storage": "storage.zoneRedundant",
}
"""How a stack file, and so the page, spells what is called otherwise once it is resolved."""


def registered(run, wanted):
    """All that a stack registers, comparable."""
    deployed = eks_stacks.deploy(run, wanted)
    return {
        (item.type, item.name): (item.inputs, item.protect, item.retained, item.provider, sorted(item.ignored))
        for item in deployed.registrations
    }


@pytest.fixture
def before(run, project):
    return registered(run, eks_stacks.wanted())


@pytest.mark.parametrize("field", CHANGES)
def test_a_setting_has_an_effect(run, before, field):
    assert registered(run, eks_stacks.changed(eks_stacks.wanted(), field, CHANGES[field])) != before


@pytest.mark.parametrize("field", POOL_CHANGES)
def test_a_pool_s_setting_has_an_effect(run, project, field):
    # Guarded, so that a pool's role shows: by it AWS is told nothing that its labels and taints do not say.
    def wanted(pool):
        return eks_stacks.changed(eks_stacks.wanted(protection="guarded"), "pools", (pool,))

    changed = dataclasses.replace(POOL, **{field: POOL_CHANGES[field]})
    assert registered(run, wanted(changed)) != registered(run, wanted(POOL))


def fields():
    """The names of all settings, those of nested ones with their parent's."""
    wanted = eks_stacks.wanted()
    for field in dataclasses.fields(wanted):
        value = getattr(wanted, field.name)
        if dataclasses.is_dataclass(value):
            yield from (f"{field.name}.{inner.name}" for inner in dataclasses.fields(value))
        elif field.name == "options":
            yield from (f"options.{name}" for name in type(value).model_fields)
        else:
            yield field.name


def test_no_setting_is_forgotten():
    assert set(fields()) == (CHANGES.keys() | WITHOUT_EFFECT) - {"backups.retention_days"}
    assert {field.name for field in dataclasses.fields(resolution.Pool)} == POOL_CHANGES.keys()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tier", "dev"),
        ("window", managed.Window(days=("sunday",), start="01:00", hours=4)),
        ("freezes", (managed.Freeze(name="x", start=dt.date(2026, 12, 18), end=dt.date(2027, 1, 6)),)),
        ("network.pods", "10.0.0.0/16"),
        ("zone_redundant_storage", False),
        ("ingress", managed.Ingress()),
    ],
)
def test_what_the_page_calls_without_effect_has_none(run, before, field, value):
    assert field in WITHOUT_EFFECT
    assert registered(run, eks_stacks.changed(eks_stacks.wanted(), field, value)) == before


@pytest.mark.parametrize("field", sorted(WITHOUT_EFFECT - {"vendor"}))
def test_the_page_says_why_a_setting_has_no_effect(field):
    beginning = f"| `{SPELLED.get(field, field)}` |"
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith(beginning) for line in lines) == 1


@pytest.mark.parametrize("field", ["wanted.tags", "wanted.compute"])
def test_load_balancers_follow_settings_too(field):
    change = {"wanted.tags": {"a": "b"}, "wanted.compute": "auto"}[field]
    wanted = eks_stacks.wanted()
    other = eks_stacks.changed(wanted, field.removeprefix("wanted."), change)
    assert offers.load_balancer(other) != offers.load_balancer(wanted)


# Pools


def test_sizes_are_totals_and_a_pool_begins_with_the_fewest(run, project):
    found = eks_stacks.deploy(run).one("eks/nodeGroup:NodeGroup", "pool-general").inputs
    assert found["scalingConfig"] == {"minSize": 3, "maxSize": 12, "desiredSize": 3}
    assert found["subnetIds"] == ["shop-private-a-id", "shop-private-b-id", "shop-private-c-id"]
    assert found["launchTemplate"] == {"id": "shop-pool-general-id", "version": "1"}
    assert found["version"] == "1.35"
    assert found["nodeRepairConfig"] == {"enabled": True}


def test_a_spot_pool_has_all_its_machines_a_label_and_a_taint(run, project):
    found = eks_stacks.deploy(run).one("eks/nodeGroup:NodeGroup", "pool-spot").inputs
    assert found["capacityType"] == "SPOT"
    assert found["instanceTypes"] == ["m7i.xlarge", "m7a.xlarge", "m6i.xlarge"]
    assert found["labels"]["paasport.dev/spot"] == "true"
    assert found["taints"] == [{"key": "paasport.dev/spot", "value": "true", "effect": "NO_SCHEDULE"}]


def test_an_arm_pool_has_its_image_its_taint_and_its_zone(run, project):
    found = eks_stacks.deploy(run).one("eks/nodeGroup:NodeGroup", "pool-arm").inputs
    assert found["amiType"] == "AL2023_ARM_64_STANDARD"
    assert found["taints"] == [{"key": "kubernetes.io/arch", "value": "arm64", "effect": "NO_SCHEDULE"}]
    assert found["subnetIds"] == ["shop-private-b-id"]


def test_system_nodes_are_kept_for_what_keeps_the_cluster_running(run, project):
    found = eks_stacks.deploy(run).one("eks/nodeGroup:NodeGroup", "pool-system").inputs
    assert found["taints"] == [{"key": "CriticalAddonsOnly", "value": "true", "effect": "NO_SCHEDULE"}]
    assert found["capacityType"] == "ON_DEMAND"


def test_bottlerocket_has_its_data_on_a_second_disk(run, project):
    wanted = eks_stacks.wanted(eks=eks_stacks.options(nodeImage="bottlerocket"))
    deployed = eks_stacks.deploy(run, wanted)
    key = "arn:aws:kms:eu-central-1:444455556666:key/11112222"
    common = {"volumeType": "gp3", "encrypted": "true", "deleteOnTermination": "true", "kmsKeyId": key}
    template = deployed.one("ec2/launchTemplate:LaunchTemplate", "pool-general").inputs
    assert template["blockDeviceMappings"] == [
        {"deviceName": "/dev/xvda", "ebs": common},
        {"deviceName": "/dev/xvdb", "ebs": {**common, "volumeSize": 100}},
    ]
    assert deployed.one("eks/nodeGroup:NodeGroup", "pool-arm").inputs["amiType"] == "BOTTLEROCKET_ARM_64"


# Network


def test_one_gateway_serves_all_zones_and_a_second_one_moves_no_subnet(run, project):
    single = eks_stacks.deploy(run, eks_stacks.changed(eks_stacks.wanted(), "network.egress", "single"))
    assert single.names("ec2/natGateway:NatGateway") == ["nat-a"]
    ways = [single.one("ec2/route:Route", f"private-{zone}").inputs["natGatewayId"] for zone in "abc"]
    assert ways == ["shop-nat-a-id"] * 3
    each = eks_stacks.deploy(run)
    ways = [each.one("ec2/route:Route", f"private-{zone}").inputs["natGatewayId"] for zone in "abc"]
    assert ways == ["shop-nat-a-id", "shop-nat-b-id", "shop-nat-c-id"]
    tables = {
        item.inputs["subnetId"]: item.inputs["routeTableId"]
        for item in single.all("ec2/routeTableAssociation:RouteTableAssociation")
    }
    assert len(tables) == 6
    for item in each.all("ec2/routeTableAssociation:RouteTableAssociation"):
        assert tables[item.inputs["subnetId"]] == item.inputs["routeTableId"]


def test_load_balancers_find_their_subnets(run, project):
    deployed = eks_stacks.deploy(run)
    private = deployed.one("ec2/subnet:Subnet", "private-a").inputs["tags"]
    public = deployed.one("ec2/subnet:Subnet", "public-a").inputs["tags"]
    own = deployed.one("ec2/subnet:Subnet", "control-plane-a").inputs["tags"]
    assert private == {
        "Name": "shop-private-a",
        "kubernetes.io/role/internal-elb": "1",
        "kubernetes.io/cluster/shop": "shared",
    }
    assert public == {"Name": "shop-public-a", "kubernetes.io/role/elb": "1", "kubernetes.io/cluster/shop": "shared"}
    assert own == {"Name": "shop-control-plane-a"}


def test_aws_s_own_apis_are_reached_inside_the_network(run, project):
    deployed = eks_stacks.deploy(run)
    names = deployed.names("ec2/vpcEndpoint:VpcEndpoint")
    assert names == ["ec2", "ecr-api", "ecr-dkr", "eks-auth", "logs", "s3", "sts"]
    registry = deployed.one("ec2/vpcEndpoint:VpcEndpoint", "ecr-dkr").inputs
    assert registry["serviceName"] == "com.amazonaws.eu-central-1.ecr.dkr"
    assert registry["privateDnsEnabled"] is True
    store = deployed.one("ec2/vpcEndpoint:VpcEndpoint", "s3").inputs
    assert store["vpcEndpointType"] == "Gateway"
    assert store["routeTableIds"] == ["shop-private-a-id", "shop-private-b-id", "shop-private-c-id"]


def test_connections_are_logged_to_a_group_that_the_role_may_write_to(run, project):
    deployed = eks_stacks.deploy(run)
    group = "arn:aws:logs:eu-central-1:444455556666:log-group:/aws/vpc/shop/flow-logs"
    assert deployed.one("ec2/flowLog:FlowLog").inputs["logDestination"] == group
    policy = deployed.one("iam/rolePolicy:RolePolicy", "flow-logs").inputs["policy"]
    assert f'"{group}:*"' in policy
