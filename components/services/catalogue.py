"""All services that stack files can name."""

from __future__ import annotations

from typing import Any, Final

from components import contracts
from components.services import etcd, mongodb, postgresql, prometheus, rabbitmq

SERVICES: Final[dict[str, contracts.Service[Any]]] = {
    entry.name: entry
    for entry in (
        etcd.SERVICE,
        mongodb.SERVICE,
        postgresql.SERVICE,
        prometheus.SERVICE,
        rabbitmq.SERVICE,
    )
}
