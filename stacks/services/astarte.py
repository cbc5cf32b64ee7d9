"""Settings of an Astarte."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

import pydantic

from stacks import fields, forms
from stacks.services import instance

VERSION: Final = "1.3.3"
"""The newest tag of the series that the operator takes."""
SERIES: Final = "1.3"
"""The operator takes no other: internal/version/version.go. One for 1.4 needs a vault and a rendezvous server."""
MOST_BROKERS: Final = 3
"""With `zonal` each has a zone of its own, and no cluster here promises more than three."""
COPIES: Final = 3
"""Of data in a database that has as many nodes: an odd number, as the operator demands."""
BROKER: Final = 8883
"""Where devices come to, by MQTT with TLS."""
API: Final = 4000
"""Where every one of its HTTP APIs answers."""

_ELSEWHERE: Final = (
    "what it stores lies in its database, which is what has to be backed up; "
    "docs/services/astarte.md has the keys that belong to it"
)

SIZES: Final[Mapping[instance.Size, instance.Server]] = {
    "small": instance.Server(cpu="500m", memory="1Gi", storage="10Gi"),
    "medium": instance.Server(cpu="1", memory="2Gi", storage="20Gi"),
    "large": instance.Server(cpu="4", memory="8Gi", storage="50Gi"),
}
"""What a broker of devices gets."""

COMPONENTS: Final[Mapping[instance.Size, tuple[str, str]]] = {
    "small": ("1500m", "3Gi"),
    "medium": ("3", "6Gi"),
    "large": ("6", "12Gi"),
}
"""CPU and memory that all other components ask for together, once for each server; the operator shares it out."""

Domain = Annotated[str, pydantic.StringConstraints(pattern=forms.DOMAIN, max_length=200)]
Realm = Annotated[str, pydantic.StringConstraints(pattern=forms.REALM)]


class AstarteOverrides(instance.Overrides):
    """What an Astarte gets instead of what its size and availability say. Leave a key out to keep the size's own."""

    replicas: fields.Replicas | None = None
    """How many brokers and how many of each component but the trigger engine, of which there is one. At most 3."""
    storage: fields.Quantity | None = None
    """Size of one broker's volume, in bytes, for example `20Gi`. The operator never changes it."""
    version: Annotated[str, pydantic.Field(pattern=forms.VERSION)] | None = None
    """The version of Astarte, 1.3.x, for example `1.3.3`."""


class Astarte(instance.Database):
    """An Astarte, run by the Astarte operator, on a RabbitMQ and a Cassandra or ScyllaDB of the same stack."""

    SIZES: ClassVar[Mapping[instance.Size, instance.Server]] = SIZES
    SERVERS: ClassVar[Mapping[instance.Availability, int]] = {"single": 1, "zonal": 3}
    PREVIEW: ClassVar[str] = (
        "its operator is a development snapshot of February 2026, as no release for Astarte 1.3 could be verified, "
        "and its broker of devices cannot be told whom to trust, so it speaks to RabbitMQ and database without TLS"
    )
    REFUSED: ClassVar[Mapping[str, str]] = {"backups": _ELSEWHERE, "restore": _ELSEWHERE}
    USES: ClassVar[Mapping[str, tuple[str, ...]]] = {"rabbitmq": ("rabbitmq",), "cassandra": ("cassandra", "scylla")}

    service: Literal["astarte"]
    """Which service of the catalogue this is."""
    host: Domain
    """The domain of it all, for example `iot.example.com`: `api.`, `broker.` and `dashboard.` come before it."""
    rabbitmq: fields.ServiceName | None = None
    """Which RabbitMQ of this stack it uses. Leave it out for the only one there is."""
    cassandra: fields.ServiceName | None = None
    """Which Cassandra or ScyllaDB of this stack it uses. Leave it out for the only one there is."""
    realm: Realm | None = None
    """The first realm, which is made with a key of its own: lower-case letters and digits. Leave it out for none."""
    dashboard: fields.Flag = True
    """Whether it has a dashboard. Default true."""
    broker: Literal["cluster", "internal", "public"] = "cluster"
    """Who reaches the broker of devices: clients in the cluster, its network, or the internet, by a load balancer."""
    replication: Literal[1, 3, 5] | None = None
    """How many copies the database keeps, which never changes. Leave it out for 3 if it has 3 nodes or more, else 1."""
    overrides: AstarteOverrides = AstarteOverrides()
    """What differs from the size, key by key. Default nothing."""

    def copies(self, nodes: int) -> int:
        """How many copies there are in a database of so many nodes."""
        return self.replication or (COPIES if nodes >= COPIES else 1)
