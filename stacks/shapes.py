"""Which machines of a vendor have what a pool's shape asks for, from `shapes.yaml`. Data and look-ups only."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from typing import Any, Final

import yaml

from stacks import quantities

PATH: Final = pathlib.Path(__file__).with_name("shapes.yaml")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine type of a vendor."""

    name: str
    arch: str
    cpu: int
    memory: int
    """Bytes."""


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
    found = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return tuple(_machine(name, row) for name, row in found[vendor].items())


def _machine(name: str, row: dict[str, Any]) -> Machine:
    return Machine(name=name, arch=row["arch"], cpu=row["cpu"], memory=int(quantities.value(row["memory"])))
