"""What clusters tell the layers above them, where it depends on the stack; what always holds is in the contract."""

from __future__ import annotations

import pytest

from components.clusters.gke import storage as gke_storage
from local.simulated.controllers import snapshots
from stacks import managed
from tests.local.simulated import handed_out

from . import aks_program, conftest, eks_stacks, gke_program

ARM = f"/subscriptions/{aks_program.SUBSCRIPTION}/resourceGroups/shared/providers/Microsoft.Network"
CLASS = "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass"


def known(outputs):
    return [conftest.awaited(output.future()) for output in outputs]


def snapshot_class(registrations):
    (found,) = [item for item in registrations if item.type == CLASS]
    return found.inputs


@pytest.fixture
def eks(run, project):
    return lambda **changes: eks_stacks.deploy(run, eks_stacks.wanted(**changes))


def test_an_eks_network_is_seen_by_a_gateway_in_each_zone_or_one_alone(eks):
    assert known(eks().facts.network.egress_addresses) == ["198.51.100.97", "198.51.100.98", "198.51.100.99"]
    single = eks(network={"cidr": "10.12.0.0/16", "egress": "single"})
    assert known(single.facts.network.egress_addresses) == ["198.51.100.97"]


def test_an_eks_network_that_exists_is_told_as_the_stack_names_it(eks):
    private, public = ["subnet-0a0a0a0a", "subnet-0b0b0b0b"], ["subnet-0c0c0c0c"]
    given = {"vpc": "vpc-0a1b2c3d", "privateSubnets": private, "publicSubnets": public}
    network = eks(network={"zones": 2}, eks=eks_stacks.options(network=given)).facts.network
    assert known([network.id]) == ["vpc-0a1b2c3d"]
    assert known(network.private_subnets) == private
    assert known(network.public_subnets) == public
    assert network.egress_addresses == ()


def test_eks_auto_mode_has_a_driver_of_its_own_that_tags_snapshots_by_the_class(eks):
    automatic = eks(compute="auto", pools=None)
    assert automatic.facts.storage.driver == "ebs.csi.eks.amazonaws.com"
    found = snapshot_class(automatic.registrations)
    assert found["driver"] == "ebs.csi.eks.amazonaws.com"
    assert "cost-center=shop" in found["parameters"].values()
    assert "parameters" not in snapshot_class(eks().registrations)


def test_an_ebs_volume_lies_in_one_zone_whatever_the_stack_asks_for(eks):
    assert eks(storage={"zoneRedundant": True}).facts.storage.zone_redundant is False


def test_eks_tells_who_signs_tokens(eks):
    assert known([eks().facts.issuer]) == [eks_stacks.ISSUER]


def test_a_gke_network_that_exists_is_told_as_the_stack_names_it():
    existing = managed.GkeNetwork(network="shared", subnetwork="nodes", pods_range="p", services_range="s")
    network = gke_program.deploy(network={"cidr": ""}, options=gke_program.options(network=existing)).facts.network
    assert known([network.id]) == ["shared"]
    assert known(network.private_subnets) == ["nodes"]
    assert (network.public_subnets, network.egress_addresses) == ((), ())


def test_gke_keeps_snapshots_in_the_region():
    assert snapshot_class(gke_program.deploy().registrations)["parameters"] == {"storage-locations": "europe-west3"}


@pytest.mark.parametrize(("wanted", "zones"), [(True, 2), (True, 1), (False, 2)])
def test_a_gke_volume_outlives_its_zone_where_there_are_two_and_the_stack_wants_it(wanted, zones):
    network = {"zones": gke_program.ZONES[:zones]}
    settings = gke_program.settings(network=network, zone_redundant_storage=wanted)
    assert gke_storage.facts(settings).zone_redundant is (wanted and zones > 1)


def test_gke_tells_who_signs_tokens():
    assert known([gke_program.deploy().facts.issuer]) == [
        "https://container.googleapis.com/v1/projects/acme-test/locations/europe-west3/clusters/test"
    ]


@pytest.mark.parametrize(("egress", "addresses"), [("single", ["egress"]), ("per-zone", ["egress-1", "egress-2"])])
def test_an_aks_network_is_seen_by_the_addresses_of_its_way_out(egress, addresses):
    network = aks_program.deploy(network={"egress": egress}).facts.network
    assert known(network.egress_addresses) == [f"address of test-{name}" for name in addresses]


def test_an_aks_network_that_exists_is_told_as_the_stack_names_it():
    existing = managed.AksNetwork(
        virtual_network=f"{ARM}/virtualNetworks/v", node_subnet=f"{ARM}/virtualNetworks/v/subnets/n"
    )
    network = aks_program.deploy(options=aks_program.options(network=existing)).facts.network
    assert known([network.id, *network.private_subnets]) == [existing.virtual_network, existing.node_subnet]
    assert network.egress_addresses == ()


@pytest.mark.parametrize("wanted", [True, False])
def test_an_aks_volume_outlives_its_zone_where_the_stack_wants_it(wanted):
    assert aks_program.deploy(zone_redundant_storage=wanted).facts.storage.zone_redundant is wanted


def test_aks_tells_who_signs_tokens():
    assert known([aks_program.deploy().facts.issuer]) == [aks_program.ISSUER]


def test_the_simulated_controller_takes_what_a_stack_asks_it_for(eks):
    schema = snapshots.CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    asked = [item.registrations for item in (eks(), gke_program.deploy(), aks_program.deploy())]
    for found in map(snapshot_class, asked):
        assert set(schema["required"]) <= found.keys() <= {*schema["properties"], "apiVersion", "kind", "metadata"}


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (handed_out.resource("aws:eks/addon:Addon", "a", "a", {"addonName": "snapshot-controller"}), True),
        (handed_out.resource("aws:eks/addon:Addon", "a", "a", {"addonName": "coredns"}), False),
        (handed_out.eks(), False),
        (handed_out.gke(addonsConfig={"gcePersistentDiskCsiDriverConfig": {"enabled": True}}), True),
        (handed_out.gke(addonsConfig={"gcePersistentDiskCsiDriverConfig": {"enabled": False}}), False),
        (handed_out.aks(storageProfile={"snapshotController": {"enabled": True}}), True),
        (handed_out.aks(), False),
    ],
)
def test_the_simulated_controller_comes_with_what_brings_the_real_one(resource, expected):
    assert snapshots.brings(resource) is expected
