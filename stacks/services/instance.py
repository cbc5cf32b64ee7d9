"""What every service of the catalogue can be told alike: how large, how available, and what differs from that."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import pydantic

from stacks import fields, forms
from stacks.services import placement

Size = Literal["small", "medium", "large"]
Availability = Literal["single", "zonal"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server:
    """What one server of a size gets. Plain values, pinned: a changed default must never replace a running database.

    Quantities as Kubernetes writes them.
    """

    cpu: str
    """Cores."""
    memory: str
    """Bytes."""
    storage: str
    """Bytes of its volume."""


class Overrides(fields.Model):
    """What an instance gets instead of what its size and availability say. Leave a key out to keep the size's own."""

    replicas: fields.Replicas | None = None
    """How many servers."""
    cpu: fields.Quantity | None = None
    """CPU that one server asks for, in cores, for example `500m`."""
    memory: fields.Quantity | None = None
    """Memory that one server asks for, in bytes, for example `4Gi`."""
    storage: fields.Quantity | None = None
    """Size of one server's volume, in bytes, for example `50Gi`. A volume can grow and never shrinks."""


class Backups(fields.Model):
    """When an instance is backed up into the object store that the cluster's `backups` makes."""

    schedule: Annotated[str, pydantic.StringConstraints(pattern=forms.CRON)] = "0 2 * * *"
    """When, as five fields of cron in UTC: minute, hour, day, month, weekday. Default every night at 02:00."""


class Restore(fields.Model):
    """Which backup a new instance begins with. Without effect on one that exists."""

    instance: fields.ServiceName
    """The instance whose backup it is: this one's own name, or that of another in the same object store."""
    at: Annotated[str, pydantic.StringConstraints(pattern=forms.MOMENT)] | None = None
    """Which moment to go back to, such as `2026-12-18T02:00:00Z`. Leave it out for the newest there is."""


class Instance(fields.Model):
    """One instance of a service."""

    SIZES: ClassVar[Mapping[Size, Server]]
    """What one server of each size gets."""
    SERVERS: ClassVar[Mapping[Availability, int]]
    """How many servers each availability means; fewer never keep the promise of `zonal`."""
    PREVIEW: ClassVar[str] = ""
    """What keeps it from production; empty where nothing does."""
    LACKS: ClassVar[tuple[str, ...]] = ()
    """What it does without, in words; said wherever it is checked or deployed."""
    BESIDE: ClassVar[Mapping[str, str]] = {}
    """What a server's pod asks for on top of what the server does, by resource: other containers of its operator's."""
    USES: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Which other instances of its stack it uses: services that fit, by the field that names the instance. Such a field
    is a `fields.ServiceName | None`, and may be left out where the stack has just one instance that fits."""

    service: str
    """Which service of the catalogue this is."""
    size: Size = "small"
    """How much CPU, memory and storage it gets. Default `small`."""
    availability: Availability = "single"
    """`single`: one server. `zonal`: servers in two zones or more, so that a zone may fail. Default `single`."""
    overrides: Overrides = Overrides()
    """What differs from the size, key by key. Default nothing."""

    @property
    def dedicated_nodes(self) -> placement.Nodes | None:
        """The nodes that are kept for its kind of server; None where it runs on those that take any pod."""
        return None

    @property
    def servers(self) -> int:
        """How many there are."""
        return self.overrides.replicas or self.SERVERS[self.availability]

    @property
    def uses_backups(self) -> bool:
        """Whether it writes backups or begins with one."""
        return False

    def asked(self, resource: Literal["cpu", "memory", "storage"]) -> str:
        """How much of it one server asks for."""
        given: str | None = getattr(self.overrides, resource)
        return given or str(getattr(self.SIZES[self.size], resource))


class Database(Instance):
    """One instance of a service that holds data which nothing else has."""

    REFUSED: ClassVar[Mapping[str, str]] = {}
    """Which of the fields below it cannot have, and why."""

    backups: Backups | None = None
    """When it is backed up. Leave it out for never."""
    restore: Restore | None = None
    """Which backup it begins with. Leave it out for none."""
    monitored_by: fields.ServiceName | None = None
    """Which Prometheus of this stack watches it. Leave it out for the only one there is."""
    protection: Literal["off", "guarded"] | None = None
    """`guarded`: Pulumi refuses to delete it. Leave it out for what protects the cluster: `guarded` where that is not
    `off`, and on an existing cluster; `off` on this machine."""

    @property
    def uses_backups(self) -> bool:
        """Whether it writes backups or begins with one."""
        return self.backups is not None or self.restore is not None
