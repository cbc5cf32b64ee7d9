"""Settings of a RabbitMQ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

import pydantic

from stacks import fields, forms
from stacks.services import instance

VERSION: Final = "4.2.8"
"""The newest patch of the series that the operator 2.22.3 brings by itself (4.2.6)."""
SERIES: Final = ("4.2", "4.3")
"""The operator is tested with the newest release; a series before the last two gets no fixes."""
MOST_NODES: Final = 5
"""The operator's own API says so: "Only 1, 3, 5 replicas clusters are tested"."""
LEAST_MEMORY: Final = "1Gi"
"""A fifth of it is Erlang's own, and publishers are stopped at three fifths of the rest."""
USER: Final = "app"
"""The one user that there is in the beginning: it may do everything, and makes others."""

Protocol = Literal["mqtt", "stomp", "stream"]
PORTS: Final[Mapping[Protocol, int]] = {"mqtt": 8883, "stomp": 61614, "stream": 5551}
"""Where each protocol is spoken, with TLS."""

SIZES: Final[Mapping[instance.Size, instance.Server]] = {
    "small": instance.Server(cpu="500m", memory="2Gi", storage="10Gi"),
    "medium": instance.Server(cpu="2", memory="8Gi", storage="50Gi"),
    "large": instance.Server(cpu="4", memory="16Gi", storage="200Gi"),
}


class RabbitmqOverrides(instance.Overrides):
    """What a RabbitMQ gets instead of what its size and availability say. Leave a key out to keep the size's own."""

    replicas: fields.Replicas | None = None
    """How many nodes: 1, 3 or 5, because a majority of them decides. They can be added and never be removed."""
    memory: fields.Quantity | None = None
    """Memory that one node asks for, in bytes, for example `4Gi`, at least `1Gi`."""
    storage: fields.Quantity | None = None
    """Size of one node's volume, in bytes, for example `50Gi`, more than twice the memory: as much as the memory
    stays free. A volume can grow and never shrinks."""
    version: Annotated[str, pydantic.Field(pattern=forms.VERSION)] | None = None
    """The version of RabbitMQ, 4.2.x or 4.3.x, for example `4.2.8`. One series at a time, and never back."""


class Rabbitmq(instance.Database):
    """A cluster of RabbitMQ, run by the RabbitMQ cluster operator."""

    SIZES: ClassVar[Mapping[instance.Size, instance.Server]] = SIZES
    # Two nodes would be worse than one: both are needed for a majority.
    SERVERS: ClassVar[Mapping[instance.Availability, int]] = {"single": 1, "zonal": 3}

    service: Literal["rabbitmq"]
    """Which service of the catalogue this is."""
    protocols: tuple[Protocol, ...] = ()
    """What clients may speak besides AMQP: `mqtt`, `stomp`, `stream`. Default nothing else."""
    unencrypted: fields.Flag = False
    """Whether AMQP is spoken without TLS too, on port 5672, for clients that can be told of no authority. Network
    policies alone keep others from there. Default false."""
    overrides: RabbitmqOverrides = RabbitmqOverrides()
    """What differs from the size, key by key. Default nothing."""

    @property
    def quorum(self) -> int:
        """How many nodes must agree."""
        return self.servers // 2 + 1
