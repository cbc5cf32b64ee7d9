"""Which machines of a vendor have what a pool's shape asks for, from `shapes.yaml`. Data and look-ups only."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from stacks import quantities, tables

GIB: Final = 2**30

_GRAMMAR: Final[Mapping[str, str]] = {
    "eks": (
        r"([a-z]+[0-9]+[a-z]*(-[a-z0-9]+)?|u-[0-9]+tb[0-9]+)"
        r"\.(nano|micro|small|medium|large|([1-9][0-9]*)?xlarge|metal(-[0-9]+xl)?)"
    ),
    "gke": r"[a-z]+[0-9]+[a-z]*-(micro|small|medium|[a-z]+-[0-9]+[a-z]*(-[a-z0-9]+)*)",
    "aks": r"Standard_[A-Z]{1,3}[0-9]+(-[0-9]+)?[a-z]*((_[A-Za-z0-9]+)*_v[0-9]+(_Promo)?)?",
}
"""How each vendor writes the name of a machine type: a family, its generation, and a size of those that there are."""
_WORTH: Final[Mapping[str, float]] = {"nano": 1 / 32, "micro": 1 / 16, "small": 1 / 8, "medium": 1 / 4, "large": 1 / 2}
"""AWS's sizes that are not written as multiples of `xlarge`, as such."""
_METAL: Final = 2.0**40
"""A whole machine: more than any size, so that none is near it but another."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine type of a vendor."""

    name: str
    arch: str
    cpu: int
    memory: int
    """Bytes."""
    disk: int
    """Bytes of the machine's own disk, which a node's system can live on; 0 where there is none."""


def machines(vendor: str, *, arch: str, cpu: int, memory: str) -> tuple[str, ...]:
    """The names of the machines with exactly as many CPUs and as much memory, preferred ones first."""
    wanted = quantities.value(memory)
    return tuple(
        machine.name
        for machine in known(vendor)
        if machine.arch == arch and machine.cpu == cpu and machine.memory == wanted
    )


@functools.cache
def known(vendor: str) -> tuple[Machine, ...]:
    """Every machine of a vendor that is known, preferred ones first."""
    table = tables.read("shapes")[vendor]
    return tuple(machine for family in table["families"] for machine in _sizes(family, table["sizes"]))


def machine(vendor: str, name: str) -> Machine | None:
    """The machine type of that name; None where it is not known, which says nothing about whether it exists."""
    return _by_name(vendor).get(name)


def named_like(vendor: str, name: str) -> bool:
    """Whether the vendor names machine types like that."""
    return re.fullmatch(_GRAMMAR[vendor], name) is not None


def owner(name: str) -> str:
    """The vendor that names machine types like that; empty where nobody does."""
    return next((vendor for vendor in _GRAMMAR if named_like(vendor, name)), "")


def names(vendor: str) -> Iterator[str]:
    """The names of all machines of the families that are known, those included that no shape is answered by."""
    for family in tables.read("shapes")[vendor]["families"]:
        yield from (_spelled(family, size) for size in _written(vendor, family))


def misspelled(vendor: str, name: str) -> str:
    """The nearest machine type of the family, where the family is known and has no such size; empty otherwise.

    A family that is not known says nothing: not every family is in the table, but every size of those that are.
    """
    for family in tables.read("shapes")[vendor]["families"]:
        found = re.fullmatch(re.escape(family["name"]).replace("SIZE", "(.+)").replace("CPU", "([0-9]+)"), name)
        sizes = found and {_spelled(family, size): _worth(size) for size in _written(vendor, family)}
        if found and sizes and name not in sizes:
            worth = _worth(found[1])
            return min(sizes, key=lambda each: (abs(math.log2(sizes[each]) - math.log2(worth)), sizes[each]))
    return ""


def disks(name: str) -> Literal["hyperdisk", "persistent", "both"]:
    """Which kind of Google's disks a machine of GKE takes."""
    table, family = tables.read("shapes")["gke"], name.partition("-")[0]
    if family in table["hyperdiskOnly"]:
        return "hyperdisk"
    return "both" if family in table["hyperdiskToo"] else "persistent"


def nearest(vendor: str, *, arch: str, cpu: int, memory: str, count: int) -> tuple[Machine, ...]:
    """The preferred machines of the shapes that are nearest to the one asked for, the nearest first."""
    wanted = math.log2(cpu), math.log2(max(float(quantities.value(memory)), 1.0))

    def distance(machine: Machine) -> float:
        return math.dist(wanted, (math.log2(machine.cpu), math.log2(machine.memory)))

    shapes: dict[tuple[int, int], Machine] = {}
    for machine in known(vendor):
        if machine.arch == arch:
            shapes.setdefault((machine.cpu, machine.memory), machine)
    return tuple(sorted(shapes.values(), key=lambda machine: (distance(machine), machine.cpu))[:count])


@functools.cache
def _by_name(vendor: str) -> Mapping[str, Machine]:
    return {machine.name: machine for machine in known(vendor)}


def _sizes(family: Mapping[str, Any], sizes: Mapping[int, str]) -> Iterator[Machine]:
    cpus: Iterable[int] = family["cpus"]
    for cpu in cpus:
        yield Machine(
            name=_spelled(family, sizes.get(cpu, str(cpu))),
            arch=family["arch"],
            cpu=cpu,
            memory=int(family["memory"] * cpu * GIB),
            disk=int(family["disk"] * cpu * GIB),
        )


def _written(vendor: str, family: Mapping[str, Any]) -> Iterator[str]:
    """All sizes of a family, as they stand in names."""
    sizes = tables.read("shapes")[vendor]["sizes"]
    yield from (sizes.get(cpu, str(cpu)) for cpu in family["cpus"])
    yield from map(str, family.get("also", ()))


def _spelled(family: Mapping[str, Any], size: str) -> str:
    name: str = family["name"]
    return name.replace("SIZE", size).replace("CPU", size)


def _worth(size: str) -> float:
    """How large a size is, compared with others of its family: `2xlarge` is twice `xlarge`."""
    if size.startswith("metal"):
        return _METAL
    if size in _WORTH:
        return _WORTH[size]
    return min(max(float(size.removesuffix("xlarge") or 1), 1.0), _METAL / 2)
