"""The facts by which every service is rendered (`every_service/vendors.py`) against those of the real components."""

from __future__ import annotations

import dataclasses

import pytest

from components import contracts
from tests.components.every_service import vendors

from . import conftest

STACKS = {"eks": "eks-prod", "gke": "gke-prod", "aks": "aks-prod", "existing": "existing-dev", "local": "local-dev"}
every_vendor = pytest.mark.parametrize("vendor", vendors.VENDORS, ids=lambda vendor: vendor.name)


@pytest.fixture
def facts(deploy):
    """Of a real component; stacks of the project, with an object store where the vendor has one."""

    def of(vendor):
        config = conftest.config_of(STACKS[vendor.name]) | {"paasport:services": {}}
        if vendor.store is not None:
            config["paasport:cluster"]["backups"] = {"retentionDays": 30}
        return deploy(STACKS[vendor.name], config).facts

    return of


def known(value):
    return conftest.awaited(value.future()) if hasattr(value, "future") else value


def test_every_vendor_has_facts_here():
    assert {vendor.name for vendor in vendors.VENDORS} == set(STACKS)


@every_vendor
def test_storage_is_told_alike(facts, vendor):
    real, written = facts(vendor).storage, vendor.storage
    # Whose disks an existing cluster has is its owner's choice.
    driver = written.driver if vendor.name == "existing" else real.driver
    assert dataclasses.replace(real, driver=driver) == written


@every_vendor
def test_load_balancers_are_asked_for_alike(facts, vendor):
    real, written = facts(vendor).load_balancer, vendor.load_balancer
    assert (real.address, real.health_path_annotation) == (written.address, written.health_path_annotation)
    if vendor.name != "existing":
        for one, other in ((real.internal, written.internal), (real.public, written.public)):
            assert set(one.annotations) == set(other.annotations)
            assert one.load_balancer_class == other.load_balancer_class


@every_vendor
def test_the_object_store_is_told_alike(facts, vendor):
    real = facts(vendor).backups
    if vendor.store is None:
        assert real is None
        return
    written = vendor.store
    assert {"protocol": real.protocol, "region": real.region} == {
        "protocol": written["protocol"],
        "region": written.get("region", ""),
    }
    assert (real.account is None) is ("account" not in written)
    for one, other in ((known(real.url), known(real.root)), (written["url"], written["root"])):
        assert one.endswith(f"/{other}")
        assert one.startswith({"s3": "s3://", "gcs": "gs://", "azure": "https://"}[real.protocol])


@every_vendor
def test_who_may_use_the_store_is_told_alike(run, facts, vendor):
    if vendor.store is None:
        assert facts(vendor).identity.supported is False
        return

    def bound():
        return facts(vendor).identity.bind("shop", "backup", grants=[contracts.Grant(access="write", bucket="b")])

    binding = run(lambda: [bound()]).result[0]
    assert set(binding.service_account_annotations) == set(vendor.account)
    assert dict(binding.pod_labels) == dict(vendor.pods)
