"""Reads manifests as Kubernetes' own tools do, and keeps what it has parsed: YAML of megabytes takes seconds."""

from __future__ import annotations

import hashlib
import os
import pathlib
import re
import tempfile
from typing import Any, Final

import pydantic_core
import yaml

from stacks import errors, locations

Json = dict[str, Any]

_WORTH_KEEPING: Final = 32 * 1024
"""Bytes from which a file's parsed form is kept; below, parsing is quicker than asking the disk."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # chosen at run time
    """YAML as Kubernetes reads it.

    Timestamps and a bare `=` (both in real CustomResourceDefinitions) stay text, and `1:30` is no number in base 60.
    """


_DROPPED: Final = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value", "tag:yaml.org,2002:int")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _DROPPED]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)$"), list("-+0123456789")
)


def of_text(text: str, *, source: str) -> list[Json]:
    """The documents of a YAML or JSON text; `source` names it in messages. Raises `EngineError`."""
    try:
        documents = [document for document in yaml.load_all(text, Loader=_Loader) if document is not None]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        # The parser's own message may quote the text, and the text may be secret.
        raise errors.EngineError.of(
            f"{source}{place}: it is not YAML",
            why="the objects in it cannot be applied",
            next="correct the manifest",
        ) from None
    if not all(isinstance(document, dict) for document in documents):
        raise errors.EngineError.of(
            f"{source}: it holds something else than objects",
            why="what is in it cannot be applied",
            next="correct the manifest",
        )
    return documents


def of_file(path: pathlib.Path) -> list[Json]:
    """The documents of a file; raises `EngineError` when it cannot be read."""
    try:
        content = path.read_bytes()
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise errors.EngineError.of(
            f"the manifest file {path} cannot be read: {reason}",
            why="the objects in it cannot be applied",
            next="correct the path or the file",
        ) from None
    if len(content) < _WORTH_KEEPING:
        return of_text(text, source=str(path))
    # The version of this module's rules is part of the key, so that a change of them is not answered from before.
    kept = locations.cache_folder() / "parsed" / f"{hashlib.sha256(content).hexdigest()}-1.json"
    found = _kept(kept)
    if found is None:
        found = of_text(text, source=str(path))
        _keep(kept, found)
    return found


def _kept(path: pathlib.Path) -> list[Json] | None:
    try:
        documents = pydantic_core.from_json(path.read_bytes())
    except (OSError, ValueError):
        return None
    return documents if isinstance(documents, list) else None


def _keep(path: pathlib.Path, documents: list[Json]) -> None:
    """Keep for the next run; where that is not possible, the next run parses again."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(pydantic_core.to_json(documents))
        os.replace(file.name, path)  # noqa: PTH105 - the other spelling needs a Path of the same name
    except (OSError, ValueError):
        return
