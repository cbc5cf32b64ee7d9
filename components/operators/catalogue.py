"""All operators that services may need. An entry is data; its release is pinned in `releases.lock.yaml`."""

from __future__ import annotations

from typing import Final

from components import contracts
from components.operators import (
    barman_cloud,
    cert_manager,
    cloudnative_pg,
    contour,
    etcd_operator,
    mongodb_kubernetes,
    prometheus_operator,
    rabbitmq_cluster_operator,
    scylla_operator,
)

OPERATORS: Final[dict[str, contracts.Operator]] = {
    entry.name: entry
    for entry in (
        barman_cloud.OPERATOR,
        cert_manager.OPERATOR,
        cloudnative_pg.OPERATOR,
        contour.OPERATOR,
        etcd_operator.OPERATOR,
        mongodb_kubernetes.OPERATOR,
        prometheus_operator.OPERATOR,
        rabbitmq_cluster_operator.OPERATOR,
        scylla_operator.OPERATOR,
    )
}
