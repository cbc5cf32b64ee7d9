"""The services that a stack can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import pydantic
from pydantic_core import core_schema

from stacks.services import astarte, cassandra, etcd, instance, mongodb, postgresql, prometheus, rabbitmq, scylla

Service = Annotated[
    astarte.Astarte
    | cassandra.Cassandra
    | etcd.Etcd
    | mongodb.Mongodb
    | postgresql.Postgresql
    | prometheus.Prometheus
    | rabbitmq.Rabbitmq
    | scylla.Scylla,
    pydantic.Field(discriminator="service"),
]
"""A service of the catalogue, told apart by `service`."""

SERVICES: Final[Mapping[str, type[Service]]] = {
    "astarte": astarte.Astarte,
    "cassandra": cassandra.Cassandra,
    "etcd": etcd.Etcd,
    "mongodb": mongodb.Mongodb,
    "postgresql": postgresql.Postgresql,
    "prometheus": prometheus.Prometheus,
    "rabbitmq": rabbitmq.Rabbitmq,
    "scylla": scylla.Scylla,
}
"""The model of each, by its name."""


class _Known:
    """Any instance is accepted, also one of a catalogue from outside; the JSON schema describes the built-in ones."""

    def __get_pydantic_core_schema__(
        self, _source: Any, handler: pydantic.GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.json_or_python_schema(
            json_schema=handler.generate_schema(Service),
            python_schema=core_schema.is_instance_schema(instance.Instance),
        )


Instance = Annotated[instance.Instance, _Known()]
"""An instance of any service, judged before it is one of a stack's."""
