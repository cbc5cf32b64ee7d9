"""Which operators there are and which a stack may install, known without its program.

Whose releases to fetch before it runs, what a stack file can name, what to look for on a cluster. The catalogue in
`components/` decides; the command line can't ask it without starting the program, which takes longer
than everything else a command does first. So this is written down a second time, and tests hold both to each other.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Final

from stacks import managed, shared

if typing.TYPE_CHECKING:
    from stacks import settings
    from stacks.catalogues import model
    from stacks.services import instance

APIS: Final[dict[str, tuple[str, ...]]] = {
    "astarte-operator": ("api.astarte-platform.org/v2alpha1",),
    "barman-cloud": ("barmancloud.cnpg.io/v1",),
    "cass-operator": ("cassandra.datastax.com/v1beta1", "control.k8ssandra.io/v1alpha1"),
    "cert-manager": ("cert-manager.io/v1",),
    "cloudnative-pg": ("postgresql.cnpg.io/v1",),
    "contour": ("gateway.networking.k8s.io/v1", "projectcontour.io/v1alpha1"),
    "etcd-operator": ("operator.etcd.io/v1alpha1",),
    "k8ssandra-operator": (
        "k8ssandra.io/v1alpha1",
        "medusa.k8ssandra.io/v1alpha1",
        "reaper.k8ssandra.io/v1alpha1",
    ),
    "mongodb-kubernetes": ("mongodbcommunity.mongodb.com/v1",),
    "prometheus-operator": ("monitoring.coreos.com/v1",),
    "rabbitmq-cluster-operator": ("rabbitmq.com/v1beta1",),
    "scylla-operator": ("scylla.scylladb.com/v1", "scylla.scylladb.com/v1alpha1"),
}
"""What a cluster serves where an operator is on it, and services are written for: API groups with their version."""

BY_SERVICE: Final[dict[str, tuple[str, ...]]] = {
    "astarte": ("astarte-operator", "cert-manager"),
    "cassandra": ("k8ssandra-operator", "cass-operator", "cert-manager"),
    "etcd": ("etcd-operator",),
    "mongodb": ("mongodb-kubernetes", "cert-manager"),
    "postgresql": ("cloudnative-pg", "cert-manager"),
    "prometheus": ("prometheus-operator",),
    "rabbitmq": ("rabbitmq-cluster-operator", "cert-manager"),
    "scylla": ("scylla-operator", "cert-manager"),
}
"""What each service needs and what that requires."""
BACKUPS: Final[dict[str, tuple[str, ...]]] = {"postgresql": ("barman-cloud",)}
"""What it needs besides where its settings ask for backups or a restore."""
REQUIRES: Final[dict[str, tuple[str, ...]]] = {
    "astarte-operator": ("cert-manager",),
    "barman-cloud": ("cert-manager", "cloudnative-pg"),
    "cass-operator": ("cert-manager",),
    "cert-manager": (),
    "cloudnative-pg": (),
    "contour": (),
    "etcd-operator": (),
    "k8ssandra-operator": ("cass-operator", "cert-manager"),
    "mongodb-kubernetes": (),
    "prometheus-operator": (),
    "rabbitmq-cluster-operator": ("cert-manager",),
    "scylla-operator": ("cert-manager",),
}
"""What each operator of this project requires: for catalogues from outside, whose services may use them."""
BUILT_IN: Final = frozenset(REQUIRES)
"""Their names, which no operator of such a catalogue may have."""
INGRESS: Final = ("contour",)
"""What makes the cluster's entrance real."""


def needed(wanted: settings.Settings) -> frozenset[str]:
    """Names of the operators that this stack installs, and perhaps of some that it does not."""
    return _asked(wanted) - frozenset(shared.operators(wanted.cluster))


def relied_on(wanted: settings.Settings) -> frozenset[str]:
    """Names of the operators that this stack needs and does not install, because they are on the cluster already."""
    return _asked(wanted) & frozenset(shared.operators(wanted.cluster))


def apis(catalogue: model.Catalogue) -> dict[str, tuple[str, ...]]:
    """`APIS`, and those of the stack's catalogues, as far as their YAML says what an instance is made from."""
    outside: dict[str, tuple[str, ...]] = {}
    for service in catalogue.services.values():
        declared = service.declaration.resource if service.declaration else None
        if declared is not None and service.operators:
            name = service.operators[0]
            outside[name] = tuple(dict.fromkeys((*outside.get(name, ()), declared.api_version)))
    return {**outside, **APIS}


def _asked(wanted: settings.Settings) -> frozenset[str]:
    names = {name for service in wanted.services.values() for name in _of(service, wanted.catalogue)}
    opened = isinstance(wanted.cluster, managed.ManagedCluster) and wanted.cluster.ingress is not None
    return frozenset(names | set(INGRESS if opened else ()))


def _of(service: instance.Instance, catalogue: model.Catalogue) -> Iterator[str]:
    if service.service in catalogue.services:
        for name in catalogue.needed(service.service):
            yield from (name, *REQUIRES.get(name, ()))
    else:
        yield from BY_SERVICE[service.service]
        yield from BACKUPS.get(service.service, ()) if service.uses_backups else ()
