"""The objects of a MongoDB, and what is read out of them."""

from __future__ import annotations

import base64

import pulumi

from components import contracts
from components.clusters import storage
from components.services import mongodb
from stacks.services import instance
from stacks.services import mongodb as settings
from tests.components.service_objects import one, peers, spec

PASSWORDS = {"owner": "secret-of-owner", "metrics": "secret-of-metrics", "backup": "secret-of-backup"}
NIGHTLY = instance.Backups(schedule="30 1 * * *")
STORES = {
    "s3": {"region": "eu-central-1"},
    "gcs": {},
    "azure": {"account": "account"},
}


def target(protocol="s3"):
    bucket, more = pulumi.Output.from_input("b"), dict(STORES[protocol])
    if "account" in more:
        more["account"] = pulumi.Output.from_input(more["account"])
    store = contracts.ObjectStore(protocol=protocol, bucket=bucket, url=bucket, root=bucket, **more)
    binding = contracts.Binding(service_account_annotations={"role": protocol}, pod_labels={"identity": protocol})
    return contracts.BackupTarget(store=store, binding=binding)


def build(name="db", *, protocol="s3", monitored_by="", **options):
    """Within a program only, where there are backups or the connection is looked at."""
    return mongodb.build(
        contracts.ServiceArgs(
            name=name,
            options=settings.Mongodb(service="mongodb", **options),
            storage=storage.facts("paasport.dev/simulated", zone_redundant=False, with_snapshots=False),
            load_balancer=contracts.LoadBalancerFacts(),
            passwords=PASSWORDS,
            backups=target(protocol) if options.get("backups") else None,
            monitored_by=monitored_by,
        )
    )


def overridden(**overrides):
    return build(overrides=settings.MongodbOverrides(**overrides))


def everything(built):
    return [*built.shared, *built.secrets, *built.custom_resources]


def pod(built):
    return spec(built)["statefulSet"]["spec"]["template"]["spec"]


def container(built, name="mongod"):
    (found,) = [item for item in pod(built)["containers"] if item["name"] == name]
    return found


def readable(secret):
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def let_in(objects, port):
    """Who may reach this port of the members."""
    return peers(one(objects, "NetworkPolicy", "mongodb"), port)


def rules(**options):
    (group,) = one(build(monitored_by="metrics", **options).shared, "PrometheusRule")["spec"]["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


MEMBERS = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "mongodb", "app.kubernetes.io/instance": "db"}}}
DUMPS = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "backup", "app.kubernetes.io/instance": "db"}}}
CLIENTS = {"namespaceSelector": {"matchLabels": {"client-of.paasport.dev/db": "true"}}}
PASSWORD_OF_OWNER = {"name": "db-owner", "key": "password"}
