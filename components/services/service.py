"""The component of one service instance: registers what the service's builder makes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pulumi

from components import contracts, registration
from components.clusters import provider


@dataclasses.dataclass(frozen=True, kw_only=True)
class InstanceArgs:
    """Which service runs where, and after what."""

    entry: contracts.Service[Any]
    options: Any
    """The service's settings, of the type that its builder takes."""
    cluster: contracts.ClusterFacts
    operators: Sequence[pulumi.Resource]
    """The installed operators that the service needs."""
    protect: bool = False
    """Whether what holds data is protected from deletion."""


class Instance(pulumi.ComponentResource):
    """A running service. Who depends on it waits until its operator says that it is ready."""

    endpoint: contracts.Endpoint
    version: str

    def __init__(self, name: str, args: InstanceArgs, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"paasport:services:{args.entry.type}", name, None, provider.with_provider(args.cluster, opts))
        objects = args.entry.build(
            contracts.ServiceArgs(
                name=name,
                options=args.options,
                storage=args.cluster.storage,
                load_balancer=args.cluster.load_balancer,
            )
        )
        shared = registration.group(
            name,
            objects.shared,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.cluster.ready, *args.operators]),
        )
        for manifest in objects.custom_resources:
            registration.single(
                manifest["metadata"]["name"],
                manifest,
                opts=pulumi.ResourceOptions(
                    parent=self, depends_on=[shared, *args.operators], protect=args.protect or None
                ),
            )
        self.endpoint, self.version = objects.endpoint, objects.version
        self.register_outputs({"url": self.endpoint.url, "version": self.version})
