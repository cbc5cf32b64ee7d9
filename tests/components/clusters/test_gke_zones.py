"""A third zone for a living GKE cluster: nothing is replaced and no address moves, because Google changes zones in place.

`nodeLocations` of cluster and pool are changed by SetLocations and by UpdateNodePool of the GKE API; networks and Cloud
NAT are of a region.
"""

from __future__ import annotations

import dataclasses

from . import gke_program as gke
from . import zone_changes

TWO = ("europe-west3-a", "europe-west3-b")
THREE = (*TWO, "europe-west3-c")


def deployed(zones, **given):
    pools = given.pop("pools", (gke.SYSTEM, gke.pool("general", min=4, max=9)))
    spread = tuple(dataclasses.replace(pool, zones=zones) for pool in pools)
    return gke.deploy(**{**gke.SAFE, "network": {"zones": zones, "flow_logs": True}, "pools": spread, **given})


def test_cluster_and_pools_get_their_third_zone_in_place_and_nothing_else_changes():
    change = zone_changes.between(deployed(TWO), deployed(THREE))
    assert change.replaced == {}
    assert change.updated == {"cluster", "system", "general"}
    assert (change.created, change.deleted) == (set(), set())


def test_pools_keep_their_names_and_their_limits_in_all_zones_together():
    before, after = deployed(TWO), deployed(THREE)
    for part in ("system", "general"):
        old, new = (run.named(gke.POOL, part) for run in (before, after))
        assert old.inputs["name"] == new.inputs["name"]
        assert old.inputs["autoscaling"] == new.inputs["autoscaling"]
        assert new.inputs["nodeLocations"] == ["europe-west3-a", "europe-west3-b", "europe-west3-c"]
        # What a pool began with depends on its zones, and would replace it.
        assert "initialNodeCount" in new.ignored
    assert before.named(gke.POOL, "general").inputs["initialNodeCount"] == 2


def test_automatic_nodes_may_be_in_the_third_zone_too():
    before, after = (deployed(zones, compute="auto", pools=(gke.SYSTEM,)) for zones in (TWO, THREE))
    assert after.cluster["clusterAutoscaling"]["autoProvisioningLocations"] == list(THREE)
    change = zone_changes.between(before, after)
    assert (change.replaced, change.updated) == ({}, {"cluster", "system"})


def test_disks_have_two_copies_with_two_zones_and_with_three():
    classes = [run.named(gke.GROUP_OF_OBJECTS, "storage").inputs for run in (deployed(TWO), deployed(THREE))]
    assert classes[0] == classes[1]
