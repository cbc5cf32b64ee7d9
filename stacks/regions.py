"""The vendors' regions and their zones, from `regions.yaml`. Data and look-ups only."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Mapping
from typing import Final

import yaml

PATH: Final = pathlib.Path(__file__).with_name("regions.yaml")


def zones(vendor: str, region: str) -> tuple[str, ...]:
    """The vendor's names of the region's zones, in a fixed order; empty for a region that is not known."""
    return known(vendor).get(region, ())


@functools.cache
def known(vendor: str) -> Mapping[str, tuple[str, ...]]:
    """The zones of every region of a vendor; a region without zones has an empty tuple."""
    found = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return {region: tuple(str(zone) for zone in names) for region, names in found[vendor].items()}
