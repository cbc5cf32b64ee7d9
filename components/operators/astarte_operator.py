"""The Astarte operator: Astarte, its broker and its certificate authority of devices. Its catalogue entry. Pure.

Published as a chart whose files have templates: the files here are the plain ones of a commit (25.5.0-dev, of
2026-02-04), put together as `config/default` does, in a namespace of its own. All its definitions are needed, also
those of what is not used here: cmd/main.go starts a controller for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components import contracts, isolation
from components.operators import cert_manager, kustomizations, workloads
from stacks import lifecycle

NAME: Final = "astarte-operator"
"""Also its namespace."""

VERSION: Final = "25.5.0-dev"

REALM: Final = "paasport.dev/realm"
"""Annotation of an Astarte with the name of its first realm, which is no field of it."""
PODS: Final = {"control-plane": "controller-manager"}
"""Labels of the operator's pods."""
_IMAGE: Final = f"docker.io/astarte/astarte-kubernetes-operator:{VERSION}"
_MEMORY: Final = "512Mi"
"""It keeps all Secrets and ConfigMaps of the cluster in memory; the release's 128Mi are for a small one."""


def manifests(release: Sequence[contracts.Manifest]) -> list[contracts.Manifest]:
    """The release put together, its pods restricted, with its network policy."""
    made = kustomizations.composed(release, name=NAME)
    for manifest in made:
        if manifest["kind"] == "Deployment":
            workloads.restrict(manifest)
            for container in workloads.containers(manifest):
                container["image"] = _IMAGE
                container["resources"] = {"requests": {"cpu": "10m", "memory": "128Mi"}, "limits": {"memory": _MEMORY}}
            kustomizations.with_webhooks(manifest, secret="webhook-server-cert")  # noqa: S106 - a Secret's name
    return [*made, _network_policy()]


def _network_policy() -> contracts.Manifest:
    return isolation.network_policy(
        NAME,
        namespace=NAME,
        pods=PODS,
        ingress=[isolation.webhook("webhook-server")],
        egress=[isolation.DNS, isolation.API_SERVER],
    )


RULES: Final = lifecycle.Rules(
    volumes=(
        lifecycle.Volume(path=".spec.vernemq.storage.size", growth=lifecycle.Growth.NEVER, setting="overrides.storage"),
    ),
    # ValidateUpdate of api/api/v2alpha1/astarte_webhook.go, and of the realm housekeeping, which renames none.
    fixed=(
        lifecycle.Fixed(
            path=f'.metadata.annotations["{REALM}"]',
            noun="the realm",
            why="no realm is renamed or deleted here, so a second one would come beside it, with the same key",
            instead="make the other one by `astartectl housekeeping realms create` (docs/services/astarte.md)",
        ),
        lifecycle.Fixed(path=".spec.astarteInstanceID", why="keyspaces are named after it"),
        lifecycle.Fixed(
            path=".spec.cassandra.astarteSystemKeyspace.dataCenterReplication",
            why="the operator refuses another replication; keep it with `replication`",
        ),
        lifecycle.Fixed(
            path=".spec.vernemq.storage.className", why="Kubernetes refuses another one in the StatefulSet"
        ),
    ),
    version=lifecycle.Version(
        path=".spec.version",
        software="Astarte",
        within="all parts at once, and only while its health is green",
        between="by another line of the operator, which is not in the catalogue",
    ),
)

ASTARTE: Final = contracts.Kind(
    api_version="api.astarte-platform.org/v2alpha1",
    kind="Astarte",
    ready_when=("jsonpath={.status.health}=green", "jsonpath={.status.phase}=Reconciled"),
    # Its health may be that of before a change. The version is written with every status.
    ready_counts=((".status.astarteVersion", ".spec.version"),),
    # The type knows a phase `Failed`, which nothing ever writes, and no condition. Three events are of failures:
    # `ErrCritical` (internal/controllerutils/astarte_controller.go: an upgrade of what is not well, an image that can't
    # be read), `ErrInconsistentVersion` (internal/controller/api/astarte_controller.go), and `ErrReconcile`, which is
    # of a conflict that the operator retries. All other errors are in its log alone.
    failures=tuple(
        contracts.Failure(
            when=f"jsonpath={{.reason}}={reason}", message=".message", child="v1/Event", patience=patience
        )
        # What was not well may become so meanwhile, and then the operator upgrades.
        for reason, patience in (("ErrInconsistentVersion", 0), ("ErrCritical", 60))
    ),
    failed_when="what keeps it from its objects is in the operator's log alone",
    observes_generation=False,
    volumes_when_deleted="deleted",
    finalizers=("astarte.astarte-platform.org/finalizer",),
    loses="sessions and undelivered messages of devices",
    rules=RULES,
)

OPERATOR: Final = contracts.Operator(
    name=NAME,
    version=VERSION,
    crds=(
        "astartes.api.astarte-platform.org",
        "astartedefaultingresses.ingress.astarte-platform.org",
        "flows.flow.astarte-platform.org",
    ),
    kinds=(ASTARTE,),
    manifests=manifests,
    requires=(cert_manager.NAME,),
    preview="a development snapshot: no release for Astarte 1.3 could be verified, nor that its image was published",
)
