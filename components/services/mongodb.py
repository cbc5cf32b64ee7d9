"""MongoDB Community, run by MongoDB Controllers for Kubernetes: from settings to manifests. Pure.

Everything about the pods is in `spec.statefulSet.spec`, which the API takes unread: containers, volumes and init
containers are merged by name into what the operator makes (pkg/util/merge at tag 1.10.0). Backups are in
`mongodb_backups`, alerts in `mongodb_alerts`.
"""

from __future__ import annotations

from typing import Any, Final

from components import contracts, isolation
from components.operators import cert_manager, mongodb_kubernetes
from components.services import (
    backups,
    certificates,
    clients,
    mongodb_alerts,
    mongodb_backups,
    mongodb_users,
    monitoring,
    placement,
    readiness,
)
from stacks import quantities
from stacks.services import mongodb as settings

IMAGE: Final = "quay.io/mongodb/mongodb-community-server"
IMAGE_TYPE: Final = "ubi9"
"""Since 8.0.12 there are none for ubi8, which the operator would ask for:
github.com/mongodb/mongodb-kubernetes-operator/issues/1730."""

PORT: Final = mongodb_users.PORT
_METRICS: Final = 9216
_METRICS_NAME: Final = "metrics"
_NAME: Final = "mongodb"
_ACCOUNT: Final = "mongodb-database"
"""Named in the pods too: the operator's own name for it was another one in the community operator, and may change."""
_ZONES: Final = 3
"""With two, the loss of one can take the majority."""
_MEMBER_SECONDS: Final = 300
"""How long one member may take: they start one after the other, and are added and rolled so."""
_AGENT: Final = {"cpu": "100m", "memory": "500Mi"}
"""What the operator's agent beside every mongod asks for."""
_INIT: Final = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}}
"""Of the two that copy a program into the pod; by itself the operator asks for half a core for each."""
_LOGS: Final = "2Gi"
"""The volume for the agent's own files. What mongod and the agent log goes to the container's output."""
_GRACE_SECONDS: Final = 300
"""How long mongod may take to hand over and write its cache to disk."""

Args = contracts.ServiceArgs[settings.Mongodb]


def build(args: Args) -> contracts.ServiceObjects:
    """All objects of one instance, in the namespace of its name."""
    return contracts.ServiceObjects(
        shared=(
            isolation.namespace(args.name, labels=monitoring.labels(args.monitored_by)),
            isolation.default_deny(args.name),
            _network_policy(args),
            *_account(args),
            *certificates.authority(args.name),
            _certificate(args),
            *_disruption_budgets(args),
            *_monitoring(args),
            *mongodb_backups.objects(args),
        ),
        secrets=mongodb_users.secrets(args),
        custom_resources=(_replica_set(args),),
        connection=mongodb_users.connection(args),
        endpoint=contracts.Endpoint(
            namespace=args.name, service=mongodb_users.service(args.name), port=PORT, scheme="mongodb"
        ),
        version=_version(args),
    )


def _replica_set(args: Args) -> contracts.Manifest:
    kind, spec = mongodb_kubernetes.COMMUNITY, _spec(args)
    # One share more, for the images of a first start.
    seconds = _MEMBER_SECONDS * (args.options.servers + 1)
    annotations = readiness.awaited(kind, spec=spec, timeout_seconds=seconds)
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {**_metadata(args, name=args.name), "annotations": annotations},
        "spec": spec,
    }


def _spec(args: Args) -> dict[str, Any]:
    compatibility = args.options.overrides.feature_compatibility_version
    return {
        "type": "ReplicaSet",
        "members": args.options.servers,
        "version": _version(args),
        # Left out, the operator keeps what the data was made with, so that an upgrade can be taken back.
        **({"featureCompatibilityVersion": compatibility} if compatibility else {}),
        "security": {
            "authentication": {"modes": ["SCRAM"]},
            "tls": {
                "enabled": True,
                "certificateKeySecretRef": {"name": mongodb_users.certificate(args.name)},
                "caCertificateSecretRef": {"name": mongodb_users.certificate(args.name)},
            },
        },
        "users": mongodb_users.users(args),
        "agent": {"logFile": "/dev/stdout"},
        "additionalMongodConfig": {"storage.wiredTiger.engineConfig.cacheSizeGB": _cache(args)},
        **_exporter(args),
        "statefulSet": {"spec": {"template": _template(args), "volumeClaimTemplates": _volumes(args)}},
    }


def _exporter(args: Args) -> dict[str, Any]:
    """The agent's metrics, encrypted and with a password, where somebody reads them."""
    if not args.monitored_by:
        return {}
    return {
        "prometheus": {
            "username": mongodb_users.METRICS,
            "passwordSecretRef": {"name": mongodb_users.secret(args.name, mongodb_users.METRICS), "key": "password"},
            "port": _METRICS,
            "tlsSecretKeyRef": {"name": mongodb_users.certificate(args.name)},
        }
    }


def _template(args: Args) -> dict[str, Any]:
    spread = placement.spread(_identity(args), availability=args.options.availability, zones=_ZONES)
    return {
        "metadata": {"labels": {**_identity(args), isolation.PART_OF: "paasport"}},
        "spec": {
            "serviceAccountName": _ACCOUNT,
            # The agent reads its goal through the API and says there how far it is.
            "automountServiceAccountToken": True,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": _GRACE_SECONDS,
            "securityContext": _security_context(),
            **({"topologySpreadConstraints": spread} if args.options.servers > 1 else {}),
            "containers": [
                {
                    "name": "mongod",
                    "image": f"{IMAGE}:{_version(args)}-{IMAGE_TYPE}",
                    "imagePullPolicy": "IfNotPresent",
                    "ports": [{"name": "mongodb", "containerPort": PORT, "protocol": "TCP"}],
                    "resources": _resources(cpu=_rest(args, "cpu"), memory=_rest(args, "memory")),
                },
                {
                    "name": "mongodb-agent",
                    "imagePullPolicy": "IfNotPresent",
                    "ports": [{"name": _METRICS_NAME, "containerPort": _METRICS, "protocol": "TCP"}],
                    "resources": _resources(**_AGENT),
                },
            ],
            "initContainers": [
                {"name": name, "imagePullPolicy": "IfNotPresent", "resources": _init_resources()}
                for name in ("mongod-posthook", "mongodb-agent-readinessprobe")
            ],
        },
    }


def _security_context() -> dict[str, Any]:
    """Of the pod, with the user of the operator's images. The operator sets the containers' part of `restricted`."""
    return {
        "runAsNonRoot": True,
        "runAsUser": 2000,
        "runAsGroup": 2000,
        "fsGroup": 2000,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _volumes(args: Args) -> list[dict[str, Any]]:
    return [
        _volume("data-volume", storage_class=args.storage.retain_class, size=args.options.asked("storage")),
        _volume("logs-volume", storage_class=args.storage.default_class, size=_LOGS),
    ]


def _volume(name: str, *, storage_class: str, size: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
            "resources": {"requests": {"storage": size}},
        },
    }


def _rest(args: Args, resource: str) -> str:
    """What mongod gets of the pod: all but the agent's, in millicores or MiB."""
    if resource == "cpu":
        cores = quantities.value(args.options.asked("cpu")) - quantities.value(_AGENT["cpu"])
        return f"{int(cores * 1000)}m"
    return f"{_memory(args) // 2**20}Mi"


def _memory(args: Args) -> int:
    """Bytes that mongod gets."""
    return int(quantities.value(args.options.asked("memory")) - quantities.value(_AGENT["memory"]))


def _cache(args: Args) -> float:
    """Gigabytes of WiredTiger's cache: by MongoDB's own rule, half of what is above one, at least a quarter.

    mongodb.com/docs/manual/reference/configuration-options: written down, because not every version of mongod sees
    what a container may have.
    """
    return max(0.25, round((_memory(args) / 2**30 - 1) / 2, 2))


def _resources(*, cpu: str, memory: str) -> dict[str, Any]:
    """Memory that is asked for is all there is, so that another pod's needs never evict data. CPU has no limit."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


def _init_resources() -> dict[str, Any]:
    return {key: dict(value) for key, value in _INIT.items()}


def _account(args: Args) -> tuple[contracts.Manifest, ...]:
    """Who the pods are: the agent reads how the replica set should be, and marks or replaces its own pod."""
    metadata = _metadata(args, name=_ACCOUNT)
    group = "rbac.authorization.k8s.io"
    rules = [
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": [f"{args.name}-config"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "patch", "delete"]},
    ]
    return (
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "automountServiceAccountToken": False},
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": _metadata(args, name=_ACCOUNT), "rules": rules},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": _metadata(args, name=_ACCOUNT),
            "roleRef": {"apiGroup": group, "kind": "Role", "name": _ACCOUNT},
            "subjects": [{"kind": "ServiceAccount", "name": _ACCOUNT, "namespace": args.name}],
        },
    )


def _certificate(args: Args) -> contracts.Manifest:
    """For all members: their names, the Service's, and the one that a person's forwarded port has."""
    service = mongodb_users.service(args.name)
    hosts = [f"{service}.{args.name}.svc", f"{service}.{args.name}.svc.cluster.local"]
    names = [*(f"*.{host}" for host in hosts), *hosts, "localhost"]
    found = certificates.server(mongodb_users.certificate(args.name), instance=args.name, dns_names=names, client=True)
    # What the operator's own documentation has, docs/mongodbcommunity/secure.md.
    found["spec"]["privateKey"] = {"algorithm": "RSA", "size": 2048, "rotationPolicy": "Always"}
    return found


def _network_policy(args: Args) -> contracts.Manifest:
    members = {"podSelector": {"matchLabels": _identity(args)}}
    dumps = {"podSelector": {"matchLabels": backups.pods(args.name)}}
    port = [{"protocol": "TCP", "port": PORT}]
    return isolation.network_policy(
        _NAME,
        namespace=args.name,
        pods=_identity(args),
        ingress=[
            {"from": [members, *([dumps] if args.backups else [])], "ports": port},
            clients.ingress(args.name, ports=[PORT]),
            *monitoring.ingress(args.monitored_by, port=_METRICS),
        ],
        egress=[isolation.DNS, isolation.API_SERVER, {"to": [members], "ports": port}],
    )


def _disruption_budgets(args: Args) -> tuple[contracts.Manifest, ...]:
    return placement.disruption_budgets(
        _NAME, namespace=args.name, pods=_identity(args), labels=_labels(args), servers=args.options.servers
    )


def _monitoring(args: Args) -> list[contracts.Manifest]:
    secret, service = mongodb_users.secret(args.name, mongodb_users.METRICS), mongodb_users.service(args.name)
    return monitoring.objects(
        args.name,
        monitored_by=args.monitored_by,
        pods=_identity(args),
        endpoint={
            "port": _METRICS_NAME,
            "scheme": "https",
            "basicAuth": {key: {"name": secret, "key": key} for key in ("username", "password")},
            "tlsConfig": {
                "ca": {"secret": {"name": mongodb_users.certificate(args.name), "key": "ca.crt"}},
                # Pods are asked by address; the name is one that every member's certificate has.
                "serverName": f"{service}.{args.name}.svc.cluster.local",
            },
        },
        alerts=mongodb_alerts.alerts(args.name, members=args.options.servers),
    )


def _metadata(args: Args, *, name: str = _NAME) -> dict[str, Any]:
    return {"name": name, "namespace": args.name, "labels": _labels(args)}


def _labels(args: Args) -> dict[str, str]:
    return {**_identity(args), "app.kubernetes.io/component": "database", isolation.PART_OF: "paasport"}


def _identity(args: Args) -> dict[str, str]:
    return {"app.kubernetes.io/name": _NAME, "app.kubernetes.io/instance": args.name}


def _version(args: Args) -> str:
    return args.options.overrides.version or settings.VERSION


SERVICE: Final = contracts.Service(
    name="mongodb",
    type="Mongodb",
    operators=(mongodb_kubernetes.NAME, cert_manager.NAME),
    build=build,
    passwords=(mongodb_users.OWNER, mongodb_users.METRICS, mongodb_users.BACKUP),
    backup_account=backups.ACCOUNT,
)
