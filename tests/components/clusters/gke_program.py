"""GKE clusters under Pulumi's mocks: settings made in a line, a deployment of them, and what Google would answer.

Every input is checked against the types of the SDK for Google Cloud; a program with one that does not fit fails.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime import settings as pulumi_settings

from components import contracts
from components.clusters.gke import cluster
from local.simulated import checking
from stacks import managed, resolution
from tests.components import conftest as programs

from . import resolved

ZONES = ("europe-west3-a", "europe-west3-b")
PROJECT = "acme-test"
NUMBER = "100000000009"
REGION = "europe-west3"
DEPLOYER = "serviceAccount:deployer@acme-test.iam.gserviceaccount.com"
ADMIN = "group:oncall@acme.example"
VIEWER = "group:developers@acme.example"
GROUP = "gke-security-groups@acme.example"
AUTHORITY = "LS0tLS1CRUdJTg=="
DNS = "gke-0123456789abcdef-100000000009.europe-west3.gke.goog"
ADDRESS = "203.0.113.7"
PRIVATE_ADDRESS = "10.20.0.2"
PRIVATE_KEY_OF_A_CLIENT = "hunter2"
NODES = f"test-nodes-9b31@{PROJECT}.iam.gserviceaccount.com"

API = "gcp:projects/service:Service"
NETWORK = "gcp:compute/network:Network"
SUBNETWORK = "gcp:compute/subnetwork:Subnetwork"
ROUTER = "gcp:compute/router:Router"
NAT = "gcp:compute/routerNat:RouterNat"
FIREWALL = "gcp:compute/firewall:Firewall"
ACCOUNT = "gcp:serviceaccount/account:Account"
ACCOUNT_MEMBER = "gcp:serviceaccount/iAMMember:IAMMember"
MEMBER = "gcp:projects/iAMMember:IAMMember"
AGENT = "gcp:projects/serviceIdentity:ServiceIdentity"
RING = "gcp:kms/keyRing:KeyRing"
KEY = "gcp:kms/cryptoKey:CryptoKey"
KEY_MEMBER = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
CLUSTER = "gcp:container/cluster:Cluster"
POOL = "gcp:container/nodePool:NodePool"
BUCKET = "gcp:storage/bucket:Bucket"
BUCKET_MEMBER = "gcp:storage/bucketIAMMember:BucketIAMMember"
LOG_BUCKET = "gcp:logging/projectBucketConfig:ProjectBucketConfig"
SINK = "gcp:logging/projectSink:ProjectSink"
GOOGLE = "pulumi:providers:gcp"
KUBERNETES = "pulumi:providers:kubernetes"
GROUP_OF_OBJECTS = "kubernetes:yaml/v2:ConfigGroup"


def pool(name: str, **given: Any) -> resolution.Pool:
    """A pool of one machine type, in two zones."""
    return resolved.pool(name, **{"instance_types": ("n4-standard-4",), "zones": ZONES, **given})


SYSTEM = resolved.system_pool(instance_types=("n4-standard-2",), zones=ZONES)


def options(**given: Any) -> managed.GkeOptions:
    """What only GKE knows."""
    wanted = {"project": PROJECT, "project_number": NUMBER, "binary_authorization": False}
    return managed.GkeOptions(**{**wanted, **given})


def settings(**given: Any) -> resolution.Managed[managed.GkeOptions]:
    """A plain cluster: the DNS endpoint, Google's keys, nothing protected. What is given replaces parts of it."""
    own = {
        "vendor": "gke",
        "region": REGION,
        "network": resolved.network("10.20.0.0/20", zones=ZONES),
        "access": resolution.Access(api="identity", cidrs=(), deployer=DEPLOYER, admins=(), viewers=()),
        "pools": (SYSTEM, pool("general")),
        "options": options(),
    }
    return resolved.settings(own, given)


SAFE: dict[str, Any] = {
    "tier": "prod",
    "network": {"zones": ("europe-west3-a", "europe-west3-b", "europe-west3-c"), "flow_logs": True},
    "access": {"api": "private", "admins": (ADMIN,), "viewers": (VIEWER,)},
    "freezes": (managed.Freeze(name="year-end", start=dt.date(2026, 12, 18), end=dt.date(2027, 1, 6)),),
    "encryption": "customer-key",
    "audit": {"retention_days": 365, "categories": "full"},
    "zone_redundant_storage": True,
    "backups": managed.Backups(retention_days=35),
    "drain": {"volumes": False},
    "protection": "locked",
    "options": options(binary_authorization=True, security_group=GROUP, release_channel="stable"),
}
"""What a prod stack comes to."""


class Google(mocks.Mocks):
    """Google's answers: ids and outputs in its own shapes, made-up names included."""

    def new_resource(self, args):
        if not args.typ.startswith("gcp:"):
            return f"{args.name}-id", args.inputs
        found = checking.findings(args.typ, args.inputs)
        assert not found, (args.typ, args.name, found)
        name = args.inputs.get("name", f"{args.name}-1a2b3c4")
        if args.typ == ACCOUNT:
            account = args.inputs["accountId"]
            email = f"{account}@{PROJECT}.iam.gserviceaccount.com"
            return f"projects/{PROJECT}/serviceAccounts/{email}", {
                **args.inputs,
                "email": email,
                "name": f"projects/{PROJECT}/serviceAccounts/{email}",
            }
        if args.typ == CLUSTER:
            return f"projects/{PROJECT}/locations/{REGION}/clusters/{name}", self._cluster(args.inputs)
        return f"projects/{PROJECT}/{args.typ.rpartition(':')[2]}/{name}", {**args.inputs, "name": name}

    def call(self, args):
        assert args.token == "gcp:storage/getProjectServiceAccount:getProjectServiceAccount"
        return {"member": "serviceAccount:whatever"}

    @staticmethod
    def _cluster(inputs):
        is_private = inputs["privateClusterConfig"].get("enablePrivateEndpoint", False)
        ways = inputs["controlPlaneEndpointsConfig"]
        return {
            **inputs,
            "endpoint": PRIVATE_ADDRESS if is_private else ADDRESS,
            "masterVersion": "1.35.2-gke.1269000",
            "masterAuth": {
                **inputs["masterAuth"],
                "clusterCaCertificate": AUTHORITY,
                "clientKey": PRIVATE_KEY_OF_A_CLIENT,
            },
            "privateClusterConfig": {**inputs["privateClusterConfig"], "privateEndpoint": PRIVATE_ADDRESS},
            "controlPlaneEndpointsConfig": {
                **ways,
                "dnsEndpointConfig": {**ways["dnsEndpointConfig"], "endpoint": DNS},
            },
        }


class Deployed(resolved.Deployed):
    """A deployed cluster on GKE."""

    is_secret: bool
    used: Any

    @property
    def cluster(self) -> dict[str, Any]:
        """The cluster's own inputs."""
        return self.only(CLUSTER).inputs


def deploy(use=None, /, **given: Any) -> Deployed:
    """Deploy a cluster with these settings. `use` gets its facts, as a service would."""
    return deploy_settings(settings(**given), use)


def deploy_settings(wanted: resolution.Managed[managed.GkeOptions], use=None) -> Deployed:
    """Deploy a cluster whose settings are complete."""
    monitor, result = programs.Monitor(Google()), []

    @mocks.test
    def program():
        args = contracts.ClusterArgs(name=wanted.name, options=wanted)
        facts = cluster.Cluster(wanted.name, args).facts

        async def finish():
            return {
                "kubeconfig": await facts.kubeconfig.future(),
                "is_secret": await facts.kubeconfig.is_secret(),
                "version": await facts.version.future(),
            }

        used = use(facts) if use else None
        known = pulumi.Output.all(pulumi.Output.from_input(finish()), pulumi.Output.from_input(used))
        return known.apply(lambda values: result.append((facts, *values)))

    with programs.event_loop():
        mocks.set_mocks(monitor.mocks, project="paasport", stack="test", monitor=monitor)
        try:
            program()
        finally:
            pulumi_settings.reset_options()
    ((facts, known, used),) = result
    deployed = Deployed(monitor.registrations, used)
    deployed.facts, deployed.used = facts, used
    deployed.kubeconfig, deployed.is_secret = known["kubeconfig"], known["is_secret"]
    deployed.version = known["version"]
    return deployed
