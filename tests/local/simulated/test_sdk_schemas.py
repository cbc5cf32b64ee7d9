import subprocess
import sys
import time

import pytest

from local.simulated import account, schema, sdk
from stacks import errors

DOZEN = (
    "aws:ec2/vpc:Vpc",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:eks/cluster:Cluster",
    "aws:eks/nodeGroup:NodeGroup",
    "gcp:compute/subnetwork:Subnetwork",
    "gcp:container/cluster:Cluster",
    "gcp:container/nodePool:NodePool",
    "gcp:projects/iAMMember:IAMMember",
    "azure-native:network:VirtualNetwork",
    "azure-native:containerservice:ManagedCluster",
    "azure-native:containerservice:AgentPool",
    "azure-native:authorization:ManagementLockByScope",
)


def reachable(type_, seen):
    if type_ in seen:
        return
    seen.add(type_)
    members = schema.members(type_).values() if type_.form is schema.Form.OBJECT else ()
    for below in (*type_.items, *(member.type for member in members)):
        reachable(below, seen)


def test_properties_have_the_names_of_the_provider_schema():
    inputs = schema.of("aws:eks/cluster:Cluster").inputs
    assert {"roleArn", "vpcConfig", "enabledClusterLogTypes"} < set(inputs)
    assert "endpoint" not in inputs
    assert "endpoint" in schema.of("aws:eks/cluster:Cluster").outputs


def test_what_the_schema_requires_is_required_although_the_python_class_has_a_default():
    window = schema.of("azure-native:containerservice:MaintenanceConfiguration").inputs["maintenanceWindow"]
    members = schema.members(window.type)
    assert [name for name, member in members.items() if member.required] == ["durationHours", "schedule", "startTime"]


def test_enums_have_the_values_that_the_api_takes():
    type_ = schema.of("azure-native:containerservice:AgentPool").inputs["osSKU"].type
    text, choice = type_.items
    assert text.form is schema.Form.TEXT
    assert {"Ubuntu", "AzureLinux3"} < schema.choices(choice)


def test_documentation_says_what_replaces_a_resource():
    assert schema.of("aws:eks/cluster:Cluster").inputs["bootstrapSelfManagedAddons"].replaces
    assert not schema.of("aws:eks/cluster:Cluster").inputs["tags"].replaces


@pytest.mark.parametrize("token", DOZEN)
def test_every_type_that_a_property_leads_to_is_found(token):
    seen = set()
    for known in schema.of(token).inputs.values():
        reachable(known.type, seen)
    lost = [type_ for type_ in seen if type_.form is schema.Form.OBJECT and not schema.members(type_)]
    lost += [type_ for type_ in seen if type_.form is schema.Form.ENUM and not schema.choices(type_)]
    assert lost == []


@pytest.mark.parametrize(
    ("token", "nearest"),
    [
        ("aws:eks/clustr:Cluster", "aws:eks/cluster:Cluster"),
        ("gcp:container/cluster:Clusters", "gcp:container/cluster:Cluster"),
        ("azure-native:containerservice:ManagedClusters", "azure-native:containerservice:ManagedCluster"),
    ],
)
def test_unknown_type_is_refused_with_the_nearest_right_one(token, nearest):
    with pytest.raises(errors.VendorRefused) as raised:
        schema.of(token)
    assert raised.value.problems[0].next == f"the nearest type is {nearest}"


def test_other_vendors_are_refused():
    with pytest.raises(errors.VendorRefused, match="no vendor that is simulated"):
        schema.of("digitalocean:index/kubernetesCluster:KubernetesCluster")


@pytest.mark.parametrize(("vendor", "fewest"), [("aws", 1500), ("gcp", 1400), ("azure-native", 1500)])
def test_all_types_of_an_sdk_are_known(vendor, fewest):
    assert len(account.tokens(vendor)) > fewest


@pytest.mark.slow
@pytest.mark.parametrize("vendor", ["aws", "gcp", "azure-native"])
def test_any_type_of_an_sdk_can_be_read(vendor):
    tokens = sorted(account.tokens(vendor))[::40]
    assert all(schema.of(token).inputs is not None and sdk.place(token).class_name for token in tokens)


def test_a_dozen_types_are_read_quickly_and_no_sdk_is_imported():
    script = (
        "import sys, time\nfrom local.simulated import schema\nbegin = time.process_time()\n"
        f"for token in {DOZEN!r}: schema.of(token)\n"
        "print(time.process_time() - begin, [name for name in sys.modules if name.startswith('pulumi')])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    seconds, imported = done.stdout.split(maxsplit=1)
    assert imported.strip() == "[]"
    assert float(seconds) < 0.3


def test_reading_again_costs_nothing():
    schema.of(DOZEN[5])
    begin = time.process_time()
    for _ in range(1000):
        schema.of(DOZEN[5])
    assert time.process_time() - begin < 0.05
