"""ScyllaDB, run by the scylla-operator: from settings to manifests. Pure.

What the operator does was read in its source at tag v1.21.1. It is asked for by a ScyllaCluster, the kind that upstream
documents for one datacenter, from which the operator makes a ScyllaDBDatacenter by itself. The operator also makes the
disruption budget and TLS on ports 9142 and 19142, for clients that show a certificate of its own. Port 9042 stays open
without TLS, and nodes speak to each other without, so network policies alone keep others from listening there.
Who may log in is in `scylla_login`, where nodes go in `scylla_racks`, alerts are in `scylla_alerts`.
"""

from __future__ import annotations

from typing import Any, Final

from components import contracts, isolation
from components.operators import cert_manager, scylla_operator
from components.services import clients, monitoring, readiness, scylla_alerts, scylla_login, scylla_racks
from stacks.services import scylla as settings

IMAGE: Final = "docker.io/scylladb/scylla"
AGENT: Final = "docker.io/scylladb/scylla-manager-agent"
AGENT_VERSION: Final = "3.10.1"
"""The one that the operator 1.21.1 is tested with. By it the operator asks a node how it is, without any manager."""
PORT: Final = 9042
_NAME: Final = "scylla"
_CLIENTS: Final = (PORT, 9142, 19042, 19142)
"""Without TLS and with it, for any node and for the shard that has the data."""
_NODES: Final = (7000, 7001)
_AGENT_PORT: Final = 10001
_METRICS: Final = 9180
_METRICS_NAME: Final = "prometheus"
"""As the operator names the container's port."""
_NODE_SECONDS: Final = 900
"""How long one node may take: tuning, the benchmark of its disk at the first start, joining. One joins at a time."""

Args = contracts.ServiceArgs[settings.Scylla]


def build(args: Args) -> contracts.ServiceObjects:
    """All objects of one instance, in the namespace of its name."""
    return contracts.ServiceObjects(
        shared=(
            _namespace(args),
            isolation.default_deny(args.name),
            _policy_of_nodes(args),
            _policy_of_cleanups(args),
            *_monitoring(args),
        ),
        secrets=(scylla_login.configuration(args),),
        custom_resources=(_cluster(args),),
        connection={
            "type": "cassandra",
            "host": f"{_service(args)}.{args.name}.svc",
            "port": str(PORT),
            "username": settings.USER,
            "password": args.passwords[settings.USER],
            "datacenter": settings.DATACENTER,
        },
        endpoint=contracts.Endpoint(namespace=args.name, service=_service(args), port=PORT, scheme="cassandra"),
        version=_version(args),
    )


def _namespace(args: Args) -> contracts.Manifest:
    """Its pods run as root and set priorities of threads (SYS_NICE), which `baseline` refuses too."""
    labels = {**monitoring.labels(args.monitored_by), "pod-security.kubernetes.io/enforce": "privileged"}
    return isolation.namespace(args.name, labels=labels)


def _cluster(args: Args) -> contracts.Manifest:
    kind = scylla_operator.CLUSTER
    seconds = _NODE_SECONDS * args.options.servers
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {
            "name": args.name,
            "namespace": args.name,
            "labels": {isolation.PART_OF: "paasport"},
            "annotations": readiness.awaited(kind, timeout_seconds=seconds),
        },
        "spec": {
            "repository": IMAGE,
            "version": _version(args),
            "agentRepository": AGENT,
            "agentVersion": AGENT_VERSION,
            "developerMode": args.options.nodes == "shared",
            # Without these the pods would have the annotations above, and be rolled when one of them changes.
            "podMetadata": {
                "labels": {isolation.PART_OF: "paasport"},
                # No autoscaler moves a node of a database to save a machine.
                "annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
            },
            "datacenter": {
                "name": settings.DATACENTER,
                "racks": [_rack(args, rack) for rack in args.options.racks],
            },
        },
    }


def _rack(args: Args, rack: str) -> dict[str, Any]:
    is_dedicated = args.options.dedicated_nodes is not None
    return {
        "name": rack,
        "members": args.options.servers // len(args.options.racks),
        **scylla_login.mounted(args),
        "storage": {
            "capacity": args.options.asked("storage"),
            "storageClassName": args.storage.xfs_class if is_dedicated else args.storage.retain_class,
        },
        "resources": _resources(cpu=args.options.asked("cpu"), memory=args.options.asked("memory")),
        "agentResources": _resources(cpu="100m", memory="256Mi"),
        "placement": scylla_racks.placement(args.name, rack, options=args.options),
    }


def _resources(*, cpu: str, memory: str) -> dict[str, Any]:
    """All that is asked for, and no more: with every container so, the kubelet gives whole cores for itself."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": cpu, "memory": memory}}


def _policy_of_nodes(args: Args) -> contracts.Manifest:
    nodes = {"podSelector": {"matchLabels": scylla_racks.nodes(args.name)}}
    between = [{"protocol": "TCP", "port": port} for port in _NODES]
    return isolation.network_policy(
        _NAME,
        namespace=args.name,
        pods=scylla_racks.nodes(args.name),
        ingress=[
            {"from": [nodes], "ports": between},
            {"from": _administrators(args), "ports": [{"protocol": "TCP", "port": _AGENT_PORT}]},
            clients.ingress(args.name, ports=_CLIENTS),
            *monitoring.ingress(args.monitored_by, port=_METRICS),
        ],
        # The operator's program in every pod reads there who the others are, and says there how the node is.
        egress=[isolation.DNS, isolation.API_SERVER, {"to": [nodes], "ports": between}],
    )


def _administrators(args: Args) -> list[dict[str, Any]]:
    """Who asks a node's agent: the operator, and its jobs that clean a node up after others have joined."""
    operator = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": args.home(scylla_operator.OPERATOR)}},
        "podSelector": {"matchLabels": dict(scylla_operator.PODS)},
    }
    return [operator, {"podSelector": {"matchLabels": scylla_racks.cleanups(args.name)}}]


def _policy_of_cleanups(args: Args) -> contracts.Manifest:
    nodes = {"podSelector": {"matchLabels": scylla_racks.nodes(args.name)}}
    return isolation.network_policy(
        "cleanup",
        namespace=args.name,
        pods=scylla_racks.cleanups(args.name),
        ingress=(),
        egress=[isolation.DNS, {"to": [nodes], "ports": [{"protocol": "TCP", "port": _AGENT_PORT}]}],
    )


def _monitoring(args: Args) -> list[contracts.Manifest]:
    return monitoring.objects(
        args.name,
        monitored_by=args.monitored_by,
        pods=scylla_racks.nodes(args.name),
        endpoint={"port": _METRICS_NAME},
        alerts=scylla_alerts.alerts(args.name, options=args.options),
    )


def _service(args: Args) -> str:
    """Name of the Service that the operator makes for clients."""
    return f"{args.name}-client"


def _version(args: Args) -> str:
    return args.options.overrides.version or settings.VERSION


SERVICE: Final = contracts.Service(
    name="scylla",
    type="Scylla",
    operators=(scylla_operator.NAME, cert_manager.NAME),
    build=build,
    passwords=(settings.USER,),
)
