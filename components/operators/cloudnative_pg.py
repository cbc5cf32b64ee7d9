"""CloudNativePG: PostgreSQL. Its catalogue entry, and what of its release is applied how. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components import contracts, isolation
from components.operators import bundles, workloads
from stacks import lifecycle

NAME: Final = "cloudnative-pg"

NAMESPACE: Final = "cnpg-system"
"""Upstream's: its webhooks name it, and plugins must live where the operator lives."""

PODS: Final = {"app.kubernetes.io/name": "cloudnative-pg"}
"""Labels of the operator's own pods."""
INSTANCE_MANAGER: Final = 8000
"""Where every instance, in whatever namespace, tells the operator its state and takes orders."""
_PLUGIN: Final = 9090
"""Where plugins in the operator's namespace answer by gRPC."""


def manifests(release: Sequence[contracts.Manifest]) -> list[contracts.Manifest]:
    """The release, its updates gentle, with its network policy."""
    own = [manifest for manifest in release if manifest["kind"] != "Namespace"]
    moved = bundles.moved(own, namespace=NAMESPACE)
    for manifest in moved:
        if manifest["kind"] == "Deployment":
            workloads.restrict(manifest)
            # Otherwise an update of the operator fails over and restarts every database at once.
            workloads.environment(manifest, values={"ENABLE_INSTANCE_MANAGER_INPLACE_UPDATES": "true"})
    return [*moved, _network_policy()]


def _network_policy() -> contracts.Manifest:
    return isolation.network_policy(
        NAME,
        namespace=NAMESPACE,
        pods=PODS,
        ingress=[isolation.webhook("webhook-server"), isolation.scraped("metrics")],
        egress=[isolation.DNS, isolation.API_SERVER, isolation.to(INSTANCE_MANAGER, _PLUGIN)],
    )


_FAILED: Final = {
    "Cluster is unrecoverable and needs manual intervention": 0,
    "Invalid cluster definition": 0,
    # A supervised upgrade.
    "Waiting for user action": 0,
    # What is missing may still come, and then the operator goes on by itself.
    "Unable to create required cluster objects": 30,
    "Cluster cannot proceed to reconciliation due to an unknown plugin being required": 30,
    "Cluster cannot proceed to reconciliation due to an error while interacting with plugins": 30,
    "Cluster has incomplete or invalid image catalog": 30,
    "Cluster cannot execute instance online upgrade due to missing architecture binary": 30,
}
"""Phases that don't pass by themselves, of api/v1/cluster_types.go, and for how many seconds they may."""

_OF_NEW_VOLUMES: Final = "volumes that exist stay on their class, and servers would differ in theirs"
_MADE_ONCE: Final = "it is made with the instance, and the operator does not look at it again"

RULES: Final = lifecycle.Rules(
    # internal/webhook/v1/cluster_webhook.go at v1.30.0: validateStorageChange, validateImageChange.
    volumes=(
        lifecycle.Volume(path=".spec.storage.size", setting="overrides.storage"),
        lifecycle.Volume(path=".spec.walStorage.size", setting="overrides.wal"),
    ),
    fixed=(
        lifecycle.Fixed(path=".spec.storage.storageClass", why=_OF_NEW_VOLUMES),
        lifecycle.Fixed(path=".spec.walStorage.storageClass", why=_OF_NEW_VOLUMES),
        lifecycle.Fixed(path=".spec.bootstrap.initdb.database", why=_MADE_ONCE),
        lifecycle.Fixed(path=".spec.bootstrap.initdb.owner", why=_MADE_ONCE),
    ),
    version=lifecycle.Version(
        path=".spec.imageName",
        software="PostgreSQL",
        pattern=r":(\d+)\.(\d+)",
        series="major",
        skips=True,
        within="standbys one by one, then the primary hands over",
        between="all servers stop while pg_upgrade runs, and standbys are made anew: the way back is a restore",
    ),
)

CLUSTER: Final = contracts.Kind(
    api_version="postgresql.cnpg.io/v1",
    kind="Cluster",
    ready_when=("condition=Ready", "jsonpath={.status.phase}=Cluster in healthy state"),
    ready_counts=((".status.readyInstances", ".spec.instances"),),
    failures=tuple(
        contracts.Failure(when=f"jsonpath={{.status.phase}}={phase}", message=".status.phaseReason", patience=patience)
        for phase, patience in _FAILED.items()
    ),
    observes_generation=False,
    volumes_when_deleted="deleted",
    loses="databases and roles",
    rules=RULES,
)

BACKUP: Final = contracts.Kind(
    api_version="postgresql.cnpg.io/v1",
    kind="Backup",
    ready_when=("jsonpath={.status.phase}=completed",),
    failures=tuple(
        contracts.Failure(when=f"jsonpath={{.status.phase}}={phase}", message=".status.error")
        for phase in ("failed", "invalid backup definition")
    ),
    observes_generation=False,
    volumes_when_deleted="kept",
)

SCHEDULED_BACKUP: Final = contracts.Kind(
    api_version="postgresql.cnpg.io/v1",
    kind="ScheduledBackup",
    # It has no condition; whether its backups succeed is told by the Cluster's condition LastBackupSucceeded.
    ready_when=(),
    failed_when="the Cluster's condition LastBackupSucceeded is False",
    observes_generation=False,
    volumes_when_deleted="kept",
)

POOLER: Final = contracts.Kind(
    api_version="postgresql.cnpg.io/v1",
    kind="Pooler",
    ready_when=(),
    ready_counts=((".status.instances", ".spec.instances"),),
    failed_when="never said; its Deployment is not available",
    observes_generation=False,
    volumes_when_deleted="kept",
)

DATABASE: Final = contracts.Kind(
    api_version="postgresql.cnpg.io/v1",
    kind="Database",
    ready_when=("jsonpath={.status.applied}=true",),
    # The role that is to own it may be on its way.
    failures=(contracts.Failure(when="jsonpath={.status.applied}=false", message=".status.message", patience=60),),
    observes_generation=True,
    volumes_when_deleted="kept",
    finalizers=("cnpg.io/deleteDatabase",),
)

IMAGE_CATALOG: Final = contracts.Kind(
    api_version="postgresql.cnpg.io/v1",
    kind="ImageCatalog",
    ready_when=(),
    failed_when="never said; the Cluster's phase names the missing image",
    observes_generation=False,
    volumes_when_deleted="kept",
)

OPERATOR: Final = contracts.Operator(
    name=NAME,
    version="1.30.0",
    namespace=NAMESPACE,
    one_minor_at_a_time=True,
    crds=(
        "backups.postgresql.cnpg.io",
        "clusterimagecatalogs.postgresql.cnpg.io",
        "clusters.postgresql.cnpg.io",
        "databaseroles.postgresql.cnpg.io",
        "databases.postgresql.cnpg.io",
        "failoverquorums.postgresql.cnpg.io",
        "imagecatalogs.postgresql.cnpg.io",
        "poolers.postgresql.cnpg.io",
        "publications.postgresql.cnpg.io",
        "scheduledbackups.postgresql.cnpg.io",
        "subscriptions.postgresql.cnpg.io",
    ),
    kinds=(CLUSTER, BACKUP, SCHEDULED_BACKUP, POOLER, DATABASE, IMAGE_CATALOG),
    manifests=manifests,
)
