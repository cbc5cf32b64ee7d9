"""The fields in which two states of an object differ, as a reader wants to see them. Pure.

Lists of named items (containers, ports, volumes) are compared by name, so that an inserted item is one change; paths
use positions, as everywhere in Pulumi.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from runner.engine import model, values

_NOISE: Final = frozenset(
    {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink", "deletionTimestamp"}
)
"""Metadata that the API server writes by itself."""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[model.FieldChange, ...]:
    """What changes from one state of an object to the next; status and the server's own bookkeeping left out."""
    return tuple(_changes("", without_noise(before), without_noise(after)))


def of_manifest(live: Mapping[str, Any], manifest: Mapping[str, Any]) -> tuple[model.FieldChange, ...]:
    """What a manifest asks to be otherwise in a live object, without asking the API server.

    Looks only at the fields of the manifest: those that left it, and defaults, are not seen.
    """
    return tuple(_changes("", _in_shape(without_noise(live), manifest), without_noise(manifest)))


def without_noise(item: Mapping[str, Any]) -> dict[str, Any]:
    """The object without status and without the metadata that the API server writes by itself."""
    metadata = {key: value for key, value in (item.get("metadata") or {}).items() if key not in _NOISE}
    return {key: value for key, value in item.items() if key != "status"} | {"metadata": metadata}


def step(path: str, key: str | int) -> str:
    """A path one step longer: `a.b`, `a[0]`, `a["b/c"]`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not _PLAIN.fullmatch(key):
        return f"{path}[{json.dumps(key)}]"
    return f"{path}.{key}" if path else key


def _changes(path: str, before: Any, after: Any) -> Iterator[model.FieldChange]:
    if isinstance(before, values.Secret) or isinstance(after, values.Secret):
        if values.contains_unknown(after) or values.revealed(before) != values.revealed(after):
            yield model.FieldChange(path=path, before=_shown(before, secret=True), after=_shown(after, secret=True))
    elif isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _changes(step(path, key), before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _list_changes(path, before, after)
    elif not _equal(before, after):
        yield model.FieldChange(path=path, before=_shown(before), after=_shown(after))


def _list_changes(path: str, before: list[Any], after: list[Any]) -> Iterator[model.FieldChange]:
    old_names, new_names = _names(before), _names(after)
    if old_names is not None and new_names is not None:
        for name, position in old_names.items():
            if name not in new_names:
                yield from _changes(step(path, position), before[position], None)
        for name, position in new_names.items():
            old = before[old_names[name]] if name in old_names else None
            yield from _changes(step(path, position), old, after[position])
    elif len(before) == len(after) or all(isinstance(item, dict) for item in [*before, *after]):
        for position in range(max(len(before), len(after))):
            yield from _changes(
                step(path, position), *(side[position] if position < len(side) else None for side in (before, after))
            )
    else:
        yield model.FieldChange(path=path, before=_shown(before), after=_shown(after))


def _names(items: list[Any]) -> dict[str, int] | None:
    """Position by name; None for a list whose items are not told apart by one."""
    names = [item.get("name") for item in items if isinstance(item, dict)]
    told_apart = len(names) == len(items) == len(set(map(str, names))) and all(isinstance(name, str) for name in names)
    return {str(name): position for position, name in enumerate(names)} if told_apart else None


def _equal(before: Any, after: Any) -> bool:
    """Python holds 1 and true for equal, JSON does not."""
    return before == after and isinstance(before, bool) == isinstance(after, bool) and after is not values.UNKNOWN


def _shown(value: Any, *, secret: bool = False) -> Any:
    if value is None:
        return None
    return values.MASK if secret else values.masked(value)


def _in_shape(live: Any, shape: Any) -> Any:
    """The part of `live` that `shape` speaks about."""
    if isinstance(shape, values.Secret):
        return live
    if isinstance(live, dict) and isinstance(shape, Mapping):
        return {key: _in_shape(live[key], part) for key, part in shape.items() if key in live}
    if isinstance(live, list) and isinstance(shape, list):
        names, wanted = _names(live), _names(shape)
        if names is not None and wanted is not None:
            return [
                _in_shape(live[names[name]], shape[at]) if name in names else None
                for name, at in wanted.items()
                if name in names
            ]
        return [_in_shape(item, shape[at]) if at < len(shape) else item for at, item in enumerate(live)]
    return live
