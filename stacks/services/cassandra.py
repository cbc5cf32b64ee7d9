"""Settings of a Cassandra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

import pydantic

from stacks import fields, forms
from stacks.services import instance

VERSION: Final = "5.0.9"
"""The newest that there is an image of with the management API 0.1.125, by which the operator runs every node."""
PATCHES: Final[Mapping[str, tuple[int, int]]] = {"4.1": (8, 12), "5.0": (3, 9)}
"""By series: the first patch without known holes (CVE-2025-23015, CVE-2025-24860) and the last that there is an image
of (`.github/workflows/release.yaml` of management-api-for-apache-cassandra at tag v0.1.125)."""
LEAST_CPU: Final = "500m"
LEAST_MEMORY: Final = "2Gi"
"""Half of it is the heap."""
LEAST_STORAGE: Final = "5Gi"
LOGGER: Final = {"cpu": "100m", "memory": "64Mi"}
"""What the operator's own container beside every node asks for."""
MEDUSA: Final = {"cpu": "100m", "memory": "256Mi"}
"""What the one that writes backups asks for."""
RACKS: Final = 3
"""Of a zonal cluster, one for each zone: as many as there are copies of data."""
USER: Final = "admin"
"""The superuser: it may do everything, and makes others. The default one, `cassandra`, does not exist."""

SIZES: Final[Mapping[instance.Size, instance.Server]] = {
    "small": instance.Server(cpu="1", memory="4Gi", storage="20Gi"),
    "medium": instance.Server(cpu="2", memory="8Gi", storage="100Gi"),
    "large": instance.Server(cpu="4", memory="16Gi", storage="500Gi"),
}


class CassandraOverrides(instance.Overrides):
    """What a Cassandra gets instead of what its size and availability say. Leave a key out to keep the size's own."""

    replicas: fields.Replicas | None = None
    """How many nodes, each on a host of its own; a multiple of three where the instance is zonal. A node that is
    removed gives its data to the others first."""
    memory: fields.Quantity | None = None
    """Memory that one node asks for, in bytes, for example `8Gi`, at least `2Gi`. Half of it is the heap."""
    storage: fields.Quantity | None = None
    """Size of one node's volume, in bytes, for example `200Gi`. A volume can grow and never shrinks."""
    version: Annotated[str, pydantic.Field(pattern=forms.VERSION)] | None = None
    """The version of Cassandra, 4.1.x or 5.0.x, for example `5.0.9`. From 5.0 there is no way back to 4.1."""


class Cassandra(instance.Database):
    """A cluster of Cassandra, run by k8ssandra-operator."""

    SIZES: ClassVar[Mapping[instance.Size, instance.Server]] = SIZES
    # Three copies of the data, one in each zone: two of them agree when a zone is away.
    SERVERS: ClassVar[Mapping[instance.Availability, int]] = {"single": 1, "zonal": RACKS}

    service: Literal["cassandra"]
    """Which service of the catalogue this is."""
    unencrypted: fields.Flag = False
    """Whether CQL is spoken without TLS too, on the same port, for clients that can be told of no authority. Network
    policies alone keep others from there. Default false."""
    overrides: CassandraOverrides = CassandraOverrides()
    """What differs from the size, key by key. Default nothing."""

    @property
    def racks(self) -> int:
        """How many groups of nodes there are, of which one may fail as a whole."""
        return RACKS if self.availability == "zonal" else 1
