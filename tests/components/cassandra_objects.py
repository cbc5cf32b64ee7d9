"""The objects of a Cassandra, and what is read out of them."""

from __future__ import annotations

from components import contracts
from components.clusters import storage
from components.services import cassandra
from stacks.services import cassandra as settings
from stacks.services import instance
from tests.components.service_objects import one, peers, spec

NIGHTLY = instance.Backups(schedule="30 1 * * *")


def target(protocol="s3"):
    more = {"s3": {"region": "eu-central-1"}, "gcs": {}}
    store = contracts.ObjectStore(protocol=protocol, bucket="b", url="b", root="b", **more[protocol])
    binding = contracts.Binding(service_account_annotations={"role": protocol}, pod_labels={"identity": protocol})
    return contracts.BackupTarget(store=store, binding=binding)


def build(name="db", *, protocol="s3", monitored_by="", **options):
    return cassandra.build(
        contracts.ServiceArgs(
            name=name,
            options=settings.Cassandra(service="cassandra", **options),
            storage=storage.facts("paasport.dev/simulated", zone_redundant=False, with_snapshots=False),
            load_balancer=contracts.LoadBalancerFacts(),
            passwords={"admin": "secret"},
            backups=target(protocol) if options.get("backups") else None,
            monitored_by=monitored_by,
        )
    )


def overridden(**overrides):
    return build(overrides=settings.CassandraOverrides(**overrides))


def everything(built):
    return [*built.shared, *built.secrets, *built.custom_resources, *built.witnesses]


def datacenter(built):
    (found,) = spec(built)["cassandra"]["datacenters"]
    return found


def let_in(objects, port, *, policy="cassandra"):
    """Who may reach this port."""
    return peers(one(objects, "NetworkPolicy", policy), port)


def alerts(**options):
    (group,) = one(build(monitored_by="metrics", **options).shared, "PrometheusRule")["spec"]["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


def saved(**options):
    """All objects of an instance with backups."""
    return everything(build(backups=NIGHTLY, **options))


NODES = {"podSelector": {"matchLabels": {"cassandra.datastax.com/cluster": "db"}}}
CASS_OPERATOR = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "cass-operator"}},
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "cass-operator"}},
}
OPERATOR = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "k8ssandra-operator"}},
    "podSelector": {"matchLabels": {"control-plane": "k8ssandra-operator"}},
}
REAPER = {"podSelector": {"matchLabels": {"k8ssandra.io/reaper": "db-dc1-reaper"}}}
CLIENTS = {"namespaceSelector": {"matchLabels": {"client-of.paasport.dev/db": "true"}}}
