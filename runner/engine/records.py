"""The inventory as bytes: entries to compressed JSON and back, secret values sealed. Pure but for the seal's nonces."""

from __future__ import annotations

import dataclasses
import gzip
import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from runner.engine import model, sealing, values
from stacks import errors

FORMAT: Final = 2
"""Of what is written. Older ones can be read: what they lack has its default."""
_SEALED: Final = "4dabf18193072939515e22adb298388d"
"""Pulumi's own marker, which no program can use for anything else."""
_FIELDS: Final = tuple(field.name for field in dataclasses.fields(model.Entry))
_ALWAYS: Final = frozenset({"urn", "type", "id", "custom"})


@dataclasses.dataclass(frozen=True)
class Contents:
    """All that an inventory remembers."""

    entries: tuple[model.Entry, ...] = ()
    superseded: tuple[model.Entry, ...] = ()
    """Objects that were replaced and are still to be deleted."""


def line(entry: model.Entry, *, seal: sealing.Seal) -> str:
    """One entry as JSON, without the fields that have their default."""
    fields = {name: getattr(entry, name) for name in _FIELDS}
    told = {name: value for name, value in fields.items() if value or name in _ALWAYS}
    return json.dumps(_sealed(told, seal=seal, owner=entry.urn), separators=(",", ":"))


def packed(lines: Iterable[str], superseded: Iterable[str]) -> bytes:
    """The whole inventory from the JSON of its entries."""
    text = f'{{"format":{FORMAT},"entries":[{",".join(lines)}],"superseded":[{",".join(superseded)}]}}'
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)


def unpacked(content: bytes, *, seal: sealing.Seal) -> Contents:
    """The reverse of `packed`. Raises `EngineError` for a newer format or damaged content."""
    try:
        document = json.loads(gzip.decompress(content))
        version = document["format"]
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
        raise _unreadable("it is damaged") from None
    if not isinstance(version, int) or version > FORMAT:
        raise _unreadable(f"it has format {version}, and this version of paasport reads up to {FORMAT}")
    try:
        return Contents(
            entries=tuple(_entry(fields, seal=seal) for fields in document["entries"]),
            superseded=tuple(_entry(fields, seal=seal) for fields in document["superseded"]),
        )
    except (KeyError, TypeError):
        raise _unreadable("it is damaged") from None


def _entry(fields: Mapping[str, Any], *, seal: sealing.Seal) -> model.Entry:
    opened = _opened(fields, seal=seal, owner=fields["urn"])
    return model.Entry(**{**opened, "dependencies": tuple(opened.get("dependencies", ()))})


def _sealed(value: Any, *, seal: sealing.Seal, owner: str) -> Any:
    if isinstance(value, values.Secret):
        return {_SEALED: seal.close(values.revealed(value), owner=owner)}
    if isinstance(value, Mapping):
        return {key: _sealed(item, seal=seal, owner=owner) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_sealed(item, seal=seal, owner=owner) for item in value]
    return value


def _opened(value: Any, *, seal: sealing.Seal, owner: str) -> Any:
    if isinstance(value, dict):
        if _SEALED in value:
            return values.Secret(seal.open(value[_SEALED], owner=owner))
        return {key: _opened(item, seal=seal, owner=owner) for key, item in value.items()}
    if isinstance(value, list):
        return [_opened(item, seal=seal, owner=owner) for item in value]
    return value


def _unreadable(why: str) -> errors.EngineError:
    problem = errors.Problem(
        what="the stack's inventory cannot be read",
        why=why,
        next="use the newest version of paasport, or restore the Secret in namespace paasport-system from a backup",
    )
    return errors.EngineError(problem)
