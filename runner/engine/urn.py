"""Pulumi's URNs, `urn:pulumi:<stack>::<project>::<qualified type>::<name>`, and the aliases derived from them."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Iterable
from typing import Final

STACK_TYPE: Final = "pulumi:pulumi:Stack"
PREFIX: Final = "urn:pulumi:"
"""How every URN begins."""


@dataclasses.dataclass(frozen=True)
class Urn:
    """The parts of a URN."""

    stack: str
    project: str
    qualified_type: str
    """Types from the outermost parent inwards, joined with `$`; the stack itself is left out."""
    name: str

    @classmethod
    def parse(cls, text: str) -> Urn:
        """Raises `ValueError` for anything that is not a URN. A name may itself contain `::`."""
        parts = text.removeprefix(PREFIX).split("::", 3)
        if not text.startswith(PREFIX) or len(parts) != 4:  # noqa: PLR2004 - the four parts above
            raise ValueError(f"{text!r} is no URN")
        return cls(*parts)

    @property
    def type(self) -> str:
        """The resource's own type token."""
        return self.qualified_type.rpartition("$")[2]

    def __str__(self) -> str:
        return f"{PREFIX}{self.stack}::{self.project}::{self.qualified_type}::{self.name}"


def compose(*, stack: str, project: str, parent: str, type: str, name: str) -> str:  # noqa: A002 - Pulumi's word
    """The URN of a resource below `parent`, itself a URN or empty."""
    qualifier = ""
    if parent:
        above = Urn.parse(parent)
        qualifier = "" if above.type == STACK_TYPE else f"{above.qualified_type}$"
    return str(Urn(stack, project, f"{qualifier}{type}", name))


def package(type_token: str) -> str:
    """The package that a type belongs to; for `pulumi:providers:X` it is X, which that provider serves."""
    parts = type_token.split(":")
    return parts[2] if parts[:2] == ["pulumi", "providers"] and len(parts) > 2 else parts[0]  # noqa: PLR2004 - package, name


def is_provider(type_token: str) -> bool:
    """Whether resources of the type configure other resources' provider."""
    return type_token.startswith("pulumi:providers:")


def provider_urn(reference: str) -> str:
    """The URN in a provider reference `urn::id`; empty for an empty one."""
    return reference.rpartition("::")[0]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Alias:
    """An earlier identity of a resource; empty parts are those of its present one."""

    urn: str = ""
    """The whole URN, in which case the rest is not looked at."""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    without_parent: bool = False


def aliases(urn: str, *, parent: str, own: Iterable[Alias], of_parent: Iterable[str]) -> tuple[str, ...]:
    """All URNs under which a resource may be known, its parent's own aliases included, without its present one.

    A child that is named after its parent (`web-pods` below `web`) is renamed with it, as Pulumi's engine does.
    """
    present = Urn.parse(urn)
    mine = [_resolved(alias, present=present, parent=parent) for alias in own]
    found = dict.fromkeys(mine)
    for above in of_parent:
        found.update(dict.fromkeys(_moved(identity, parent=parent, former=above) for identity in (urn, *mine)))
    found.pop(urn, None)
    return tuple(found)


def _resolved(alias: Alias, *, present: Urn, parent: str) -> str:
    if alias.urn:
        return alias.urn
    return compose(
        stack=alias.stack or present.stack,
        project=alias.project or present.project,
        parent="" if alias.without_parent else alias.parent or parent,
        type=alias.type or present.type,
        name=alias.name or present.name,
    )


def _moved(identity: str, *, parent: str, former: str) -> str:
    """What `identity` was called when its parent was called `former`."""
    known, now, before = Urn.parse(identity), Urn.parse(parent), Urn.parse(former)
    name = before.name + known.name.removeprefix(now.name) if known.name.startswith(now.name) else known.name
    return compose(stack=before.stack, project=before.project, parent=former, type=known.type, name=name)


def matches(urn: str, targets: Iterable[str]) -> bool:
    """Whether one of the targets means this resource: its URN, a pattern of URNs with `*`, or its bare name."""
    name = Urn.parse(urn).name
    return any(
        fnmatch.fnmatchcase(urn, target) if target.startswith(PREFIX) or "*" in target else name == target
        for target in targets
    )
