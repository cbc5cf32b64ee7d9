"""The services that a stack can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

import pydantic

from stacks.services import prometheus

Service = Annotated[prometheus.Prometheus, pydantic.Field()]
"""A service of the catalogue, told apart by `service`; with a second one it becomes a union with that discriminator."""

SERVICES: Final[Mapping[str, type[Service]]] = {"prometheus": prometheus.Prometheus}
"""The model of each, by its name."""
