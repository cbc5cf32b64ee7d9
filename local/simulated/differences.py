"""What an update would change, and whether the vendor can change it on a living resource. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from local.simulated import facts, identifiers, schema, values


def between(token: str, *, old: Mapping[str, Any], new: Mapping[str, Any]) -> values.Difference:
    """The difference between two sets of checked inputs."""
    changed = tuple(sorted(dict.fromkeys(_changed(values.plain(old), values.plain(new)))))
    known = facts.of(token)
    documented = tuple(name for name, one in schema.of(token).inputs.items() if one.replaces)
    replaces = tuple(path for path in changed if _is_immutable(path, (*known.immutable, *documented)))
    first = bool(replaces) and _collides(known, old=old, new=new)
    return values.Difference(changed=changed, replaces=replaces, delete_first=first)


def _changed(old: Any, new: Any, *, path: str = "") -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            yield from _changed(old.get(key), new.get(key), path=values.below(path, str(key)))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _changed(before, after, path=f"{path}[{index}]")
    elif old is not new and (type(old), old) != (type(new), new) and not _same_number(old, new):
        yield path


def _same_number(old: Any, new: Any) -> bool:
    numbers = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in (old, new))
    return numbers and bool(old == new)


def _is_immutable(path: str, immutable: tuple[str, ...]) -> bool:
    """Whether a path is one of these, lies below one, or is the whole of which one is a part."""
    plain = re.sub(r"\[\d+\]", "", path)
    return any(plain == one or plain.startswith(f"{one}.") or one.startswith(f"{plain}.") for one in immutable)


def _collides(known: facts.Facts, *, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the successor would meet its predecessor under the same identifier or in a place for only one."""
    if known.unique and _same(old, new, known.unique):
        return True
    if any(word in known.id for word in ("{hex:", "{guid:")):
        return False
    words = [word.partition("|")[0] for word in re.findall(r"\{([^{}:]+)\}", known.id)]
    paths = [known.name.property if word == "name" and known.name else word for word in words]
    return _same(old, new, tuple("resourceGroupName" if path == "group" else path for path in paths))


def _same(old: Mapping[str, Any], new: Mapping[str, Any], paths: tuple[str, ...]) -> bool:
    pairs = [(values.at(old, path), values.at(new, path)) for path in paths]
    made_up = any(isinstance(after, str) and identifiers.is_made_up_name(after) for _, after in pairs)
    return not made_up and all(before == after for before, after in pairs)
