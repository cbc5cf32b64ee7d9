"""Which minors of Kubernetes a vendor has, until when, and which step is allowed, from `versions.yaml`.

Pure: whoever asks what is still supported says what day it is.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import re
from collections.abc import Mapping
from typing import Final

from stacks import errors, tables

_MINOR: Final = re.compile(r"v?1\.([0-9]+)(?:[.+-].*)?")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Support:
    """How long a vendor supports a minor."""

    standard: dt.date | None
    """Last day of what is included in the price; None where the day is not known."""
    extended: dt.date | None
    """Last day of what costs extra; None where the day is not known or there is no such thing."""


@functools.cache
def known(vendor: str) -> Mapping[str, Support]:
    """Every minor of a vendor that is known, the oldest first."""
    return {
        minor: Support(standard=row["standard"], extended=row["extended"])
        for minor, row in tables.read("versions")[vendor].items()
    }


def newest(vendor: str) -> str:
    """The newest minor that the vendor has."""
    return max(known(vendor), key=number)


def number(version: str) -> int:
    """The number of the minor in a version as vendors write it: 35 of `1.35`, `v1.35.2` and `1.35.1-gke.1396000`.

    Raises ValueError for what is no version of Kubernetes.
    """
    match = _MINOR.fullmatch(version)
    if match is None:
        raise ValueError(f"{version!r} is no version of Kubernetes such as 1.35")
    return int(match[1])


def is_version(text: str) -> bool:
    """Whether this is a version of Kubernetes as vendors write it."""
    return _MINOR.fullmatch(text) is not None


def step(live: str, wanted: str, *, upgrades: str, subject: str = "the cluster") -> errors.Problem | None:
    """What is wrong with going from the version that runs to the minor that is wanted; None where nothing is.

    `live` is a version as the vendor says it. With `upgrades` of `channel` the vendor may be ahead of the stack file,
    which is no downgrade then. All three vendors raise a control plane one minor at a time and never lower it (EKS can
    go back within a week of an upgrade, by its own command).
    """
    has, asked = number(live), number(wanted)
    if asked < has and upgrades == "pinned":
        return errors.Problem(
            what=f"{subject} runs Kubernetes 1.{has}, and the stack file wants 1.{asked}",
            why="no vendor takes a control plane back to an older minor",
            next=f'write `minor: "1.{has}"`',
        )
    if asked > has + 1:
        return errors.Problem(
            what=f"{subject} runs Kubernetes 1.{has}, and the stack file wants 1.{asked}",
            why="a control plane is raised one minor at a time, and its nodes after it",
            next=f'write `minor: "1.{has + 1}"`, deploy, then go on',
        )
    return None


def unheeded(live: str, wanted: str, *, subject: str = "the cluster") -> errors.Problem | None:
    """What to tell of a minor that is newer than what runs, where only the vendor's channel moves it; None elsewhere.

    So it is at AKS alone. Its API refuses an update that names an older version than runs, so nothing may hold the
    stack's minor against the channel's: the version is written when the cluster is made, and not looked at again.
    """
    has, asked = number(live), number(wanted)
    if asked <= has:
        return None
    return errors.Problem(
        what=f'{subject} runs Kubernetes 1.{has}, and `minor: "1.{asked}"` in the stack file has no effect on it',
        why="with `upgrades: channel` AKS alone moves a living cluster; the minor is where a new one begins",
        next=f'leave it to AKS; or write `upgrades: pinned` and `minor: "1.{has}"`, deploy, and raise it from there',
    )
