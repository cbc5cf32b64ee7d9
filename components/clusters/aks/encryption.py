"""A key of one's own: for disks, for Secrets in etcd and for backups, in a vault that can't be purged.

Without the key nothing of that can be read ever again. So key and vault stay when the cluster goes, as long as data do.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import pulumi

from components import registration
from components.clusters.aks import identities, names, roles, scope

KEY: Final = "cluster"
_KEY_BITS: Final = 3072
_ROTATION: Final = "P365D"
_RECOVERY_DAYS: Final = {"off": 7, "guarded": 90, "locked": 90}
"""How long a deleted vault can be brought back, and its name stays taken: 7 to 90 days, never changed afterwards."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Encryption:
    """The key and what uses it."""

    vault: registration.Resource
    key: registration.Resource
    disks: registration.Resource
    """The disk encryption set."""
    ready: tuple[pulumi.Resource, ...]
    """What the cluster must wait for."""


def encryption(
    place: scope.Scope, *, group: pulumi.Input[str], control_plane: registration.Resource, private: bool
) -> Encryption | None:
    """Register key, vault and disk encryption set; None where Azure's own keys are wanted.

    `private`: the vault is reached by the API server inside the virtual network only.
    """
    settings = place.settings
    if settings.encryption == "provider":
        return None
    vault = registration.resource(
        "azure-native:keyvault:Vault",
        f"{settings.name}-vault",
        {"resourceGroupName": group, **vault_properties(settings, private=private)},
        outputs=("name",),
        # Azure takes it at the vault's creation only; another protection later must not try.
        opts=place.kept(ignore=["properties.softDeleteRetentionInDays"]),
    )
    key = registration.resource(
        "azure-native:keyvault:Key",
        f"{settings.name}-key",
        {"resourceGroupName": group, "vaultName": vault.output("name"), **key_properties(settings)},
        outputs=("name", "keyUriWithVersion"),
        opts=place.kept(),
    )
    disks, reads_key = _disks(place, group=group, vault=vault, key=key)
    granted = [
        roles.give(
            place,
            f"control-plane-{part}",
            role=role,
            on=target.id,
            to=control_plane.output("principalId"),
            principal_type="ServicePrincipal",
        )
        for part, role, target in (
            ("key", roles.Role.KEY_VAULT_CRYPTO_USER, key),
            ("disk-encryption", roles.Role.READER, disks),
            *((("vault", roles.Role.KEY_VAULT_CONTRIBUTOR, vault),) if private else ()),
        )
    ]
    return Encryption(vault=vault, key=key, disks=disks, ready=(reads_key, *granted))


def vault_properties(settings: scope.Settings, *, private: bool) -> dict[str, Any]:
    """A vault whose keys nobody can destroy before their time, not even its owner.

    The firewall can't be narrowed to networks: AKS's control plane comes from addresses that are not known. Either the
    API server reaches the vault in the virtual network, or the vault is open to whoever has a role on it.
    """
    return {
        "vaultName": names.vault(settings),
        "location": settings.region,
        "properties": {
            "tenantId": settings.options.tenant,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "enableSoftDelete": True,
            "enablePurgeProtection": True,
            "softDeleteRetentionInDays": _RECOVERY_DAYS[settings.protection],
            "enabledForDiskEncryption": False,
            "publicNetworkAccess": "Disabled" if private else "Enabled",
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny" if private else "Allow"},
        },
        "tags": dict(settings.tags),
    }


def key_properties(settings: scope.Settings) -> dict[str, Any]:
    """A key that never expires, since an expired one would stop the cluster, and has a new version every year."""
    return {
        "keyName": KEY,
        "properties": {
            "kty": "RSA",
            "keySize": _KEY_BITS,
            "keyOps": ["encrypt", "decrypt", "wrapKey", "unwrapKey"],
            "attributes": {"enabled": True, "exportable": False},
            "rotationPolicy": {
                "lifetimeActions": [{"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": _ROTATION}}]
            },
        },
        "tags": dict(settings.tags),
    }


def _disks(
    place: scope.Scope, *, group: pulumi.Input[str], vault: registration.Resource, key: registration.Resource
) -> tuple[registration.Resource, pulumi.Resource]:
    """The disk encryption set and the permission by which it reads the key; both stay with the disks."""
    settings = place.settings
    owner = identities.identity(place, "disk-encryption", group=group, opts=place.kept())
    reads_key = roles.give(
        place,
        "disk-encryption-key",
        role=roles.Role.KEY_VAULT_CRYPTO_SERVICE_USER,
        on=key.id,
        to=owner.output("principalId"),
        principal_type="ServicePrincipal",
        kept=True,
    )
    disks = registration.resource(
        "azure-native:compute:DiskEncryptionSet",
        f"{settings.name}-disks",
        {
            "resourceGroupName": group,
            "diskEncryptionSetName": settings.name,
            "location": settings.region,
            "encryptionType": "EncryptionAtRestWithCustomerKey",
            "identity": {"type": "UserAssigned", "userAssignedIdentities": [owner.id]},
            "activeKey": {"keyUrl": key.output("keyUriWithVersion"), "sourceVault": {"id": vault.id}},
            "rotationToLatestKeyVersionEnabled": True,
            "tags": dict(settings.tags),
        },
        opts=place.kept(depends_on=[reads_key]),
    )
    return disks, reads_key


def secrets(keys: Encryption | None, *, private: bool) -> dict[str, Any]:
    """How etcd's Secrets are encrypted, for the cluster."""
    if keys is None:
        return {"enabled": False}
    return {
        "enabled": True,
        "keyId": keys.key.output("keyUriWithVersion"),
        "keyVaultNetworkAccess": "Private" if private else "Public",
        "keyVaultResourceId": keys.vault.id if private else None,
    }
