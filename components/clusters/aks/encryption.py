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
    place: scope.Scope, *, kept: registration.Resource, control_plane: registration.Resource, private: bool
) -> Encryption | None:
    """Register key, vault and disk encryption set; None where Azure's own keys are wanted.

    `kept` is the resource group of what outlives the cluster. `private`: the vault is reached by the API server inside
    the virtual network only.
    """
    settings = place.settings
    if settings.encryption == "provider":
        return None
    group = kept.output("name")
    # Before the vault, and on its group, which has no other: the roles count once the key is there to be read.
    owner, reads_key = reader(place, "disk-encryption", kept=kept)
    granted = [
        roles.give(
            place,
            f"control-plane-{part}",
            role=role,
            on=kept.id,
            to=control_plane.output("principalId"),
            principal_type="ServicePrincipal",
        )
        for part, role in (
            ("key", roles.Role.KEY_VAULT_CRYPTO_USER),
            *((("vault", roles.Role.KEY_VAULT_CONTRIBUTOR),) if private else ()),
        )
    ]
    vault = registration.resource(
        "azure-native:keyvault:Vault",
        f"{settings.name}-vault",
        {
            "resourceGroupName": group,
            "vaultName": group.apply(lambda name: names.vault(settings, group=name)),
            **vault_properties(settings, private=private),
        },
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
    disks = _disks(place, group=group, vault=vault, key=key, owner=owner, after=reads_key)
    # On the set alone: a reader of the group could read the logs in it.
    reads_disks = roles.give(
        place,
        "control-plane-disk-encryption",
        role=roles.Role.READER,
        on=disks.id,
        to=control_plane.output("principalId"),
        principal_type="ServicePrincipal",
    )
    return Encryption(vault=vault, key=key, disks=disks, ready=(reads_key, *granted, reads_disks))


def reader(
    place: scope.Scope, part: str, *, kept: registration.Resource
) -> tuple[registration.Resource, pulumi.Resource]:
    """Register an identity that may use the key, and the permission for it; both stay with what the key encrypts."""
    owner = identities.identity(place, part, group=kept.output("name"), opts=place.kept())
    reads_key = roles.give(
        place,
        f"{part}-key",
        role=roles.Role.KEY_VAULT_CRYPTO_SERVICE_USER,
        on=kept.id,
        to=owner.output("principalId"),
        principal_type="ServicePrincipal",
        kept_in=kept.output("name"),
    )
    return owner, reads_key


def vault_properties(settings: scope.Settings, *, private: bool) -> dict[str, Any]:
    """A vault whose keys nobody can destroy before their time, not even its owner.

    The firewall can't be narrowed to networks: AKS's control plane comes from addresses that are not known. Either the
    API server reaches the vault in the virtual network, or the vault is open to whoever has a role on it.
    """
    return {
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
    place: scope.Scope,
    *,
    group: pulumi.Input[str],
    vault: registration.Resource,
    key: registration.Resource,
    owner: registration.Resource,
    after: pulumi.Resource,
) -> registration.Resource:
    """The disk encryption set, which reads the key as `owner`."""
    settings = place.settings
    return registration.resource(
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
        opts=place.kept(depends_on=[after]),
    )


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
