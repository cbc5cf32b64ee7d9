"""Permissions of pods in Azure, and what Services say to get the load balancer that is meant."""

from __future__ import annotations

import pytest

from components import contracts
from components.clusters.aks import workload_identity
from stacks import managed
from tests.components.clusters import aks_program as azure

READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
KEPT = f"/ResourceGroup/{azure.KEPT}/providers/Microsoft.Storage/storageAccounts"


def bound(*grants, namespace="metrics", service_account="writer"):
    """A deployment in which a ServiceAccount is bound, and the binding."""
    bindings = []

    def use(facts):
        bindings.append(facts.identity.bind(namespace, service_account, grants=grants))
        return bindings[0].service_account_annotations

    deployed = azure.deploy(use, backups=managed.Backups(retention_days=7))
    return deployed, bindings[0]


def test_a_service_account_has_an_identity_that_trusts_the_cluster_s_tokens():
    deployed, binding = bound()
    trust = deployed.only(azure.TRUST)
    assert trust.inputs["issuer"] == azure.ISSUER
    assert trust.inputs["subject"] == "system:serviceaccount:metrics:writer"
    assert trust.inputs["audiences"] == ["api://AzureADTokenExchange"]
    assert trust.inputs["resourceName"] == "test-metrics_writer"
    assert deployed.result == {"azure.workload.identity/client-id": "client of test-metrics_writer"}
    assert binding.pod_labels == {"azure.workload.identity/use": "true"}


def test_two_service_accounts_share_no_identity_so_no_trust_is_written_twice_at_once():
    def use(facts):
        facts.identity.bind("a-b", "c", grants=())
        facts.identity.bind("a", "b-c", grants=())

    deployed = azure.deploy(use)
    assert sorted(item.inputs["resourceName"] for item in deployed.of(azure.TRUST)) == ["test-a-b_c", "test-a_b-c"]


@pytest.mark.parametrize(("access", "role"), [("read", READER), ("write", CONTRIBUTOR)])
def test_a_grant_is_for_one_container_only(access, role):
    deployed, binding = bound(contracts.Grant(access=access, bucket="acmebackups1/backups"))
    grant = deployed.named(azure.ASSIGNMENT, "metrics_writer-1")
    assert grant.inputs["scope"] == f"{KEPT}/acmebackups1/blobServices/default/containers/backups"
    assert grant.inputs["roleDefinitionId"].endswith(role)
    assert grant.inputs["principalId"] == "principal of test-metrics_writer"
    assert len(binding.depends_on) == 2


def test_the_cluster_s_own_store_can_be_granted_as_the_facts_name_it():
    def use(facts):
        facts.identity.bind("metrics", "writer", grants=[contracts.Grant(access="write", bucket=facts.backups.bucket)])

    deployed = azure.deploy(use, backups=managed.Backups(retention_days=7))
    account = deployed.only(azure.ACCOUNT).inputs["accountName"]
    grant = deployed.named(azure.ASSIGNMENT, "metrics_writer-1")
    assert grant.inputs["scope"] == f"{KEPT}/{account}/blobServices/default/containers/backups"
    assert deployed.waits_for(grant, deployed.only(azure.CONTAINER))


def test_another_container_is_granted_by_its_resource_id():
    given = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a/blobServices/default/c"
    assert workload_identity.container("/group", given) == given


def test_azure_aks_3210_a_load_balancer_probes_the_path_that_answers():
    facts = azure.deploy().facts.load_balancer
    public = facts.service(contracts.Scheme.PUBLIC, health_path="/-/ready")
    assert public.annotations == {
        "service.beta.kubernetes.io/azure-load-balancer-health-probe-request-path": "/-/ready"
    }
    internal = facts.service(contracts.Scheme.INTERNAL)
    assert internal.annotations == {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"}
    assert facts.address == "ip"
