"""Cassandra, run by k8ssandra-operator and cass-operator: from settings to manifests. Pure.

What the operators do was read in their source at tags v1.32.5 and v1.30.3. Clients, nodes among themselves and whoever
manages them all speak TLS; metrics alone are plain. What a node's pod runs with is in `cassandra_nodes`, repairs and
backups in `cassandra_upkeep`, alerts in `cassandra_alerts`.
"""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components import contracts, isolation
from components.operators import cass_operator, cert_manager, k8ssandra_operator
from components.services import (
    backups,
    binding,
    cassandra_alerts,
    cassandra_nodes,
    cassandra_upkeep,
    certificates,
    clients,
    monitoring,
    readiness,
)
from stacks.services import cassandra as settings

PORT: Final = 9042
_KEYSTORE_PASSWORD: Final = "changeit"  # noqa: S105 - no secret
"""Of the files that Java wants keys in. It guards nothing: the same key lies beside them without one. Fixed in the
source of Reaper (HttpManagementConnectionFactory at tag 5.0.0), and so the same for all."""
_BETWEEN_NODES: Final = 7000
_METRICS_NAME: Final = "metrics"
"""As the operator names the container's port."""
_NAME: Final = "cassandra"
_NODE_SECONDS: Final = 600
"""How long one node may take: they start one after the other, and each first gets its share of the data."""

Args = contracts.ServiceArgs[settings.Cassandra]


def build(args: Args) -> contracts.ServiceObjects:
    """All objects of one instance, in the namespace of its name."""
    return contracts.ServiceObjects(
        shared=(
            isolation.namespace(args.name, labels=monitoring.labels(args.monitored_by)),
            isolation.default_deny(args.name),
            _network_policy(args),
            *cassandra_upkeep.network_policies(args),
            *certificates.authority(args.name),
            _certificate(args),
            _management_certificate(args),
            _keystore_password(args),
            _service_account(args),
            *_monitoring(args),
        ),
        secrets=(_superuser(args),),
        custom_resources=(_cluster(args),),
        witnesses=cassandra_upkeep.schedules(args),
        connection=_connection(args),
        endpoint=contracts.Endpoint(namespace=args.name, service=_service(args), port=PORT, scheme="cassandra"),
        version=cassandra_nodes.version(args),
    )


def _cluster(args: Args) -> contracts.Manifest:
    kind = k8ssandra_operator.CLUSTER
    # One share more, for the images of a first start and for Reaper.
    seconds = _NODE_SECONDS * (args.options.servers + 1)
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {
            **_metadata(args, args.name),
            "annotations": readiness.awaited(kind, timeout_seconds=seconds),
        },
        "spec": {
            "auth": True,
            "cassandra": {
                **cassandra_nodes.template(args),
                "superuserSecretRef": {"name": _superuser_secret(args)},
                "serviceAccount": args.name,
                "clientEncryptionStores": _stores(args),
                "serverEncryptionStores": _stores(args),
                "managementApiAuth": {
                    "manual": {
                        "clientSecretName": cassandra_upkeep.management(args),
                        "serverSecretName": cassandra_upkeep.management(args),
                    }
                },
                "datacenters": [
                    {
                        "metadata": {"name": k8ssandra_operator.DATACENTER},
                        "size": args.options.servers,
                        "racks": cassandra_nodes.racks(args),
                    }
                ],
            },
            **cassandra_upkeep.repairs(args),
            **cassandra_upkeep.medusa(args),
        },
    }


def _stores(args: Args) -> dict[str, Any]:
    """Where a node finds its key and whom it trusts. The operator writes the password into the configuration."""
    tls, password = cassandra_upkeep.tls(args), {"name": _keystore_secret(args), "key": "password"}
    return {
        "keystoreSecretRef": {"name": tls, "key": "keystore.jks"},
        "keystorePasswordSecretRef": dict(password),
        "truststoreSecretRef": {"name": tls, "key": "truststore.jks"},
        "truststorePasswordSecretRef": dict(password),
    }


def _certificate(args: Args) -> contracts.Manifest:
    """Of nodes, for clients and for each other. Nodes are addressed by number, so its names are the Service's alone."""
    service = _service(args)
    names = [service, *(f"{service}.{args.name}{suffix}" for suffix in ("", ".svc", ".svc.cluster.local")), "localhost"]
    made = certificates.server(cassandra_upkeep.tls(args), instance=args.name, dns_names=names, client=True)
    return _with_keystores(made)


def _management_certificate(args: Args) -> contracts.Manifest:
    """Of nodes' management API and of everybody who may use it: the operators, Reaper and Medusa.

    All check who has signed the other's and none checks a name: the operators' httphelper, Reaper's
    HttpManagementConnectionFactory and Medusa's ManagementAPISnapshotService at their tags.
    """
    made = certificates.server(
        cassandra_upkeep.management(args), instance=args.name, dns_names=["localhost"], client=True
    )
    return _with_keystores(made)


def _with_keystores(certificate: contracts.Manifest) -> contracts.Manifest:
    """The same as files of Java, and its key in the form that the operator's own check wants."""
    spec = certificate["spec"]
    spec["privateKey"]["encoding"] = "PKCS8"
    spec["keystores"] = {"jks": {"create": True, "password": _KEYSTORE_PASSWORD}}
    return certificate


def _superuser(args: Args) -> contracts.Manifest:
    data = {"username": settings.USER, "password": args.passwords[settings.USER]}
    return _secret(args, _superuser_secret(args), data)


def _keystore_password(args: Args) -> contracts.Manifest:
    """Where the operator looks for it."""
    return _secret(args, _keystore_secret(args), {"password": _KEYSTORE_PASSWORD})


def _secret(args: Args, name: str, data: dict[str, pulumi.Input[str]]) -> contracts.Manifest:
    """Encoded already, so that an engine does not mask every `admin` that it shows: see `binding.secret`."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(args, name),
        "type": "Opaque",
        "data": {key: binding.encoded(value) for key, value in data.items()},
    }


def _service_account(args: Args) -> contracts.Manifest:
    """Of nodes, beside which Medusa writes backups; none of them asks the API server anything."""
    annotations = dict(args.backups.binding.service_account_annotations) if args.backups else {}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {**_metadata(args, args.name), **({"annotations": annotations} if annotations else {})},
        "automountServiceAccountToken": False,
    }


def _connection(args: Args) -> dict[str, pulumi.Input[str]]:
    """What an application needs besides the authority's certificate, which is made inside the cluster."""
    return {
        "type": _NAME,
        "host": f"{_service(args)}.{args.name}.svc",
        "port": str(PORT),
        "username": settings.USER,
        "password": args.passwords[settings.USER],
        "datacenter": k8ssandra_operator.DATACENTER,
        "tls": "true",
    }


def _network_policy(args: Args) -> contracts.Manifest:
    nodes = {"podSelector": {"matchLabels": cassandra_nodes.pods(args)}}
    between = [{"protocol": "TCP", "port": _BETWEEN_NODES}]
    return isolation.network_policy(
        _NAME,
        namespace=args.name,
        pods=cassandra_nodes.pods(args),
        ingress=[
            {"from": [nodes], "ports": between},
            {
                "from": cassandra_upkeep.managers(args),
                "ports": [{"protocol": "TCP", "port": cass_operator.MANAGEMENT}],
            },
            *cassandra_upkeep.metrics_ingress(args),
            *cassandra_upkeep.medusa_ingress(args),
            clients.ingress(args.name, ports=[PORT]),
            *monitoring.ingress(args.monitored_by, port=cassandra_upkeep.METRICS),
        ],
        egress=[
            isolation.DNS,
            {"to": [nodes], "ports": between},
            *(backups.TO_STORE if args.backups else ()),
        ],
    )


def _monitoring(args: Args) -> list[contracts.Manifest]:
    return monitoring.objects(
        args.name,
        monitored_by=args.monitored_by,
        pods=cassandra_nodes.pods(args),
        endpoint={"port": _METRICS_NAME},
        alerts=cassandra_alerts.alerts(args.name, options=args.options),
    )


def _metadata(args: Args, name: str) -> dict[str, Any]:
    labels = {
        "app.kubernetes.io/name": _NAME,
        "app.kubernetes.io/instance": args.name,
        "app.kubernetes.io/component": "database",
        isolation.PART_OF: "paasport",
    }
    return {"name": name, "namespace": args.name, "labels": labels}


def _service(args: Args) -> str:
    """Of all nodes that are ready; the operator makes it."""
    return f"{args.name}-{k8ssandra_operator.DATACENTER}-service"


def _superuser_secret(args: Args) -> str:
    return f"{args.name}-superuser"


def _keystore_secret(args: Args) -> str:
    return f"{args.name}-keystore"


SERVICE: Final = contracts.Service(
    name="cassandra",
    type="Cassandra",
    operators=(k8ssandra_operator.NAME, cass_operator.NAME, cert_manager.NAME),
    build=build,
    passwords=(settings.USER,),
)
