"""k8ssandra-operator: clusters of Cassandra with their repairs and backups. Its catalogue entry. Pure.

Published as a chart: the files are those of its tag, put together as `config/deployments/control-plane/cluster-scope`
does, in a namespace of its own. All its definitions are needed, also those of what is not used here: main.go at the
tag starts a controller for each, and one whose kind is missing ends the operator.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components import contracts, isolation
from components.operators import cass_operator, cert_manager, kustomizations, workloads
from stacks import lifecycle

NAME: Final = "k8ssandra-operator"
"""Also its namespace."""

VERSION: Final = "1.32.5"

DATACENTER: Final = "dc1"
"""What the only datacenter of a cluster is called; drivers ask for it, and keyspaces are replicated in it."""
PODS: Final = {"control-plane": NAME}
"""Labels of the operator's pods."""
REAPER: Final = 8080
"""Where it tells Reaper which cluster to repair."""
MEDUSA: Final = 50051
"""Where it asks Medusa, beside every node, for a backup or a restore."""
_IMAGE: Final = f"docker.io/k8ssandra/k8ssandra-operator:v{VERSION}"
_TAGS: Final = {"k8ssandra-client": "v0.8.14", "medusa": "0.29.1", "reaper": "5.0.0"}
"""What it starts: `config/cass-operator/imageconfig` at the tag and its CHANGELOG."""
_MEMORY: Final = "512Mi"
"""It keeps all pods and Secrets of the cluster in memory; the release's 128Mi are for one namespace."""


def manifests(release: Sequence[contracts.Manifest]) -> list[contracts.Manifest]:
    """The release put together, for all namespaces, without what would hold up databases, with its network policy."""
    made = [item for item in kustomizations.composed(release, name=NAME) if not _injects(item)]
    kustomizations.for_all_namespaces(made, role=NAME, granted=NAME)
    for manifest in made:
        if manifest["kind"] == "Deployment":
            _run(manifest)
        elif manifest["kind"] == "ServiceAccount":
            # Of a token that does not end and that only a control plane of several clusters needs.
            del manifest["secrets"]
    registry = cass_operator.images(NAME, _TAGS, repositories={"reaper": "thelastpickle/cassandra-reaper"})
    return [*made, registry, _network_policy()]


def _injects(manifest: contracts.Manifest) -> bool:
    """The webhook that mounts Secrets of external stores into pods.

    None is used here, and it fails closed: a node of Cassandra could not be made again while this operator is away.
    """
    return bool(manifest["kind"] == "MutatingWebhookConfiguration")


def _run(deployment: contracts.Manifest) -> None:
    workloads.restrict(deployment)
    # An empty name means all namespaces.
    workloads.environment(deployment, values={"WATCH_NAMESPACE": ""})
    for container in workloads.containers(deployment):
        container["image"] = _IMAGE
        container["resources"] = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": _MEMORY}}
    kustomizations.with_webhooks(deployment, secret=f"{NAME}-webhook-server-cert")


def _network_policy() -> contracts.Manifest:
    # It reads and replicates keyspaces by the nodes' own API, which has the same port as Reaper.
    return isolation.network_policy(
        NAME,
        namespace=NAME,
        pods=PODS,
        ingress=[isolation.webhook("webhook-server")],
        egress=[isolation.DNS, isolation.API_SERVER, isolation.to(cass_operator.MANAGEMENT, MEDUSA)],
    )


RULES: Final = lifecycle.Rules(
    volumes=(
        lifecycle.Volume(
            path=".spec.cassandra.storageConfig.cassandraDataVolumeClaimSpec.resources.requests.storage",
            setting="overrides.storage",
        ),
    ),
    fixed=(
        lifecycle.Fixed(
            path=".spec.cassandra.superuserSecretRef.name",
            why="the operator takes no other one: the new user would never be made",
        ),
    ),
    # ValidateDatacenterFieldChanges of cass-operator's webhook.
    kept=(
        lifecycle.Kept(
            path=".spec.cassandra.datacenters[*].racks",
            noun="rack",
            why="the operator removes none, with or without nodes",
        ),
    ),
    version=lifecycle.Version(
        path=".spec.cassandra.serverVersion",
        software="Cassandra",
        order=("4.1", "5.0"),
        within="rack by rack",
        between="rack by rack; afterwards the data has to be rewritten, see docs/services/cassandra.md",
    ),
)

_VALID: Final = f'.status.datacenters.{DATACENTER}.cassandra.conditions[?(@.type=="Valid")]'
"""What cass-operator says of the datacenter that it is to make."""

CLUSTER: Final = contracts.Kind(
    api_version="k8ssandra.io/v1alpha1",
    kind="K8ssandraCluster",
    ready_when=(
        "condition=CassandraInitialized",
        f"jsonpath={{.status.datacenters.{DATACENTER}.cassandra.cassandraOperatorProgress}}=Ready",
        # Written once all is done, Reaper included; before that it is missing.
        "jsonpath={.status.observedGeneration}",
        "jsonpath={.status.error}=None",
    ),
    failures=(
        # Also for a moment, when two of its controllers write at once. The generation is that of its last success.
        contracts.Failure(
            when="jsonpath={.status.error}", message=".status.error", unless="None", patience=60, undated=True
        ),
        contracts.Failure(
            when=f"jsonpath={{{_VALID}.status}}=False", message=f"{_VALID}.message", patience=20, undated=True
        ),
    ),
    observes_generation=True,
    # By an annotation that every service sets: without it cass-operator deletes them.
    volumes_when_deleted="kept",
    short_names=("k8c", "k8cs"),
    finalizers=("k8ssandracluster.k8ssandra.io/finalizer",),
    loses="keyspaces with their data, and roles",
    rules=RULES,
)

REAPER_KIND: Final = contracts.Kind(
    api_version="reaper.k8ssandra.io/v1alpha1",
    kind="Reaper",
    ready_when=("condition=Ready",),
    failed_when="never said; status.progress does not reach Running",
    observes_generation=False,
    volumes_when_deleted="deleted",
)

BACKUP_SCHEDULE: Final = contracts.Kind(
    api_version="medusa.k8ssandra.io/v1alpha1",
    kind="MedusaBackupSchedule",
    # Its status tells when it runs next; whether backups succeed is told by its MedusaBackupJobs.
    ready_when=(),
    failed_when="status.failed of a MedusaBackupJob names nodes",
    observes_generation=False,
    volumes_when_deleted="kept",
)

OPERATOR: Final = contracts.Operator(
    name=NAME,
    version=VERSION,
    crds=(
        "clientconfigs.config.k8ssandra.io",
        "k8ssandraclusters.k8ssandra.io",
        "k8ssandratasks.control.k8ssandra.io",
        "medusabackupjobs.medusa.k8ssandra.io",
        "medusabackups.medusa.k8ssandra.io",
        "medusabackupschedules.medusa.k8ssandra.io",
        "medusaconfigurations.medusa.k8ssandra.io",
        "medusarestorejobs.medusa.k8ssandra.io",
        "medusatasks.medusa.k8ssandra.io",
        "reapers.reaper.k8ssandra.io",
        "replicatedsecrets.replication.k8ssandra.io",
        "stargates.stargate.k8ssandra.io",
    ),
    kinds=(CLUSTER, REAPER_KIND, BACKUP_SCHEDULE),
    manifests=manifests,
    requires=(cass_operator.NAME, cert_manager.NAME),
)
