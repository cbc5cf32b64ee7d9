import collections
import importlib.util
import pathlib
import re

import pytest

from stacks import regions, shapes, tiers

from . import samples


@pytest.mark.parametrize(
    ("vendor", "region", "zones"),
    [
        ("eks", "eu-central-1", ("eu-central-1a", "eu-central-1b", "eu-central-1c")),
        ("eks", "ap-northeast-1", ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d")),
        ("eks", "us-west-1", ("us-west-1a", "us-west-1c")),
        ("gke", "us-east1", ("us-east1-b", "us-east1-c", "us-east1-d")),
        ("gke", "europe-west1", ("europe-west1-b", "europe-west1-c", "europe-west1-d")),
        ("gke", "us-central1", ("us-central1-a", "us-central1-b", "us-central1-c", "us-central1-f")),
        ("aks", "westeurope", ("1", "2", "3")),
        ("aks", "westus", ()),
        ("eks", "europe-west3", ()),
    ],
)
def test_a_region_has_its_vendors_zones_in_a_fixed_order(vendor, region, zones):
    assert regions.zones(vendor, region) == zones


def test_no_name_of_a_region_belongs_to_two_vendors():
    names = collections.Counter(region for vendor in samples.VENDORS for region in regions.known(vendor))
    assert [name for name, count in names.items() if count > 1] == []
    assert regions.owner("germanywestcentral") == "aks"
    assert regions.owner("nowhere") == ""


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_a_region_of_aws_is_in_a_partition(region, partition):
    assert regions.partition(region) == partition


@pytest.mark.parametrize(
    ("vendor", "arch", "cpu", "memory", "names"),
    [
        ("eks", "amd64", 4, "16Gi", ("m7i.xlarge", "m6i.xlarge", "m5.xlarge", "m7a.xlarge", "m6a.xlarge")),
        ("eks", "arm64", 4, "16Gi", ("m7g.xlarge", "m6g.xlarge", "m8g.xlarge")),
        ("eks", "amd64", 8, "16Gi", ("c7i.2xlarge", "c6i.2xlarge", "c5.2xlarge", "c7a.2xlarge", "c6a.2xlarge")),
        ("eks", "amd64", 8, "64Gi", ("r7i.2xlarge", "r6i.2xlarge", "r5.2xlarge", "r7a.2xlarge", "r6a.2xlarge")),
        ("gke", "amd64", 8, "32Gi", ("n4-standard-8", "n2-standard-8", "e2-standard-8")),
        ("gke", "arm64", 4, "16Gi", ("c4a-standard-4", "t2a-standard-4")),
        ("gke", "amd64", 8, "64Gi", ("n4-highmem-8", "n2-highmem-8", "e2-highmem-8")),
        ("aks", "amd64", 2, "8Gi", ("Standard_D2ds_v5", "Standard_D2ds_v6", "Standard_D2ads_v5")),
        ("aks", "arm64", 4, "16Gi", ("Standard_D4pds_v5", "Standard_D4pds_v6")),
        ("aks", "amd64", 8, "64Gi", ("Standard_E8ds_v5", "Standard_E8ds_v6")),
        ("aks", "amd64", 8, "33Gi", ()),
    ],
)
def test_a_shape_is_met_by_the_same_machines_in_the_same_order(vendor, arch, cpu, memory, names):
    """Another first machine would replace running nodes."""
    assert shapes.machines(vendor, arch=arch, cpu=cpu, memory=memory) == names


@pytest.mark.parametrize("vendor", samples.VENDORS)
def test_machines_have_names_that_are_their_vendors_own(vendor):
    names = [machine.name for machine in shapes.known(vendor)]
    assert len(names) == len(set(names))
    assert {shapes.owner(name) for name in names} == {vendor}


@pytest.mark.parametrize("vendor", samples.VENDORS)
@pytest.mark.parametrize("tier", tiers.TIERS)
def test_every_pool_of_a_tier_has_machines_at_every_vendor(vendor, tier):
    for pool in tiers.TIERS[tier].pools.values():
        assert shapes.machines(vendor, arch=pool.arch, cpu=pool.shape.cpu, memory=pool.shape.memory)


@pytest.mark.parametrize("arch", ["amd64", "arm64"])
def test_a_spot_pool_on_eks_gets_three_types_of_machine_for_every_common_shape(arch):
    found = collections.Counter((each.cpu, each.memory) for each in shapes.known("eks") if each.arch == arch)
    few = {cpu: count for (cpu, _), count in found.items() if count < 3}
    # The largest Graviton machines are of one generation only.
    assert set(few) == ({96} if arch == "arm64" else set())


def test_the_disk_of_a_machine_is_its_own():
    assert shapes.machine("aks", "Standard_D4ds_v5").disk == 150 * 2**30
    assert shapes.machine("eks", "m7i.large").disk == 0


@pytest.mark.parametrize(
    ("machine", "disks"),
    [("n4-standard-4", "hyperdisk"), ("e2-standard-4", "persistent"), ("c3-standard-4", "both")],
)
def test_machines_of_google_take_one_kind_of_disk_or_both(machine, disks):
    assert shapes.disks(machine) == disks


def test_the_nearest_shapes_are_offered_once_each_and_with_their_preferred_machine():
    near = shapes.nearest("eks", arch="amd64", cpu=5, memory="20Gi", count=2)
    assert [machine.name for machine in near] == ["m7i.xlarge", "c7i.2xlarge"]


@pytest.mark.parametrize(
    ("vendor", "name", "near"),
    [
        ("eks", "m5.3xlarge", "m5.4xlarge"),
        ("eks", "m7i.micro", "m7i.large"),
        ("eks", "m7g.small", "m7g.medium"),
        ("eks", "m7i.metal", "m7i.metal-24xl"),
        ("eks", "m7i.56xlarge", "m7i.48xlarge"),
        ("gke", "e2-standard-64", "e2-standard-32"),
        ("gke", "n4-standard-6", "n4-standard-8"),
        ("gke", f"n4-standard-{'9' * 400}", "n4-standard-80"),
        ("aks", "Standard_D0ds_v5", "Standard_D2ds_v5"),
        ("aks", "Standard_D128ds_v5", "Standard_D96ds_v5"),
    ],
)
def test_a_size_that_a_family_does_not_have_is_a_slip_of_the_nearest(vendor, name, near):
    assert shapes.named_like(vendor, name)
    assert shapes.misspelled(vendor, name) == near


@pytest.mark.parametrize(
    ("vendor", "name"),
    [
        ("eks", "m5.2xlarge"),
        ("eks", "m7i.metal-48xl"),
        ("eks", "c5.9xlarge"),
        ("eks", "m9z.large"),
        ("eks", "m7i-flex.large"),
        ("eks", "u-6tb1.56xlarge"),
        ("eks", "u7in-16tb.224xlarge"),
        ("eks", "g6e.12xlarge"),
        ("gke", "n2-standard-128"),
        ("gke", "n2-custom-8-16384"),
        ("gke", "c3-standard-8-lssd"),
        ("gke", "a2-highgpu-1g"),
        ("gke", "e2-medium"),
        ("aks", "Standard_E96ds_v5"),
        ("aks", "Standard_B2s"),
        ("aks", "Standard_NC24ads_A100_v4"),
        ("aks", "Standard_E96-48ds_v5"),
        ("aks", "Standard_M176s_3_v3"),
        ("aks", "Standard_DC16ads_cc_v5"),
        ("aks", "Standard_DS2_v2_Promo"),
        ("aks", "Standard_D4ds_v7"),
    ],
)
def test_sizes_that_there_are_and_families_that_are_not_known_are_taken_as_they_are_written(vendor, name):
    assert shapes.named_like(vendor, name)
    assert shapes.misspelled(vendor, name) == ""


@pytest.mark.parametrize(
    ("vendor", "name"),
    [
        ("eks", "m5.xlagre"),
        ("eks", "m5.0xlarge"),
        ("eks", "m.large"),
        ("eks", "m5large"),
        ("gke", "n4-standard"),
        ("gke", "n4standard-4"),
        ("gke", "n4-standard-x"),
        ("aks", "standard_d4ds_v5"),
        ("aks", "Standard_D4ds_5"),
        ("aks", "Standard_Dds_v5"),
        ("aks", "Standard D4ds_v5"),
    ],
)
def test_a_name_without_family_or_size_is_no_machine(vendor, name):
    assert not shapes.named_like(vendor, name)


def instance_types():
    """Every machine type that the AWS provider knows, read from its source: importing it takes seconds."""
    package = importlib.util.find_spec("pulumi_aws")
    source = pathlib.Path(package.origin).with_name("ec2") / "_enums.py"
    return set(re.findall(r'= "([a-z0-9-]+\.[a-z0-9-]+)"', source.read_text(encoding="utf-8")))


def test_every_size_of_a_family_of_aws_is_listed_and_no_other():
    known = instance_types()
    families = {machine.name.partition(".")[0] for machine in shapes.known("eks")}
    assert {name for name in known if name.partition(".")[0] in families and shapes.misspelled("eks", name)} == set()
    assert {name for name in shapes.names("eks") if name not in known} == set()


def test_every_machine_of_aws_that_can_be_a_node_has_a_name_of_the_right_form():
    others = {name for name in instance_types() if not shapes.named_like("eks", name)}
    assert {name.partition("-")[0] for name in others} == {"mac"}
