"""All operators that services may need, and those that a stack's own catalogues add.

An entry is data; its release is pinned in `releases.lock.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from components import contracts
from components.operators import (
    astarte_operator,
    barman_cloud,
    cass_operator,
    cert_manager,
    cloudnative_pg,
    contour,
    declared,
    etcd_operator,
    k8ssandra_operator,
    mongodb_kubernetes,
    prometheus_operator,
    rabbitmq_cluster_operator,
    scylla_operator,
)
from stacks.catalogues import model

OPERATORS: Final[dict[str, contracts.Operator]] = {
    entry.name: entry
    for entry in (
        astarte_operator.OPERATOR,
        barman_cloud.OPERATOR,
        cass_operator.OPERATOR,
        cert_manager.OPERATOR,
        cloudnative_pg.OPERATOR,
        contour.OPERATOR,
        etcd_operator.OPERATOR,
        k8ssandra_operator.OPERATOR,
        mongodb_kubernetes.OPERATOR,
        prometheus_operator.OPERATOR,
        rabbitmq_cluster_operator.OPERATOR,
        scylla_operator.OPERATOR,
    )
}


def including(catalogue: model.Catalogue) -> Mapping[str, contracts.Operator]:
    """These, and those of the stack's catalogues, whose names are others."""
    outside = {}
    for name, found in catalogue.operators.items():
        services = [service for service in catalogue.services.values() if service.operators[:1] == (name,)]
        declarations = [service.declaration for service in services if service.declaration]
        outside[name] = declared.operator(found, services=declarations)
    return {**OPERATORS, **outside}
