"""Property paths as Pulumi writes them, and what resource options do by them. Pure; values are the engine's.

`vpcConfig.subnetIds[0]`, `tags["a/b"]`, and `*` or `[*]` for every key or item. Names are those of the provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from runner.engine import values

ANY: Final = "*"
_STEP: Final = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]"]+)')
_ABSENT: Final = object()


def steps(path: str) -> tuple[str, ...]:
    """The keys, positions and wildcards of a path."""
    return tuple(quoted or position or plain for quoted, position, plain in _STEP.findall(path))


def covers(patterns: Iterable[str], path: str) -> bool:
    """Whether one of the patterns means the property at `path`, or one that it lies in."""
    wanted = steps(path)
    return any(
        len(pattern) <= len(wanted) and all(own in (ANY, other) for own, other in zip(pattern, wanted, strict=False))
        for pattern in map(steps, patterns)
    )


def at(tree: Any, path: str) -> Any:
    """The value at a path without wildcards; None where there is none. What lies in a secret is secret."""
    secret = False
    for step in steps(path):
        if isinstance(tree, values.Secret):
            secret, tree = True, tree.value
        if isinstance(tree, Mapping):
            tree = tree.get(step)
        elif isinstance(tree, list) and step.isdigit() and int(step) < len(tree):
            tree = tree[int(step)]
        else:
            return None
    return values.Secret(tree) if secret and tree is not None else tree


def ignoring(new: Mapping[str, Any], old: Mapping[str, Any], patterns: Sequence[str]) -> dict[str, Any]:
    """The new inputs with the old values at the ignored paths: what Pulumi's `ignore_changes` means.

    What the old inputs lack is left out, and what they have comes back, whether or not the program still says it.
    """
    result: Any = dict(new)
    for pattern in patterns:
        result = _restored(result, old, steps(pattern))
    return {key: value for key, value in result.items() if value is not _ABSENT}


def _restored(new: Any, old: Any, rest: tuple[str, ...]) -> Any:
    if not rest:
        return old
    step, rest = rest[0], rest[1:]
    if isinstance(new, values.Secret):
        return values.Secret(_restored(new.value, values.revealed(old), (step, *rest)))
    if isinstance(new, Mapping):
        return _restored_mapping(new, old if isinstance(old, Mapping) else {}, step, rest)
    if isinstance(new, list) and isinstance(old, list):
        return _restored_list(new, old, step, rest)
    return new


def _restored_mapping(new: Mapping[str, Any], old: Mapping[str, Any], step: str, rest: tuple[str, ...]) -> Any:
    result = dict(new)
    for key in {**new, **old} if step == ANY else (step,):
        if key not in new and (rest or key not in old):
            # A path that leads nowhere in the program's inputs has nothing to take back.
            continue
        value = _restored(new.get(key), old.get(key, _ABSENT), rest)
        if value is _ABSENT:
            result.pop(key, None)
        else:
            result[key] = value
    return result


def _restored_list(new: list[Any], old: list[Any], step: str, rest: tuple[str, ...]) -> list[Any]:
    if step == ANY and not rest:
        return list(old)
    positions = range(min(len(new), len(old))) if step == ANY else [int(step)] if step.isdigit() else []
    result = list(new)
    for position in positions:
        if position < len(new) and position < len(old):
            result[position] = _restored(new[position], old[position], rest)
    return result


def secret_paths(value: Any, *, path: str = "") -> Iterator[str]:
    """Where secrets stand in a value."""
    if isinstance(value, values.Secret):
        yield path
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from secret_paths(item, path=f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from secret_paths(item, path=f"{path}[{position}]")


def with_secrecy(state: Any, given: Any) -> Any:
    """State with secrets where the inputs have them: what went in secret comes out secret."""
    if isinstance(given, values.Secret):
        return state if state is values.UNKNOWN else values.Secret(values.revealed(state))
    if isinstance(state, Mapping) and isinstance(given, Mapping):
        return {key: with_secrecy(item, given.get(key)) for key, item in state.items()}
    if isinstance(state, list) and isinstance(given, list):
        if len(state) != len(given) and values.contains_secret(given):
            # The vendor has other items than the program gave: which of them are secret cannot be told.
            return values.Secret(values.revealed(state))
        rest: list[Any] = [None] * max(0, len(state) - len(given))
        return [with_secrecy(item, own) for item, own in zip(state, [*given, *rest], strict=False)]
    return state
