"""Whether the vendor still has the minor, and can keep the window and the freezes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from stacks import findings, managed, suggestions, unknown, versions
from stacks.cluster_checks import subject as subjects

GKE_HOURS: Final = 12
"""Hours of a week: GKE wants 48 in any 32 days, which have each day of the week four times."""
GKE_FREEZE: Final = 180
"""Days of a maintenance exclusion that keeps minors and nodes as they are."""
GKE_FREEZES: Final = 19
"""Maintenance exclusions of a cluster, less the one that pins its minor."""
PINNED: Final = "pinned-"
"""How the name of that one begins."""


def minor_is_supported(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """The vendor has the minor, and supports it on the given day."""
    minor, vendor = unknown.known(subject.cluster.kubernetes.minor), subject.vendor
    place = f"{subject.spelled('kubernetes', 'minor')}{subject.shown(minor)}"
    newest = versions.newest(vendor)
    support = versions.known(vendor).get(minor)
    if support is None:
        is_new = versions.number(minor) > versions.number(newest)
        yield subject.finding(
            "kubernetes",
            "minor",
            what=f"{place} is not known to be offered by {vendor}; it has {suggestions.listed(versions.known(vendor))}",
            why="a minor is used once its end of support is known" if is_new else "its support has ended long ago",
            next=f'write `minor: "{newest}"`{", or add it to stacks/versions.yaml" if is_new else ""}',
        )
        return
    end = _end(subject, support)
    if subject.today and end and subject.today > end:
        following = f"1.{versions.number(minor) + 1}"
        advice = f'write `minor: "{following}"`, one step at a time; a new cluster begins with "{newest}"'
        yield subject.finding(
            "kubernetes",
            "minor",
            what=f"{place} has been out of {vendor}'s support since {end}",
            why="there are no security fixes for it, and the vendor upgrades it at a time of its own choice",
            next="add newer minors of the vendor to stacks/versions.yaml" if minor == newest else advice,
        )


def window_is_long_enough(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """GKE accepts a window only if it leaves time enough."""
    window = subject.cluster.kubernetes.window
    weekly = len(set(window.days)) * window.hours
    if subject.vendor == "gke" and weekly < GKE_HOURS:
        yield subject.finding(
            "kubernetes",
            "window",
            what=f"{subject.spelled('kubernetes', 'window')} has {weekly} hours a week, and GKE wants {GKE_HOURS}",
            why="it demands 48 hours of maintenance in any 32 days",
            next="lengthen `hours`, or add days",
        )


def days_are_different(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """A window names each of its days once."""
    days = subject.cluster.kubernetes.window.days
    for index, day in enumerate(days):
        if day in days[:index]:
            place = ("kubernetes", "window", "days", index)
            yield subject.finding(
                *place,
                what=f"{subject.spelled(*place)} names {day} a second time",
                why="a day has one window",
                next="name each day once",
            )


def _freezes(subject: subjects.Subject) -> Iterator[tuple[int, managed.Freeze]]:
    yield from enumerate(subject.cluster.kubernetes.freezes)


@subjects.for_each(_freezes)
def freezes_end(subject: subjects.Subject, index: int, freeze: managed.Freeze) -> Iterator[findings.Finding]:
    """A freeze ends after it begins."""
    place = ("kubernetes", "freezes", index)
    if freeze.end < freeze.start:
        yield subject.finding(
            *place,
            "end",
            what=f"{subject.spelled(*place)} ends before it begins",
            why="no day would be in it, and vendors refuse it",
            next="exchange `start` and `end`",
        )


@subjects.for_each(_freezes)
def freezes_have_names(subject: subjects.Subject, index: int, freeze: managed.Freeze) -> Iterator[findings.Finding]:
    """A freeze has a name of its own."""
    place = ("kubernetes", "freezes", index)
    shown = f"{subject.spelled(*place, 'name')}{subject.shown(freeze.name)}"
    if subject.vendor == "gke" and freeze.name.startswith(PINNED):
        what, why = f"{shown} begins with `{PINNED}`", "the pin of the minor is called so at GKE"
        yield subject.finding(*place, "name", what=what, why=why, next="name it otherwise")
    if any(other.name == freeze.name for other in subject.cluster.kubernetes.freezes[:index]):
        what = f"{shown} is the name of another freeze"
        yield subject.finding(*place, "name", what=what, why="vendors know them by name", next="name it otherwise")


@subjects.for_each(_freezes)
def freezes_are_short(subject: subjects.Subject, index: int, freeze: managed.Freeze) -> Iterator[findings.Finding]:
    """A freeze is no longer than GKE grants."""
    place = ("kubernetes", "freezes", index)
    days = (freeze.end - freeze.start).days + 1
    if subject.vendor == "gke" and days > GKE_FREEZE:
        what = f"{subject.spelled(*place)} lasts {days} days, and GKE grants {GKE_FREEZE}"
        yield subject.finding(*place, what=what, why="older nodes would stay without fixes", next="shorten it")


@subjects.for_each(_freezes)
def freezes_end_with_support(
    subject: subjects.Subject, index: int, freeze: managed.Freeze
) -> Iterator[findings.Finding]:
    """At GKE a freeze ends before the minor's support does."""
    place = ("kubernetes", "freezes", index)
    if subject.vendor != "gke":
        return
    support = versions.known("gke").get(subject.cluster.kubernetes.minor)
    end = _end(subject, support) if support else None
    if end and freeze.end > end:
        yield subject.finding(
            *place,
            "end",
            what=f"{subject.spelled(*place)} goes on after support of the minor ends on {end}",
            why="GKE upgrades what is out of support whatever is excluded, and refuses such an exclusion",
            next="shorten it, or raise `kubernetes.minor` first",
        )


def freezes_are_few(subject: subjects.Subject) -> Iterator[findings.Finding]:
    """There are no more freezes than GKE takes."""
    freezes = subject.cluster.kubernetes.freezes
    if subject.vendor == "gke" and len(freezes) > GKE_FREEZES:
        what = f"{subject.spelled('kubernetes', 'freezes')} has {len(freezes)} entries, and GKE takes {GKE_FREEZES}"
        why = "each is a maintenance exclusion, and it refuses more"
        yield subject.finding("kubernetes", "freezes", what=what, why=why, next="remove those that are over")


def _end(subject: subjects.Subject, support: versions.Support) -> dt.date | None:
    """The last day on which the vendor supports the minor, as this cluster pays for it."""
    match subject.resolved.options:
        case (
            managed.EksOptions(support="extended")
            | managed.GkeOptions(release_channel="extended")
            | managed.AksOptions(sku="premium")
        ):
            return support.extended
    return support.standard


CHECKS: Final[tuple[subjects.Check, ...]] = (
    minor_is_supported,
    window_is_long_enough,
    days_are_different,
    freezes_end,
    freezes_have_names,
    freezes_are_short,
    freezes_end_with_support,
    freezes_are_few,
)
