"""The vendors' regions and their zones, from `regions.yaml`. Data and look-ups only."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Final

from stacks import tables

_ZONE: Final[Mapping[str, Callable[[str, str], str]]] = {
    "eks": lambda region, letter: f"{region}{letter}",
    "gke": lambda region, letter: f"{region}-{letter}",
    "aks": lambda _region, number: number,
}
"""How each vendor names a zone."""


def zones(vendor: str, region: str) -> tuple[str, ...]:
    """The vendor's names of the region's zones, in a fixed order; empty for a region that is not known."""
    return known(vendor).get(region, ())


@functools.cache
def known(vendor: str) -> Mapping[str, tuple[str, ...]]:
    """The zones of every region of a vendor; a region without zones has an empty tuple."""
    named = _ZONE[vendor]
    return {
        region: tuple(named(region, part) for part in parts) for region, parts in tables.read("regions")[vendor].items()
    }


def owner(region: str) -> str:
    """The vendor that has a region of this name; empty where nobody has."""
    return next((vendor for vendor in _ZONE if region in known(vendor)), "")


def partition(region: str) -> str:
    """The AWS partition that a region of AWS belongs to."""
    prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((name for prefix, name in prefixes.items() if region.startswith(prefix)), "aws")
