"""What a preview knows of the outputs that a vendor's resource will have: what the program gave, and what is missing.

A vendor completes what it is given, also inside of it: the program's `{"enabled": true}` becomes an object that has an
address as well. So every property that the SDK's type of an object has and the program has not given is unknown, as in
the previews of the real providers; without that a program would take it for missing. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.simulated import schema, values


def outputs(token: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of a resource of this type. What is no input is left out, which means the same as unknown."""
    known = schema.of(token).outputs
    return {name: _completed(value, known[name].type) if name in known else value for name, value in inputs.items()}


def _completed(value: Any, type: schema.Type) -> Any:  # noqa: A002 - it is one
    if isinstance(value, list):
        items = type.items[0] if type.form is schema.Form.LIST and type.items else None
        return [_completed(item, items) for item in value] if items else value
    if not isinstance(value, Mapping):
        return value
    if type.form is schema.Form.MAP and type.items:
        return {key: _completed(item, type.items[0]) for key, item in value.items()}
    members = schema.members(type) if type.form is schema.Form.OBJECT else {}
    given = {name: _completed(item, members[name].type) if name in members else item for name, item in value.items()}
    return {**dict.fromkeys(members, values.UNKNOWN), **given}
