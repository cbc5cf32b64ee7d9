"""Settings of a MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

import pydantic

from stacks import fields, forms
from stacks.services import instance

VERSION: Final = "8.0.32"
"""The newest of the series that `quay.io/mongodb/mongodb-community-server` is known to have for ubi9."""
SERIES: Final[Mapping[str, int]] = {"7.0": 28, "8.0": 17}
"""Series that can be had, and the first patch release of each that does not show its memory to whoever may connect:
CVE-2025-14847, jira.mongodb.org/browse/SERVER-115508."""
COMPATIBILITIES: Final[Mapping[str, tuple[str, ...]]] = {"7.0": ("6.0", "7.0"), "8.0": ("7.0", "8.0")}
"""Which feature compatibility versions a series can run with: the one before, and its own."""
MOST_MEMBERS: Final = 7
"""mongodb.com/docs/manual/core/replica-set-members: no more than seven vote."""
LEAST_CPU: Final = "250m"
LEAST_MEMORY: Final = "1Gi"
"""Of a pod: half of it is the agent's, and mongod's smallest cache takes a quarter."""
LEAST_STORAGE: Final = "5Gi"
"""The log that members replicate by takes 990 MB at least, and the journal lies beside it."""
RESERVED_DATABASES: Final = ("admin", "config", "local")
"""MongoDB's own."""
RESERVED_OWNERS: Final = ("backup", "mms-automation")
"""The user that dumps, and the agent's own."""

SIZES: Final[Mapping[instance.Size, instance.Server]] = {
    "small": instance.Server(cpu="500m", memory="2Gi", storage="10Gi"),
    "medium": instance.Server(cpu="2", memory="8Gi", storage="100Gi"),
    "large": instance.Server(cpu="4", memory="16Gi", storage="500Gi"),
}


class MongodbOverrides(instance.Overrides):
    """What a MongoDB gets instead of what its size and availability say. Leave a key out to keep the size's own."""

    replicas: fields.Replicas | None = None
    """How many members: 1, 3, 5 or 7, because a majority of them elects the one that takes writes."""
    cpu: fields.Quantity | None = None
    """CPU that one member asks for, in cores, for example `1500m`, at least `250m`. `100m` of it are the agent's."""
    memory: fields.Quantity | None = None
    """Memory that one member asks for, in bytes, for example `4Gi`, at least `1Gi`. 500 MiB of it are the agent's."""
    version: Annotated[str, pydantic.Field(pattern=forms.VERSION)] | None = None
    """The version of MongoDB, 7.0.x or 8.0.x, for example `8.0.32`. One series at a time, and never back."""
    feature_compatibility_version: Literal["6.0", "7.0", "8.0"] | None = None
    """Which series the data is kept compatible with, in quotes: `"7.0"`. Leave it out for what it was made with."""


class Mongodb(instance.Database):
    """A replica set of MongoDB Community, run by MongoDB Controllers for Kubernetes."""

    SIZES: ClassVar[Mapping[instance.Size, instance.Server]] = SIZES
    # Two members would be worse than one: both are needed for a majority.
    SERVERS: ClassVar[Mapping[instance.Availability, int]] = {"single": 1, "zonal": 3}

    service: Literal["mongodb"]
    """Which service of the catalogue this is."""
    database: Annotated[str, pydantic.StringConstraints(pattern=forms.DATABASE, max_length=63)] = "app"
    """The database that the owner may read, write and index. Default `app`."""
    owner: Annotated[str, pydantic.StringConstraints(pattern=forms.DATABASE, max_length=63)] = "app"
    """The user of the database; its password is generated. Default `app`."""
    overrides: MongodbOverrides = MongodbOverrides()
    """What differs from the size, key by key. Default nothing."""

    @property
    def majority(self) -> int:
        """How many members must see each other."""
        return self.servers // 2 + 1
