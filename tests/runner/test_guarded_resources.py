"""Clusters, pools, providers and what holds data are only replaced by users who have named them."""

from __future__ import annotations

import pathlib

import pytest

from runner import guarded
from stacks import errors
from tests.runner import account_double
from tests.runner import engine_doubles as doubles

CLUSTER = 'pulumi.CustomResource("aws:eks/cluster:Cluster", "main", {{"size": {}}})\n'
CLUSTER_URN = "urn:pulumi:dev::shop::aws:eks/cluster:Cluster::main"
REFUSED = "main (aws:eks/cluster:Cluster) is a cluster and would be replaced because of size"


class Cloud:
    """A stack with one resource of a cloud."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.bench = doubles.Bench(folder)
        self.account = account_double.FakeAccount()

    def run(self, operation: str, program: str, **more: object) -> doubles.Told:
        return self.bench.simulate(operation, program, account=self.account, **more)


@pytest.fixture
def cloud(tmp_path: pathlib.Path) -> Cloud:
    cloud = Cloud(tmp_path)
    cloud.run("up", CLUSTER.format(1))
    return cloud


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("aws:eks/cluster:Cluster", guarded.Kind.CLUSTER),
        ("gcp:container/nodePool:NodePool", guarded.Kind.POOL),
        ("azure-native:containerservice/v20250701:AgentPool", guarded.Kind.POOL),
        ("azure-native:containerservice/v20250702preview:ManagedCluster", guarded.Kind.CLUSTER),
        ("azure-native:resources:Deployment", guarded.Kind.FIRST_POOL),
        ("pulumi:providers:kubernetes", guarded.Kind.PROVIDER),
        ("kubernetes:core/v1:PersistentVolumeClaim", guarded.Kind.DATA),
        ("aws:eks/addon:Addon", None),
        ("pulumi:providers:aws", None),
        ("kubernetes:core/v1:ConfigMap", None),
    ],
)
def test_the_list_says_what_is_guarded(token: str, expected: guarded.Kind | None) -> None:
    assert guarded.kind(token) is expected


def test_an_up_replaces_nothing_that_was_not_named(cloud: Cloud) -> None:
    told = cloud.run("up", CLUSTER.format(2))

    assert told.failures["main"].splitlines() == [
        REFUSED,
        "  everything that runs on the present cluster would go with it",
        "  next: undo the change; where it is meant, ./paasport up dev --replace main",
    ]
    assert cloud.account.calls == ["create main-1"]


def test_a_preview_shows_the_replacement_and_what_follows_and_fails(cloud: Cloud) -> None:
    told = cloud.run(
        "preview", "main = " + CLUSTER.format(2) + 'pulumi.CustomResource("aws:ec2/vpc:Vpc", "b", {"x": main.id})'
    )

    assert told.operations == {"main": "replace", "b": "create"}
    assert told.failed
    assert told.errors.startswith(REFUSED)


@pytest.mark.parametrize("name", ["main", CLUSTER_URN, "*eks/cluster*"])
def test_whoever_names_it_gets_it_replaced(cloud: Cloud, name: str) -> None:
    told = cloud.run("up", CLUSTER.format(2), replace=(name,))

    assert told.operations == {"main": "replace"}
    assert cloud.account.calls == ["create main-1", "create main-2", "delete main-1"]


def test_another_name_permits_nothing(cloud: Cloud) -> None:
    assert cloud.run("up", CLUSTER.format(2), replace=("mai",)).failed


@pytest.mark.parametrize("operation", ["preview", "up"])
def test_a_cluster_that_has_left_the_program_stays(cloud: Cloud, operation: str) -> None:
    told = cloud.run(operation, "")

    assert told.failed
    assert told.errors.startswith("main (aws:eks/cluster:Cluster) is a cluster and would be deleted")
    assert set(cloud.account.made) == {"main-1"}


def test_a_cluster_that_was_named_goes_with_its_place_in_the_program(cloud: Cloud) -> None:
    cloud.run("up", "", replace=("main",))

    assert cloud.account.made == {}


def test_a_destroy_needs_no_permission_but_its_own(cloud: Cloud) -> None:
    assert not cloud.run("destroy", "").failed
    assert cloud.account.made == {}


def test_everything_that_is_guarded_is_a_type_of_its_sdk() -> None:
    from local.simulated import schema  # noqa: PLC0415 - only here

    strange = []
    for token in guarded.GUARDED:
        if token.partition(":")[0] in ("aws", "gcp", "azure-native"):
            try:
                schema.of(token)
            except errors.VendorRefused:
                strange.append(token)
    assert strange == []
