"""Settings of an etcd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

import pydantic

from stacks import fields, forms, quantities
from stacks.services import instance

MINORS: Final = ("3.5", "3.6")
"""What etcd-operator 0.2.0 is tested with: its end-to-end tests run 3.5.18 and 3.6.8."""
MOST_MEMBERS: Final = 7
"""etcd.io/docs/v3.6/faq: every member more makes each write slower."""
LEAST_STORAGE: Final = "2Gi"
"""Beside the database lie up to five logs of 64 MB and five snapshots."""
LARGEST_QUOTA: Final = 8 * 2**30
"""Bytes. etcd.io/docs/v3.6/dev-guide/limit: more is not recommended, and etcd warns of it at its start."""

SIZES: Final[Mapping[instance.Size, instance.Server]] = {
    "small": instance.Server(cpu="250m", memory="1Gi", storage="4Gi"),
    "medium": instance.Server(cpu="1", memory="4Gi", storage="8Gi"),
    "large": instance.Server(cpu="4", memory="16Gi", storage="20Gi"),
}


class EtcdOverrides(instance.Overrides):
    """What an etcd gets instead of what its size and availability say. Leave a key out to keep the size's own."""

    replicas: fields.Replicas | None = None
    """How many members: 1, 3, 5 or 7, because a majority of them decides."""
    version: Annotated[str, pydantic.Field(pattern=forms.VERSION)] | None = None
    """The version of etcd, 3.5.x or 3.6.x. Members that run are not rolled when it changes: docs/services/etcd.md."""


class Etcd(instance.Database):
    """A preview: an etcd, run by the etcd-operator, without TLS, without passwords."""

    SIZES: ClassVar[Mapping[instance.Size, instance.Server]] = SIZES
    # Two members would be worse than one: both are needed for a majority.
    SERVERS: ClassVar[Mapping[instance.Availability, int]] = {"single": 1, "zonal": 3}
    PREVIEW: ClassVar[str] = (
        "no TLS and no passwords, so network policies alone keep others out; no probes; members are spread over zones "
        "only as far as the scheduler likes to; a new version reaches members that run only by hand"
    )

    service: Literal["etcd"]
    """Which service of the catalogue this is."""
    overrides: EtcdOverrides = EtcdOverrides()
    """What differs from the size, key by key. Default nothing."""

    @property
    def quorum(self) -> int:
        """How many members must agree."""
        return self.servers // 2 + 1

    @property
    def quota(self) -> int:
        """Bytes that the database may have before it takes no more: half of the volume, for a defragmented copy."""
        return min(LARGEST_QUOTA, int(quantities.value(self.asked("storage")) / 2))
