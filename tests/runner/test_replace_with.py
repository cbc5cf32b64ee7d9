"""`replace_with`: what is replaced takes along what belongs to it, as with Pulumi's own engine."""

from __future__ import annotations

import pathlib

import pytest

from runner.engine import model
from tests.runner import account_double
from tests.runner import engine_doubles as doubles

PROVIDER = 'pulumi.ProviderResource("kubernetes", "main", {{"clusterIdentifier": "{0}"}}, Options(replace_with=[{1}]))'


@pytest.fixture
def bench(tmp_path: pathlib.Path) -> doubles.Bench:
    return doubles.Bench(tmp_path)


@pytest.mark.parametrize("operation", ["preview", "up"])
def test_what_is_replaced_takes_along_what_is_to_be_replaced_with_it(tmp_path: pathlib.Path, operation: str) -> None:
    bench, account = doubles.Bench(tmp_path), account_double.FakeAccount()
    program = """
        a = pulumi.CustomResource("aws:ec2/vpc:Vpc", "a", {{"size": {}}})
        b = pulumi.CustomResource("aws:ec2/vpc:Vpc", "b", {{}}, Options(replace_with=[a]))
        pulumi.CustomResource("aws:ec2/vpc:Vpc", "c", {{}}, Options(replace_with=[b]))
        pulumi.CustomResource("aws:ec2/vpc:Vpc", "d", {{}}, Options(depends_on=[a]))
    """
    bench.simulate("up", program.format(1), account=account)

    told = bench.simulate(operation, program.format(2), account=account)

    assert told.operations == {"a": "replace", "b": "replace", "c": "replace", "d": "same"}
    (b,) = [event for event in told.finished if event.name == "b"]
    assert b.changes == (model.FieldChange(path="replaceWith", before=None, after="a"),)


def test_an_update_takes_nothing_along(tmp_path: pathlib.Path) -> None:
    bench, account = doubles.Bench(tmp_path), account_double.FakeAccount()
    program = """
        a = pulumi.CustomResource("aws:ec2/vpc:Vpc", "a", {{"color": "{}"}})
        pulumi.CustomResource("aws:ec2/vpc:Vpc", "b", {{}}, Options(replace_with=[a]))
    """
    bench.simulate("up", program.format("red"), account=account)

    told = bench.simulate("up", program.format("blue"), account=account)

    assert told.operations == {"a": "update", "b": "same"}


def test_what_is_deleted_with_something_replaced_is_replaced_too(tmp_path: pathlib.Path) -> None:
    bench, account = doubles.Bench(tmp_path), account_double.FakeAccount()
    program = """
        a = pulumi.CustomResource("aws:ec2/vpc:Vpc", "a", {{"size": {}}})
        pulumi.CustomResource("aws:ec2/vpc:Vpc", "b", {{}}, Options(deleted_with=a))
    """
    bench.simulate("up", program.format(1), account=account)

    assert bench.simulate("preview", program.format(2), account=account).operations == {"a": "replace", "b": "replace"}


def test_it_waits_for_what_it_is_replaced_with_and_goes_before_it(bench: doubles.Bench) -> None:
    bench.run("up", 'a = Thing("a")\nThing("b", opts=Options(replace_with=[a]))')

    assert bench.remembered["b"].dependencies == (doubles.thing_urn("a"),)
    bench.run("destroy")
    assert bench.provider.calls[-2:] == ["delete b-1", "delete a-1"]


def test_a_protected_resource_does_not_go_along(tmp_path: pathlib.Path) -> None:
    bench, account = doubles.Bench(tmp_path), account_double.FakeAccount()
    program = """
        a = pulumi.CustomResource("aws:ec2/vpc:Vpc", "a", {{"size": {}}})
        pulumi.CustomResource("aws:ec2/vpc:Vpc", "b", {{}}, Options(replace_with=[a], protect=True))
    """
    bench.simulate("up", program.format(1), account=account)

    told = bench.simulate("up", program.format(2), account=account)

    assert told.failures["b"].startswith("b would have to be replaced, but is protected: replaceWith")


def test_the_objects_of_a_replaced_cluster_are_made_anew(bench: doubles.Bench) -> None:
    program = (
        """
        a = Thing("a", size={0})
        p = """
        + PROVIDER.format("x", "a").replace("{", "{{").replace("}", "}}")
        + """
        pulumi.CustomResource("kubernetes:core/v1:Namespace", "inside", {{}}, Options(provider=p))
        Thing("outside", opts=Options(depends_on=[p]))
    """
    )
    bench.run("up", program.format(1))

    told = bench.run("up", program.format(2), replace=("main",))

    assert told.operations == {"a": "replace", "main": "replace", "inside": "replace", "outside": "same"}
    assert bench.remembered["inside"].id == "inside-2"
    # Whatever was on the old cluster goes with it, and the new one is not asked to delete it.
    assert "delete inside-1" not in bench.provider.calls


def test_a_provider_that_means_another_cluster_is_replaced(bench: doubles.Bench) -> None:
    program = 'pulumi.ProviderResource("kubernetes", "main", {{"clusterIdentifier": "{}", "kubeconfig": "{}"}})'
    bench.run("up", program.format("x", "old"))

    moved = bench.run("preview", program.format("x", "new"))
    replaced = bench.run("preview", program.format("y", "new"), replace=("main",))

    assert (moved.operations, replaced.operations) == ({"main": "update"}, {"main": "replace"})
