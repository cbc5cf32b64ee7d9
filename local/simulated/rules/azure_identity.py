"""What Azure refuses about identities, role assignments, vaults and storage.

Sources: the documentation of role assignments (RoleAssignmentExists is found by the unique inputs; names are unique in
the tenant), of federated credentials, of Key Vault (purge protection can't be turned off; deleted vaults keep their
names, which are unique in all of Azure), of storage accounts; pulumi-azure-native#2156 (a container's immutability
policy can't be deleted through the provider).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from local.simulated import checking
from local.simulated.rules import judging

_VAULT: Final = "azure-native:keyvault:Vault"
_ASSIGNMENT: Final = "azure-native:authorization:RoleAssignment"
_ACCOUNT: Final = "azure-native:storage:StorageAccount"
_IMMUTABILITY: Final = "azure-native:storage:BlobContainerImmutabilityPolicy"
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DEFINITION: Final = re.compile(
    r"(/subscriptions/[^/]+)?(/resourceGroups/[^/]+)?/providers/Microsoft\.Authorization/roleDefinitions/"
    + _GUID.pattern,
    re.IGNORECASE,
)


def _assignment(case: judging.Case) -> Iterator[checking.Finding]:
    definition, principal = case.text("roleDefinitionId"), case.text("principalId")
    if definition and not _DEFINITION.fullmatch(definition):
        yield checking.Finding(
            "roleDefinitionId",
            "must be /subscriptions/<id>/providers/Microsoft.Authorization/roleDefinitions/<guid>",
        )
    if principal and not _GUID.fullmatch(principal):
        yield checking.Finding("principalId", "must be the object id of a principal, a GUID")
    if case.text("scope") and not case.text("scope").startswith("/"):
        yield checking.Finding("scope", "must be the id of a resource, and begin with /")


def unique(token: str, name: str, *, where: str) -> judging.Rule:
    """The rule that the input `name` is unique among all resources of the type, whatever group or scope they are in."""

    def rule(case: judging.Case) -> Iterator[checking.Finding]:
        taken = [one for one in case.every(token) if str(one.inputs.get(name)).lower() == case.text(name).lower()]
        if case.text(name) and taken:
            yield checking.Finding(name, f"is {case.text(name)}, which {taken[0].id} has, and must be unique {where}")

    return rule


def _no_etag(_case: judging.Case) -> Iterator[checking.Finding]:
    yield checking.Finding(
        "",
        "it is refused with 412, incorrect etag: the provider does not send the policy's",
        "az storage container immutability-policy delete --account-name … --container-name … --if-match …",
    )


def _credential(case: judging.Case) -> Iterator[checking.Finding]:
    issuer = case.text("issuer")
    if issuer and not issuer.startswith("https://"):
        yield checking.Finding("issuer", "must begin with https://")
    audiences = case.value("audiences")
    if isinstance(audiences, list) and len(audiences) != 1:
        yield checking.Finding("audiences", "must be exactly one, for Kubernetes api://AzureADTokenExchange")


def _vault(case: judging.Case) -> Iterator[checking.Finding]:
    if case.flag("properties.enablePurgeProtection") is False:
        yield checking.Finding("properties.enablePurgeProtection", "can't be false: it is true, or left out")
    if case.flag("properties.enableSoftDelete") is False:
        yield checking.Finding("properties.enableSoftDelete", "can't be false: vaults are always kept for a while")


def _vault_kept(case: judging.Case) -> Iterator[checking.Finding]:
    suffix = f"/vaults/{case.text('vaultName')}".lower()
    if any(one.lower().endswith(suffix) for one in case.gone):
        yield checking.Finding(
            "vaultName",
            f"is {case.text('vaultName')}; a deleted vault of this name is kept",
            "purge it, or use another name",
        )


def _vault_changes(case: judging.Case) -> Iterator[checking.Finding]:
    before = case.before.value("properties.enablePurgeProtection") if case.before else None
    if before is True and case.flag("properties.enablePurgeProtection") is not True:
        yield checking.Finding("properties.enablePurgeProtection", "can't be turned off again")


def _key_for_disks(case: judging.Case) -> Iterator[checking.Finding]:
    vault = case.named("activeKey.sourceVault.id", _VAULT)
    if vault is not None and vault.value("properties.enablePurgeProtection") is not True:
        yield checking.Finding("activeKey.sourceVault.id", f"names {vault.id}, which has no purge protection")


def _storage(case: judging.Case) -> Iterator[checking.Finding]:
    if case.text("kind") == "BlobStorage" and not case.given("accessTier"):
        yield checking.Finding("accessTier", "is required for BlobStorage")
    if case.text("kind") == "BlockBlobStorage" and not case.text("sku.name").startswith("Premium"):
        yield checking.Finding("sku.name", "must be a Premium one for BlockBlobStorage")


CHECKS: Final = {
    _ASSIGNMENT: (_assignment,),
    "azure-native:managedidentity:FederatedIdentityCredential": (_credential,),
    _VAULT: (_vault, judging.between("properties.softDeleteRetentionInDays", 7, 90)),
    _ACCOUNT: (_storage,),
    "azure-native:operationalinsights:Workspace": (judging.between("retentionInDays", 7, 730),),
}
CREATIONS: Final = {
    _VAULT: (_vault_kept, unique(_VAULT, "vaultName", where="in all of Azure")),
    _ACCOUNT: (unique(_ACCOUNT, "accountName", where="in all of Azure"),),
    _ASSIGNMENT: (unique(_ASSIGNMENT, "roleAssignmentName", where="in the tenant"),),
    "azure-native:compute:DiskEncryptionSet": (_key_for_disks,),
}
UPDATES: Final = {_VAULT: (_vault_changes,)}
DELETIONS: Final = {_IMMUTABILITY: (_no_etag,)}
