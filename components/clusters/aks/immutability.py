"""In a locked stack no backup can be deleted or overwritten before its time, whoever asks.

Written by a deployment, because the provider's resource for it can be made, but not deleted: Azure wants the policy's
ETag for that, which the provider does not send (pulumi-azure-native#2156, open), so that `up` would stop at every stack
that is locked no more. It could not be made a second time either, being there already (pulumi-azure-native#1492).
"""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components.clusters.aks import deployments, scope
from stacks import managed

_TYPE: Final = "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies"
_API_VERSION: Final = "2024-01-01"
"""Of Azure Storage, as azure-native 3.29 uses it."""


def policy(
    place: scope.Scope,
    wanted: managed.Backups,
    *,
    group: pulumi.Input[str],
    account: pulumi.Input[str],
    container: pulumi.Input[str],
) -> pulumi.Resource:
    """Register the policy of the container.

    A stack that is locked no more leaves it in force at Azure, where `az storage container immutability-policy delete`
    takes it away: docs/vendors/aks.md.
    """
    return deployments.write(
        place,
        f"{place.settings.name}-immutability",
        resource(wanted),
        group=group,
        parameters={"account": account, "container": container},
        after=(),
    )


def resource(wanted: managed.Backups) -> dict[str, Any]:
    """The policy as templates have it.

    Whoever may can take it away, until Azure's own `lock` operation makes it final, which nothing here does: it would
    also bind whoever pays.
    """
    return {
        "type": _TYPE,
        "apiVersion": _API_VERSION,
        "name": "[concat(parameters('account'), '/default/', parameters('container'), '/default')]",
        "properties": {
            "immutabilityPeriodSinceCreationInDays": wanted.retention_days,
            "allowProtectedAppendWrites": False,
        },
    }
