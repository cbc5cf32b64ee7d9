"""Whether the machines that a pool asks for exist at its vendor and are what the pool says they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from stacks import findings, managed, quantities, resolution, shapes, suggestions, unknown
from stacks.cluster_checks import subject as subjects

LEAST_SPOT_TYPES: Final = 3
"""AWS takes back a type's spot machines together; with three the pool lives on."""
MOST_TYPES: Final = 20
"""Machine types of one EKS managed node group."""
SYSTEM_CPU: Final = 2
SYSTEM_MEMORY: Final = 4 * shapes.GIB
"""What AKS demands of a system pool, and what the add-ons of the others need as well."""
DISK: Final = (30, 2048)
"""GiB. The smallest is AKS's; the largest, AKS's too, is far more than images and logs of a node take."""
NEAREST: Final = 3
"""How many machines a message offers."""


def _named(subject: subjects.Subject) -> Iterator[tuple[str, managed.Pool, int, str]]:
    for name, pool in subject.pools():
        yield from unknown.as_far_as_known(_names(name, pool))


def _names(name: str, pool: managed.Pool) -> Iterator[tuple[str, managed.Pool, int, str]]:
    for index, text in enumerate(pool.instance_types):
        if not unknown.is_unknown(text):
            yield name, pool, index, text


@subjects.for_each(subjects.Subject.pools)
def are_chosen_in_one_way(subject: subjects.Subject, name: str, pool: managed.Pool) -> Iterator[findings.Finding]:
    """A pool says what it wants by a shape or by names."""
    if (pool.shape is None) == (not pool.instance_types):
        yield subject.finding(
            "pools",
            name,
            what=f"{subject.spelled('pools', name)} needs exactly one of `shape` and `instanceTypes`",
            why="by one of them the machines of the pool are chosen",
            next="write for example `shape: {cpu: 4, memory: 16Gi}`",
        )


@subjects.for_each(subjects.Subject.pools)
def exist_in_that_shape(subject: subjects.Subject, name: str, pool: managed.Pool) -> Iterator[findings.Finding]:
    """Some machine of the vendor has the shape."""
    shape = pool.shape
    if shape is None or pool.instance_types or (subject.cluster.compute == "auto" and pool.role != "system"):
        return
    if shapes.machines(subject.vendor, arch=pool.arch, cpu=shape.cpu, memory=shape.memory):
        return
    near = shapes.nearest(subject.vendor, arch=pool.arch, cpu=shape.cpu, memory=shape.memory, count=NEAREST)
    offers = ", ".join(f"`{{cpu: {each.cpu}, memory: {_gib(each.memory)}}}` ({each.name})" for each in near)
    shown = f" ({pool.arch}, {shape.cpu} CPUs, {shape.memory})" if subject.echo else ""
    yield subject.finding(
        "pools",
        name,
        "shape",
        what=f"{subject.spelled('pools', name, 'shape')}{shown} is that of no machine of {subject.vendor}",
        why="a shape is met exactly: a larger machine would cost what nobody asked for",
        next=f"write {offers}, or name machines in `instanceTypes`",
    )


@subjects.for_each(_named)
def are_the_vendors(
    subject: subjects.Subject, name: str, pool: managed.Pool, index: int, text: str
) -> Iterator[findings.Finding]:
    """Names of machines are of the vendor's kind and of the pool's architecture, and each is there once."""
    place = ("pools", name, "instanceTypes", index)
    shown = f"{subject.spelled(*place)}{subject.shown(text)}"
    if not shapes.named_like(subject.vendor, text):
        owner = shapes.owner(text)
        near = suggestions.nearest(text, shapes.names(subject.vendor), whole=True)
        example = shapes.known(subject.vendor)[0].name
        yield subject.finding(
            *place,
            what=f"{shown} is {f'a machine of {owner}, and not' if owner else 'no machine'} of {subject.vendor}",
            why=f"{subject.vendor.upper()} would refuse it when it makes the pool",
            next=f"write `{near}`" if near and not owner else f"write one of its names, for example `{example}`",
        )
    elif text in pool.instance_types[:index]:
        yield subject.finding(
            *place,
            what=f"{shown} is named a second time",
            why="the order of the names is an order of preference, in which each has one place",
            next="name each machine once",
        )
    elif near := shapes.misspelled(subject.vendor, text):
        yield subject.finding(
            *place,
            what=f"{shown} is a size that its family does not have",
            why=f"all sizes of the family are in stacks/shapes.yaml, and {subject.vendor} would refuse another",
            next=f"write {f'`{near}`' if subject.echo else 'one of its sizes'}, or add the size to stacks/shapes.yaml",
        )
    elif (machine := shapes.machine(subject.vendor, text)) and machine.arch != pool.arch:
        yield subject.finding(
            *place,
            what=f"{shown} is {machine.arch}, and its pool is {pool.arch}",
            why="images of the wrong architecture do not start",
            next=f"write `arch: {machine.arch}`, or name another machine",
        )


@subjects.for_each(subjects.Subject.pools)
def are_as_many_as_the_vendor_takes(
    subject: subjects.Subject, name: str, pool: managed.Pool
) -> Iterator[findings.Finding]:
    """A pool has one type of machine at GKE and AKS, and up to twenty at EKS."""
    most = MOST_TYPES if subject.vendor == "eks" else 1
    if len(pool.instance_types) > most:
        place = ("pools", name, "instanceTypes")
        yield subject.finding(
            *place,
            what=(
                f"{subject.spelled(*place)} has {len(pool.instance_types)} names, "
                f"and a pool of {subject.vendor} takes {most}"
            ),
            why="the others would have no effect" if most == 1 else "AWS refuses a node group with more",
            next="keep the first, and write a pool for each of the others" if most == 1 else "keep the best",
        )


@subjects.for_each(subjects.Subject.resolved_pools)
def are_enough_for_spot(subject: subjects.Subject, pool: resolution.Pool) -> Iterator[findings.Finding]:
    """A spot pool on EKS does not depend on one or two types of machine."""
    number = len(pool.instance_types)
    if subject.vendor == "eks" and pool.spot and 0 < number < LEAST_SPOT_TYPES:
        yield subject.finding(
            "pools",
            pool.name,
            "spot",
            what=(
                f"{subject.spelled('pools', pool.name)} is a spot pool with {number} "
                f"{'type' if number == 1 else 'types'} of machine; {LEAST_SPOT_TYPES} are the least"
            ),
            why="AWS takes back all spot machines of a type when it runs out of that type",
            next="name more in `instanceTypes`, or ask for a `shape` that more machines have",
        )


@subjects.for_each(subjects.Subject.resolved_pools)
def are_large_enough_for_the_system(subject: subjects.Subject, pool: resolution.Pool) -> Iterator[findings.Finding]:
    """The vendors' own add-ons fit a system node."""
    machine = shapes.machine(subject.vendor, pool.instance_types[0]) if pool.instance_types else None
    if pool.role != "system" or machine is None:
        return
    if machine.cpu < SYSTEM_CPU or machine.memory < SYSTEM_MEMORY:
        yield subject.finding(
            "pools",
            pool.name,
            what=(
                f"{subject.spelled('pools', pool.name)} is the system pool, and its machine {machine.name} has "
                f"{machine.cpu} CPU and {_gib(machine.memory)}"
            ),
            why="the vendor's add-ons need more; AKS refuses such a pool",
            next=f"ask for {SYSTEM_CPU} CPUs and {_gib(SYSTEM_MEMORY)} or more",
        )


@subjects.for_each(subjects.Subject.pools)
def have_a_disk_of_the_right_size(
    subject: subjects.Subject, name: str, pool: managed.Pool
) -> Iterator[findings.Finding]:
    """A node's disk has a size that every vendor makes."""
    least, most = DISK
    if not least <= quantities.value(pool.disk) / shapes.GIB <= most:
        place = ("pools", name, "disk")
        yield subject.finding(
            *place,
            what=f"{subject.spelled(*place)}{subject.shown(pool.disk)} must be {least}Gi to {most}Gi",
            why="a node's disk has its system, images and logs; data goes on volumes",
            next="leave it out for 100Gi, or write a size between the two",
        )


def take_the_same_disks(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """On GKE a volume can be attached in every pool, wherever its pod goes."""
    if subject.vendor != "gke":
        return
    taken: dict[str, str] = {}
    for pool in subject.resolved.pools:
        for name in pool.instance_types[:1]:
            # What is no machine of GKE is told as such, and takes no disk of GKE's.
            if shapes.machine("gke", name) is not None:
                taken.setdefault(shapes.disks(name), name)
    if "hyperdisk" in taken and "persistent" in taken:
        yield subject.finding(
            "pools",
            what=(
                f"{subject.spelled('pools')} has machines that take different disks"
                f"{_both(taken) if subject.echo else ''}"
            ),
            why="a pod would wait for ever on a node that can't have its volume",
            next="use machines of the same kind, for example n4 and c4a, or e2, n2 and t2a",
        )


def _both(taken: Mapping[str, str]) -> str:
    return f": {taken['hyperdisk']} Hyperdisk only, {taken['persistent']} none of it"


def _gib(memory: int) -> str:
    return f"{memory / shapes.GIB:g}Gi"


CHECKS: Final[tuple[subjects.Check, ...]] = (
    are_chosen_in_one_way,
    exist_in_that_shape,
    are_the_vendors,
    are_as_many_as_the_vendor_takes,
    are_enough_for_spot,
    are_large_enough_for_the_system,
    have_a_disk_of_the_right_size,
    take_the_same_disks,
)
