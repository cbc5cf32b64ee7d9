"""All services that stack files can name."""

from __future__ import annotations

from typing import Any, Final

from components import contracts
from components.services import etcd, mongodb, prometheus, rabbitmq

SERVICES: Final[dict[str, contracts.Service[Any]]] = {
    entry.name: entry
    for entry in (
        etcd.SERVICE,
        mongodb.SERVICE,
        prometheus.SERVICE,
        rabbitmq.SERVICE,
    )
}
