"""Which module makes the cluster of which vendor. Imports that module only, so that no other vendor's SDK is loaded."""

from __future__ import annotations

import importlib
from typing import Any, Final, Protocol, cast

import pulumi

from components import contracts

MODULES: Final = {
    "aks": "components.clusters.aks.cluster",
    "eks": "components.clusters.eks.cluster",
    "gke": "components.clusters.gke.cluster",
    "existing": "components.clusters.existing",
    "local": "components.clusters.local",
}
"""Vendor in a stack file, and the module whose `Cluster` makes it."""


class Cluster(Protocol):
    """What a vendor's component is to the layers above: a resource to hang under, and its facts."""

    facts: contracts.ClusterFacts


def create(vendor: str, args: contracts.ClusterArgs[Any], *, opts: pulumi.ResourceOptions) -> Cluster:
    """Make the vendor's cluster component. Its settings are of the vendor's own type, checked by `stacks.settings`."""
    module = importlib.import_module(MODULES[vendor])
    return cast("Cluster", module.Cluster(args.name, args, opts=opts))
