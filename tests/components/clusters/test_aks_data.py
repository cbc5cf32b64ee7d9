"""What holds data, keys and logs: how it is encrypted, how long it stays, and who can delete it."""

from __future__ import annotations

import re

import pytest

from components.clusters.aks import names
from stacks import managed, tiers
from tests.components.clusters import aks_program as azure


@pytest.fixture(scope="module")
def plain():
    return azure.deploy()


@pytest.fixture(scope="module")
def safe():
    return azure.deploy(**azure.SAFE)


def cluster(deployed):
    return deployed.only(azure.MANAGED_CLUSTER).inputs


# The key.


def test_azure_s_own_keys_need_nothing(plain):
    assert plain.of(azure.VAULT) == []
    assert "diskEncryptionSetID" not in cluster(plain)
    assert cluster(plain)["securityProfile"]["azureKeyVaultKms"] == {"enabled": False}


def test_one_s_own_key_encrypts_disks_secrets_and_backups(safe):
    version = f"https://{names.vault(azure.settings(), group=azure.KEPT)}.vault.azure.net/keys/cluster/1"
    assert cluster(safe)["diskEncryptionSetID"] == "/DiskEncryptionSet/test-disks"
    assert safe.only(azure.DISK_ENCRYPTION).inputs["activeKey"] == {
        "keyUrl": version,
        "sourceVault": {"id": f"/Vault/{names.vault(azure.settings(), group=azure.KEPT)}"},
    }
    assert cluster(safe)["securityProfile"]["azureKeyVaultKms"] == {
        "enabled": True,
        "keyId": version,
        "keyVaultNetworkAccess": "Private",
        "keyVaultResourceId": f"/Vault/{names.vault(azure.settings(), group=azure.KEPT)}",
    }
    encryption = safe.named(azure.ACCOUNT, "backups").inputs["encryption"]
    assert encryption["keySource"] == "Microsoft.Keyvault"
    assert encryption["keyVaultProperties"] == {
        "keyName": "cluster",
        "keyVaultUri": f"https://{names.vault(azure.settings(), group=azure.KEPT)}.vault.azure.net",
    }


def test_the_vault_cannot_be_purged_and_is_open_to_roles_only(safe):
    properties = safe.only(azure.VAULT).inputs["properties"]
    assert properties["enablePurgeProtection"] is True
    assert properties["enableRbacAuthorization"] is True
    assert properties["softDeleteRetentionInDays"] == 90
    assert properties["publicNetworkAccess"] == "Disabled"
    assert properties["networkAcls"] == {"bypass": "AzureServices", "defaultAction": "Deny"}


def test_what_azure_takes_at_a_vault_s_creation_only_is_not_changed_later(safe):
    assert safe.only(azure.VAULT).ignored == ("properties.softDeleteRetentionInDays",)


def test_an_api_server_outside_of_the_network_reaches_the_vault_from_outside():
    network = managed.AksNetwork(
        virtual_network="/subscriptions/s/resourceGroups/g/providers/n/v",
        node_subnet="/subscriptions/s/resourceGroups/g/providers/n/v/subnets/nodes",
    )
    deployed = azure.deploy(encryption="customer-key", options=azure.options(network=network))
    assert deployed.only(azure.VAULT).inputs["properties"]["networkAcls"]["defaultAction"] == "Allow"
    kms = cluster(deployed)["securityProfile"]["azureKeyVaultKms"]
    assert kms["keyVaultNetworkAccess"] == "Public"
    assert "keyVaultResourceId" not in kms


def test_the_key_never_expires_and_is_renewed_every_year(safe):
    properties = safe.only(azure.KEY).inputs["properties"]
    assert properties["attributes"] == {"enabled": True, "exportable": False}
    assert properties["rotationPolicy"] == {
        "lifetimeActions": [{"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P365D"}}]
    }


# Volumes.


def classes(deployed):
    (group,) = [item for item in deployed.of("kubernetes:yaml/v2:ConfigGroup") if item.name == "test-storage"]
    return {item["metadata"]["name"]: item for item in group.inputs["objs"]}


def test_volumes_are_ssds_of_the_csi_driver(plain):
    found = classes(plain)
    assert {item["provisioner"] for item in found.values()} == {"disk.csi.azure.com"}
    assert found["paasport-ssd"]["parameters"]["skuName"] == "Premium_LRS"


def test_no_volume_is_in_the_group_that_azure_deletes_with_the_cluster(plain):
    assert {item["parameters"]["resourceGroup"] for item in classes(plain).values()} == {azure.VOLUMES}
    assert cluster(plain)["nodeResourceGroup"] != azure.VOLUMES
    grant = plain.named(azure.ASSIGNMENT, "control-plane-volumes")
    assert grant.inputs["scope"] == f"/ResourceGroup/{azure.VOLUMES}"


def test_volumes_outlive_their_zone_and_have_our_key_where_that_is_wanted(safe):
    for item in classes(safe).values():
        assert item["parameters"]["skuName"] == "Premium_ZRS"
        assert item["parameters"]["diskEncryptionSetID"] == "/DiskEncryptionSet/test-disks"


def test_our_class_is_not_a_second_default_beside_azure_s(plain):
    assert [item for item in classes(plain).values() if "annotations" in item["metadata"]] == []


# Backups.


def test_there_is_no_store_unless_backups_are_wanted(plain):
    assert plain.of(azure.ACCOUNT) == []
    assert plain.facts.backups is None


def test_backups_are_private_versioned_and_without_a_key_that_could_leak(safe):
    account = safe.named(azure.ACCOUNT, "backups").inputs
    assert account["allowSharedKeyAccess"] is False
    assert account["allowBlobPublicAccess"] is False
    assert account["minimumTlsVersion"] == "TLS1_2"
    assert account["sku"] == {"name": "Standard_ZRS"}
    assert account["networkRuleSet"] == {
        "bypass": "AzureServices",
        "defaultAction": "Deny",
        "virtualNetworkRules": [{"virtualNetworkResourceId": "/Subnet/nodes", "action": "Allow"}],
    }
    assert safe.named(azure.SUBNET, "nodes").inputs["serviceEndpoints"] == [{"service": "Microsoft.Storage"}]
    versions = safe.only("azure-native:storage:BlobServiceProperties").inputs
    assert versions["isVersioningEnabled"] is True
    assert safe.only(azure.CONTAINER).inputs["publicAccess"] == "None"


def test_backups_go_after_their_retention_and_in_a_locked_stack_not_before(safe):
    (rule,) = safe.only(azure.LIFECYCLE).inputs["policy"]["rules"]
    assert rule["definition"]["actions"] == {
        "baseBlob": {"delete": {"daysAfterModificationGreaterThan": 35}},
        "version": {"delete": {"daysAfterCreationGreaterThan": 35}},
        "snapshot": {"delete": {"daysAfterCreationGreaterThan": 35}},
    }
    (policy,) = azure.templates(safe)["immutability"]
    assert policy == {
        "type": "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies",
        "apiVersion": "2024-01-01",
        "name": "[concat(parameters('account'), '/default/', parameters('container'), '/default')]",
        "properties": {"immutabilityPeriodSinceCreationInDays": 35, "allowProtectedAppendWrites": False},
    }
    written = safe.named(azure.DEPLOYMENT, "immutability").inputs["properties"]["parameters"]
    account = names.account(azure.settings(), "backups", group=azure.KEPT)
    assert written == {"account": {"value": account}, "container": {"value": "backups"}}
    guarded = azure.deploy(backups=managed.Backups(retention_days=35), protection="guarded")
    assert azure.templates(guarded).keys() == {"system"}


def test_pulumi_azure_native_2156_no_resource_is_registered_whose_deletion_azure_refuses(safe):
    """A container's immutability policy: the provider does not send the ETag that Azure wants for its deletion."""
    assert safe.of("azure-native:storage:BlobContainerImmutabilityPolicy") == []


def test_pulumi_azure_native_1492_a_stack_can_be_locked_again_over_the_policy_that_is_there_already(safe):
    # A deployment writes over what there is; a resource of the provider would refuse to create it once more.
    policy = safe.named(azure.DEPLOYMENT, "immutability")
    assert policy.inputs["properties"]["mode"] == "Incremental"
    assert not policy.protect
    assert not policy.retained
    for lock in safe.of(azure.LOCK):
        assert safe.waits_for(lock, policy), "locks go first, or Azure would keep what is below them"


def test_unlocking_a_stack_never_replaces_its_backups():
    wanted = {"backups": managed.Backups(retention_days=7)}
    for protection, versions_can_be_locked in (("locked", True), ("guarded", True), ("off", False)):
        container = azure.deploy(protection=protection, **wanted).only(azure.CONTAINER)
        assert container.inputs["immutableStorageWithVersioning"] == {"enabled": versions_can_be_locked}
        assert container.ignored == ("immutableStorageWithVersioning",)


def test_tools_are_told_where_the_store_is():
    def where(facts):
        return {"bucket": facts.backups.bucket, "url": facts.backups.url}

    told = azure.deploy(where, backups=managed.Backups(retention_days=7)).result
    account = names.account(azure.settings(), "backups", group=azure.KEPT)
    assert told == {
        "bucket": f"{account}/backups",
        "url": f"https://{account}.blob.core.windows.net/backups",
    }


# Logs.


def test_audit_and_authentication_are_logged_without_the_dear_category(plain, safe):
    logs = [item["category"] for item in plain.only(azure.DIAGNOSTICS).inputs["logs"]]
    assert logs == ["kube-audit-admin", "guard", "kube-apiserver"]
    more = [item["category"] for item in safe.named(azure.DIAGNOSTICS, "audit").inputs["logs"]]
    assert set(more) - set(logs) == {
        "kube-controller-manager",
        "kube-scheduler",
        "cluster-autoscaler",
        "cloud-controller-manager",
    }


def test_whoever_uses_the_key_is_logged_for_as_long_as_the_key_stays(safe):
    log = safe.named(azure.DIAGNOSTICS, "vault-audit")
    assert log.inputs["logs"] == [{"category": "AuditEvent", "enabled": True}]
    assert log.inputs["resourceUri"] == f"/Vault/{names.vault(azure.settings(), group=azure.KEPT)}"
    assert log.inputs["workspaceId"] == "/Workspace/test"
    assert log.retained


@pytest.mark.parametrize(("days", "kept"), [(1, 30), (30, 30), (365, 365), (730, 730), (3653, 730)])
def test_logs_stay_as_long_as_azure_lets_them_be_searched(days, kept):
    workspace = azure.deploy(audit={"retention_days": days}).only(azure.WORKSPACE).inputs
    assert workspace["retentionInDays"] == kept
    assert workspace["workspaceCapping"] == {"dailyQuotaGb": 5}
    assert workspace["features"]["disableLocalAuth"] is True


def test_what_must_stay_longer_goes_to_the_archive(plain):
    assert plain.of(azure.TABLE) == []
    tables = azure.deploy(audit={"retention_days": 3653}).of(azure.TABLE)
    assert {item.inputs["tableName"] for item in tables} == {"AKSAuditAdmin", "AKSControlPlane"}
    assert {item.inputs["totalRetentionInDays"] for item in tables} == {3653}


# Protection.

PROTECTED = {
    azure.RESOURCE_GROUP: {"test-cluster", "test-kept", "test-volumes"},
    azure.NETWORK: {"test-network"},
    azure.MANAGED_CLUSTER: {"test"},
    azure.VAULT: {"test-vault"},
    azure.KEY: {"test-key"},
    azure.DISK_ENCRYPTION: {"test-disks"},
    azure.WORKSPACE: {"test-logs"},
    azure.ACCOUNT: {"test-backups"},
    azure.CONTAINER: {"test-backups"},
}


def of(deployed, *, mark):
    """Names of the resources with the mark, for the types above."""
    return {
        type_: {item.name for item in deployed.of(type_) if getattr(item, mark)}
        for type_ in PROTECTED
        if any(getattr(item, mark) for item in deployed.of(type_))
    }


@pytest.mark.parametrize("protection", ["guarded", "locked"])
def test_pulumi_azure_native_1808_what_holds_data_is_neither_deleted_nor_replaced(protection):
    deployed = azure.deploy(**{**azure.SAFE, "protection": protection})
    assert of(deployed, mark="protect") == PROTECTED


def test_without_protection_nothing_is_protected_or_locked():
    deployed = azure.deploy(**{**azure.SAFE, "protection": "off"})
    assert [item.urn for item in deployed.registrations if item.protect] == []
    assert deployed.of(azure.LOCK) == []


def test_a_locked_stack_has_locks_that_go_before_anything_else(safe):
    locks = {item.inputs["scope"]: item for item in safe.of(azure.LOCK)}
    assert locks.keys() == {
        "/ManagedCluster/test",
        "/VirtualNetwork/test",
        f"/Vault/{names.vault(azure.settings(), group=azure.KEPT)}",
        f"/StorageAccount/{names.account(azure.settings(), 'backups', group=azure.KEPT)}",
    }
    later = (azure.AGENT_POOL, azure.DEPLOYMENT, azure.MAINTENANCE, azure.DIAGNOSTICS, azure.FLOW_LOG, azure.LIFECYCLE)
    for lock in locks.values():
        assert lock.inputs["level"] == "CanNotDelete"
        assert [item.urn for type_ in later for item in safe.of(type_) if not safe.waits_for(lock, item)] == []


def test_a_guarded_stack_has_no_locks():
    assert azure.deploy(**{**azure.SAFE, "protection": "guarded"}).of(azure.LOCK) == []


def test_destroy_keeps_data_with_their_key_their_logs_and_the_groups_they_are_in(safe):
    going = (azure.NETWORK, azure.MANAGED_CLUSTER)
    staying = {type_: found for type_, found in PROTECTED.items() if type_ not in going}
    assert of(safe, mark="retained") == {**staying, azure.RESOURCE_GROUP: {"test-kept", "test-volumes"}}
    kept = [item for item in safe.registrations if item.retained]
    groups = {item.inputs["resourceGroupName"] for item in kept if "resourceGroupName" in item.inputs}
    assert groups == {azure.KEPT}


def test_where_volumes_go_too_destroy_keeps_only_the_group_of_those_that_are_retained(plain):
    assert [item.name for item in plain.registrations if item.retained] == ["test-volumes"]


def test_what_is_kept_needs_nothing_that_goes(safe):
    """A key without the permission to read it would be as good as lost."""
    by_urn = {item.urn: item for item in safe.registrations}
    for item in safe.registrations:
        if item.retained and item.type != azure.WORKSPACE:
            needed = [by_urn[urn] for urn in item.dependencies if urn in by_urn]
            gone = [other.urn for other in needed if other.type.startswith("azure-native:") and not other.retained]
            # Which subnet may reach the backups is all that goes: another cluster's would be named instead.
            assert [urn for urn in gone if "network:Subnet" not in urn] == [], item.urn


# Names.


@pytest.mark.parametrize("name", ["a", "aks-prod", "a-cluster-whose-name-is-quite-long", "x-1-2-3-4-5-6-7-8-9-0"])
def test_names_that_are_unique_in_all_of_azure_fit(name):
    wanted = azure.settings(name=name)
    vault, account = names.vault(wanted, group="g1"), names.account(wanted, "backups", group="g1")
    assert re.fullmatch(r"[a-z](?!.*--)[a-z0-9-]{1,22}[a-z0-9]", vault)
    assert re.fullmatch(r"[a-z0-9]{3,24}", account)
    assert account != names.account(wanted, "flows", group="g1")
    elsewhere = azure.settings(name=name, region="northeurope")
    assert names.vault(elsewhere, group="g1") != vault
    assert names.account(elsewhere, "backups", group="g1") != account
    assert names.vault(wanted, group="g2") != vault
    assert names.account(wanted, "backups", group="g2") != account


def test_services_and_pods_have_other_addresses_by_default_than_azure_would_take():
    assert (tiers.SERVICES, tiers.PODS) == ("172.20.0.0/16", "10.244.0.0/16")
