"""Names: what Pulumi's providers make up where none is given, and whether a vendor's grammar accepts one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from local.simulated import checking, facts, identifiers

_ADDED: Final = {"dash": 7, "digits": 8}


def made_up(known: facts.Facts, *, name: str, stack: str, generation: int) -> str | None:
    """The name that the provider makes up for the resource `name` of the program; None where it makes none up.

    `generation` counts successors: one that is made beside its predecessor must get another name.
    """
    rule = known.name
    if rule is None or not rule.auto:
        return None
    if rule.auto == "copy":
        return name
    seed = ("name", stack, known.token, name, str(generation))
    if rule.auto == "guid":
        return identifiers.guid(*seed)
    digits = identifiers.marked(*seed, length=_ADDED[rule.auto])
    return f"{rule.prefix}{name}{'-' if rule.auto == 'dash' else ''}{digits}"


def named(
    known: facts.Facts, inputs: Mapping[str, Any], *, name: str, stack: str, generation: int = 0
) -> dict[str, Any]:
    """The inputs with a made-up name where there is none, nor a prefix for one."""
    rule = known.name
    if rule is None or rule.property in inputs:
        return dict(inputs)
    prefix = next((inputs[key] for key in _prefix_properties(rule) if isinstance(inputs.get(key), str)), None)
    chosen = made_up(known, name=name, stack=stack, generation=generation)
    if prefix is not None:
        chosen = prefix + identifiers.marked("name", stack, known.token, name, generation, length=8)
    return {**inputs, rule.property: chosen} if chosen is not None else dict(inputs)


def findings(known: facts.Facts, inputs: Mapping[str, Any]) -> Iterator[checking.Finding]:
    """What is wrong with the name in the inputs by the vendor's grammar."""
    rule = known.name
    name = inputs.get(rule.property) if rule else None
    if rule is None or not isinstance(name, str):
        return
    shown = f"{name!r}"
    if len(name) > rule.longest or len(name) < rule.shortest:
        bounds = f"{rule.shortest} to {rule.longest}"
        yield checking.Finding(rule.property, f"is {len(name)} characters long ({shown}); the API takes {bounds}")
    elif not re.fullmatch(rule.pattern, name, re.ASCII):
        yield checking.Finding(rule.property, f"is no name that the API takes: {shown} does not match {rule.pattern}")


def _prefix_properties(rule: facts.Name) -> tuple[str, ...]:
    return (f"{rule.property}Prefix", "namePrefix")
