"""Whether two stacks would make the same cluster: what can only be seen by looking at all of a project's stacks.

Pure; `files.py` gathers them.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping

from stacks import findings, managed

if typing.TYPE_CHECKING:
    from stacks import settings

Identity = tuple[str, str, str]
"""Vendor, account (project, subscription) and the cluster's name there."""


def identity(cluster: settings.Cluster, *, stack: str) -> Identity | None:
    """What tells a cluster from all others; None for one that its stack does not make at a vendor."""
    match cluster:
        case managed.EksCluster(eks=managed.EksOptions(account=account)):
            return "eks", account, cluster.name or stack
        case managed.GkeCluster(gke=managed.GkeOptions(project=project)):
            return "gke", project, cluster.name or stack
        case managed.AksCluster(aks=managed.AksOptions(subscription=subscription)):
            return "aks", subscription, cluster.name or stack
    return None


def collisions(
    own: Identity | None, others: Mapping[str, Identity | None], *, path: findings.Path
) -> Iterator[findings.Finding]:
    """The other stacks whose cluster is this one; `path` is that of the cluster."""
    for stack, other in others.items():
        if own is not None and own == other:
            vendor, account, name = own
            place = (*path, "name")
            yield findings.Finding(
                path=place,
                what=f"the cluster's name `{name}` is that of the stack `{stack}` too, in {account} of {vendor}",
                why="roles, keys and groups are named after it, so that each stack would take over the other's",
                next=f"give this one another `{findings.spelled(place)}`",
            )
