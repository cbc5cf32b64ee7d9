"""How a PostgreSQL is backed up, and how one begins with a backup: by the Barman Cloud plugin. Pure.

Base backups by schedule, and the write-ahead log as it is written, so that any moment between can be restored.
Rejected: a nightly dump, which has one moment only, and snapshots of volumes, which lie beside these and have none
between. What is old the store deletes itself: a retention of the plugin's own would be a second opinion.
"""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components import contracts, isolation
from components.operators import barman_cloud, cloudnative_pg
from stacks.services import postgresql as settings

_SOURCE: Final = "backup"
"""What the custom resource calls the place that it begins with."""
_CREDENTIALS: Final[dict[str, dict[str, Any]]] = {
    "s3": {"s3Credentials": {"inheritFromIAMRole": True}},
    "gcs": {"googleCredentials": {"gkeEnvironment": True}},
    "azure": {"azureCredentials": {"inheritFromAzureAD": True}},
}
"""The pod's own identity, by the store's protocol."""

Args = contracts.ServiceArgs[settings.Postgresql]


def stores(args: Args) -> list[contracts.Manifest]:
    """Where backups go and come from, and what the container that moves them gets."""
    if args.backups is None:
        return []
    store, memory = args.backups.store, settings.SIDECAR_MEMORY
    configuration: dict[str, pulumi.Input[Any]] = {
        "destinationPath": store.url,
        **{key: dict(value) for key, value in _CREDENTIALS[store.protocol].items()},
        "wal": {"compression": "gzip", "maxParallel": 4},
        "data": {"compression": "gzip", "jobs": 2},
    }
    resources = {"requests": {"cpu": settings.SIDECAR_CPU, "memory": memory}, "limits": {"memory": memory}}
    return [
        {
            **_object(barman_cloud.OBJECT_STORE, args),
            "spec": {"configuration": configuration, "instanceSidecarConfiguration": {"resources": resources}},
        }
    ]


def schedules(args: Args) -> tuple[contracts.Manifest, ...]:
    """When base backups are made. After the custom resource: the first one is made at once, of what must be there."""
    wanted = args.options.backups
    if wanted is None or args.backups is None:
        return ()
    spec = {
        "cluster": {"name": args.name},
        # Its first field is the second.
        "schedule": f"0 {wanted.schedule}",
        # Until there is one there is nothing that the write-ahead log could be applied to.
        "immediate": True,
        "backupOwnerReference": "self",
        "method": "plugin",
        "pluginConfiguration": {"name": barman_cloud.PLUGIN},
    }
    return ({**_object(cloudnative_pg.SCHEDULED_BACKUP, args), "spec": spec},)


def archiver(args: Args) -> dict[str, Any]:
    """Part of the custom resource: the write-ahead log goes to the store."""
    if args.options.backups is None or args.backups is None:
        return {}
    parameters = _parameters(args, folder=args.options.archive or args.name)
    return {"plugins": [{"name": barman_cloud.PLUGIN, "isWALArchiver": True, "parameters": parameters}]}


def bootstrap(args: Args, *, secret: str) -> dict[str, Any]:
    """Part of the custom resource: what a new instance begins with, an empty database or a backup.

    `secret` has the owner's name and password.
    """
    application = {"database": args.options.database, "owner": args.options.owner, "secret": {"name": secret}}
    restore = args.options.restore
    if restore is None or args.backups is None:
        return {"bootstrap": {"initdb": {**application, "dataChecksums": True}}}
    target = {"recoveryTarget": {"targetTime": restore.at}} if restore.at else {}
    parameters = _parameters(args, folder=restore.instance)
    return {
        "bootstrap": {"recovery": {"source": _SOURCE, **target, **application}},
        "externalClusters": [
            {"name": _SOURCE, "plugin": {"name": barman_cloud.PLUGIN, "parameters": parameters}},
        ],
    }


def _parameters(args: Args, *, folder: str) -> dict[str, str]:
    return {"barmanObjectName": args.name, "serverName": folder}


def _object(kind: contracts.Kind, args: Args) -> contracts.Manifest:
    metadata = {"name": args.name, "namespace": args.name, "labels": {isolation.PART_OF: "paasport"}}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
