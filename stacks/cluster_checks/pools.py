"""Whether a cluster's pools can run it: one system pool that is always there, and one that takes ordinary pods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stacks import findings, managed, resolution, unknown
from stacks.cluster_checks import subject as subjects
from stacks.services import placement

RESERVED: Final = (
    "kubernetes.io",
    "k8s.io",
    "kubernetes.azure.com",
    "cloud.google.com",
    "gke.io",
    "eks.amazonaws.com",
    "k8s.aws",
    "karpenter.sh",
    "azure.com",
    "paasport.dev",
)
"""Domains below which only Kubernetes, a vendor or paasport itself sets labels and taints of nodes."""
LONGEST_NAME: Final = 63
"""Characters of a label key's part after the slash; the part before it may have 253."""
LONGEST_PREFIX: Final = 253
BLOCKING: Final = ("NoSchedule", "NoExecute")
"""Effects of taints that keep a pod away which does not tolerate them."""


def one_is_the_system_pool(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """One pool is there for what keeps the cluster running; on AKS there may be more: the first can't be replaced."""
    pools = subject.cluster.pools
    system = [name for name, pool in pools.items() if pool.role == "system"]
    if pools and not system:
        yield subject.finding(
            "pools",
            what=f"{subject.spelled('pools')} has no system pool",
            why="DNS and the vendor's add-ons run there, apart from what may crowd them out",
            next="write `role: system` in one of them",
        )
    for name in system[1:] if subject.vendor != "aks" else ():
        yield subject.finding(
            "pools",
            name,
            "role",
            what=f"{subject.spelled('pools', name)} is a second system pool, beside `{system[0]}`",
            why="a cluster has one, so that it is known where add-ons run",
            next="leave `role` out here",
        )


@subjects.for_each(subjects.Subject.resolved_pools)
def the_system_pool_stays(subject: subjects.Subject, pool: resolution.Pool) -> Iterator[findings.Finding]:
    """The system pool is never taken back."""
    if pool.role == "system" and pool.spot:
        yield subject.finding(
            "pools",
            pool.name,
            "spot",
            what=f"{subject.spelled('pools', pool.name)} is the system pool and may not be spot",
            why="the vendor could take back the nodes of DNS and of the add-ons at any time",
            next="leave `spot` out",
        )


@subjects.for_each(subjects.Subject.resolved_pools)
def the_system_pool_is_always_there(subject: subjects.Subject, pool: resolution.Pool) -> Iterator[findings.Finding]:
    """The system pool is never empty, and in production in every zone."""
    if pool.role != "system":
        return
    least = len(pool.zones) if subject.cluster.tier == "prod" else 1
    if pool.min < max(least, 1):
        reason = f"has a node in each of its {least} zones in production" if least > 1 else "is never empty"
        yield subject.finding(
            "pools",
            pool.name,
            "min",
            what=f"{subject.spelled('pools', pool.name, 'min')} is {pool.min}, and a system pool {reason}",
            why="without DNS and the add-ons no pod of the cluster works",
            next=f"write `min: {max(least, 1)}` or more",
        )


@subjects.for_each(subjects.Subject.pools)
def minimum_is_below_maximum(subject: subjects.Subject, name: str, pool: managed.Pool) -> Iterator[findings.Finding]:
    """A pool's fewest nodes are not more than its most."""
    if pool.min > pool.max:
        what = f"{subject.spelled('pools', name, 'min')} is {pool.min}, and `max` is {pool.max}"
        yield subject.finding(
            "pools",
            name,
            "min",
            what=what,
            why="no number of nodes is right then, and vendors refuse it",
            next="both count nodes of all zones: raise `max`",
        )


def somewhere_is_room_for_services(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """Pods without tolerations, as services are made of, find a pool."""
    if subject.cluster.compute == "auto":
        for name, pool in subject.cluster.pools.items():
            if pool.role == "user" or subject.vendor == "eks":
                kept = "for the system too" if subject.vendor == "eks" else "only the system pool is a pool"
                yield subject.finding(
                    "pools",
                    name,
                    what=f"{subject.spelled('pools', name)} has no effect with `compute: auto`",
                    why=f"the vendor makes nodes as pods need them; {kept}",
                    next="remove it, or write `compute: pools`",
                )
    elif not hosts(subject.resolved):
        yield subject.finding(
            "pools",
            what=f"{subject.spelled('pools')} has no pool that takes pods without tolerations",
            why="nodes of system, spot and arm64 pools are tainted, so services would stay Pending",
            next="add a pool such as `general: {shape: {cpu: 4, memory: 16Gi}, min: 1, max: 4}`",
        )


@subjects.for_each(subjects.Subject.pools)
def labels_are_free(subject: subjects.Subject, name: str, pool: managed.Pool) -> Iterator[findings.Finding]:
    """Keys of labels belong to nobody else and are not too long."""
    for key in pool.labels:
        yield from _key(subject, ("pools", name, "labels", key), key)


@subjects.for_each(subjects.Subject.pools)
def taints_are_free(subject: subjects.Subject, name: str, pool: managed.Pool) -> Iterator[findings.Finding]:
    """Keys of taints belong to nobody else and are not too long."""
    for index, taint in enumerate(pool.taints):
        yield from unknown.as_far_as_known(_taint(subject, ("pools", name, "taints", index, "key"), taint))


@subjects.for_each(subjects.Subject.pools)
def taints_are_different(subject: subjects.Subject, name: str, pool: managed.Pool) -> Iterator[findings.Finding]:
    """No taint of a pool repeats another's key and effect."""
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(pool.taints):
        if (taint.key, taint.effect) in seen:
            place = ("pools", name, "taints", index)
            what = f"{subject.spelled(*place)} repeats a key and effect"
            why = "a node has one taint of a key and effect"
            yield subject.finding(*place, what=what, why=why, next="keep one of them")
        seen.add((taint.key, taint.effect))


def hosts(
    resolved: resolution.Managed[managed.Options], *, kept_for: placement.Nodes | None = None
) -> tuple[resolution.Pool, ...]:
    """The pools whose nodes take pods without tolerations, or those that are kept for a kind of server.

    Whoever is kept apart for its data's sake gets no spot nodes.
    """
    if kept_for is not None:
        return tuple(
            pool
            for pool in resolved.pools
            if not pool.spot and kept_for.selects(pool.labels) and kept_for.tolerates(pool.taints)
        )
    return tuple(
        pool
        for pool in resolved.pools
        if pool.role == "user" and not any(taint.effect in BLOCKING for taint in pool.taints)
    )


def _taint(subject: subjects.Subject, place: tuple[str | int, ...], taint: managed.Taint) -> Iterator[findings.Finding]:
    yield from _key(subject, place, unknown.known(taint.key))


def _key(subject: subjects.Subject, place: tuple[str | int, ...], key: str) -> Iterator[findings.Finding]:
    prefix, slash, name = key.rpartition("/")
    domain = next((domain for domain in RESERVED if prefix == domain or prefix.endswith(f".{domain}")), "")
    # A label's key is in the place already.
    shown = "" if place[-1] == key else subject.shown(key)
    if domain:
        yield subject.finding(
            *place,
            what=f"{subject.spelled(*place)}{shown} is below {domain}, where others set labels and taints",
            why="the vendor refuses it, or overwrites it without notice",
            next=f"use a domain of your own, for example `example.com/{name}`",
        )
    elif len(prefix) > LONGEST_PREFIX or len(name) > LONGEST_NAME:
        yield subject.finding(
            *place,
            what=f"{subject.spelled(*place)}{shown} is too long",
            why=f"Kubernetes takes {LONGEST_PREFIX} characters before the slash and {LONGEST_NAME} after it",
            next=f"shorten it{'' if slash else ', or write a domain and a slash before it'}",
        )


CHECKS: Final[tuple[subjects.Check, ...]] = (
    one_is_the_system_pool,
    the_system_pool_stays,
    the_system_pool_is_always_there,
    minimum_is_below_maximum,
    somewhere_is_room_for_services,
    labels_are_free,
    taints_are_free,
    taints_are_different,
)
