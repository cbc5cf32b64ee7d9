"""RabbitMQ, run by the RabbitMQ cluster operator: from settings to manifests. Pure.

What the operator does was read in its source at tag v2.22.3. Clients, people, the operator and Prometheus all come by
TLS; nodes speak to each other without, so network policies alone keep others away from there. Backups are in
`rabbitmq_backups`, alerts in `rabbitmq_alerts`.
"""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components import contracts, isolation
from components.operators import cert_manager, rabbitmq_cluster_operator
from components.services import (
    backups,
    binding,
    certificates,
    clients,
    credentials,
    monitoring,
    placement,
    rabbitmq_alerts,
    rabbitmq_backups,
    readiness,
)
from stacks import quantities
from stacks.services import rabbitmq as settings

IMAGE: Final = "docker.io/library/rabbitmq"
_NAME: Final = "rabbitmq"
PORT: Final = 5671
UNENCRYPTED: Final = 5672
_METRICS: Final = 15691
_METRICS_NAME: Final = "prometheus-tls"
"""As the operator names the container's port."""
_ZONES: Final = 3
"""With two, the loss of one can take the majority."""
_BETWEEN_NODES: Final = ((4369, 4369), (6000, 6500), (25672, 25672), (35672, 35682))
"""First and last port: names of nodes, streams, everything else, the command line. rabbitmq.com/docs/networking"""

_START_SECONDS: Final = 300
"""How long one node may take to start, images and the operator's own delay of 30 seconds included."""
_ALONE_SECONDS: Final = 60
_AMONG_SECONDS: Final = 900
"""How long a node of several may wait for its queues' copies on others before it stops. A quarter of an hour is what
EKS waits for when it drains a node, the shortest of the vendors."""

Args = contracts.ServiceArgs[settings.Rabbitmq]


def build(args: Args) -> contracts.ServiceObjects:
    """All objects of one instance, in the namespace of its name."""
    return contracts.ServiceObjects(
        shared=(
            isolation.namespace(args.name, labels=monitoring.labels(args.monitored_by)),
            isolation.default_deny(args.name),
            _network_policy(args),
            *certificates.authority(args.name),
            certificates.server(_certificate(args), instance=args.name, dns_names=_names(args)),
            *_disruption_budgets(args),
            *_monitoring(args),
            *rabbitmq_backups.objects(args),
        ),
        secrets=(_user(args), *rabbitmq_backups.secrets(args)),
        custom_resources=(_rabbitmq_cluster(args),),
        connection=_connection(args),
        endpoint=contracts.Endpoint(namespace=args.name, service=args.name, port=PORT, scheme="amqps"),
        version=_version(args),
        authority=_certificate(args),
    )


def _rabbitmq_cluster(args: Args) -> contracts.Manifest:
    kind = rabbitmq_cluster_operator.CLUSTER
    # Changes are rolled out one node at a time, and each may first wait for its whole grace period.
    seconds = args.options.servers * (_START_SECONDS + _grace(args))
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {
            "name": args.name,
            "namespace": args.name,
            "labels": _labels(args),
            "annotations": readiness.awaited(kind, timeout_seconds=seconds),
        },
        "spec": _spec(args),
    }


def _spec(args: Args) -> dict[str, Any]:
    cpu, memory = args.options.asked("cpu"), args.options.asked("memory")
    plugins = [f"rabbitmq_{protocol}" for protocol in args.options.protocols]
    return {
        "replicas": args.options.servers,
        "image": f"{IMAGE}:{_version(args)}-management",
        # Memory that is asked for is all there is, so that another pod's needs never evict data. CPU has no limit.
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
        "persistence": {"storageClassName": args.storage.retain_class, "storage": args.options.asked("storage")},
        "terminationGracePeriodSeconds": _grace(args),
        "secretBackend": {"externalSecret": {"name": _user_secret(args)}},
        "tls": {
            "secretName": _certificate(args),
            # By this one the operator knows whom to trust when it asks nodes how they are. Clients that show a
            # certificate are held to it too; none has to show one.
            "caSecretName": _certificate(args),
            "disableNonTLSListeners": not args.options.unencrypted,
        },
        "rabbitmq": {
            **({"additionalPlugins": plugins} if plugins else {}),
            "additionalConfig": _configuration(args),
        },
        # A node of the next series does not start while flags of this one are missing.
        "autoEnableAllFeatureFlags": True,
        **_override(args),
    }


def _configuration(args: Args) -> str:
    """Lines of rabbitmq.conf, over the operator's own.

    Queues are replicated wherever they are asked for without a type: those of the older type lie on one node, and are
    gone while it is. As much as the memory stays free on disk, as rabbitmq.com/docs/production-checklist wants it.
    """
    free = int(quantities.value(args.options.asked("memory")))
    return f"default_queue_type = quorum\ndisk_free_limit.absolute = {free}\n"


def _override(args: Args) -> dict[str, Any]:
    """Over zones where promised: the operator spreads by itself, but only as far as it can be done.

    Constraints are merged by their `topologyKey`; of containers the schema wants a list, which may be empty.
    """
    if args.options.servers == 1:
        return {}
    spread = placement.spread(_pods(args), availability=args.options.availability, zones=_ZONES)
    pod = {"containers": [], "topologySpreadConstraints": spread}
    return {"override": {"statefulSet": {"spec": {"template": {"spec": pod}}}}}


def _grace(args: Args) -> int:
    """Seconds, instead of the operator's week.

    Before a node stops it waits until every queue that it has a copy of does without. Alone it would wait in vain. An
    instance that is deleted does not wait at all.
    """
    return _ALONE_SECONDS if args.options.servers == 1 else _AMONG_SECONDS


def _user(args: Args) -> contracts.Manifest:
    """The operator uses it too, by this very name, and leaves it alone by these labels, which are its own.

    `default_user.conf` makes the user when the first node starts for the first time; later it changes nothing.
    """
    password = args.passwords[settings.USER]
    configuration = credentials.text(f"default_user = {settings.USER}\ndefault_pass = ", password, "\n")
    data = {"username": settings.USER, "password": password, "default_user.conf": configuration}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": _user_secret(args),
            "namespace": args.name,
            "labels": {**_pods(args), isolation.PART_OF: "rabbitmq"},
        },
        "type": "Opaque",
        "data": {key: binding.encoded(value) for key, value in data.items()},
    }


def _connection(args: Args) -> dict[str, pulumi.Input[str]]:
    """What an application needs besides the authority's certificate, which is made inside the cluster.

    The slash in the URI is a name, that of the virtual host, and so it is escaped: rabbitmq.com/docs/uri-spec.
    """
    password, host = args.passwords[settings.USER], _host(args)
    others = {f"{protocol}-port": str(settings.PORTS[protocol]) for protocol in args.options.protocols}
    return {
        "type": _NAME,
        "host": host,
        "port": str(PORT),
        "virtual-host": "/",
        "username": settings.USER,
        "password": password,
        "uri": credentials.text(f"amqps://{settings.USER}:", password, f"@{host}:{PORT}/%2F"),
        **others,
    }


def _names(args: Args) -> list[str]:
    """In the certificate: the Service's names, every node's, and the one that a person's forwarded port has."""
    service = f"{args.name}.{args.name}"
    # Clients of streams are told of nodes by the short form.
    nodes = f"*.{args.name}-nodes.{args.name}"
    local = ".svc.cluster.local"
    return [f"{service}.svc", f"{service}{local}", nodes, f"{nodes}.svc", f"{nodes}{local}", "localhost"]


def _network_policy(args: Args) -> contracts.Manifest:
    nodes = {"podSelector": {"matchLabels": _pods(args)}}
    between = [
        {"protocol": "TCP", "port": first, **({"endPort": last} if last > first else {})}
        for first, last in _BETWEEN_NODES
    ]
    spoken = [settings.PORTS[protocol] for protocol in args.options.protocols]
    spoken += [UNENCRYPTED] if args.options.unencrypted else []
    return isolation.network_policy(
        _NAME,
        namespace=args.name,
        pods=_pods(args),
        ingress=[
            {"from": [nodes], "ports": between},
            {
                "from": _administrators(args),
                "ports": [{"protocol": "TCP", "port": rabbitmq_cluster_operator.MANAGEMENT}],
            },
            clients.ingress(args.name, ports=[PORT, rabbitmq_cluster_operator.MANAGEMENT, *spoken]),
            *monitoring.ingress(args.monitored_by, port=_METRICS),
        ],
        egress=[isolation.DNS, {"to": [nodes], "ports": between}],
    )


def _administrators(args: Args) -> list[dict[str, Any]]:
    """Who needs the management API besides clients: the operator, and what exports definitions."""
    home = args.home(rabbitmq_cluster_operator.OPERATOR)
    operator = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": home}},
        "podSelector": {"matchLabels": dict(rabbitmq_cluster_operator.PODS)},
    }
    exports = {"podSelector": {"matchLabels": backups.pods(args.name)}}
    return [operator, exports] if args.backups else [operator]


def _disruption_budgets(args: Args) -> tuple[contracts.Manifest, ...]:
    return placement.disruption_budgets(
        _NAME, namespace=args.name, pods=_pods(args), labels=_labels(args), servers=args.options.servers
    )


def _monitoring(args: Args) -> list[contracts.Manifest]:
    return monitoring.objects(
        args.name,
        monitored_by=args.monitored_by,
        pods=_pods(args),
        endpoint={
            "port": _METRICS_NAME,
            "scheme": "https",
            "tlsConfig": {
                "ca": {"secret": {"name": _certificate(args), "key": "ca.crt"}},
                # Pods are asked by address; the name is one that the certificate has.
                "serverName": _host(args),
            },
        },
        alerts=rabbitmq_alerts.alerts(args.name, nodes=args.options.servers, quorum=args.options.quorum),
    )


def _host(args: Args) -> str:
    return f"{args.name}.{args.name}.svc"


def _certificate(args: Args) -> str:
    """Name of the Certificate and of its Secret."""
    return f"{args.name}-tls"


def _user_secret(args: Args) -> str:
    return f"{args.name}-default-user"


def _pods(args: Args) -> dict[str, str]:
    """Labels that the operator gives the nodes' pods."""
    return {"app.kubernetes.io/name": args.name, "app.kubernetes.io/component": "rabbitmq"}


def _labels(args: Args) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": _NAME,
        "app.kubernetes.io/instance": args.name,
        "app.kubernetes.io/component": "message-broker",
        isolation.PART_OF: "paasport",
    }


def _version(args: Args) -> str:
    return args.options.overrides.version or settings.VERSION


SERVICE: Final = contracts.Service(
    name="rabbitmq",
    type="Rabbitmq",
    operators=(rabbitmq_cluster_operator.NAME, cert_manager.NAME),
    build=build,
    passwords=(settings.USER,),
    backup_account=backups.ACCOUNT,
)
