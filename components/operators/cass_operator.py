"""cass-operator: single datacenters of Cassandra. Its catalogue entry, and what of its release is applied how. Pure.

Published as a chart and a kustomization: the files are those of its tag, put together as `config/deployments/cluster`
does, the definitions those of its chart, which already are what `config/crd` makes of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import yaml

from components import contracts, isolation
from components.operators import cert_manager, kustomizations, workloads

NAME: Final = "cass-operator"
"""Also its namespace."""

VERSION: Final = "1.30.3"
"""The one that k8ssandra-operator 1.32.5 is built with; its chart demands chart 0.64.4, which is this."""

PODS: Final = {"app.kubernetes.io/name": NAME}
"""Labels of the operator's pods."""
MANAGEMENT: Final = 8080
"""Where every node, in whatever namespace, is started, asked for its state and told what to do."""
_IMAGE: Final = f"docker.io/k8ssandra/cass-operator:v{VERSION}"
_METRICS: Final = 8443
_LOGGER: Final = f"v{VERSION}"
_CLIENT: Final = "v0.8.14"
"""Of k8ssandra-client, which builds a node's configuration: `config/imageconfig/image_config.yaml` at the tag."""
_MEMORY: Final = "512Mi"
"""It keeps all pods and Secrets of the cluster in memory; the release's 128Mi are for one namespace."""


def manifests(release: Sequence[contracts.Manifest]) -> list[contracts.Manifest]:
    """The release put together, for all namespaces, with the images that it starts and its network policy."""
    made = kustomizations.composed(release, name=NAME)
    kustomizations.for_all_namespaces(made, role=f"{NAME}-manager-role", granted=f"{NAME}-manager-crrole")
    for manifest in made:
        if manifest["kind"] == "Deployment":
            _run(manifest)
    return [*made, images(NAME, {"system-logger": _LOGGER, "k8ssandra-client": _CLIENT}), _network_policy()]


def images(namespace: str, tags: Mapping[str, str], *, repositories: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The ConfigMap from which the operators know which images to start; found by its label, whatever its name.

    Images are of the repository `k8ssandra`, save those named in `repositories`.
    """
    own = repositories or {}
    config = {
        "apiVersion": "config.k8ssandra.io/v1beta2",
        "kind": "ImageConfig",
        "metadata": {"name": "image-config"},
        "images": {
            key: dict(zip(("repository", "name"), own.get(key, f"k8ssandra/{key}").split("/"), strict=True))
            | {"tag": tag}
            for key, tag in tags.items()
        },
        "defaults": {"registry": "docker.io", "pullPolicy": "IfNotPresent"},
        # Of the database itself; services name theirs in full, by a tag that does not move.
        "types": {"cassandra": {"repository": "k8ssandra", "name": "cass-management-api", "suffix": "-ubi"}},
    }
    labels = {"k8ssandra.io/config": "image", isolation.PART_OF: "paasport"}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{namespace}-image-config", "namespace": namespace, "labels": labels},
        "data": {"image_config.yaml": yaml.safe_dump(config, sort_keys=True)},
    }


def _run(deployment: contracts.Manifest) -> None:
    workloads.restrict(deployment)
    workloads.environment(deployment, values={"WATCH_NAMESPACE": ""})
    for container in workloads.containers(deployment):
        container["image"] = _IMAGE
        container["args"] = [
            *container["args"],
            f"--metrics-bind-address=:{_METRICS}",
            "--webhook-cert-path=/tmp/k8s-webhook-server/serving-certs",
        ]
        container["resources"] = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": _MEMORY}}
    kustomizations.with_webhooks(deployment, secret="webhook-server-cert")  # noqa: S106 - the name of a Secret


def _network_policy() -> contracts.Manifest:
    return isolation.network_policy(
        NAME,
        namespace=NAME,
        pods=PODS,
        ingress=[isolation.webhook("webhook-server"), isolation.scraped(_METRICS)],
        egress=[isolation.DNS, isolation.API_SERVER, isolation.to(MANAGEMENT)],
    )


DATACENTER: Final = contracts.Kind(
    api_version="cassandra.datastax.com/v1beta1",
    kind="CassandraDatacenter",
    ready_when=("condition=Ready", "condition=Updating=False", "jsonpath={.status.cassandraOperatorProgress}=Ready"),
    failures=(contracts.Failure(when="condition=Valid=False", patience=20, undated=True),),
    observes_generation=True,
    volumes_when_deleted="deleted",
    short_names=("cassdc", "cassdcs"),
    finalizers=("finalizer.cassandra.datastax.com",),
)

TASK: Final = contracts.Kind(
    api_version="control.k8ssandra.io/v1alpha1",
    kind="CassandraTask",
    ready_when=("condition=Complete",),
    failures=(contracts.Failure(when="condition=Failed"),),
    observes_generation=False,
    volumes_when_deleted="kept",
)

OPERATOR: Final = contracts.Operator(
    name=NAME,
    version=VERSION,
    crds=(
        "cassandradatacenters.cassandra.datastax.com",
        "cassandratasks.control.k8ssandra.io",
        "scheduledtasks.control.k8ssandra.io",
    ),
    kinds=(DATACENTER, TASK),
    manifests=manifests,
    requires=(cert_manager.NAME,),
)
