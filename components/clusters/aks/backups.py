"""An object store for backups: private, versioned, encrypted, without keys that could leak, and kept."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import pulumi

from components import contracts, registration
from components.clusters.aks import encryption, immutability, names, network, scope
from stacks import managed

CONTAINER: Final = "backups"
_RECOVERY_DAYS: Final = 7


@dataclasses.dataclass(frozen=True, kw_only=True)
class Around:
    """What the store is put into."""

    kept: registration.Resource
    """The resource group of what outlives the cluster."""
    net: network.Network
    keys: encryption.Encryption | None


def backups(place: scope.Scope, around: Around) -> tuple[contracts.ObjectStore | None, tuple[pulumi.Resource, ...]]:
    """Register the store; None where the stack wants none. Second is what has to be there before it is used."""
    settings = place.settings
    if settings.backups is None:
        return None, ()
    account = _account(place, around)
    at = {"resourceGroupName": around.kept.output("name"), "accountName": account.output("name")}
    versions = registration.resource(
        "azure-native:storage:BlobServiceProperties",
        f"{settings.name}-backups",
        {**at, **service_properties()},
        opts=place.kept(),
    )
    container = registration.resource(
        "azure-native:storage:BlobContainer",
        f"{settings.name}-backups",
        {**at, **container_properties(settings)},
        outputs=("name",),
        # Chosen once: turned over later, it would replace the container and all that is in it.
        opts=place.kept(depends_on=[versions], ignore=["immutableStorageWithVersioning"]),
    )
    lifecycle = registration.resource(
        "azure-native:storage:ManagementPolicy",
        f"{settings.name}-backups",
        {**at, "managementPolicyName": "default", "policy": {"rules": [expiry(settings.backups)]}},
        opts=place.kept(depends_on=[versions]),
    )
    ready: list[pulumi.Resource] = [container, lifecycle]
    if settings.protection == "locked":
        ready.append(
            immutability.policy(
                place,
                settings.backups,
                group=around.kept.output("name"),
                account=account.output("name"),
                container=container.output("name"),
            )
        )
    # Of outputs, so that whoever gets a grant on the container waits for it.
    name = account.output("name")
    store = contracts.ObjectStore(
        protocol="azure",
        bucket=pulumi.Output.concat(name, "/", container.output("name")),
        url=pulumi.Output.concat("https://", name, ".blob.core.windows.net/", container.output("name")),
        root=container.output("name"),
        account=name,
    )
    return store, (account, *ready)


def account_properties(settings: scope.Settings, *, subnet: pulumi.Input[str] | None) -> dict[str, Any]:
    """A storage account, but for its name.

    Only identities get in, from one subnet or, where that is not known, from anywhere.
    """
    firewall: dict[str, Any] = {"bypass": "AzureServices", "defaultAction": "Allow"}
    if subnet is not None:
        rule = {"virtualNetworkResourceId": subnet, "action": "Allow"}
        firewall |= {"defaultAction": "Deny", "virtualNetworkRules": [rule]}
    return {
        "location": settings.region,
        "kind": "StorageV2",
        "accessTier": "Hot",
        "sku": {"name": "Standard_ZRS" if settings.zone_redundant_storage else "Standard_LRS"},
        "minimumTlsVersion": "TLS1_2",
        "enableHttpsTrafficOnly": True,
        "allowBlobPublicAccess": False,
        "allowSharedKeyAccess": False,
        "allowCrossTenantReplication": False,
        "defaultToOAuthAuthentication": True,
        "isHnsEnabled": False,
        "isSftpEnabled": False,
        "isLocalUserEnabled": False,
        "publicNetworkAccess": "Enabled",
        "networkRuleSet": firewall,
        "tags": dict(settings.tags),
    }


def service_properties() -> dict[str, Any]:
    """What is overwritten or deleted stays as an older version."""
    return {
        "blobServicesName": "default",
        "isVersioningEnabled": True,
        "deleteRetentionPolicy": {"enabled": True, "days": _RECOVERY_DAYS},
        "containerDeleteRetentionPolicy": {"enabled": True, "days": _RECOVERY_DAYS},
    }


def container_properties(settings: scope.Settings) -> dict[str, Any]:
    """Where it may be locked some day, each version can be made immutable by itself.

    Then backup tools may still overwrite what they wrote: that makes another version. A container that was made without
    this could only be locked as a whole, and would refuse them.
    """
    return {
        "containerName": CONTAINER,
        "publicAccess": "None",
        "immutableStorageWithVersioning": {"enabled": settings.protection != "off"},
    }


def expiry(wanted: managed.Backups) -> dict[str, Any]:
    """Delete what is older than the retention, older versions too."""
    days = wanted.retention_days
    return {
        "name": "retention",
        "type": "Lifecycle",
        "enabled": True,
        "definition": {
            "filters": {"blobTypes": ["blockBlob"]},
            "actions": {
                "baseBlob": {"delete": {"daysAfterModificationGreaterThan": days}},
                "version": {"delete": {"daysAfterCreationGreaterThan": days}},
                "snapshot": {"delete": {"daysAfterCreationGreaterThan": days}},
            },
        },
    }


def _account(place: scope.Scope, around: Around) -> registration.Resource:
    settings, keys, group = place.settings, around.keys, around.kept.output("name")
    own: dict[str, Any] = {}
    ready: tuple[pulumi.Resource, ...] = ()
    if keys is not None:
        owner, reads_key = encryption.reader(place, "backups", kept=around.kept)
        own, ready = encrypted(keys, owner=owner.id), (reads_key,)
    # Only the network made here is known to have a way to storage accounts.
    subnet = around.net.nodes if around.net.own is not None else None
    return registration.resource(
        "azure-native:storage:StorageAccount",
        f"{settings.name}-backups",
        {
            "resourceGroupName": group,
            "accountName": group.apply(lambda name: names.account(settings, "backups", group=name)),
            **account_properties(settings, subnet=subnet),
            **own,
        },
        outputs=("name",),
        opts=place.kept(depends_on=ready),
    )


def encrypted(keys: encryption.Encryption, *, owner: pulumi.Input[str]) -> dict[str, Any]:
    """The account's content under the cluster's key, always its newest version."""
    return {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": [owner]},
        "encryption": {
            "keySource": "Microsoft.Keyvault",
            "keyVaultProperties": {
                "keyName": keys.key.output("name"),
                "keyVaultUri": pulumi.Output.concat("https://", keys.vault.output("name"), ".vault.azure.net"),
            },
            "encryptionIdentity": {"encryptionUserAssignedIdentity": owner},
        },
    }
