"""Roles count some time after they are given: what is done so that they do when something needs them.

Azure says up to ten minutes (learn.microsoft.com/azure/role-based-access-control/troubleshooting), and up to five inside
AKS. A program that waits by the clock would be no declaration; what takes Azure minutes comes in between instead.
"""

from __future__ import annotations

import pytest

from components import contracts
from components.clusters.aks import names, roles
from tests.components.clusters import aks_program as azure


@pytest.fixture(scope="module")
def plain():
    return azure.deploy()


@pytest.fixture(scope="module")
def safe():
    return azure.deploy(**azure.SAFE)


def given(deployed, part):
    return deployed.named(azure.ASSIGNMENT, part)


def role_of(item):
    return roles.Role(item.inputs["roleDefinitionId"].rpartition("/")[2])


def test_aro_hcp_834_the_cluster_waits_for_its_roles_on_network_key_and_kubelet(safe):
    cluster = safe.only(azure.MANAGED_CLUSTER)
    for part in ("network", "kubelet", "volumes", "key", "vault", "disk-encryption"):
        assert safe.waits_for(cluster, given(safe, f"control-plane-{part}")), part


def test_azure_powershell_2286_identities_made_here_are_never_looked_up_in_entra(safe):
    def use(facts):
        grant = contracts.Grant(access="write", bucket=facts.backups.bucket)
        facts.identity.bind("metrics", "writer", grants=[grant])

    deployed = azure.deploy(use, **azure.SAFE)
    made_here = [
        item for item in deployed.of(azure.ASSIGNMENT) if item.inputs["principalId"].startswith("principal of")
    ]
    assert len(made_here) == 11
    assert {item.inputs["principalType"] for item in made_here} == {"ServicePrincipal"}
    # Of another tenant's identities, which there are none of.
    assert [item for item in safe.of(azure.ASSIGNMENT) if "delegatedManagedIdentityResourceId" in item.inputs] == []


def test_azure_service_operator_3267_roles_spread_while_the_network_and_the_vault_are_made(safe):
    """They wait for groups and identities only, which are there in seconds; the cluster waits for all of these."""
    slow = [*safe.of(azure.NETWORK), *safe.of(azure.SUBNET), *safe.of(azure.PUBLIC_ADDRESS), *safe.of(azure.VAULT)]
    slow += [*safe.of(azure.KEY), safe.only(azure.DISK_ENCRYPTION)]
    parts = ("control-plane-network", "control-plane-kubelet", "control-plane-volumes", "control-plane-key")
    for part in (*parts, "control-plane-vault", "disk-encryption-key", "backups-key"):
        assert [item.urn for item in slow if safe.waits_for(given(safe, part), item)] == [], part
    assert [item.urn for item in slow if not safe.waits_for(safe.only(azure.MANAGED_CLUSTER), item)] == []


def test_whoever_is_let_in_has_the_roles_by_the_time_that_the_cluster_is_there(safe):
    people = [item for item in safe.of(azure.ASSIGNMENT) if item.name.startswith("test-access-")]
    assert len(people) == 6
    for item in people:
        assert item.inputs["scope"] == "/ResourceGroup/test"
        assert not safe.waits_for(item, safe.only(azure.MANAGED_CLUSTER))
        assert safe.waits_for(safe.only(azure.KUBERNETES), item)


def test_disks_and_backups_are_made_after_the_key_may_be_read(safe):
    assert safe.waits_for(safe.only(azure.DISK_ENCRYPTION), given(safe, "disk-encryption-key"))
    assert safe.waits_for(safe.named(azure.ACCOUNT, "backups"), given(safe, "backups-key"))


def test_aks_static_ip_the_control_plane_may_join_the_addresses_of_its_way_out(safe):
    """They lie outside of AKS's own group, where it may do nothing unless it is told (learn.microsoft.com, static-ip)."""
    grant = given(safe, "control-plane-network")
    assert role_of(grant) is roles.Role.NETWORK_CONTRIBUTOR
    assert grant.inputs["scope"] == "/ResourceGroup/test"
    addresses = safe.of(azure.PUBLIC_ADDRESS)
    assert {item.inputs["resourceGroupName"] for item in addresses} == {"test"}
    assert len(addresses) == 3


WIDEST = {
    "/ResourceGroup/test": {
        roles.Role.NETWORK_CONTRIBUTOR,
        roles.Role.AKS_CLUSTER_ADMIN,
        roles.Role.AKS_READER,
        roles.Role.AKS_CLUSTER_USER,
    },
    f"/ResourceGroup/{azure.KEPT}": {
        roles.Role.KEY_VAULT_CONTRIBUTOR,
        roles.Role.KEY_VAULT_CRYPTO_USER,
        roles.Role.KEY_VAULT_CRYPTO_SERVICE_USER,
    },
    f"/ResourceGroup/{azure.VOLUMES}": {
        roles.Role.VIRTUAL_MACHINE_CONTRIBUTOR,
        roles.Role.DISK_SNAPSHOT_CONTRIBUTOR,
    },
}
"""Roles on whole groups: each for a kind of resource of which the group has the cluster's only."""


def test_a_role_on_a_group_is_for_the_one_thing_in_it_that_it_is_about(safe):
    found: dict[str, set[roles.Role]] = {}
    for item in safe.of(azure.ASSIGNMENT):
        if "Group/" in item.inputs["scope"] and "Security" not in item.inputs["scope"]:
            found.setdefault(item.inputs["scope"], set()).add(role_of(item))
    assert found == WIDEST
    assert len(safe.of(azure.VAULT)) == len(safe.of(azure.MANAGED_CLUSTER)) == 1


def test_no_role_is_given_on_more_than_a_group(safe):
    assert [item.urn for item in safe.of(azure.ASSIGNMENT) if item.inputs["scope"].startswith("/subscriptions/")] == []


def test_logs_cannot_be_read_by_way_of_the_disk_encryption_set(safe):
    reader = given(safe, "control-plane-disk-encryption")
    assert (role_of(reader), reader.inputs["scope"]) == (roles.Role.READER, "/DiskEncryptionSet/test-disks")


def test_what_is_kept_has_roles_whose_names_the_next_cluster_does_not_use(safe):
    """Azure wants the name of an assignment to be unique in the tenant, and these are never deleted."""
    kept = [item for item in safe.of(azure.ASSIGNMENT) if item.retained]
    assert sorted(item.name for item in kept) == ["test-backups-key", "test-disk-encryption-key"]
    for item in kept:
        part = item.name.removeprefix("test-")
        role = role_of(item).value
        assert item.inputs["roleAssignmentName"] != names.assignment(azure.settings(), part, role)
        assert item.inputs["roleAssignmentName"] == names.assignment(azure.settings(), part, role, azure.KEPT)


def test_a_role_that_goes_with_the_cluster_has_the_name_that_it_had(plain):
    item = given(plain, "control-plane-kubelet")
    assert item.inputs["roleAssignmentName"] == names.assignment(
        azure.settings(), "control-plane-kubelet", role_of(item).value
    )
