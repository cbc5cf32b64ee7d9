"""What a third zone does to a living cluster: which resources it adds, changes and replaces."""

from __future__ import annotations

import pytest

from local.simulated import account, facts, naming
from runner import guarded

from . import eks_stacks

CLUSTER = "aws:eks/cluster:Cluster"
GROUP = "aws:eks/nodeGroup:NodeGroup"
SUBNET = "aws:ec2/subnet:Subnet"
POOLS = {
    "system": {"role": "system", "instanceTypes": ["m7i.large"], "min": 2, "max": 4},
    "general": {"instanceTypes": ["m7i.xlarge"], "min": 2, "max": 6},
}


class Growth:
    """Two deployments of one stack, compared as the engine and AWS compare them."""

    def __init__(self, before, after):
        judge = account.Account(stack="shop")
        self.before, self.after = keyed(before), keyed(after)
        pairs = {key: (old, self.after[key]) for key, old in self.before.items() if key in self.after}
        found = {key: judge.difference(key[0], *pair) for key, pair in pairs.items()}
        self.gone = sorted(self.before.keys() - self.after.keys())
        self.new = sorted(self.after.keys() - self.before.keys())
        self.changed = {key: difference.changed for key, difference in found.items() if difference.changed}
        self.replaced = {key: difference for key, difference in found.items() if difference.replaces}


def keyed(deployed):
    """Inputs by type and name, with the names that are made up where the program gives none: by them two would meet."""
    return {
        (item.type, item.name.removeprefix("shop-")): naming.named(
            facts.of(item.type), item.inputs, name=item.name, stack="shop"
        )
        for item in deployed.registrations
        if item.type.startswith("aws:")
    }


@pytest.fixture
def grow(run, project):
    """Deploy with two zones, then with three."""

    def deployed(pools=None, network=None, **changes):
        one, other = (
            eks_stacks.deploy(
                run,
                eks_stacks.wanted(
                    network={"cidr": "10.12.0.0/16", **(network or {}), "zones": zones}, pools=pools or POOLS, **changes
                ),
            )
            for zones in (2, 3)
        )
        return Growth(one, other)

    return deployed


def test_no_subnet_moves_and_nothing_goes(grow):
    found = grow()
    assert found.gone == []
    assert [key for key in found.changed if key[0] == SUBNET] == []
    assert [name for type_, name in found.new if type_ == SUBNET] == ["private-c", "public-c"]


def test_the_control_plane_has_its_own_subnets_in_all_zones_from_the_beginning_and_stays_as_it_is(grow):
    found = grow()
    assert (CLUSTER, "cluster") not in found.changed
    assert len(found.before[CLUSTER, "cluster"]["vpcConfig"]["subnetIds"]) == 3


def test_only_pools_of_all_zones_are_replaced_each_beside_its_successor_and_the_guard_stops_it(grow):
    found = grow()
    assert {key: difference.replaces for key, difference in found.replaced.items()} == {
        (GROUP, "pool-system"): ("subnetIds",),
        (GROUP, "pool-general"): ("subnetIds",),
    }
    assert not any(difference.delete_first for difference in found.replaced.values())
    for _, name in found.replaced:
        resource = f"urn:pulumi:eks-shop::paasport::{GROUP}::shop-{name}"
        problem = guarded.problem(resource, done="replaced", permitted=(), paths=("subnetIds",))
        assert problem
        assert problem.what == f"shop-{name} ({GROUP}) is a node pool and would be replaced because of subnetIds"


def test_pools_that_name_their_zones_stay_and_what_else_changes_does_so_in_place(grow):
    found = grow(pools={name: {**pool, "zones": [1, 2]} for name, pool in POOLS.items()})
    assert found.replaced == {}
    assert {key[0] for key in found.changed} == {"aws:ec2/vpcEndpoint:VpcEndpoint"}
    assert {name for _, name in found.new} == {"private-c", "public-c", "nat-c"}


# Where the control plane has no subnets of its own


@pytest.mark.parametrize(
    "changes", [{"network": {"cidr": "10.12.0.0/24"}}, {"compute": "auto"}], ids=["small network", "auto"]
)
def test_a_control_plane_in_the_nodes_subnets_can_t_have_a_third_zone(grow, changes):
    found = grow(**changes)
    assert found.changed[CLUSTER, "cluster"] == ("vpcConfig.subnetIds",)
    assert found.replaced.keys() <= {(GROUP, "pool-system"), (GROUP, "pool-general")}


GIVEN = {"vpc": "vpc-0123456789abcdef0", "privateSubnets": ["subnet-0a000000", "subnet-0b000000"]}
THIRD = {**GIVEN, "privateSubnets": [*GIVEN["privateSubnets"], "subnet-0c000000"]}
OWN = {"controlPlaneSubnets": ["subnet-0d000000", "subnet-0e000000"]}


def test_in_a_network_that_exists_the_control_plane_s_subnets_are_those_that_are_named(run, project):
    def deployed(zones, **network):
        pools = {name: {**pool, "zones": [1, 2]} for name, pool in POOLS.items()}
        options = eks_stacks.options(network=network)
        return eks_stacks.deploy(run, eks_stacks.wanted(network={"zones": zones}, pools=pools, eks=options))

    found = Growth(deployed(2, **GIVEN, **OWN), deployed(3, **THIRD, **OWN))
    assert found.before[CLUSTER, "cluster"]["vpcConfig"]["subnetIds"] == OWN["controlPlaneSubnets"]
    assert (found.gone, found.new, found.changed) == ([], [], {})
    found = Growth(deployed(2, **GIVEN), deployed(3, **THIRD))
    assert found.changed == {(CLUSTER, "cluster"): ("vpcConfig.subnetIds",)}
