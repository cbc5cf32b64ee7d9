"""The objects of a RabbitMQ, and what is read out of them."""

from __future__ import annotations

import pulumi

from components import contracts
from components.clusters import storage
from components.services import rabbitmq
from stacks.services import instance
from stacks.services import rabbitmq as settings
from tests.components.service_objects import one, peers

NIGHTLY = instance.Backups(schedule="30 1 * * *")


def target(protocol="s3"):
    bucket = pulumi.Output.from_input("b")
    more = {"s3": {"region": "eu-central-1"}, "gcs": {}, "azure": {"account": pulumi.Output.from_input("account")}}
    store = contracts.ObjectStore(protocol=protocol, bucket=bucket, url=bucket, root=bucket, **more[protocol])
    binding = contracts.Binding(service_account_annotations={"role": protocol}, pod_labels={"identity": protocol})
    return contracts.BackupTarget(store=store, binding=binding)


def build(name="mq", *, protocol="s3", monitored_by="", **options):
    """Within a program only, where there are backups."""
    return rabbitmq.build(
        contracts.ServiceArgs(
            name=name,
            options=settings.Rabbitmq(service="rabbitmq", **options),
            storage=storage.facts("paasport.dev/simulated", zone_redundant=False, with_snapshots=False),
            load_balancer=contracts.LoadBalancerFacts(),
            passwords={"app": "secret"},
            backups=target(protocol) if options.get("backups") else None,
            monitored_by=monitored_by,
        )
    )


def overridden(**overrides):
    return build(overrides=settings.RabbitmqOverrides(**overrides))


def everything(built):
    return [*built.shared, *built.secrets, *built.custom_resources]


def let_in(objects, port):
    """Who may reach this port of the nodes."""
    return peers(one(objects, "NetworkPolicy", "rabbitmq"), port)


def alerts(**options):
    (group,) = one(build(monitored_by="metrics", **options).shared, "PrometheusRule")["spec"]["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


LABELS = {"app.kubernetes.io/name": "mq", "app.kubernetes.io/component": "rabbitmq"}
NODES = {"podSelector": {"matchLabels": LABELS}}
OPERATOR = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "rabbitmq-system"}},
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "rabbitmq-cluster-operator"}},
}
EXPORTS = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "backup", "app.kubernetes.io/instance": "mq"}}}
CLIENTS = {"namespaceSelector": {"matchLabels": {"client-of.paasport.dev/mq": "true"}}}
