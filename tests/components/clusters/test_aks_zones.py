"""A third zone for a living cluster: what moves, what stays, and what is told before anything is done.

`availabilityZones` of a pool can't be changed (hashicorp/terraform-provider-azurerm#6584, learn.microsoft.com/azure/aks,
availability zones), and `zones` of an address not either.
"""

from __future__ import annotations

import dataclasses

from runner import guarded
from tests.components.clusters import aks_program as azure
from tests.components.clusters import zone_changes

TWO, THREE = ("1", "2"), ("1", "2", "3")


def deployed(zones, **given):
    """A cluster whose pools are in all of these zones, unless they are given."""
    pools = given.pop("pools", (azure.SYSTEM, azure.pool("general")))
    spread = tuple(dataclasses.replace(pool, zones=zones) for pool in pools)
    network = {"zones": zones, "egress": given.pop("egress", "per-zone")}
    return azure.deploy(**{**azure.SAFE, "network": network, "pools": spread, **given})


def test_pools_and_nothing_else_are_replaced_and_each_is_told():
    change = zone_changes.between(deployed(TWO), deployed(THREE))
    assert change.replaced.keys() == {"general", "system"}
    assert set(change.replaced["general"]) == {"agentPoolName", "availabilityZones"}
    assert change.replaced["system"] == ("deploymentName",)
    assert change.untold == set()


def test_the_way_out_gets_an_address_and_keeps_those_that_it_has():
    change = zone_changes.between(deployed(TWO), deployed(THREE))
    assert change.created == {"egress-3"}
    assert change.deleted == set()
    # The cluster joins the new address to its load balancer, in place; the pool's step writes other zones.
    assert change.updated == {"cluster"}


def test_a_way_out_through_one_gateway_stays_in_its_zone():
    change = zone_changes.between(deployed(TWO, egress="single"), deployed(THREE, egress="single"))
    assert (change.created, change.deleted, change.updated) == (set(), set(), set())


def test_an_address_belongs_to_all_zones_of_the_region_however_many_the_nodes_use():
    for zones in (("1",), TWO, THREE):
        found = deployed(zones).of(azure.PUBLIC_ADDRESS)
        assert [item.inputs["zones"] for item in found] == [["1", "2", "3"]] * len(zones)


def test_a_region_without_zones_has_one_way_out_without_zones():
    # West US has none.
    found = azure.deploy(region="westus", network={"zones": (), "egress": "per-zone"})
    assert "zones" not in found.only(azure.PUBLIC_ADDRESS).inputs


def test_pools_that_say_their_zones_stay_where_they_are_when_the_cluster_gets_a_third():
    """What docs/vendors/aks.md advises: nothing is replaced, and new pools bring the third zone."""
    before = deployed(TWO)
    kept = [dataclasses.replace(pool, zones=TWO) for pool in (azure.SYSTEM, azure.pool("general"))]
    more = [azure.pool("system3", role="system", zones=("3",)), azure.pool("general3", zones=("3",))]
    after = azure.deploy(**{**azure.SAFE, "network": {"zones": THREE, "egress": "per-zone"}, "pools": (*kept, *more)})
    change = zone_changes.between(before, after)
    assert change.replaced == {}
    assert change.created == {"egress-3", "system3", "general3"}
    assert change.updated == {"cluster"}


def test_the_message_says_where_to_read_how_another_pool_is_put_beside_it():
    urn = deployed(THREE).named(azure.DEPLOYMENT, "system").urn
    problem = guarded.problem(urn, done="replaced", permitted=(), paths=("deploymentName",))
    assert problem.what == (
        "test-system (azure-native:resources:Deployment) is the first pool of an AKS cluster and would be replaced "
        "because of deploymentName"
    )
    assert "docs/vendors/aks.md" in problem.why
