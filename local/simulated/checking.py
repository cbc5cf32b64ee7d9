"""Inputs against the types of an SDK, down through nested objects, lists, maps, unions and enums.

Only types are judged here; what a vendor's API refuses beyond them is in `rules/`. UNKNOWN fits everywhere, and None is
the same as left out.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from local.simulated import schema, sdk, values

_LONGEST_LIST: Final = 12
"""How many of an enum's values a message shows."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that is wrong with inputs."""

    path: str
    """Where, as Pulumi writes it: `vpcConfig.subnetIds[0]`."""
    reason: str
    """What is wrong there, as the end of a sentence that begins with the path. Never the value itself."""
    next: str = ""
    """What to do instead, where it is not the opposite of the reason."""


def findings(token: str, inputs: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Everything that does not fit the type. Raises VendorRefused where the SDK has no such type."""
    known = schema.of(token).inputs
    given = _decoded(inputs, known=known) if token.startswith(sdk.PROVIDER) else inputs
    return tuple(_object(given, known=known, path=""))


def argument_findings(token: str, args: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Arguments that a function of an SDK does not take. Nothing is said about functions that the SDK does not have."""
    known = schema.arguments(token)
    if known is None:
        return ()
    return tuple(_stranger(name, known=dict.fromkeys(known), path="") for name in args if name not in known)


def _decoded(inputs: Mapping[str, Any], *, known: Mapping[str, schema.Property]) -> dict[str, Any]:
    """A provider's settings, in which by Pulumi's protocol everything but text is JSON in a text."""
    return {
        name: _json(value) if name in known and known[name].type.form is not schema.Form.TEXT else value
        for name, value in inputs.items()
    }


def _json(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _object(value: Any, *, known: Mapping[str, schema.Property], path: str) -> Iterator[Finding]:
    if not isinstance(value, Mapping):
        yield Finding(path, f"must be an object, not {_kind(value)}")
        return
    given = {name: item for name, item in value.items() if item is not None}
    for name in known:
        if known[name].required and name not in given:
            yield Finding(values.below(path, name), "is required and missing")
    for name, item in given.items():
        if name not in known:
            yield _stranger(str(name), known=known, path=path)
        else:
            yield from _property(item, known=known[name], path=values.below(path, name))


def _property(value: Any, *, known: schema.Property, path: str) -> Iterator[Finding]:
    if known.constant and isinstance(value, str) and value != known.constant:
        yield Finding(path, f"must be {known.constant!r}")
    else:
        yield from _value(value, type_=known.type, path=path)


def _value(value: Any, *, type_: schema.Type, path: str) -> Iterator[Finding]:
    if value is values.UNKNOWN or type_.form is schema.Form.ANY:
        return
    if type_.form is schema.Form.OBJECT:
        yield from _object(value, known=schema.members(type_), path=path)
    elif type_.form is schema.Form.UNION:
        yield from _union(value, type_=type_, path=path)
    elif type_.form is schema.Form.ENUM:
        yield from _enum(value, type_=type_, path=path)
    elif type_.form in (schema.Form.LIST, schema.Form.MAP):
        yield from _items(value, type_=type_, path=path)
    elif not _fits(value, type_.form):
        yield Finding(path, f"must be {type_.form}, not {_kind(value)}")


def _items(value: Any, *, type_: schema.Type, path: str) -> Iterator[Finding]:
    (item_type,) = type_.items
    if type_.form is schema.Form.LIST and isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _value(item, type_=item_type, path=f"{path}[{index}]")
    elif type_.form is schema.Form.MAP and isinstance(value, Mapping):
        for key, item in value.items():
            if item is not None:
                yield from _value(item, type_=item_type, path=values.below(path, str(key)))
    else:
        yield Finding(path, f"must be {type_.form}, not {_kind(value)}")


def _union(value: Any, *, type_: schema.Type, path: str) -> Iterator[Finding]:
    """Fits when one of the members fits; where none does, the member that it comes closest to tells what is wrong."""
    attempts = [tuple(_value(value, type_=member, path=path)) for member in type_.items]
    if not all(attempts):
        return
    same_shape = [found for found in attempts if all(one.path != path for one in found)]
    same_constant = [found for found in same_shape if not any("must be '" in one.reason for one in found)]
    if same_shape:
        yield from min(same_constant or same_shape, key=len)
    else:
        allowed = " or ".join(dict.fromkeys(str(member.form) for member in type_.items))
        yield Finding(path, f"must be {allowed}, not {_kind(value)}")


def _enum(value: Any, *, type_: schema.Type, path: str) -> Iterator[Finding]:
    choices = schema.choices(type_)
    if isinstance(value, str) and choices and value not in choices:
        words = sorted(str(choice) for choice in choices)
        listed = ", ".join(words[:_LONGEST_LIST]) + (", …" if len(words) > _LONGEST_LIST else "")
        yield Finding(path, f"must be one of {listed}", _hint(value, dict.fromkeys(words)))
    elif not isinstance(value, str) and not (_fits(value, schema.Form.NUMBER) and value in choices):
        yield Finding(path, f"must be text, not {_kind(value)}")


def _stranger(name: str, *, known: Mapping[str, object], path: str) -> Finding:
    return Finding(values.below(path, name), "is no property of this type", _hint(name, known))


def _hint(word: str, known: Mapping[str, object]) -> str:
    nearest = sdk.nearest(word, known)
    return f"the nearest is {nearest}" if nearest else ""


def _fits(value: Any, form: schema.Form) -> bool:
    if form is schema.Form.TEXT:
        return isinstance(value, str)
    if form is schema.Form.BOOLEAN:
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return False
    # On Pulumi's wire every number is a double, so a whole number may arrive as 3.0.
    return form is schema.Form.NUMBER or value == int(value)


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    kinds: dict[type, str] = {bool: "true or false", str: "text", int: "a number", float: "a fraction"}
    return kinds.get(type(value), "nothing")
