"""Pulumi's configuration as data: how keys are named, how secrets stand in it, what a program receives.

Follows Pulumi's `sdk/go/common/resource/config` and `sdk/go/common/workspace`. Reads no file and decrypts nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stacks import findings

Opener = Callable[[findings.Path, str], Any]
"""Gets the path and the ciphertext of a secret, and returns what stands in its place."""


def key(written: str, *, project: str) -> str:
    """The key as `namespace:name`; empty where it is not a key. A key without namespace is the project's own."""
    parts = written.split(":")
    if len(parts) == 3 and parts[1] == "config":  # noqa: PLR2004 - namespace:config:name, an older spelling
        parts = [parts[0], parts[2]]
    if len(parts) == 1:
        parts = [project, *parts]
    return ":".join(parts) if len(parts) == 2 and all(parts) else ""  # noqa: PLR2004 - namespace and name


def defaults(declarations: Mapping[str, Any], *, project: str) -> dict[str, Any]:
    """What Pulumi.yaml's `config:` says for stacks that do not say it themselves."""
    values = {}
    for written, declaration in declarations.items():
        whole = isinstance(declaration, Mapping)
        for value in (
            [declaration[word] for word in ("default", "value") if word in declaration] if whole else [declaration]
        ):
            values[key(written, project=project)] = value
    return values


def ciphertext(value: Any) -> str | None:
    """The ciphertext of a secret; None for anything else."""
    found = value.get("secure") if isinstance(value, Mapping) and len(value) == 1 else None
    return found if isinstance(found, str) else None


def secrets(value: Any, *, path: findings.Path) -> Iterator[tuple[findings.Path, str]]:
    """Path and ciphertext of every secret inside a value."""
    sealed = ciphertext(value)
    if sealed is not None:
        yield path, sealed
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from secrets(item, path=(*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from secrets(item, path=(*path, index))


def opened(value: Any, opener: Opener, *, path: findings.Path) -> Any:
    """The value with every secret replaced by what `opener` returns."""
    sealed = ciphertext(value)
    if sealed is not None:
        return opener(path, sealed)
    if isinstance(value, Mapping):
        return {name: opened(item, opener, path=(*path, name)) for name, item in value.items()}
    if isinstance(value, list):
        return [opened(item, opener, path=(*path, index)) for index, item in enumerate(value)]
    return value


def text(value: Any) -> str:
    """What a program receives: texts as they are, anything else as compact JSON, and nothing as an empty text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
