"""What a size means: plain numbers, pinned, because a changed default must never replace a running database.

Read by the checks, which must know what fits on a node, and by the service layer, which asks the cluster for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final


@dataclasses.dataclass(frozen=True, kw_only=True)
class PrometheusSize:
    """What one Prometheus server of a size gets. Quantities as Kubernetes writes them."""

    cpu: str
    """Cores."""
    memory: str
    """Bytes. About 3 KiB for each active time series."""
    storage: str
    """Bytes of its volume. About 1.5 bytes for each sample."""
    retention: str
    """How long samples are kept, unless the volume is full before; as Prometheus writes durations."""


PROMETHEUS: Final[Mapping[str, PrometheusSize]] = {
    "small": PrometheusSize(cpu="250m", memory="1Gi", storage="20Gi", retention="7d"),
    "medium": PrometheusSize(cpu="1", memory="4Gi", storage="100Gi", retention="15d"),
    "large": PrometheusSize(cpu="4", memory="16Gi", storage="500Gi", retention="30d"),
}

PROMETHEUS_REPLICAS: Final[Mapping[str, int]] = {"single": 1, "zonal": 2}
"""How many servers each availability means where nothing overrides it."""
