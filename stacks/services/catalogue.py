"""The services that a stack can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

import pydantic

from stacks.services import etcd, mongodb, prometheus

Service = Annotated[
    etcd.Etcd | mongodb.Mongodb | prometheus.Prometheus,
    pydantic.Field(discriminator="service"),
]
"""A service of the catalogue, told apart by `service`."""

SERVICES: Final[Mapping[str, type[Service]]] = {
    "etcd": etcd.Etcd,
    "mongodb": mongodb.Mongodb,
    "prometheus": prometheus.Prometheus,
}
"""The model of each, by its name."""
