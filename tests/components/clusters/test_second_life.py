"""A stack that was destroyed comes back under its name, beside what the first one left at the vendor on purpose."""

from __future__ import annotations

import copy

import pytest

from components import platform
from stacks import settings

from . import conftest

STACKS = ("aks-dev", "aks-staging", "aks-prod", "gke-dev", "gke-staging", "gke-prod")


def retiring(config):
    """The configuration that a stack is destroyed with: nothing is protected any more."""
    wanted = copy.deepcopy(config)
    wanted["paasport:cluster"] |= {"protection": "off", "retiring": True}
    return wanted


@pytest.fixture
def live(run, control_plane_file):
    """Deploy a stack to an account that may have something in it already."""

    def deployed(stack, config, answers):
        def main():
            return platform.Platform("paasport", settings.parse(config)).outputs()

        return run(main, stack=stack, answers=answers)

    return deployed


def own(program):
    """What the vendor has of a program."""
    return [item for item in program.registrations if item.type.startswith(("aws:", "gcp:", "azure-native:"))]


def destroy(program, account):
    """Delete what `destroy` deletes, the latest first; the names of what stays."""
    made = {(item.token, item.name): item for item in account.resources()}
    for item in reversed(own(program)):
        if not item.retained:
            conftest.awaited(account.delete(item.type, made[item.type, item.name].id))
    return {(item.type, item.name) for item in own(program) if item.retained}


def ids(account):
    return {item.id for item in account.resources()}


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_comes_back_beside_what_destroy_has_left(live, stack):
    answers = conftest.SimulatedAnswers(stack)
    config = conftest.config_of(stack)
    first = live(stack, retiring(config), answers)
    left = destroy(first, answers.account)
    assert left
    kept = ids(answers.account)
    again = live(stack, config, answers)
    assert kept < ids(answers.account)
    assert left <= {(item.type, item.name) for item in own(again)}


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_left_has_the_stack_s_tags_so_that_it_is_found(deploy, stack):
    program = deploy(stack)
    groups = [item for item in own(program) if item.retained and item.type.endswith((":ResourceGroup", ":Bucket"))]
    for item in groups:
        tags = item.inputs.get("tags") or item.inputs.get("labels")
        assert tags["cluster"] == stack


def test_a_kept_name_that_does_not_change_would_be_seen(live):
    answers = conftest.SimulatedAnswers("aks-prod")
    config = retiring(conftest.config_of("aks-prod"))
    first = live("aks-prod", config, answers)
    left = [item for item in own(first) if item.type.endswith(":Vault")]
    (vault,) = [item for item in answers.account.resources() if item.token == left[0].type]
    with pytest.raises(Exception, match="exists already"):
        conftest.awaited(answers.account.create(vault.token, "another", vault.inputs, provider=vault.provider))
