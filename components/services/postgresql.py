"""PostgreSQL, run by CloudNativePG: from settings to manifests. Pure.

The operator makes the pods, their volumes, Services and disruption budgets. Backups are in `postgresql_backups`, alerts
in `postgresql_alerts`.
"""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components import contracts, isolation
from components.operators import barman_cloud, cert_manager, cloudnative_pg
from components.services import (
    backups,
    binding,
    certificates,
    clients,
    credentials,
    monitoring,
    placement,
    postgresql_alerts,
    postgresql_backups,
    readiness,
)
from stacks import quantities
from stacks.services import postgresql as settings

REPOSITORY: Final = "ghcr.io/cloudnative-pg/postgresql"
FLAVOUR: Final = "standard-trixie"
"""With the extensions of PostgreSQL itself, pgaudit and pgvector; without the backup tools, which have their own image.

The name of the distribution is pinned: with another one sorts text differently, and indices of text would be wrong.
"""

PORT: Final = 5432
OWNER: Final = "owner"
"""The application's password; the role's name is in the settings."""
_METRICS: Final = 9187
_NAME: Final = "postgresql"
_ZONES: Final = 3
"""With two, the loss of one can take all standbys that have a commit."""
_SERVER_SECONDS: Final = 300
"""How long one server may take: they are made one after the other."""

Args = contracts.ServiceArgs[settings.Postgresql]


def build(args: Args) -> contracts.ServiceObjects:
    """All objects of one instance, in the namespace of its name."""
    return contracts.ServiceObjects(
        shared=(
            isolation.namespace(args.name, labels=monitoring.labels(args.monitored_by)),
            isolation.default_deny(args.name),
            _network_policy(args),
            *certificates.authority(args.name),
            _server_certificate(args),
            _replication_certificate(args),
            *_monitoring(args),
            *postgresql_backups.stores(args),
        ),
        secrets=(_owner(args),),
        custom_resources=(_cluster(args),),
        witnesses=postgresql_backups.schedules(args),
        connection=_connection(args),
        endpoint=contracts.Endpoint(namespace=args.name, service=f"{args.name}-rw", port=PORT, scheme="postgresql"),
        version=_version(args),
    )


def _cluster(args: Args) -> contracts.Manifest:
    kind, spec = cloudnative_pg.CLUSTER, _spec(args)
    # One share more, for the images of a first start.
    seconds = _SERVER_SECONDS * (args.options.servers + 1)
    annotations = readiness.awaited(kind, spec=spec, timeout_seconds=seconds)
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {**_metadata(args, name=args.name), "annotations": annotations},
        "spec": spec,
    }


def _spec(args: Args) -> dict[str, Any]:
    cpu, memory = args.options.asked("cpu"), args.options.asked("memory")
    identity = args.backups.binding if args.backups else contracts.Binding()
    annotations = dict(identity.service_account_annotations)
    return {
        "instances": args.options.servers,
        "imageName": f"{REPOSITORY}:{_version(args)}-{FLAVOUR}",
        "enableSuperuserAccess": False,
        **_availability(args),
        "storage": _volume(args, args.options.asked("storage")),
        "walStorage": _volume(args, args.options.wal),
        # Memory that is asked for is all there is, so that another pod's needs never evict data. CPU has no limit.
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
        "certificates": {
            "serverTLSSecret": _server(args.name),
            "serverCASecret": _server(args.name),
            "replicationTLSSecret": _replication(args.name),
            "clientCASecret": _replication(args.name),
        },
        "postgresql": _postgresql(args),
        "monitoring": {"tls": {"enabled": True}},
        "inheritedMetadata": {"labels": {isolation.PART_OF: "paasport", **identity.pod_labels}},
        **({"serviceAccountTemplate": {"metadata": {"annotations": annotations}}} if annotations else {}),
        **postgresql_backups.bootstrap(args, secret=_secret(args.name)),
        **postgresql_backups.archiver(args),
    }


def _availability(args: Args) -> dict[str, Any]:
    """What goes on while a server is away or is changed."""
    if args.options.servers == 1:
        # The budget of the only server would block every node's upgrade.
        return {"enablePDB": False, "primaryUpdateMethod": "restart"}
    # Not by `cnpg.io/podRole`, which the job that fills a volume does not have: the job would put the volume into a
    # zone where the server may not be, and it could never start.
    pods = {"cnpg.io/cluster": args.name}
    spread = placement.spread(pods, availability=args.options.availability, zones=_ZONES)
    return {"enablePDB": True, "primaryUpdateMethod": "switchover", "topologySpreadConstraints": spread}


def _volume(args: Args, size: str) -> dict[str, Any]:
    return {"storageClass": args.storage.retain_class, "size": size, "resizeInUseVolumes": True}


def _postgresql(args: Args) -> dict[str, Any]:
    confirmations = args.options.confirmations
    synchronous = {
        "method": "any",
        "number": confirmations,
        # Rather no writes than writes that the loss of a zone takes back.
        "dataDurability": "required",
        # A standby becomes primary only where one of those that can be reached has every commit for sure.
        "failoverQuorum": True,
    }
    return {
        "parameters": _parameters(args),
        # After the operator's own lines and before its last one, which lets everybody try a password.
        "pg_hba": ["hostnossl all all all reject"],
        **({"synchronous": synchronous} if confirmations else {}),
    }


def _parameters(args: Args) -> dict[str, str]:
    memory, wal = (int(quantities.value(size) / 2**20) for size in (args.options.asked("memory"), args.options.wal))
    return {
        # postgresql.org/docs/current/runtime-config-resource.html: a quarter, and the rest is the kernel's cache.
        "shared_buffers": f"{memory // 4}MB",
        "effective_cache_size": f"{memory * 3 // 4}MB",
        "max_connections": str(args.options.connections),
        "max_wal_size": f"{wal // 4}MB",
        # By itself a standby that never comes back fills the volume.
        "max_slot_wal_keep_size": f"{wal // 2}MB",
    }


def _server_certificate(args: Args) -> contracts.Manifest:
    """Names of all three Services, and the one that a person's forwarded port has."""
    services = [f"{args.name}-{which}" for which in ("rw", "ro", "r")]
    suffixes = ("", f".{args.name}", f".{args.name}.svc", f".{args.name}.svc.cluster.local")
    names = [*(f"{service}{suffix}" for service in services for suffix in suffixes), "localhost"]
    return _reloaded(certificates.server(_server(args.name), instance=args.name, dns_names=names))


def _replication_certificate(args: Args) -> contracts.Manifest:
    """By which standbys log in at the primary."""
    found = certificates.server(
        _replication(args.name), instance=args.name, dns_names=(), common_name="streaming_replica", client=True
    )
    found["spec"]["usages"] = ["digital signature", "key encipherment", "client auth"]
    return _reloaded(found)


def _reloaded(certificate: contracts.Manifest) -> contracts.Manifest:
    """Its Secret labelled so that servers take the renewed one without a restart."""
    certificate["spec"]["secretTemplate"] = {"labels": dict(_RELOAD)}
    return certificate


_RELOAD: Final = {"cnpg.io/reload": "true"}
"""Without it the operator looks at a Secret once."""


def _owner(args: Args) -> contracts.Manifest:
    """Encoded already, so that an engine does not mask every `app` that it shows: see `binding.secret`."""
    metadata = _metadata(args, name=_secret(args.name))
    data = {"username": args.options.owner, "password": args.passwords[OWNER]}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {**metadata, "labels": {**metadata["labels"], **_RELOAD}},
        "type": "kubernetes.io/basic-auth",
        "data": {key: binding.encoded(value) for key, value in data.items()},
    }


def _connection(args: Args) -> dict[str, pulumi.Input[str]]:
    """What an application needs besides the authority's certificate, which is made inside the cluster."""
    host, owner, password = f"{args.name}-rw.{args.name}.svc", args.options.owner, args.passwords[OWNER]
    place = f"@{host}:{PORT}/{args.options.database}?sslmode=verify-full"
    return {
        "type": "postgresql",
        "host": host,
        "port": str(PORT),
        "database": args.options.database,
        "username": owner,
        "password": password,
        "uri": credentials.text("postgresql://", owner, ":", password, place),
    }


def _network_policy(args: Args) -> contracts.Manifest:
    pods = {"cnpg.io/cluster": args.name}
    servers = {"podSelector": {"matchLabels": pods}}
    operator = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": args.home(cloudnative_pg.OPERATOR)}},
        "podSelector": {"matchLabels": dict(cloudnative_pg.PODS)},
    }
    # On the second one a primary that has lost the API server asks its standbys whether it is alone.
    between_servers = [{"protocol": "TCP", "port": port} for port in (PORT, cloudnative_pg.INSTANCE_MANAGER)]
    return isolation.network_policy(
        _NAME,
        namespace=args.name,
        pods=pods,
        ingress=[
            {"from": [servers], "ports": between_servers},
            {"from": [operator], "ports": [{"protocol": "TCP", "port": cloudnative_pg.INSTANCE_MANAGER}]},
            clients.ingress(args.name, ports=[PORT]),
            *monitoring.ingress(args.monitored_by, port=_METRICS),
        ],
        egress=[
            isolation.DNS,
            isolation.API_SERVER,
            {"to": [servers], "ports": between_servers},
            *(backups.TO_STORE if args.backups else ()),
        ],
    )


def _monitoring(args: Args) -> list[contracts.Manifest]:
    return monitoring.objects(
        args.name,
        monitored_by=args.monitored_by,
        pods={"cnpg.io/cluster": args.name, "cnpg.io/podRole": "instance"},
        endpoint={
            "port": "metrics",
            "scheme": "https",
            "tlsConfig": {
                "ca": {"secret": {"name": _server(args.name), "key": "ca.crt"}},
                # Pods are asked by address; the name is one that every server's certificate has.
                "serverName": f"{args.name}-rw",
            },
        },
        alerts=postgresql_alerts.alerts(args.name, options=args.options),
    )


def _server(instance: str) -> str:
    return f"{instance}-server"


def _replication(instance: str) -> str:
    return f"{instance}-replication"


def _secret(instance: str) -> str:
    return f"{instance}-{OWNER}"


def _metadata(args: Args, *, name: str) -> dict[str, Any]:
    return {"name": name, "namespace": args.name, "labels": _labels(args)}


def _labels(args: Args) -> dict[str, str]:
    identity = {"app.kubernetes.io/name": _NAME, "app.kubernetes.io/instance": args.name}
    return {**identity, "app.kubernetes.io/component": "database", isolation.PART_OF: "paasport"}


def _version(args: Args) -> str:
    return args.options.overrides.version or settings.VERSION


SERVICE: Final = contracts.Service(
    name="postgresql",
    type="Postgresql",
    operators=(cloudnative_pg.NAME, cert_manager.NAME),
    backup_operators=(barman_cloud.NAME,),
    build=build,
    passwords=(OWNER,),
)
