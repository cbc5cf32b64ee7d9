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
    "eks": r"[a-z][a-z0-9-]*\.[a-z0-9-]+",
    "gke": r"[a-z][a-z0-9]*-[a-z0-9-]+",
    "aks": r"Standard_[A-Z][A-Za-z0-9_-]*",
}
"""How each vendor writes the name of a machine type."""


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
            name=family["name"].replace("SIZE", sizes.get(cpu, "")).replace("CPU", str(cpu)),
            arch=family["arch"],
            cpu=cpu,
            memory=int(family["memory"] * cpu * GIB),
            disk=int(family["disk"] * cpu * GIB),
        )
