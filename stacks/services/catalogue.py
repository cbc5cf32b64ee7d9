"""The services that a stack can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

import pydantic

from stacks.services import etcd, mongodb, postgresql, prometheus, rabbitmq

Service = Annotated[
    etcd.Etcd | mongodb.Mongodb | postgresql.Postgresql | prometheus.Prometheus | rabbitmq.Rabbitmq,
    pydantic.Field(discriminator="service"),
]
"""A service of the catalogue, told apart by `service`."""

SERVICES: Final[Mapping[str, type[Service]]] = {
    "etcd": etcd.Etcd,
    "mongodb": mongodb.Mongodb,
    "postgresql": postgresql.Postgresql,
    "prometheus": prometheus.Prometheus,
    "rabbitmq": rabbitmq.Rabbitmq,
}
"""The model of each, by its name."""
