"""A tier has the same services on every vendor: what differs between its stacks is the cluster alone."""

import pytest

from stacks import files
from stacks.services import catalogue
from tests.stacks import conftest


def services_of(stack):
    return files.read(conftest.ROOT, stack, passphrase=lambda: None).config["paasport:services"]


@pytest.mark.parametrize("tier", ["dev", "staging", "prod"])
def test_a_tier_has_the_same_services_on_every_vendor(tier):
    eks, gke, aks = (services_of(f"{vendor}-{tier}") for vendor in ("eks", "gke", "aks"))
    assert eks == gke == aks


def test_staging_has_an_astarte_with_all_that_it_needs_on_each_of_them():
    kinds = {name: service["service"] for name, service in services_of("gke-staging").items()}
    assert kinds == {
        "metrics": "prometheus",
        "orders": "postgresql",
        "messages": "rabbitmq",
        "telemetry": "cassandra",
        "iot": "astarte",
    }


def test_this_machine_has_a_stack_with_one_of_each():
    kinds = [service["service"] for service in services_of("local-prod").values()]
    assert sorted(kinds) == sorted(catalogue.SERVICES)
    assert {(one["size"], one["availability"]) for one in services_of("local-prod").values()} == {("medium", "zonal")}
