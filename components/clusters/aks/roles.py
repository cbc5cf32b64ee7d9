"""Azure's built-in roles that are given here, and how one is given."""

from __future__ import annotations

import enum
from typing import Literal

import pulumi

from components import registration
from components.clusters.aks import names, scope

PrincipalType = Literal["ServicePrincipal", "Group"]


class Role(enum.StrEnum):
    """Built-in roles by the id that they have in every tenant."""

    NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
    MANAGED_IDENTITY_OPERATOR = "f1a07417-d97a-45cb-824c-7a7467783830"
    DISK_SNAPSHOT_CONTRIBUTOR = "7efff54f-a5b4-42b5-a1c5-5411624893ce"
    """Has `Microsoft.Compute/snapshots`, and `disks/beginGetAccess`, which is asked of who copies a disk to one."""
    VIRTUAL_MACHINE_CONTRIBUTOR = "9980e02c-c2be-4d73-94e8-173b1dc7cf3c"
    """The narrowest built-in role with `Microsoft.Compute/disks/*`; Contributor would include everything else."""
    READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    KEY_VAULT_CONTRIBUTOR = "f25e0fa2-a7c8-4377-a976-54943a77a395"
    KEY_VAULT_CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
    KEY_VAULT_CRYPTO_SERVICE_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
    STORAGE_BLOB_DATA_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
    STORAGE_BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
    AKS_CLUSTER_ADMIN = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b"
    """Azure Kubernetes Service RBAC Cluster Admin: everything inside."""
    AKS_READER = "7f6c6a51-bcf8-42ba-9220-52d62157d7db"
    """Azure Kubernetes Service RBAC Reader: everything inside but Secrets."""
    AKS_CLUSTER_USER = "4abbcc35-e782-43d8-92c5-2d3f1bd2253f"
    """Azure Kubernetes Service Cluster User: a kubeconfig."""


def give(
    place: scope.Scope,
    name: str,
    *,
    role: Role,
    on: pulumi.Input[str],
    to: pulumi.Input[str],
    principal_type: PrincipalType | None,
    kept_in: pulumi.Input[str] | None = None,
) -> pulumi.Resource:
    """Register a role assignment.

    `name` is unique among the cluster's assignments: the assignment's UUID is made of it, and of `kept_in`, the name of
    the resource group in which what outlives the cluster keeps its roles. `principal_type` of an identity made a moment
    ago must be said, or Azure looks it up in Entra, where it may not have arrived yet; of principals that stacks name
    it is not known.

    A role counts some time after its assignment: up to ten minutes by Azure's documentation, and up to five inside AKS.
    So roles are given on resource groups where that gives no more than the resource would: a group is there first, and
    what takes Azure minutes is made while the role spreads.
    """
    options = place.options() if kept_in is None else place.kept()
    return registration.resource(
        "azure-native:authorization:RoleAssignment",
        f"{place.settings.name}-{name}",
        {
            "roleAssignmentName": _uuid(place.settings, name, role, kept_in=kept_in),
            "roleDefinitionId": definition(place.settings, role),
            "scope": on,
            "principalId": to,
            "principalType": principal_type,
        },
        # Under a fixed name the new one can't be made beside the old one.
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(delete_before_replace=True)),
    )


def _uuid(settings: scope.Settings, name: str, role: Role, *, kept_in: pulumi.Input[str] | None) -> pulumi.Input[str]:
    """Azure wants it unique in the whole tenant, so one that is kept must not have the name of its successor."""
    if kept_in is None:
        return names.assignment(settings, name, role.value)
    return pulumi.Output.from_input(kept_in).apply(lambda group: names.assignment(settings, name, role.value, group))


def definition(settings: scope.Settings, role: Role) -> str:
    """The role's id in the stack's subscription."""
    return (
        f"/subscriptions/{settings.options.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role.value}"
    )
