"""Names at Azure, made of the cluster's: of inputs only, so that the same stack always has the same. Pure.

Names that must be unique in all of Azure (key vaults, storage accounts) carry a hash of subscription, region and
cluster; those of what outlives the cluster also of its resource group, whose name Pulumi makes up each time. So a
cluster of the same name may come back beside what the first one left.
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


def node_group(settings: scope.Settings) -> str:
    """The resource group that AKS makes for nodes and disks, and deletes with the cluster."""
    return f"{settings.name}-nodes"


def vault(settings: scope.Settings, *, group: str) -> str:
    """A key vault's name: letters, digits, hyphens, at most 24, unique in Azure even after its deletion."""
    digest = _digest(settings, "vault", group, length=6)
    room = _LONGEST_GLOBAL - len(digest) - len("kv--")
    return f"kv-{settings.name[:room].rstrip('-')}-{digest}"


def account(settings: scope.Settings, purpose: str, *, group: str) -> str:
    """A storage account's name: lower-case letters and digits, at most 24, unique in Azure."""
    digest = _digest(settings, purpose, group, length=8)
    return f"{settings.name.replace('-', '')[: _LONGEST_GLOBAL - len(digest)]}{digest}"


def assignment(settings: scope.Settings, *parts: str) -> str:
    """The UUID that is the name of a role assignment, unique in the tenant; the same for the same parts."""
    return str(uuid.uuid5(_NAMESPACE, "/".join((_place(settings), *parts))))


def scope_of(settings: scope.Settings) -> str:
    """Where the cluster's name is unique."""
    return f"{settings.options.subscription}/{settings.region}"


def _place(settings: scope.Settings) -> str:
    return f"{scope_of(settings)}/{settings.name}"


def _digest(settings: scope.Settings, *parts: str, length: int) -> str:
    return hashlib.sha256("/".join((_place(settings), *parts)).encode()).hexdigest()[:length]
