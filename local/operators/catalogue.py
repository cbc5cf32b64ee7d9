"""All operators that are played here."""

from __future__ import annotations

from typing import Final

from local.operators import (
    astarte_operator,
    cass_operator,
    cert_manager,
    cloudnative_pg,
    etcd_operator,
    k8ssandra_operator,
    mongodb_kubernetes,
    played,
    rabbitmq_cluster_operator,
    scylla_operator,
)

PLAYED: Final[tuple[played.Played, ...]] = (
    astarte_operator.PLAYED,
    cass_operator.PLAYED,
    cert_manager.PLAYED,
    cloudnative_pg.PLAYED,
    etcd_operator.PLAYED,
    k8ssandra_operator.PLAYED,
    mongodb_kubernetes.PLAYED,
    rabbitmq_cluster_operator.PLAYED,
    scylla_operator.PLAYED,
)
