"""Names at Azure, made of the cluster's: of inputs only, so that the same stack always has the same. Pure.

Names that must be unique in all of Azure (key vaults, storage accounts) carry a hash of subscription, region and
cluster.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Final

from components.clusters.aks import scope

_LONGEST_GLOBAL: Final = 24
"""Of key vaults and storage accounts."""
_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "paasport.dev")


def group(settings: scope.Settings) -> str:
    """The resource group of all that goes with the cluster."""
    return settings.name


def kept_group(settings: scope.Settings) -> str:
    """Of what outlives the cluster: logs, key, backups. A group by itself, because Azure deletes groups as a whole."""
    return f"{settings.name}-kept"


def volumes_group(settings: scope.Settings) -> str:
    """Of volumes' disks. By itself, because AKS may write there."""
    return f"{settings.name}-volumes"


def node_group(settings: scope.Settings) -> str:
    """The resource group that AKS makes for nodes and disks, and deletes with the cluster."""
    return f"{settings.name}-nodes"


def vault(settings: scope.Settings) -> str:
    """A key vault's name: letters, digits, hyphens, at most 24, unique in Azure even after its deletion."""
    digest = _digest(settings, "vault", length=6)
    room = _LONGEST_GLOBAL - len(digest) - len("kv--")
    return f"kv-{settings.name[:room].rstrip('-')}-{digest}"


def vault_address(settings: scope.Settings) -> str:
    """Where the vault is asked."""
    return f"https://{vault(settings)}.vault.azure.net"


def account(settings: scope.Settings, purpose: str) -> str:
    """A storage account's name: lower-case letters and digits, at most 24, unique in Azure."""
    digest = _digest(settings, purpose, length=8)
    return f"{settings.name.replace('-', '')[: _LONGEST_GLOBAL - len(digest)]}{digest}"


def assignment(settings: scope.Settings, *parts: str) -> str:
    """The UUID that is the name of a role assignment; the same for the same parts."""
    return str(uuid.uuid5(_NAMESPACE, "/".join((_place(settings), *parts))))


def scope_of(settings: scope.Settings) -> str:
    """Where the cluster's name is unique."""
    return f"{settings.options.subscription}/{settings.region}"


def _place(settings: scope.Settings) -> str:
    return f"{scope_of(settings)}/{settings.name}"


def _digest(settings: scope.Settings, purpose: str, *, length: int) -> str:
    return hashlib.sha256(f"{_place(settings)}/{purpose}".encode()).hexdigest()[:length]
