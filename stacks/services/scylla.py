"""Settings of a ScyllaDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

import pydantic

from stacks import fields, forms
from stacks.services import instance, placement

VERSION: Final = "2026.1.3"
"""The one that the operator 1.21.1 is tested with: assets/config/config.yaml at its tag."""
SERIES: Final = ("2025.1", "2025.3", "2025.4", "2026.1")
"""What the operator 1.21.1 supports: docs/source/reference/releases.md at its tag."""
MINORS: Final = ("1.33", "1.34", "1.35", "1.36")
"""The Kubernetes minors that it supports: assets/metadata/metadata.yaml at its tag."""
USER: Final = "app"
"""The one role that there is in the beginning, a superuser: it makes keyspaces and other roles."""
DATACENTER: Final = "dc1"
"""What drivers and replication call the one datacenter."""
RACKS: Final = ("a", "b", "c")
LEAST_BESIDE_SHARDS: Final = "2Gi"
"""Memory that ScyllaDB leaves to the system: at least 1.5 GiB (seastar, `src/core/resource.cc`)."""
LEAST_OF_A_SHARD: Final = "1Gi"
"""ScyllaDB does not start with less for each core: `verify_adequate_memory_per_shard` of its main.cc."""

NODES: Final = placement.Nodes(
    labels={"scylla.scylladb.com/node-type": "scylla"},
    taints=(placement.Taint(key="scylla-operator.scylladb.com/dedicated", value="scyllaclusters"),),
)
"""Nodes for ScyllaDB alone, by upstream's convention: docs/source/deploy-scylladb/production-checklist.md."""

_MANAGED: Final = (
    "only ScyllaDB Manager backs up and restores all nodes as one, and it is not part of the catalogue: "
    "docs/services/scylla.md has the steps by hand"
)

SIZES: Final[Mapping[instance.Size, instance.Server]] = {
    # Fit machines of 2, 4 and 8 cores with 4 GiB for each: one core is left to interrupts and to the system.
    "small": instance.Server(cpu="1", memory="4Gi", storage="20Gi"),
    "medium": instance.Server(cpu="3", memory="12Gi", storage="200Gi"),
    "large": instance.Server(cpu="7", memory="26Gi", storage="500Gi"),
}


class ScyllaOverrides(instance.Overrides):
    """What a ScyllaDB gets instead of what its size and availability say. Leave a key out to keep the size's own."""

    replicas: fields.Replicas | None = None
    """How many nodes in all; with `zonal` as many in each of three racks, so a multiple of 3."""
    cpu: fields.Quantity | None = None
    """Cores of one node, a whole number: each is a shard of its own."""
    memory: fields.Quantity | None = None
    """Memory of one node, in bytes, for example `12Gi`: at least 2 GiB and 1 GiB for each core."""
    storage: fields.Quantity | None = None
    """Size of one node's volume, in bytes, more than twice the memory. The operator refuses to change it later."""
    version: Annotated[str, pydantic.Field(pattern=forms.VERSION)] | None = None
    """The version of ScyllaDB, for example `2026.1.3`. One series at a time, and never back."""


class Scylla(instance.Database):
    """A cluster of ScyllaDB, run by the scylla-operator."""

    SIZES: ClassVar[Mapping[instance.Size, instance.Server]] = SIZES
    # Two would be worse than one for data that has a copy in each zone: both are needed for a majority.
    SERVERS: ClassVar[Mapping[instance.Availability, int]] = {"single": 1, "zonal": 3}
    REFUSED: ClassVar[Mapping[str, str]] = {"backups": _MANAGED, "restore": _MANAGED}
    BESIDE: ClassVar[Mapping[str, str]] = {"cpu": "200m", "memory": "336Mi"}

    service: Literal["scylla"]
    """Which service of the catalogue this is."""
    nodes: Literal["dedicated", "shared"] = "dedicated"
    """`dedicated`: nodes with upstream's label and taint, which are tuned, and a volume on XFS. `shared`: any nodes, in
    ScyllaDB's developer mode, for what may be lost. Default `dedicated`."""
    overrides: ScyllaOverrides = ScyllaOverrides()
    """What differs from the size, key by key. Default nothing."""

    @property
    def dedicated_nodes(self) -> placement.Nodes | None:
        """The nodes that are kept for it."""
        return NODES if self.nodes == "dedicated" else None

    @property
    def racks(self) -> tuple[str, ...]:
        """Names of its racks: one in each zone where that is promised, else one."""
        return RACKS if self.availability == "zonal" else RACKS[:1]
