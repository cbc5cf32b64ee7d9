"""Which operators a stack may install, known without its program: whose releases to fetch before it runs.

The catalogue in `components/` decides; the command line can't ask it without starting the program, which takes longer
than everything else a command does first. So this is written down a second time, and tests hold both to each other.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Final

from stacks import managed

if typing.TYPE_CHECKING:
    from stacks import settings
    from stacks.catalogues import model
    from stacks.services import instance

BY_SERVICE: Final[dict[str, tuple[str, ...]]] = {
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
    "barman-cloud": ("cert-manager", "cloudnative-pg"),
    "cert-manager": (),
    "cloudnative-pg": (),
    "contour": (),
    "etcd-operator": (),
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
