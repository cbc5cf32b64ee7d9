"""Whether two stacks would make the same, a cluster or what is on one: seen only by looking at all of a project's.

Pure; `files.py` gathers them.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping

from stacks import findings, managed, operators, shared

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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tenant:
    """What a stack wants of a cluster that it may share."""

    place: str
    """What tells the cluster from others: `local/NAME`, or `stack/NAME` for that of the stack of this name."""
    instances: frozenset[str]
    operators: frozenset[str]
    """Which it installs."""
    makes_classes: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Neighbour:
    """What is known of another stack of the project."""

    identity: Identity | None = None
    tenant: Tenant | None = None


def tenant(wanted: settings.Settings, *, stack: str) -> Tenant | None:
    """What the stack wants; None where its file does not tell which cluster is meant: a path may lead anywhere."""
    cluster = wanted.cluster
    if isinstance(cluster, managed.ManagedCluster):
        place = f"stack/{stack}"
    elif cluster.vendor == "local":
        place = f"local/{cluster.name or stack}"
    elif isinstance(cluster, shared.SharedCluster) and (other := getattr(cluster.kubeconfig, "stack", "")):
        place = f"stack/{other.rpartition('/')[2]}"
    else:
        return None
    has_classes = isinstance(cluster, shared.SharedCluster) and cluster.has.storage_classes
    return Tenant(
        place=place,
        instances=frozenset(wanted.services),
        operators=operators.needed(wanted),
        makes_classes=not has_classes,
    )


def tenants(found: Mapping[str, Tenant | None]) -> dict[str, Tenant]:
    """Those of which the cluster is known; one that is another stack's is told as that one tells it."""
    known = {stack: one for stack, one in found.items() if one is not None}
    return {stack: dataclasses.replace(one, place=_followed(one.place, known)) for stack, one in known.items()}


def _followed(place: str, known: Mapping[str, Tenant]) -> str:
    seen: set[str] = set()
    while place not in seen:
        seen.add(place)
        kind, _, stack = place.partition("/")
        if kind == "stack" and stack in known:
            place = known[stack].place
    return place


def crowding(
    stack: str, *, among: Mapping[str, Tenant], cluster: findings.Path, services: findings.Path
) -> Iterator[findings.Finding]:
    """What a stack wants on its cluster that another stack on the same one wants too, and only one can have."""
    own = among.get(stack)
    for name, other in among.items() if own is not None else ():
        if own is None or name == stack or other.place != own.place:
            continue
        for instance in sorted(own.instances & other.instances):
            place = (*services, instance)
            yield findings.Finding(
                path=place,
                what=f"`{findings.spelled(place)}` has the name of an instance of the stack `{name}` "
                "on the same cluster",
                why="an instance lives alone in the namespace of its name, and a cluster has each name once",
                next="give one of the two another name",
            )
        both = [f"`{operator}`" for operator in sorted(own.operators & other.operators)]
        if own.makes_classes and other.makes_classes:
            both.append("the storage classes")
        if both:
            yield findings.Finding(
                path=cluster,
                what=f"the stack `{name}` is on the same cluster, and both would make {', '.join(both)}",
                why="a cluster has them once: two would undo what the other does",
                next="let one of the two own them, "
                f"and write them under `{findings.spelled((*cluster, 'has'))}` of the other",
            )
