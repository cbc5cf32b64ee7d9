"""The objects of a PostgreSQL, and what is read out of them."""

from __future__ import annotations

import pulumi

from components import contracts
from components.clusters import storage
from components.services import postgresql
from stacks.services import instance
from stacks.services import postgresql as settings
from tests.components.service_objects import one, peers

NIGHTLY = instance.Backups(schedule="30 1 * * *")
MARCH = instance.Restore(instance="old", at="2026-03-01T12:00:00Z")
URLS = {"s3": "s3://b", "gcs": "gs://b", "azure": "https://account.blob.core.windows.net/b"}
SERVERS = {"podSelector": {"matchLabels": {"cnpg.io/cluster": "pg"}}}
OPERATOR = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "cnpg-system"}},
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "cloudnative-pg"}},
}
CLIENTS = {"namespaceSelector": {"matchLabels": {"client-of.paasport.dev/pg": "true"}}}


def target(protocol="s3"):
    bucket = pulumi.Output.from_input("b")
    url = pulumi.Output.from_input(URLS[protocol])
    store = contracts.ObjectStore(protocol=protocol, bucket=bucket, url=url, root=bucket)
    binding = contracts.Binding(service_account_annotations={"role": protocol}, pod_labels={"identity": protocol})
    return contracts.BackupTarget(store=store, binding=binding)


def build(name="pg", *, protocol="s3", monitored_by="", **options):
    """Within a program only, where there is an object store."""
    needs_store = options.get("backups") or options.get("restore")
    return postgresql.build(
        contracts.ServiceArgs(
            name=name,
            options=settings.Postgresql(service="postgresql", **options),
            storage=storage.facts("paasport.dev/simulated", zone_redundant=False, with_snapshots=False),
            load_balancer=contracts.LoadBalancerFacts(),
            passwords={"owner": "secret-of-owner"},
            backups=target(protocol) if needs_store else None,
            monitored_by=monitored_by,
        )
    )


def overridden(**overrides):
    return build(overrides=settings.PostgresqlOverrides(**overrides))


def everything(built):
    return [*built.shared, *built.secrets, *built.custom_resources, *built.witnesses]


def policy(objects):
    return one(objects, "NetworkPolicy", "postgresql")["spec"]


def let_in(objects, port):
    """Who may reach this port of the servers."""
    return peers(one(objects, "NetworkPolicy", "postgresql"), port)


def ports_out(objects):
    """Ports that servers may reach wherever they are."""
    return {port["port"] for rule in policy(objects)["egress"] if "to" not in rule for port in rule["ports"]}


def rules(built_or_objects):
    objects = built_or_objects if isinstance(built_or_objects, list) else everything(built_or_objects)
    (group,) = one(objects, "PrometheusRule")["spec"]["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}
