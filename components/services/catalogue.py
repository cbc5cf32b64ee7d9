"""All services that stack files can name, and those that a stack's own catalogues add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from components import contracts
from components.services import astarte, cassandra, declared, etcd, mongodb, postgresql, prometheus, rabbitmq, scylla
from stacks.catalogues import model

Services = Mapping[str, contracts.Service[Any]]

SERVICES: Final[dict[str, contracts.Service[Any]]] = {
    entry.name: entry
    for entry in (
        astarte.SERVICE,
        cassandra.SERVICE,
        etcd.SERVICE,
        mongodb.SERVICE,
        postgresql.SERVICE,
        prometheus.SERVICE,
        rabbitmq.SERVICE,
        scylla.SERVICE,
    )
}


def including(catalogue: model.Catalogue, *, operators: Mapping[str, contracts.Operator]) -> Services:
    """These, and those of the stack's catalogues, whose names are others."""
    outside = {name: declared.service(found, operators=operators) for name, found in catalogue.services.items()}
    return {**SERVICES, **outside}
