"""What keeps a Cassandra well: Reaper, which repairs copies that differ, and Medusa, which writes backups. Pure.

Reaper keeps what it knows in a file of its own. Rejected: in the database, which it would then need a superuser for and
which would be written to day and night, also where nobody else does.
"""

from __future__ import annotations

from typing import Any, Final

from components import contracts, isolation
from components.operators import cass_operator, k8ssandra_operator
from components.services import cassandra_nodes
from stacks.services import cassandra as settings

METRICS: Final = 9000
"""Where nodes tell what they do, without TLS."""
_REAPER_USER: Final = 1000
_REAPER_STORAGE: Final = "1Gi"
_PROVIDERS: Final = {"s3": "s3", "gcs": "google_storage", "azure": "azure_blobs"}
"""By the store's protocol, what Medusa calls it. Stack files cannot have Azure's, whose account it only learns from a
stored key: `CreateMedusaIni` of the operator has no place for it, and `AzureStorage` of Medusa 0.29.1 wants it
otherwise in a variable that the operator does not let through."""
_BACKUPS: Final = "backups"

Args = contracts.ServiceArgs[settings.Cassandra]


def tls(args: Args) -> str:
    """Name of the nodes' Certificate and of its Secret."""
    return f"{args.name}-tls"


def management(args: Args) -> str:
    """Name of the management API's Certificate and of its Secret."""
    return f"{args.name}-management"


def repairs(args: Args) -> dict[str, Any]:
    """Reaper, with a schedule for every keyspace that there ever is. A single node has nothing to be repaired from."""
    if not _repaired(args):
        return {}
    return {
        "reaper": {
            "deploymentMode": "SINGLE",
            "storageType": "local",
            "storageConfig": {
                "storageClassName": args.storage.default_class,
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": _REAPER_STORAGE}},
            },
            "httpManagement": {"enabled": True, "keystores": {"name": management(args)}},
            "autoScheduling": {"enabled": True},
            "heapSize": "512Mi",
            "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
            "initContainerResources": {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
            # Its containers are restricted by the operator itself.
            "podSecurityContext": {
                "runAsNonRoot": True,
                "fsGroup": _REAPER_USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        }
    }


def medusa(args: Args) -> dict[str, Any]:
    """Medusa beside every node, where backups are asked for.

    Nothing is purged: the store itself forgets what is old, and each backup is whole (see `schedules`).
    """
    if args.backups is None:
        return {}
    store = args.backups.store
    secret = tls(args)
    resources = {"requests": dict(settings.MEDUSA), "limits": {"memory": "1Gi"}}
    return {
        "medusa": {
            "storageProperties": {
                "storageProvider": _PROVIDERS[store.protocol],
                "bucketName": store.root,
                "prefix": args.name,
                "credentialsType": "role-based",
                "secure": True,
                "sslVerify": True,
                **({"region": store.region} if store.region else {}),
            },
            # By these very names: `CreateMedusaIni` takes the authority from the first, and so on.
            "clientEncryptionStores": {
                "keystoreSecretRef": {"name": secret, "key": "ca.crt"},
                "truststoreSecretRef": {"name": secret, "key": "tls.crt"},
                "truststorePasswordSecretRef": {"name": secret, "key": "tls.key"},
            },
            "purgeBackups": False,
            "securityContext": cassandra_nodes.container(),
            "containerResources": resources,
            "initContainerResources": {key: dict(value) for key, value in resources.items()},
        }
    }


def schedules(args: Args) -> tuple[contracts.Manifest, ...]:
    """When backups are made. Whole ones: of those that build upon another the store would forget what they need."""
    wanted = args.options.backups
    if wanted is None or args.backups is None:
        return ()
    kind = k8ssandra_operator.BACKUP_SCHEDULE
    metadata = {"name": _BACKUPS, "namespace": args.name, "labels": {isolation.PART_OF: "paasport"}}
    return (
        {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": metadata,
            "spec": {
                "backupSpec": {"cassandraDatacenter": k8ssandra_operator.DATACENTER, "backupType": "full"},
                "cronSchedule": wanted.schedule,
                "operationType": "backup",
            },
        },
    )


def managers(args: Args) -> list[dict[str, Any]]:
    """Who needs the nodes' management API: both operators, and Reaper."""
    reaper = [{"podSelector": {"matchLabels": _reaper(args)}}] if _repaired(args) else []
    return [_of(args.home(cass_operator.OPERATOR), cass_operator.PODS), _operator(args), *reaper]


def metrics_ingress(args: Args) -> list[dict[str, Any]]:
    """The rule by which Reaper sees how busy nodes are before it asks more of them (HttpCassandraManagementProxy)."""
    if not _repaired(args):
        return []
    return [
        {"from": [{"podSelector": {"matchLabels": _reaper(args)}}], "ports": [{"protocol": "TCP", "port": METRICS}]}
    ]


def medusa_ingress(args: Args) -> list[dict[str, Any]]:
    """The rule by which the operator reaches Medusa."""
    if args.backups is None:
        return []
    return [{"from": [_operator(args)], "ports": [{"protocol": "TCP", "port": k8ssandra_operator.MEDUSA}]}]


def network_policies(args: Args) -> list[contracts.Manifest]:
    """Reaper's: the operator tells it what to repair, and it tells the nodes."""
    if not _repaired(args):
        return []
    nodes = {"podSelector": {"matchLabels": cassandra_nodes.pods(args)}}
    return [
        isolation.network_policy(
            "reaper",
            namespace=args.name,
            pods=_reaper(args),
            ingress=[{"from": [_operator(args)], "ports": [{"protocol": "TCP", "port": k8ssandra_operator.REAPER}]}],
            egress=[
                isolation.DNS,
                {
                    "to": [nodes],
                    "ports": [{"protocol": "TCP", "port": port} for port in (cass_operator.MANAGEMENT, METRICS)],
                },
            ],
        )
    ]


def _repaired(args: Args) -> bool:
    return args.options.servers > 1


def _reaper(args: Args) -> dict[str, str]:
    """Labels that the operator gives Reaper's pods."""
    return {"k8ssandra.io/reaper": f"{args.name}-{k8ssandra_operator.DATACENTER}-reaper"}


def _operator(args: Args) -> dict[str, Any]:
    return _of(args.home(k8ssandra_operator.OPERATOR), k8ssandra_operator.PODS)


def _of(namespace: str, pods: dict[str, str]) -> dict[str, Any]:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "podSelector": {"matchLabels": dict(pods)},
    }
