"""Who may do what in the cluster: roles of Azure's, since the cluster has no accounts of its own."""

from __future__ import annotations

from typing import Final

import pulumi

from components.clusters.aks import roles, scope

_ADMIN: Final = (roles.Role.AKS_CLUSTER_ADMIN, roles.Role.AKS_CLUSTER_USER)
_VIEWER: Final = (roles.Role.AKS_READER, roles.Role.AKS_CLUSTER_USER)
"""Looking at everything but Secrets; the second role is what gets somebody a kubeconfig."""


def grants(place: scope.Scope, *, group: pulumi.Input[str]) -> list[pulumi.Resource]:
    """Register the roles of everyone the stack names, each once.

    `group` is the id of the cluster's resource group, in which no other cluster is. There they count by the time that
    the cluster is made; on the cluster itself the first objects would be refused for up to five minutes
    (learn.microsoft.com/azure/aks/manage-azure-rbac).
    """
    settings = place.settings
    wanted = settings.access
    given: list[tuple[str, tuple[roles.Role, ...], roles.PrincipalType | None]] = [
        (wanted.deployer, _ADMIN, None),
        *((principal, _ADMIN, None) for principal in wanted.admins),
        *((group, _ADMIN, "Group") for group in settings.options.admin_groups),
        *((principal, _VIEWER, None) for principal in wanted.viewers),
    ]
    # A deployer who is an admin too has the role already: Azure refuses the same assignment under another name.
    once = {(principal, role): kind for principal, held, kind in reversed(given) for role in held}
    return [
        roles.give(
            place,
            f"access-{principal}-{role.name.lower().replace('_', '-')}",
            role=role,
            on=group,
            to=principal,
            principal_type=kind,
        )
        for (principal, role), kind in reversed(once.items())
    ]
