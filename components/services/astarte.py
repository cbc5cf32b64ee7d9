"""Astarte, run by the Astarte operator: from settings to manifests. Pure.

What the operator does was read in its source at commit 4073d5b (25.5.0-dev), what Astarte reads of its environment at
tag v1.3.3. Astarte keeps everything in a ScyllaDB and a RabbitMQ of the same stack; besides, only its
broker of devices, VerneMQ, has volumes. How it is reached is in `astarte_network`, its keys and its first realm in
`astarte_realm`.
"""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components import contracts, ingress, isolation
from components.operators import astarte_operator, cert_manager, rabbitmq_cluster_operator
from components.services import (
    astarte_network,
    astarte_realm,
    binding,
    certificates,
    clients,
    credentials,
    monitoring,
    placement,
    rabbitmq,
    readiness,
)
from stacks.services import astarte as settings

_NAME: Final = "astarte"
CHANNEL: Final = "docker.io/astarte"
_CFSSL: Final = "1.5.0-astarte.3"
"""What the operator starts by itself: internal/deps/dependencies_versions.go."""
_METRICS: Final = 8888
_START_SECONDS: Final = 900
"""How long all of it may take: the database's tables are made first, and everything else waits for them."""
_POOL: Final = 4
"""Connections of one component to one node of the database; cassandra's own guide to Astarte has the same."""
_COMPONENTS: Final = ("housekeeping", "realmManagement", "pairing", "appengineApi", "dataUpdaterPlant")
"""Those that can be several. Of the trigger engine there is one: a second one would send every event again."""
_APPS: Final = (
    "appengine-api",
    "data-updater-plant",
    "housekeeping",
    "pairing",
    "realm-management",
    "vernemq",
)

Args = contracts.ServiceArgs[settings.Astarte]


def build(args: Args) -> contracts.ServiceObjects:
    """All objects of one instance, in the namespace of its name."""
    return contracts.ServiceObjects(
        shared=(
            _namespace(args),
            isolation.default_deny(args.name),
            *astarte_network.policies(args),
            *certificates.authority(args.name),
            certificates.server(
                astarte_network.certificate(args), instance=args.name, dns_names=astarte_network.names(args)
            ),
            astarte_network.broker(args),
            *astarte_network.routes(args),
            *_disruption_budgets(args),
            *_monitoring(args),
        ),
        secrets=(*_logins(args), *astarte_realm.secrets(args)),
        custom_resources=(_astarte(args),),
        witnesses=astarte_realm.jobs(args),
        connection={
            "type": _NAME,
            "host": f"{args.name}-broker.{args.name}.svc",
            "port": str(settings.BROKER),
            "api": astarte_network.api(args),
            **astarte_realm.connection(args),
        },
        endpoint=contracts.Endpoint(
            namespace=args.name, service=f"{args.name}-appengine-api", port=settings.API, scheme="http"
        ),
        version=_version(args),
    )


def _namespace(args: Args) -> contracts.Manifest:
    """The operator says nothing about its pods' security, so `restricted` would refuse all of them."""
    return isolation.namespace(
        args.name,
        labels={
            **monitoring.labels(args.monitored_by),
            **clients.labels(used.name for used in args.uses.values()),
            **({ingress.MEMBERSHIP: "true"} if args.entrance else {}),
            "pod-security.kubernetes.io/enforce": "baseline",
        },
    )


def _astarte(args: Args) -> contracts.Manifest:
    kind, spec = astarte_operator.ASTARTE, _spec(args)
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {
            "name": args.name,
            "namespace": args.name,
            "labels": {isolation.PART_OF: "paasport"},
            "annotations": {
                **readiness.awaited(kind, spec=spec, timeout_seconds=_START_SECONDS * args.options.servers),
                **({astarte_operator.REALM: args.options.realm} if args.options.realm else {}),
            },
        },
        "spec": spec,
    }


def _spec(args: Args) -> dict[str, Any]:
    options = args.options
    return {
        "version": _version(args),
        # Of no other Astarte on this cluster: the operator's webhook refuses a second one of the same id.
        "astarteInstanceID": args.name.replace("-", ""),
        "distributionChannel": CHANNEL,
        "imagePullPolicy": "IfNotPresent",
        # One goes before another comes: where each needs a node of its own, there may be none for a third.
        "deploymentStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
        # The entrance speaks HTTP; what terminates TLS before it is not this stack's.
        "api": {"host": f"api.{options.host}", "ssl": False},
        "rabbitmq": {"connection": _rabbitmq(args)},
        "cassandra": _cassandra(args),
        "vernemq": _vernemq(args),
        "cfssl": {"deploy": True, "version": _CFSSL, "caSecret": {"name": astarte_realm.devices_ca(args)}},
        # Its PriorityClasses are one set for the cluster, which the end of any Astarte takes away.
        "features": {"realmDeletion": False, "astartePodPriorities": {"enable": False}},
        "components": _components(args),
    }


def _rabbitmq(args: Args) -> dict[str, Any]:
    used = args.uses["rabbitmq"]
    return {
        "host": used.connection["host"],
        "port": rabbitmq.PORT,
        "virtualHost": "/",
        "credentialsSecret": _credentials(f"{args.name}-rabbitmq"),
        "sslConfiguration": {"enable": True, "customCASecret": {"name": _authority(args)}},
    }


def _cassandra(args: Args) -> dict[str, Any]:
    used = args.uses["cassandra"]
    copies = args.options.copies(used.options.servers)
    return {
        "astarteSystemKeyspace": {
            "replicationStrategy": "NetworkTopologyStrategy",
            "dataCenterReplication": credentials.text(used.connection["datacenter"], f":{copies}"),
        },
        "connection": {
            "nodes": [{"host": used.connection["host"], "port": used.endpoint.port}],
            "poolSize": _POOL,
            "enableKeepalive": True,
            "credentialsSecret": _credentials(f"{args.name}-cassandra"),
        },
    }


def _vernemq(args: Args) -> dict[str, Any]:
    """The operator mounts no authority's certificate here, so this one component speaks AMQP without TLS."""
    plugin = "DOCKER_VERNEMQ_ASTARTE_VMQ_PLUGIN__AMQP_"
    plain = {"SSL_ENABLED": "false", "PORT": str(rabbitmq.UNENCRYPTED)}
    cpu, memory = args.options.asked("cpu"), args.options.asked("memory")
    return {
        "host": f"broker.{args.options.host}",
        "port": settings.BROKER,
        "sslListener": True,
        "sslListenerCertSecretName": astarte_network.certificate(args),
        "replicas": args.options.servers,
        # Memory that is asked for is all there is, so that another pod's needs never evict it. CPU has no limit.
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
        "storage": {"className": args.storage.retain_class, "size": args.options.asked("storage")},
        # What is named last holds: internal/reconcile/vernemq.go.
        "additionalEnv": [
            {"name": f"{prefix}_{name}", "value": value}
            for prefix in (plugin, "RPC_AMQP_CONNECTION")
            for name, value in plain.items()
        ],
        **_affinity(args, "vernemq"),
    }


def _components(args: Args) -> dict[str, Any]:
    cpu, memory = settings.COMPONENTS[args.options.size]
    several = {each: {"replicas": args.options.servers, **_affinity(args, _dashed(each))} for each in _COMPONENTS}
    return {
        # The operator shares it out, limits by the same parts, and takes a missing limit for one of nothing.
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": "8", "memory": memory}},
        **several,
        "housekeeping": {**several["housekeeping"], "additionalEnv": _management(args)},
        "triggerEngine": {"replicas": 1},
        "dashboard": {"deploy": args.options.dashboard, "replicas": 1},
        "flow": {"deploy": False},
    }


def _management(args: Args) -> list[dict[str, Any]]:
    """How virtual hosts of realms are made, of which this operator knows nothing yet: astarte_events' config.ex."""
    prefix, login = "ASTARTE_EVENTS_AMQP_MANAGEMENT", f"{args.name}-rabbitmq"
    plain: dict[str, pulumi.Input[str]] = {
        "HOST": args.uses["rabbitmq"].connection["host"],
        "PORT": str(rabbitmq_cluster_operator.MANAGEMENT),
        "SSL_ENABLED": "true",
        "SSL_CA_FILE": "/rabbitmq-ssl/ca.crt",
    }
    return [
        *({"name": f"{prefix}_{key}", "value": value} for key, value in plain.items()),
        *(
            {"name": f"{prefix}_{key.upper()}", "valueFrom": {"secretKeyRef": {"name": login, "key": key}}}
            for key in ("username", "password")
        ),
    ]


def _affinity(args: Args, component: str) -> dict[str, Any]:
    """Its own rule wants a node for each, also for a single one that is being replaced."""
    if args.options.servers == 1:
        return {"antiAffinity": False}
    topology = "topology.kubernetes.io/zone" if args.options.availability == "zonal" else "kubernetes.io/hostname"
    own = {"labelSelector": {"matchLabels": {"app": f"{args.name}-{component}"}}, "topologyKey": topology}
    return {"customAffinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [own]}}}


def _logins(args: Args) -> tuple[contracts.Manifest, ...]:
    """The operator finds Secrets in its Astarte's namespace alone, so they are copied."""
    users = [
        _secret(args, f"{args.name}-{role}", {key: used.connection[key] for key in ("username", "password")})
        for role, used in sorted(args.uses.items())
    ]
    return (*users, _secret(args, _authority(args), {"ca.crt": args.uses["rabbitmq"].authority or ""}))


def _secret(args: Args, name: str, data: dict[str, pulumi.Input[str]]) -> contracts.Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": args.name, "labels": {isolation.PART_OF: "paasport"}},
        "type": "Opaque",
        "data": {key: binding.encoded(value) for key, value in data.items()},
    }


def _disruption_budgets(args: Args) -> list[contracts.Manifest]:
    if args.options.servers == 1:
        return []
    labels = {isolation.PART_OF: "paasport"}
    return [
        placement.disruption_budget(each, namespace=args.name, pods={"app": f"{args.name}-{each}"}, labels=labels)
        for each in _APPS
    ]


def _monitoring(args: Args) -> list[contracts.Manifest]:
    job = f'{{namespace="{args.name}",job="{args.name}/{args.name}"}}'
    return monitoring.objects(
        args.name,
        monitored_by=args.monitored_by,
        pods={"app": f"{args.name}-vernemq"},
        endpoint={"port": "metrics"},
        alerts=[
            monitoring.Alert(
                name="AstarteBrokerDown",
                expression=f"absent(up{job} == 1)",
                minutes=5,
                severity="critical",
                summary=f"No broker of {args.name} answers: devices cannot connect.",
            ),
            monitoring.Alert(
                name="AstarteBrokerMissing",
                expression=f"count(up{job} == 1) < {args.options.servers}",
                minutes=15,
                severity="warning",
                summary=f"{args.name} has fewer brokers than asked for.",
            ),
        ],
    )


def _credentials(name: str) -> dict[str, str]:
    return {"name": name, "usernameKey": "username", "passwordKey": "password"}


def _authority(args: Args) -> str:
    """Name of the Secret with the certificate by which RabbitMQ is known."""
    return f"{args.name}-rabbitmq-ca"


def _dashed(component: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in component)


def _version(args: Args) -> str:
    return args.options.overrides.version or settings.VERSION


SERVICE: Final = contracts.Service(
    name=_NAME,
    type="Astarte",
    operators=(astarte_operator.NAME, cert_manager.NAME),
    build=build,
    keys=(astarte_realm.HOUSEKEEPING, astarte_realm.REALM),
    authorities=(astarte_realm.DEVICES,),
    has_routes=True,
)
