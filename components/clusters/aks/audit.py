"""What the control plane logs, and where and how long that is kept."""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components import registration
from components.clusters.aks import scope

_STANDARD: Final = ("kube-audit-admin", "guard", "kube-apiserver")
"""Audit without reads (`kube-audit` has those too, at many times the price), authentication, and the API server."""
_FULL: Final = (
    *_STANDARD,
    "kube-controller-manager",
    "kube-scheduler",
    "cluster-autoscaler",
    "cloud-controller-manager",
)
CATEGORIES: Final = {"standard": _STANDARD, "full": _FULL}
_PROVISIONING: Final = "karpenter-events"
"""Of node auto provisioning: learn.microsoft.com/azure/aks/use-node-auto-provisioning."""

TABLES: Final = ("AKSAuditAdmin", "AKSControlPlane")
"""Where Azure puts these categories when they have tables of their own."""
_VAULT: Final = "AuditEvent"
"""Every use of a key vault and every change of it."""
_SHORTEST: Final = 30
"""Days. Azure keeps logs for a month at no charge, and never less."""
_LONGEST: Final = 730
"""Days that logs can be searched at once. What is kept longer is in the archive, which has to be restored first."""
_DAILY_GIGABYTES: Final = {"standard": 5, "full": 20}
"""Where a day's logs end, so that a workload in a loop does not cost a fortune. Sizes unverified."""


def workspace(place: scope.Scope, *, group: pulumi.Input[str]) -> registration.Resource:
    """Register the store of logs, which outlives the cluster."""
    settings = place.settings
    store = registration.resource(
        "azure-native:operationalinsights:Workspace",
        f"{settings.name}-logs",
        {"resourceGroupName": group, **workspace_properties(settings)},
        outputs=("name",),
        opts=place.kept(),
    )
    if settings.audit.retention_days > _LONGEST:
        for table in TABLES:
            registration.resource(
                "azure-native:operationalinsights:Table",
                f"{settings.name}-{table.lower()}",
                {"resourceGroupName": group, "workspaceName": store.output("name"), **archive(settings, table=table)},
                opts=place.kept(),
            )
    return store


def workspace_properties(settings: scope.Settings) -> dict[str, Any]:
    """The store's own settings."""
    return {
        "workspaceName": settings.name,
        "location": settings.region,
        "sku": {"name": "PerGB2018"},
        "retentionInDays": min(max(settings.audit.retention_days, _SHORTEST), _LONGEST),
        "workspaceCapping": {"dailyQuotaGb": _DAILY_GIGABYTES[settings.audit.categories]},
        "features": {"disableLocalAuth": True, "enableLogAccessUsingOnlyResourcePermissions": True},
        "tags": dict(settings.tags),
    }


def archive(settings: scope.Settings, *, table: str) -> dict[str, Any]:
    """A table whose rows are kept for longer than they can be searched at once."""
    return {
        "tableName": table,
        "plan": "Analytics",
        "retentionInDays": _LONGEST,
        "totalRetentionInDays": settings.audit.retention_days,
    }


def log(
    place: scope.Scope, *, cluster: pulumi.Input[str], store: pulumi.Input[str], after: pulumi.Resource
) -> pulumi.Resource:
    """Register what the cluster sends to the store."""
    settings = place.settings
    return registration.resource(
        "azure-native:monitor:DiagnosticSetting",
        f"{settings.name}-audit",
        {"resourceUri": cluster, "workspaceId": store, **diagnostics(settings)},
        opts=place.options(depends_on=[after]),
    )


def diagnostics(settings: scope.Settings) -> dict[str, Any]:
    """Which categories; a table for each sort of log, which costs less and is searched faster than one for all."""
    wanted = settings.audit.categories
    provisioning = (_PROVISIONING,) if settings.compute == "auto" and wanted == "full" else ()
    return {
        "name": "audit",
        "logAnalyticsDestinationType": "Dedicated",
        "logs": [{"category": category, "enabled": True} for category in (*CATEGORIES[wanted], *provisioning)],
        "metrics": [{"category": "AllMetrics", "enabled": False}],
    }


def vault_log(place: scope.Scope, *, vault: pulumi.Input[str], store: pulumi.Input[str]) -> pulumi.Resource:
    """Register that uses of the key are logged; like vault and store it stays."""
    return registration.resource(
        "azure-native:monitor:DiagnosticSetting",
        f"{place.settings.name}-vault-audit",
        {"resourceUri": vault, "workspaceId": store, **vault_diagnostics()},
        opts=place.kept(),
    )


def vault_diagnostics() -> dict[str, Any]:
    """Who used the key, and who changed who may."""
    return {
        "name": "audit",
        "logAnalyticsDestinationType": "Dedicated",
        "logs": [{"category": _VAULT, "enabled": True}],
        "metrics": [{"category": "AllMetrics", "enabled": False}],
    }
