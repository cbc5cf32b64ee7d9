"""Which versions add-ons and nodes have, and what changes them on a living cluster."""

from __future__ import annotations

import pytest
from pulumi.runtime import mocks

from local.simulated import account

from . import eks_stacks

ADDON = "eks/addon:Addon"
STASH = "pulumi:index:Stash"
TEMPLATE = "ec2/launchTemplate:LaunchTemplate"


class Moving(mocks.Mocks):
    """AWS on a day on which its defaults are these, with what Pulumi's state remembers of earlier days."""

    def __init__(self, day: str, state: dict[str, str]) -> None:
        self._answers = eks_stacks.Answers()
        self.asked, self.day, self.state = self._answers.asked, day, state

    def new_resource(self, args):
        return self._answers.new_resource(args)

    def call(self, args):
        self.asked.append(dict(args.args))
        return {"version": f"v1.0.0-eksbuild.{self.day}"}


@pytest.fixture
def up(run, project, monkeypatch):
    """Deploy on a day, with a memory of the days before as Pulumi's state is one; the version of the DNS add-on."""
    state: dict[str, str] = {}

    def built_in(self, args):
        if args.typ != STASH:
            return self._answers.new_resource(args)
        output = state.setdefault(args.name, args.inputs["input"])
        return f"{args.name}-id", {**args.inputs, "output": output}

    monkeypatch.setattr("tests.components.conftest.BuiltIn.new_resource", built_in)

    def deployed(day: str, **changes) -> str:
        wanted = eks_stacks.wanted(**changes)
        found = eks_stacks.deploy(run, wanted, then=lambda facts: None, answers=Moving(day, state))
        return found.one(ADDON, "coredns").inputs["addonVersion"].rpartition(".")[2]

    return deployed


PINNED = {"minor": "1.35", "upgrades": "pinned"}


def test_a_pinned_stack_s_add_ons_stay_when_aws_moves_its_default(up):
    assert up("1", kubernetes=PINNED) == "1"
    assert up("2", kubernetes=PINNED) == "1"


def test_another_minor_takes_the_default_of_that_day_and_keeps_it(up):
    assert up("1", kubernetes=PINNED) == "1"
    assert up("2", kubernetes={**PINNED, "minor": "1.36"}) == "2"
    assert up("3", kubernetes={**PINNED, "minor": "1.36"}) == "2"


def test_another_patch_level_takes_the_default_of_that_day_and_keeps_it(up):
    assert up("1", kubernetes=PINNED) == "1"
    assert up("2", kubernetes=PINNED, eks=eks_stacks.options(patchLevel="2026-12")) == "2"
    assert up("3", kubernetes=PINNED, eks=eks_stacks.options(patchLevel="2026-12")) == "2"


def test_a_version_in_the_stack_file_goes_before_what_is_remembered(up):
    assert up("1", kubernetes=PINNED) == "1"
    chosen = eks_stacks.options(addonVersions={"coredns": "v1.12.4-eksbuild.7"})
    assert up("2", kubernetes=PINNED, eks=chosen) == "7"


def test_a_stack_on_a_channel_follows_aws(up):
    channel = {"minor": "1.35", "upgrades": "channel"}
    assert up("1", kubernetes=channel) == "1"
    assert up("2", kubernetes=channel) == "2"


@pytest.fixture
def cluster(run, project):
    return eks_stacks.deploy(run)


@pytest.fixture
def create(run, project):
    """Create the cluster with other settings."""
    return lambda **changes: eks_stacks.deploy(run, eks_stacks.wanted(**changes))


def test_what_is_remembered_is_the_default_of_the_minor_and_not_the_latest(cluster):
    assert {(item["kubernetesVersion"], item["mostRecent"]) for item in cluster.asked} == {("1.35", False)}
    found = cluster.one(ADDON, "coredns").inputs
    assert found["addonVersion"] == "v1.0.0-eksbuild.1 of coredns for 1.35"


def test_every_add_on_s_version_is_remembered_under_its_minor_and_nothing_notes_a_moved_default(cluster):
    remembered = [item for item in cluster.registrations if item.type == STASH]
    assert sorted(item.name for item in remembered) == sorted(
        f"shop-{item.inputs['addonName']}-1.35" for item in cluster.all(ADDON)
    )
    assert {item.ignored for item in remembered} == {("input",)}


def test_in_auto_mode_the_add_ons_are_remembered_too(create):
    found = create(compute="auto", pools=None)
    remembered = [item.name for item in found.registrations if item.type == STASH]
    assert sorted(remembered) == ["shop-metrics-server-1.35", "shop-snapshot-controller-1.35"]


def test_a_version_in_the_stack_file_is_neither_asked_for_nor_remembered(create):
    found = create(eks=eks_stacks.options(addonVersions={"vpc-cni": "v1.20.4-eksbuild.2"}))
    assert found.one(ADDON, "vpc-cni").inputs["addonVersion"] == "v1.20.4-eksbuild.2"
    assert "vpc-cni" not in [item["addonName"] for item in found.asked]
    assert [item.name for item in found.registrations if "vpc-cni-1.35" in item.name] == []


# Nodes


def test_a_patch_level_replaces_nodes_one_after_the_other_and_no_group(create, cluster):
    judge = account.Account(stack="shop")
    later = create(eks=eks_stacks.options(patchLevel="2026-12"))
    for name in ("pool-system", "pool-general"):
        before, after = cluster.one(TEMPLATE, name).inputs, later.one(TEMPLATE, name).inputs
        assert after["description"] == f"{before['description']}, patch level 2026-12"
        difference = judge.difference(f"aws:{TEMPLATE}", before, after)
        assert (difference.changed, difference.replaces) == (("description",), ())
    groups = "eks/nodeGroup:NodeGroup"
    now, then = ({item.name: item.inputs for item in found.all(groups)} for found in (later, cluster))
    assert now == then


def test_no_release_of_an_image_is_named_because_eks_never_goes_back_to_an_older_one(cluster):
    for group in cluster.all("eks/nodeGroup:NodeGroup"):
        assert "releaseVersion" not in group.inputs
        assert group.inputs["version"] == "1.35"
    for template in cluster.all(TEMPLATE):
        assert "imageId" not in template.inputs
