"""Settings of a PostgreSQL."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

import pydantic

from stacks import fields, forms
from stacks.services import instance

VERSION: Final = "18.4"
"""The one that cloudnative-pg 1.30.0 runs by itself."""
MAJORS: Final[Mapping[str, int]] = {"15": 14, "16": 10, "17": 6, "18": 0}
"""Majors that can be had, and the first release of each that there are images of on Debian trixie, which all have in
common: an upgrade between distributions is not possible. Before 17.6 one to 17 fails (docs/src/postgres_upgrades.md of
cloudnative-pg 1.30.0). That supports 14 too, which gets no fixes after November 2026."""
LEAST_CPU: Final = "100m"
LEAST_MEMORY: Final = "512Mi"
LEAST_STORAGE: Final = "2Gi"
LEAST_WAL: Final = "2Gi"
"""The write-ahead log may take half of its volume for what a standby has not read yet, and is written in pieces."""
MOST_SERVERS: Final = 9
"""Every standby reads everything from the primary."""
RESERVED_DATABASES: Final = ("postgres", "template0", "template1")
RESERVED_OWNERS: Final = (
    *("postgres", "public", "none"),
    *("streaming_replica", "cnpg_pooler_pgbouncer", "cnpg_metrics_exporter"),
)
"""PostgreSQL's own, and those that the operator makes."""
SIDECAR_CPU: Final = "100m"
SIDECAR_MEMORY: Final = "512Mi"
"""What the backups' container beside every server asks for, on top of the server's own."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server(instance.Server):
    """What one PostgreSQL server of a size gets. A quarter of the memory is its cache."""

    wal: str
    """Bytes of the volume that has the write-ahead log alone, so that it can't fill the one with data."""
    connections: str
    """How many there may be at a time."""


SIZES: Final[Mapping[instance.Size, Server]] = {
    "small": Server(cpu="500m", memory="2Gi", storage="10Gi", wal="4Gi", connections="100"),
    "medium": Server(cpu="2", memory="8Gi", storage="100Gi", wal="20Gi", connections="200"),
    "large": Server(cpu="4", memory="16Gi", storage="500Gi", wal="50Gi", connections="400"),
}


class PostgresqlOverrides(instance.Overrides):
    """What a PostgreSQL gets instead of what its size and availability say. Leave a key out to keep the size's own."""

    replicas: fields.Replicas | None = None
    """How many servers, at most 9: one primary, the others its standbys. Odd where the instance is zonal."""
    wal: fields.Quantity | None = None
    """Size of the volume for the write-ahead log, in bytes, for example `20Gi`. It can grow and never shrinks."""
    connections: Annotated[int, pydantic.Strict(), pydantic.Field(ge=10, le=5000)] | None = None
    """How many connections there may be at a time. Each takes memory; another number restarts the servers."""
    version: Annotated[str, pydantic.StringConstraints(pattern=forms.MAJOR_AND_PATCH)] | None = None
    """The version of PostgreSQL, 15.x to 18.x, in quotes: `"18.4"`. Another major is an upgrade without a way back."""


class Postgresql(instance.Database):
    """A PostgreSQL, run by CloudNativePG."""

    SIZES: ClassVar[Mapping[instance.Size, Server]] = SIZES
    # With one standby writes would have to stop, or go on in one zone alone, as soon as it is away.
    SERVERS: ClassVar[Mapping[instance.Availability, int]] = {"single": 1, "zonal": 3}

    service: Literal["postgresql"]
    """Which service of the catalogue this is."""
    database: Annotated[str, pydantic.StringConstraints(pattern=forms.DATABASE, max_length=63)] = "app"
    """The database that is made for the application. Without effect on an instance that exists. Default `app`."""
    owner: Annotated[str, pydantic.StringConstraints(pattern=forms.DATABASE, max_length=63)] = "app"
    """The role that owns it; its password is generated. Without effect on an instance that exists. Default `app`."""
    archive: fields.ServiceName | None = None
    """The folder of its backups in the object store, which no other instance may write to, not even one that is gone.
    Leave it out for the instance's name."""
    overrides: PostgresqlOverrides = PostgresqlOverrides()
    """What differs from the size, key by key. Default nothing."""

    @property
    def wal(self) -> str:
        """Bytes of the volume for the write-ahead log."""
        return self.overrides.wal or self.SIZES[self.size].wal

    @property
    def connections(self) -> int:
        """How many there may be at a time."""
        return self.overrides.connections or int(self.SIZES[self.size].connections)

    @property
    def confirmations(self) -> int:
        """How many standbys must have a transaction before it counts as committed; 0 where nothing is promised.

        Half of them: then the loss of any zone, with the primary or without, leaves enough standbys to go on writing,
        and among them one that has every commit.
        """
        return (self.servers - 1) // 2 if self.availability == "zonal" else 0
