"""Which programs a managed cluster's kubeconfig needs on the PATH, and what is said where one is missing."""

from __future__ import annotations

import pytest

from stacks import plugins, settings
from tests.stacks import samples

NEEDED = {
    "eks": ["aws"],
    "gke": ["gke-gcloud-auth-plugin", "gcloud"],
    "aks": ["kubelogin", "az"],
}


def cluster(vendor, **changes):
    return settings.parse({"paasport:cluster": samples.having(samples.VENDORS[vendor], **changes)}).cluster


def nothing(_command):
    return None


@pytest.mark.parametrize("vendor", NEEDED)
def test_each_vendor_has_its_own(vendor):
    assert [program.command for program in plugins.needed(cluster(vendor))] == NEEDED[vendor]


@pytest.mark.parametrize("login", ["workloadidentity", "msi", "spn"])
def test_azures_command_line_is_needed_only_where_its_login_is_used(login):
    assert [program.command for program in plugins.needed(cluster("aks", aks__login=login))] == ["kubelogin"]


def test_what_is_there_is_not_missed():
    there = {"gke-gcloud-auth-plugin": "/usr/bin/gke-gcloud-auth-plugin"}
    assert plugins.missing(cluster("gke"), find=there.get) == (plugins.GCLOUD,)
    assert plugins.problems(cluster("eks"), name="shop", find=lambda command: f"/usr/bin/{command}") == ()


def test_all_that_is_missing_is_told_with_the_way_to_get_it():
    found = plugins.problems(cluster("aks"), name="shop", find=nothing)
    assert [problem.what for problem in found] == ["kubelogin is not on the PATH", "az is not on the PATH"]
    assert found[0].why.startswith("the kubeconfig of shop gets its tokens from it")
    assert found[0].next == (
        "install kubelogin: `az aks install-cli`, or see https://azure.github.io/kubelogin/install.html; "
        "then run this command again"
    )
