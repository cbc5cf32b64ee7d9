"""Which changes of a running service its operator can make: data for each kind, and the judgement. Pure.

What is judged is a custom resource before and after a change, so the same rules hold for whoever compares the two.
Paths are those of fields, as in `.spec.storage.size`; `[name]` picks an item of a list by its name, `[*]` each of them.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from stacks import errors, quantities

LOSES: Final = "paasport.dev/deletion-loses"
"""Annotation of a custom resource: what is lost with it, in words. Where it is missing, nothing is that matters.

Operators hand annotations on to pods, which are rolled when one changes: so its value is the same for all of a kind.
"""
CLAIMS: Final = "paasport.dev/volumes-when-deleted"
"""Annotation beside it: whether its operator deletes the claims on its volumes with it, `deleted` or `kept`."""


class Growth(enum.Enum):
    """What becomes of volumes when more is asked for."""

    OPERATOR = enum.auto()
    """They grow."""
    AFTERWARDS = enum.auto()
    """They stay as they are until somebody makes them grow."""
    BEFOREHAND = enum.auto()
    """The operator stumbles, unless the custom resource already says so because it was changed by hand with them."""
    NEVER = enum.auto()
    """Neither the operator nor anybody else changes them in a custom resource that exists."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Volume:
    """A field with the size of volumes, as a quantity of bytes. No operator makes one smaller."""

    path: str
    growth: Growth = Growth.OPERATOR
    setting: str = ""
    """The key below the service in a stack file that keeps it as it is, such as `overrides.storage`."""
    how: str = ""
    """What to do instead, or where it is written; for growth that no operator does."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Count:
    """A field with a number that its operator raises and never lowers."""

    path: str
    noun: str
    """What is counted, in the plural."""
    setting: str = ""
    """As of a volume."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fixed:
    """A field that is never changed once it is there."""

    path: str
    why: str
    """What would follow, for people."""
    noun: str = ""
    """What it is, where its place would tell nobody."""
    instead: str = ""
    """What to do instead of making a new instance."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kept:
    """A list, of which an item that has a name is never taken out."""

    path: str
    noun: str
    """What an item is, in the singular."""
    why: str
    """What would follow, for people."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Version:
    """A field with the version of the service's own software, and which steps of it can be made."""

    path: str
    software: str
    """Its name, for people."""
    pattern: str = r"v?(\d+)\.(\d+)(?:\.\d+)*"
    """What of the field's text is the version, searched for; its groups are major and minor."""
    series: Literal["major", "minor"] = "minor"
    """What counts as one series: data and members of another one may not get on with it."""
    skips: bool = False
    """Whether series may be left out on the way up."""
    returns: bool = False
    """Whether there is a way back to an older series."""
    order: tuple[str, ...] = ()
    """Series from old to new, such as `2025.4`, where numbers do not tell which one follows: of a last minor the first
    one of the next major. Of others numbers tell."""
    within: str = ""
    """How a step within a series is made, for people."""
    between: str = ""
    """How a step from one series to the next is made; empty for the same."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rules:
    """All that is known of a kind."""

    volumes: tuple[Volume, ...] = ()
    counts: tuple[Count, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    kept: tuple[Kept, ...] = ()
    version: Version | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is to be told of a change."""

    problems: tuple[errors.Problem, ...] = ()
    """Why it cannot be made; empty where it can."""
    upgrade: str = ""
    """The step of its version, in one line."""
    notes: tuple[str, ...] = ()
    """What is left to do by hand."""


Resource = Mapping[str, Any]


def judged(rules: Rules, *, instance: str, before: Resource, after: Resource) -> Verdict:
    """What the change comes to. What is missing on one side, or not yet known, is not judged."""
    problems = [
        *_smaller(rules, instance=instance, before=before, after=after),
        *_fewer(rules, instance=instance, before=before, after=after),
        *_moved(rules, instance=instance, before=before, after=after),
        *_gone(rules, instance=instance, before=before, after=after),
    ]
    notes = []
    for rule, old, new in _larger(rules, before=before, after=after):
        if rule.growth in (Growth.BEFOREHAND, Growth.NEVER):
            problems.append(_ungrown(rule, instance=instance, old=old, new=new))
        elif rule.growth is Growth.AFTERWARDS:
            notes.append(f"{instance}: volumes that exist stay {old} until they are made to grow by hand: {rule.how}")
    upgrade = ""
    if rules.version is not None:
        for _, old, new in _pairs(rules.version.path, before=before, after=after):
            problem = step(rules.version, instance=instance, before=old, after=new)
            problems += [problem] if problem else []
            upgrade = upgrade or ("" if problem else told(rules.version, instance=instance, before=old, after=new))
    return Verdict(problems=tuple(problems), upgrade=upgrade, notes=tuple(dict.fromkeys(notes)))


def step(rule: Version, *, instance: str, before: str, after: str) -> errors.Problem | None:
    """What is wrong with going from one version to the other; None where nothing is, or where one is no version."""
    old, new = _series(rule, before), _series(rule, after)
    if old is None or new is None or old == new:
        return None
    what = f"{instance} runs {rule.software} {_text(rule, before)}, and {_text(rule, after)} is asked for"
    if new < old and not rule.returns:
        return errors.Problem(
            what=what,
            why=f"{rule.software} does not go back to an older series, which may not read what the newer has written",
            next=f"write version {_text(rule, before)}; the way back is a backup, restored into a new instance",
        )
    if new > old and not rule.skips and not _follows(old, new, order=rule.order):
        return errors.Problem(
            what=what,
            why=f"{rule.software} is raised one {rule.series} at a time",
            next=f"go to the series after {'.'.join(map(str, old))} first, deploy, then go on",
        )
    return None


def told(rule: Version, *, instance: str, before: str, after: str) -> str:
    """The step in one line, for a preview; empty where there is none."""
    old, new = _text(rule, before), _text(rule, after)
    if old == new or not old or not new:
        return ""
    how = rule.between if rule.between and _series(rule, before) != _series(rule, after) else rule.within
    return f"upgrade  {instance}: {rule.software} {old} -> {new}" + (f", {how}" if how else "")


def _smaller(rules: Rules, *, instance: str, before: Resource, after: Resource) -> Iterator[errors.Problem]:
    for rule in rules.volumes:
        for place, old, new in _pairs(rule.path, before=before, after=after):
            if (_bytes(new) or 0) < (_bytes(old) or 0) and _bytes(new) is not None:
                yield errors.Problem(
                    what=f"the volumes of {instance} have {old}, and {new} is asked for ({_spelled(place)})",
                    why="a volume never shrinks, and no operator replaces one that has data by a smaller one",
                    next=_keep(rule.setting, old),
                )


def _larger(rules: Rules, *, before: Resource, after: Resource) -> Iterator[tuple[Volume, str, str]]:
    for rule in rules.volumes:
        for _, old, new in _pairs(rule.path, before=before, after=after):
            had, asked = _bytes(old), _bytes(new)
            if had is not None and asked is not None and asked > had:
                yield rule, old, new
                break


def _ungrown(rule: Volume, *, instance: str, old: str, new: str) -> errors.Problem:
    instead = "first make them grow by hand: " if rule.growth is Growth.BEFOREHAND else ""
    return errors.Problem(
        what=f"the volumes of {instance} have {old}, and {new} is asked for",
        why="its operator does not make volumes grow, and would stop at the change",
        next=_keep(rule.setting, old) + (f"; or {instead}{rule.how}" if rule.how else ""),
    )


def _fewer(rules: Rules, *, instance: str, before: Resource, after: Resource) -> Iterator[errors.Problem]:
    for rule in rules.counts:
        for _, old, new in _pairs(rule.path, before=before, after=after):
            if _is_number(old) and _is_number(new) and float(new) < float(old):
                yield errors.Problem(
                    what=f"{instance} has {_plain(old)} {rule.noun}, and {_plain(new)} are asked for",
                    why=f"its operator adds {rule.noun} and takes none away",
                    next=_keep(rule.setting, _plain(old)),
                )


def _moved(rules: Rules, *, instance: str, before: Resource, after: Resource) -> Iterator[errors.Problem]:
    for rule in rules.fixed:
        for place, old, new in _pairs(rule.path, before=before, after=after):
            if old != new:
                yield errors.Problem(
                    what=f"{rule.noun or _spelled(place)} of {instance} is {old}, and {new} is asked for",
                    why=f"it cannot be changed: {rule.why}",
                    next=f"undo the change, or {rule.instead or 'make a new instance and move the data there'}",
                )


def _gone(rules: Rules, *, instance: str, before: Resource, after: Resource) -> Iterator[errors.Problem]:
    for rule in rules.kept:
        old, new = (dict(_found(resource, [*_steps(rule.path), "*"], place="")) for resource in (before, after))
        for place, item in old.items() if new else ():
            if place not in new and isinstance(item, Mapping):
                yield errors.Problem(
                    what=f"{instance} has the {rule.noun} {_name(item, 0)}, which is to go",
                    why=f"it cannot: {rule.why}",
                    next="undo the change, or make a new instance and move the data there",
                )


def _keep(setting: str, value: str) -> str:
    return f"write `{setting}: {value}`" if setting else f"undo the change, which keeps {value}"


def _pairs(path: str, *, before: Resource, after: Resource) -> Iterator[tuple[str, str, str]]:
    """Where both sides have a plain value at the path: the place, and both values as text."""
    old, new = (dict(_found(resource, _steps(path), place="")) for resource in (before, after))
    for place, value in old.items():
        if place in new and _is_plain(value) and _is_plain(new[place]):
            yield place, _plain(value), _plain(new[place])


def _found(value: Any, steps: list[str], *, place: str) -> Iterator[tuple[str, Any]]:
    if not steps:
        yield place, value
        return
    first, rest = steps[0], steps[1:]
    if isinstance(value, Mapping) and first in value:
        yield from _found(value[first], rest, place=f"{place}.{first}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            name = _name(item, number)
            if first in ("*", name):
                yield from _found(item, rest, place=f"{place}[{name}]")


def _name(item: Any, number: int) -> str:
    """By which an item of a list is told from others: a changed order is no change."""
    if isinstance(item, Mapping):
        for holder in (item, item.get("metadata")):
            if isinstance(holder, Mapping) and isinstance(holder.get("name"), str):
                return str(holder["name"])
    return str(number)


def _steps(path: str) -> list[str]:
    """`.metadata.annotations["example.com/key"]` are three."""
    return [quoted or plain for quoted, plain in re.findall(r'\["([^"]+)"\]|([^.\[\]]+)', path)]


def _spelled(place: str) -> str:
    return place.removeprefix(".")


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _plain(value: Any) -> str:
    """Numbers travel as floating ones."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None


def _bytes(text: str) -> float | None:
    try:
        return float(quantities.value(text))
    except ValueError:
        return None


def _text(rule: Version, value: str) -> str:
    """The version alone, of what the field has."""
    match = re.search(rule.pattern, value)
    return match[0].lstrip("v:") if match else ""


def _series(rule: Version, value: str) -> tuple[int, ...] | None:
    match = re.search(rule.pattern, value)
    if match is None:
        return None
    return (int(match[1]),) if rule.series == "major" else (int(match[1]), int(match[2]))


def _follows(old: tuple[int, ...], new: tuple[int, ...], *, order: tuple[str, ...]) -> bool:
    """Whether it is the next one. Which minor is the last of a major nobody knows here, unless the order says so."""
    names = [".".join(map(str, series)) for series in (old, new)]
    if names[0] in order[:-1]:
        return order[order.index(names[0]) + 1] == names[1]
    if len(old) == 1 or old[0] == new[0]:
        return new[-1] == old[-1] + 1
    return new == (old[0] + 1, 0)
