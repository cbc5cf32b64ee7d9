"""etcd, run by the etcd-operator: from settings to manifests, and what this preview of an operator leaves out. Pure.

The operator makes pods without resources, security settings, probes, placement or TLS. What can be had from around them
is here: requests and limits by a LimitRange, a disruption budget, policies that let only clients in, metrics on a port
of their own, which shows no keys, and snapshots. What can't be had is said in docs/services/etcd.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from components import contracts, isolation
from components.operators import etcd_operator
from components.services import backups, clients, monitoring, placement, readiness
from stacks.services import etcd as settings

VERSION: Final = "3.6.8"
"""The one that etcd-operator 0.2.0 is tested with."""
REPOSITORY: Final = "gcr.io/etcd-development/etcd"

PORT: Final = 2379
_PEERS: Final = 2380
_METRICS: Final = 2381
_NAME: Final = "etcd"
_PORT_NAME: Final = "client"
"""As the operator names the container's port."""
_MEMBER_SECONDS: Final = 300
"""How long one member may take: they are added one after the other."""

Args = contracts.ServiceArgs[settings.Etcd]


def build(args: Args) -> contracts.ServiceObjects:
    """All objects of one instance, in the namespace of its name."""
    host = f"{_client_service(args)}.{args.name}.svc"
    return contracts.ServiceObjects(
        shared=(
            _namespace(args),
            isolation.default_deny(args.name),
            _network_policy(args),
            _limits(args),
            _service(args),
            *_monitoring(args),
            *_backups(args),
        ),
        custom_resources=(_etcd_cluster(args),),
        witnesses=(_disruption_budget(args),),
        connection={"type": "etcd", "host": host, "port": str(PORT), "uri": f"http://{host}:{PORT}"},
        endpoint=contracts.Endpoint(namespace=args.name, service=_client_service(args), port=PORT),
        version=_version(args),
    )


def _etcd_cluster(args: Args) -> contracts.Manifest:
    kind = etcd_operator.ETCD_CLUSTER
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": _metadata(args, name=args.name),
        "spec": {
            "size": args.options.servers,
            "version": f"v{_version(args)}",
            "imageRegistry": REPOSITORY,
            "etcdOptions": _etcd_options(args),
            "storageSpec": {
                "accessModes": "ReadWriteOnce",
                "storageClassName": args.storage.retain_class,
                "volumeSizeRequest": args.options.asked("storage"),
            },
            "podTemplate": {"metadata": {"labels": {**_identity(args), isolation.PART_OF: "paasport"}}},
        },
    }


def _etcd_options(args: Args) -> list[str]:
    return [
        # By itself, because on the clients' port whoever may scrape could read and write every key.
        f"--listen-metrics-urls=http://0.0.0.0:{_METRICS}",
        f"--quota-backend-bytes={args.options.quota}",
        # Without it every value that a key ever had is kept, until the quota stops all writes.
        "--auto-compaction-mode=periodic",
        "--auto-compaction-retention=1h",
    ]


def _namespace(args: Args) -> contracts.Manifest:
    """Its pods have no security settings and run as root: `restricted` would refuse them, `baseline` is the next."""
    labels = {**monitoring.labels(args.monitored_by), "pod-security.kubernetes.io/enforce": "baseline"}
    return isolation.namespace(args.name, labels=labels)


def _limits(args: Args) -> contracts.Manifest:
    """What every container of the namespace gets that asks for nothing: those of the operator's pods."""
    cpu, memory = args.options.asked("cpu"), args.options.asked("memory")
    given = {"type": "Container", "defaultRequest": {"cpu": cpu, "memory": memory}, "default": {"memory": memory}}
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": _metadata(args), "spec": {"limits": [given]}}


def _service(args: Args) -> contracts.Manifest:
    """For clients: the operator's own has no ports and is for members."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**_metadata(args, name=_client_service(args)), "annotations": dict(readiness.NOT_AWAITED)},
        "spec": {
            "type": "ClusterIP",
            "selector": _identity(args),
            "ports": [{"name": _PORT_NAME, "port": PORT, "targetPort": _PORT_NAME, "protocol": "TCP"}],
        },
    }


def _network_policy(args: Args) -> contracts.Manifest:
    members = {"podSelector": {"matchLabels": _identity(args)}}
    between_members = [{"protocol": "TCP", "port": _PEERS}]
    return isolation.network_policy(
        _NAME,
        namespace=args.name,
        pods=_identity(args),
        ingress=[
            {"from": [members], "ports": between_members},
            {"from": _administrators(args), "ports": [{"protocol": "TCP", "port": PORT}]},
            clients.ingress(args.name, ports=[PORT]),
            *monitoring.ingress(args.monitored_by, port=_METRICS),
        ],
        egress=[isolation.DNS, {"to": [members], "ports": between_members}],
    )


def _administrators(args: Args) -> list[dict[str, Any]]:
    """Who needs the clients' port besides clients: the operator, and what takes snapshots."""
    operator = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": args.home(etcd_operator.OPERATOR)}},
        "podSelector": {"matchLabels": dict(etcd_operator.PODS)},
    }
    snapshots = {"podSelector": {"matchLabels": backups.pods(args.name)}}
    return [operator, snapshots] if args.backups else [operator]


def _disruption_budget(args: Args) -> contracts.Manifest:
    """One member at a time; and what an instance is waited for by, because its custom resource has no status.

    Kubernetes' own disruption controller counts the pods that should be and those that are ready in a budget's status.
    The number that is awaited changes with the number of members, so no older status is taken for an answer. Rejected:
    to read the operator's StatefulSet, which does not exist yet when it would be read, and grows member by member.
    For a single member the budget blocks nothing: one may always be away.
    """
    members = args.options.servers
    budget = placement.disruption_budget(args.name, namespace=args.name, pods=_identity(args), labels=_labels(args))
    counts = [f"jsonpath={{.status.{each}}}={members}" for each in ("expectedPods", "currentHealthy")]
    budget["metadata"]["annotations"] = {
        "pulumi.com/waitFor": json.dumps(counts),
        "pulumi.com/timeoutSeconds": str(_MEMBER_SECONDS * members),
    }
    # A member that does not run counts for nothing, and kept in place it would hold up its node's upgrade for ever.
    budget["spec"]["unhealthyPodEvictionPolicy"] = "AlwaysAllow"
    return budget


def _monitoring(args: Args) -> list[contracts.Manifest]:
    # The operator declares no port for metrics, so the target of the clients' port is moved to the one beside it.
    moved = {
        "sourceLabels": ["__address__"],
        "regex": f"(.+):{PORT}",
        "targetLabel": "__address__",
        "replacement": f"$1:{_METRICS}",
    }
    return monitoring.objects(
        args.name,
        monitored_by=args.monitored_by,
        pods=_identity(args),
        endpoint={"port": _PORT_NAME, "relabelings": [moved]},
        alerts=_alerts(args),
    )


def _alerts(args: Args) -> Sequence[monitoring.Alert]:
    """After etcd's own (github.com/etcd-io/etcd, contrib/mixin), for one instance."""
    own = f'job="{args.name}/{args.name}"'
    up = f"(sum(up{{{own}}}) or vector(0))"
    missing = monitoring.Alert(
        name="EtcdMemberDown",
        expression=f"{up} < {args.options.servers}",
        minutes=10,
        severity="warning",
        summary=f"A member of {args.name} does not answer; one more failure may stop it.",
    )
    return [
        monitoring.Alert(
            name="EtcdQuorumLost",
            expression=f"{up} < {args.options.quorum}",
            minutes=3,
            severity="critical",
            summary=f"Too few members of {args.name} answer: it takes no writes.",
        ),
        *([missing] if args.options.servers > 1 else []),
        monitoring.Alert(
            name="EtcdNoLeader",
            expression=f"etcd_server_has_leader{{{own}}} == 0",
            minutes=1,
            severity="critical",
            summary=f"A member of {args.name} knows no leader and takes no writes.",
        ),
        monitoring.Alert(
            name="EtcdDatabaseAlmostFull",
            expression=(
                f"etcd_mvcc_db_total_size_in_bytes{{{own}}} / etcd_server_quota_backend_bytes{{{own}}} * 100 > 85"
            ),
            minutes=10,
            severity="critical",
            summary=f"The database of {args.name} will soon be as large as it may be, and then takes no writes.",
        ),
        monitoring.Alert(
            name="EtcdSlowDisk",
            expression=(
                "histogram_quantile(0.99, sum by (pod, le) "
                f"(rate(etcd_disk_wal_fsync_duration_seconds_bucket{{{own}}}[5m]))) > 0.5"
            ),
            minutes=10,
            severity="warning",
            summary=f"A disk of {args.name} takes half a second for a write, at which leaders are lost.",
        ),
        monitoring.Alert(
            name="EtcdRunsAnotherVersion",
            expression=f'etcd_server_version{{{own},server_version!="{_version(args)}"}} > 0',
            minutes=60,
            severity="warning",
            summary=f"A member of {args.name} does not run etcd {_version(args)}; the operator rolls none by itself.",
        ),
    ]


def _backups(args: Args) -> list[contracts.Manifest]:
    """A snapshot of one member, which has all that the others have agreed to."""
    wanted = args.options.backups
    if wanted is None or args.backups is None:
        return []
    uri = f"http://{_client_service(args)}.{args.name}.svc:{PORT}"
    return backups.objects(
        args.name,
        # The image has no shell since 3.5.7.
        dump=backups.Dump(
            image=f"{REPOSITORY}:v{_version(args)}",
            command=("/usr/local/bin/etcdctl", f"--endpoints={uri}", "snapshot", "save", f"{backups.FOLDER}/etcd.db"),
        ),
        schedule=wanted.schedule,
        target=args.backups,
        storage=args.storage,
        size=args.options.asked("storage"),
    )


def _client_service(args: Args) -> str:
    return f"{args.name}-client"


def _metadata(args: Args, *, name: str = _NAME) -> dict[str, Any]:
    return {"name": name, "namespace": args.name, "labels": _labels(args)}


def _labels(args: Args) -> dict[str, str]:
    return {**_identity(args), "app.kubernetes.io/component": "key-value-store", isolation.PART_OF: "paasport"}


def _identity(args: Args) -> dict[str, str]:
    return {"app.kubernetes.io/name": _NAME, "app.kubernetes.io/instance": args.name}


def _version(args: Args) -> str:
    return args.options.overrides.version or VERSION


SERVICE: Final = contracts.Service(
    name="etcd",
    type="Etcd",
    operators=(etcd_operator.NAME,),
    build=build,
    backup_account=backups.ACCOUNT,
)
