"""The RabbitMQ cluster operator: its catalogue entry, and what of its release is applied how. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components import contracts, isolation
from components.operators import bundles, cert_manager, workloads
from stacks import lifecycle

NAME: Final = "rabbitmq-cluster-operator"

NAMESPACE: Final = "rabbitmq-system"
"""Upstream's: its webhooks and their certificate name it."""

VERSION: Final = "2.22.3"

PODS: Final = {"app.kubernetes.io/name": NAME}
"""Labels of the operator's pods."""
MANAGEMENT: Final = 15671
"""Where every node is asked for its version and its queues' quorum, by TLS."""
_IMAGE: Final = f"ghcr.io/rabbitmq/cluster-operator:{VERSION}"
_UNFINISHED: Final = "metrics-certs"
"""A Certificate for `SERVICE_NAME.SERVICE_NAMESPACE.svc`: a placeholder that upstream left in, used by nothing."""


def manifests(release: Sequence[contracts.Manifest]) -> list[contracts.Manifest]:
    """The release with its network policy, without what upstream forgot in it."""
    own = [manifest for manifest in release if manifest["kind"] != "Namespace" and not _forgotten(manifest)]
    moved = bundles.moved(own, namespace=NAMESPACE)
    for manifest in moved:
        if manifest["kind"] == "Deployment":
            workloads.restrict(manifest)
            for container in workloads.containers(manifest):
                # The published file says so too; one built from the repository says `latest`.
                container["image"] = _IMAGE
    return [*moved, _network_policy()]


def _forgotten(manifest: contracts.Manifest) -> bool:
    return (manifest["kind"], manifest["metadata"]["name"]) == ("Certificate", _UNFINISHED)


def _network_policy() -> contracts.Manifest:
    # Brokers are told what to do by commands in their pods, through the API server, and asked by their own API: a
    # closed port there would hold up every change, because this version waits for it without a limit.
    return isolation.network_policy(
        NAME,
        namespace=NAMESPACE,
        pods=PODS,
        ingress=[isolation.webhook("webhook-server"), isolation.scraped("metrics")],
        egress=[isolation.DNS, isolation.API_SERVER, isolation.to(MANAGEMENT)],
    )


RULES: Final = lifecycle.Rules(
    # internal/scaling/scaling.go and internal/controller/reconcile_scale_down.go at v2.22.3.
    volumes=(lifecycle.Volume(path=".spec.persistence.storage", setting="overrides.storage"),),
    counts=(lifecycle.Count(path=".spec.replicas", noun="nodes", setting="overrides.replicas"),),
    fixed=(
        lifecycle.Fixed(
            path=".spec.persistence.storageClassName", why="Kubernetes refuses another one in the StatefulSet"
        ),
    ),
    version=lifecycle.Version(
        path=".spec.image",
        software="RabbitMQ",
        pattern=r":(\d+)\.(\d+)(?:\.\d+)*",
        within="one node at a time",
        between="one node at a time, and no way back",
    ),
)

CLUSTER: Final = contracts.Kind(
    api_version="rabbitmq.com/v1beta1",
    kind="RabbitmqCluster",
    ready_when=("condition=AllReplicasReady", "condition=ClusterAvailable", "condition=ReconcileSuccess"),
    # What is missing may still come, and then it goes on by itself. The generation is that of its last success.
    failures=(contracts.Failure(when="condition=ReconcileSuccess=False", patience=30, undated=True),),
    observes_generation=True,
    volumes_when_deleted="deleted",
    short_names=("rmq",),
    finalizers=("deletion.finalizers.rabbitmqclusters.rabbitmq.com",),
    loses="queues with their messages, and users",
    rules=RULES,
)

OPERATOR: Final = contracts.Operator(
    name=NAME,
    version=VERSION,
    namespace=NAMESPACE,
    crds=("rabbitmqclusters.rabbitmq.com",),
    kinds=(CLUSTER,),
    manifests=manifests,
    requires=(cert_manager.NAME,),
)
