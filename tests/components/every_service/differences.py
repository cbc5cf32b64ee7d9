"""The paths at which objects of one instance differ between vendors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from components import contracts

_MISSING: Final = object()


def paths(one: Sequence[contracts.Manifest], other: Sequence[contracts.Manifest]) -> set[str]:
    """Where they differ: the kind, then the keys. An item of a list is named by its `name` where it has one."""
    left, right = (_by_name(each) for each in (one, other))
    order = {"order of objects"} if list(left) != list(right) else set()
    return order.union(
        *(
            _differing(left.get(name, _MISSING), right.get(name, _MISSING), name.partition("/")[0])
            for name in left.keys() | right.keys()
        )
    )


def _by_name(manifests: Sequence[contracts.Manifest]) -> dict[str, contracts.Manifest]:
    found = {f"{item['kind']}/{item['metadata']['name']}": item for item in manifests}
    assert len(found) == len(manifests)
    return found


def _differing(one: Any, other: Any, path: str) -> Iterable[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            yield from _differing(one.get(key, _MISSING), other.get(key, _MISSING), f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list):
        left, right = (_items(each) for each in (one, other))
        for key in left.keys() | right.keys():
            yield from _differing(left.get(key, _MISSING), right.get(key, _MISSING), f"{path}[{key}]")
    elif type(one) is not type(other) or one != other:
        yield path


def _items(values: list[Any]) -> dict[Any, Any]:
    """A list's items by their names, or by their numbers."""
    names = [item.get("name") if isinstance(item, dict) else None for item in values]
    has_names = all(names) and len(set(names)) == len(names)
    return dict(zip(names if has_names else range(len(values)), values, strict=True))
