"""Which connections the virtual network saw, searchable beside the audit logs.

Azure keeps flow logs below the network watcher that it makes by itself in each region of a subscription.
"""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components import registration
from components.clusters.aks import backups, identities, names, network, roles, scope

_WATCHERS: Final = "NetworkWatcherRG"
"""The resource group of Azure's own network watchers."""
_RAW_DAYS: Final = 7
"""Of the raw files; what traffic analytics makes of them stays as long as the audit logs."""
_ANALYSED_MINUTES: Final = 60


def flow_logs(
    place: scope.Scope, *, group: pulumi.Input[str], net: network.Network, store: pulumi.Input[str]
) -> tuple[pulumi.Resource, ...]:
    """Register the log of a network that was made here; an existing one is its owner's to log."""
    settings = place.settings
    if not settings.network.flow_logs or net.own is None:
        return ()
    account = registration.resource(
        "azure-native:storage:StorageAccount",
        f"{settings.name}-flows",
        {
            "resourceGroupName": group,
            # Azure's network watcher writes here from outside: what is let in is its identity.
            **backups.account_properties(settings, subnet=None),
            "accountName": names.account(settings, "flows", group=names.group(settings)),
        },
        opts=place.options(),
    )
    owner = identities.identity(place, "flows", group=group, opts=place.options())
    may_write = roles.give(
        place,
        "flows",
        role=roles.Role.STORAGE_BLOB_DATA_CONTRIBUTOR,
        on=account.id,
        to=owner.output("principalId"),
        principal_type="ServicePrincipal",
    )
    log = registration.resource(
        "azure-native:network:FlowLog",
        f"{settings.name}-flows",
        {
            "storageId": account.id,
            "targetResourceId": net.own.id,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": [owner.id]},
            **properties(settings, store=store),
        },
        opts=place.options(depends_on=[may_write]),
    )
    return (log,)


def properties(settings: scope.Settings, *, store: pulumi.Input[str]) -> dict[str, Any]:
    """What is logged, and for how long."""
    return {
        "resourceGroupName": _WATCHERS,
        "networkWatcherName": f"NetworkWatcher_{settings.region}",
        "flowLogName": settings.name,
        "location": settings.region,
        "enabled": True,
        "format": {"type": "JSON", "version": 2},
        "retentionPolicy": {"enabled": True, "days": _RAW_DAYS},
        "flowAnalyticsConfiguration": {
            "networkWatcherFlowAnalyticsConfiguration": {
                "enabled": True,
                "workspaceResourceId": store,
                "trafficAnalyticsInterval": _ANALYSED_MINUTES,
            }
        },
        "tags": dict(settings.tags),
    }
