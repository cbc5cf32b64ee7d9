"""What is the same on every managed cluster once it answers: provider, drain guard, classes of storage, facts.

A vendor's component creates the cluster and ends with this, so that its facts are exactly those of the others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pulumi

from components import contracts, registration
from components.clusters import drain_guard, kubeconfigs, provider
from stacks import resolution


@dataclasses.dataclass(frozen=True, kw_only=True)
class Created:
    """A managed cluster as its vendor's component leaves it."""

    vendor: str
    scope: str
    """Where its name is unique: account (project, subscription) and region, of inputs only."""
    resource: pulumi.Resource
    """The cluster itself: when it is replaced, so is everything that was on it."""
    kubeconfig: pulumi.Output[str]
    version: pulumi.Output[str]
    issuer: pulumi.Output[str]
    login: str
    kubectl: str
    network: contracts.NetworkFacts
    storage: contracts.StorageFacts
    storage_classes: Sequence[contracts.Manifest]
    snapshot_class: contracts.Manifest
    """Its kind is the vendor's to bring, by what is among the `controllers`."""
    load_balancer: contracts.LoadBalancerFacts
    identity: contracts.WorkloadIdentity
    backups: contracts.ObjectStore | None
    grants: Sequence[pulumi.Resource]
    """What lets the deployer in; removed after everything on the cluster (terraform-aws-eks#2923)."""
    controllers: Sequence[pulumi.Resource]
    """Pools, add-ons, egress: what must still work while the cluster is emptied."""


def facts(
    parent: pulumi.Resource, args: contracts.ClusterArgs[resolution.Managed[Any]], created: Created
) -> contracts.ClusterFacts:
    """Register what every managed cluster has, below `parent`, and tell the layers above about it."""
    kubernetes = provider.kubernetes(
        args.name,
        vendor=created.vendor,
        scope=created.scope,
        kubeconfig=created.kubeconfig,
        opts=pulumi.ResourceOptions(
            parent=parent,
            replace_with=[created.resource],
            depends_on=[*created.grants, *created.controllers],
        ),
    )
    guard = drain_guard.guard(
        f"{args.name}-drain",
        kubeconfig=created.kubeconfig,
        drain=args.options.drain,
        opts=pulumi.ResourceOptions(
            parent=parent,
            # A replaced cluster is emptied like one that is destroyed.
            replace_with=[created.resource],
            depends_on=[kubernetes, *created.grants, *created.controllers],
        ),
    )
    classes = registration.group(
        f"{args.name}-storage",
        created.storage_classes,
        opts=pulumi.ResourceOptions(parent=parent, provider=kubernetes, depends_on=[guard]),
    )
    # By itself: whether its kind has a namespace is then asked when it is made, and again where it is not there yet.
    snapshots = registration.single(
        f"{args.name}-snapshots",
        created.snapshot_class,
        opts=pulumi.ResourceOptions(parent=parent, provider=kubernetes, depends_on=[guard]),
    )
    return contracts.ClusterFacts(
        vendor=created.vendor,
        name=args.name,
        location=args.options.region,
        version=created.version,
        kubeconfig=created.kubeconfig,
        kubectl=created.kubectl,
        login=created.login,
        endpoint=created.kubeconfig.apply(kubeconfigs.endpoint),
        issuer=created.issuer,
        network=created.network,
        provider=kubernetes,
        storage=created.storage,
        load_balancer=created.load_balancer,
        identity=created.identity,
        backups=created.backups,
        ready=(kubernetes, guard, classes, snapshots),
        reachable=(kubernetes, guard),
    )
