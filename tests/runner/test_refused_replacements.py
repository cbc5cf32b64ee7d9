"""What a refused replacement tells: the properties that force it, and a next command that goes on where this stopped."""

from __future__ import annotations

import pathlib

import pytest

from runner import guarded
from runner.commands import clouds
from tests.runner import account_double
from tests.runner import engine_doubles as doubles

ROOT = pathlib.Path(__file__).parents[2]
PROVIDER = "urn:pulumi:dev::paasport::pulumi:providers:kubernetes::main"


def test_the_next_command_repeats_what_is_permitted_already() -> None:
    found = guarded.problem(PROVIDER, done="replaced", permitted=("main-cluster", "*eks/nodeGroup*"))

    assert found is not None
    assert found.next.endswith("./paasport up dev --replace main-cluster --replace '*eks/nodeGroup*' --replace main")


def test_a_lower_minor_on_eks_is_refused_although_its_tier_follows_a_channel() -> None:
    (found,) = clouds.version_step(ROOT, "eks-dev", live="1.36")

    assert found.what == "the cluster eks-dev runs Kubernetes 1.36, and the stack file wants 1.35"
    assert found.next == 'write `minor: "1.36"`'


def test_a_channel_elsewhere_may_be_ahead_of_the_stack_file() -> None:
    assert clouds.version_step(ROOT, "aks-dev", live="1.36") == ()


@pytest.mark.parametrize("live", ["1.33", "1.34.2"])
def test_a_minor_that_only_the_channel_of_aks_could_raise_is_no_obstacle_and_told(live: str) -> None:
    minor = live[:4]
    assert clouds.version_step(ROOT, "aks-dev", live=live) == ()
    assert clouds.version_warning(ROOT, "aks-dev", live=live) == (
        f'the cluster aks-dev runs Kubernetes {minor}, and `minor: "1.35"` in the stack file has no effect on it\n'
        "  with `upgrades: channel` AKS alone moves a living cluster; the minor is where a new one begins\n"
        f'  next: leave it to AKS; or write `upgrades: pinned` and `minor: "{minor}"`, deploy, and raise it from there'
    )


@pytest.mark.parametrize(
    ("stack", "live"),
    [
        ("aks-dev", "1.35"),
        ("aks-dev", "1.36"),
        ("aks-dev", ""),
        ("aks-dev", "unknown"),
        ("aks-prod", "1.34"),
        ("gke-dev", "1.34"),
        ("eks-dev", "1.34"),
        ("local-dev", "1.34"),
    ],
)
def test_where_the_minor_is_heeded_nothing_is_told(stack: str, live: str) -> None:
    assert clouds.version_warning(ROOT, stack, live=live) == ""


def test_only_the_properties_that_force_a_replacement_are_blamed(tmp_path: pathlib.Path) -> None:
    bench, account = doubles.Bench(tmp_path), account_double.FakeAccount()
    cluster = 'pulumi.CustomResource("aws:eks/cluster:Cluster", "main", {{"size": {}, "color": "{}"}})'
    bench.simulate("up", cluster.format(1, "red"), account=account)

    told = bench.simulate("up", cluster.format(2, "blue"), account=account)

    assert told.failures["main"].splitlines()[0].endswith("would be replaced because of size")
