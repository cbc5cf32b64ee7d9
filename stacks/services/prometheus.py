"""Settings of a Prometheus."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

import pydantic

from stacks import fields, forms
from stacks.services import instance


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server(instance.Server):
    """What one Prometheus of a size gets: about 3 KiB of memory for each active time series, 1.5 bytes for a sample."""

    retention: str
    """How long samples are kept, unless the volume is full before; as Prometheus writes durations."""


SIZES: Final[Mapping[instance.Size, Server]] = {
    "small": Server(cpu="250m", memory="1Gi", storage="20Gi", retention="7d"),
    "medium": Server(cpu="1", memory="4Gi", storage="100Gi", retention="15d"),
    "large": Server(cpu="4", memory="16Gi", storage="500Gi", retention="30d"),
}


class PrometheusOverrides(instance.Overrides):
    """What a Prometheus gets instead of what its size and availability say. Leave a key out to keep the size's own."""

    replicas: fields.Replicas | None = None
    """How many Prometheus servers, each scraping everything."""
    retention: fields.Duration | None = None
    """How long samples are kept, for example `15d`."""
    version: Annotated[str, pydantic.Field(pattern=forms.VERSION)] | None = None
    """The version of Prometheus, for example `3.5.0`, instead of the one that the operator is tested with."""


class Alertmanager(fields.Model):
    """Who is told of alerts: one Alertmanager, or two where the instance is zonal."""

    receivers: fields.DnsLabel
    """Name of a Secret in the instance's namespace, which the stack does not make: its key `alertmanager.yaml` is
    Alertmanager's configuration, with routes and receivers. Pods do not start without it."""


class Prometheus(instance.Instance):
    """A Prometheus, run by the prometheus-operator."""

    SIZES: ClassVar[Mapping[instance.Size, Server]] = SIZES
    SERVERS: ClassVar[Mapping[instance.Availability, int]] = {"single": 1, "zonal": 2}

    service: Literal["prometheus"]
    """Which service of the catalogue this is."""
    overrides: PrometheusOverrides = PrometheusOverrides()
    """What differs from the size, key by key. Default nothing."""
    alertmanager: Alertmanager | None = None
    """Who is told of alerts, those about Prometheus itself included. Leave it out for nobody: they are only shown."""
