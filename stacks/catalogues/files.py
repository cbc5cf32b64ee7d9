"""One YAML file of a catalogue: read, filled into a model, and every problem placed at its line."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import pydantic

from stacks import errors, filling, findings, positions

T = TypeVar("T", bound=pydantic.BaseModel)


@dataclasses.dataclass(frozen=True, kw_only=True)
class File:
    """A file, and where its keys are."""

    path: pathlib.Path
    shown: str
    """As messages call it: relative to the project."""
    document: positions.Document

    def problems(self, found: Iterable[findings.Finding]) -> tuple[errors.Problem, ...]:
        """The findings as problems of this file."""
        return findings.problems(found, locate=self.document.locate, file=self.shown)


def shown(path: str | pathlib.Path, root: pathlib.Path) -> str:
    """A path as messages call it."""
    return os.path.relpath(path, root)


def read(path: pathlib.Path, *, root: pathlib.Path) -> File:
    """The file. Raises StackFileError where it is no YAML or can't be read."""
    name = shown(path, root)
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = errors.Problem(
            what=f"it cannot be read: {error.strerror}",
            why="nothing is known of what it describes",
            next=f"ls -l {name}; then make it a file that you may read",
            file=name,
        )
        raise errors.StackFileError(problem) from None
    return File(path=path, shown=name, document=positions.read(content, file=name))


def filled(file: File, wanted: type[T]) -> tuple[T | None, tuple[errors.Problem, ...]]:
    """The model that the file describes, None where anything is wrong, and everything that is."""
    value = file.document.value
    if not isinstance(value, Mapping):
        problem = errors.Problem(
            what="this must be a mapping",
            why="it is described by keys and values",
            next="docs/add-a-service.md shows what it begins with",
            file=file.shown,
        )
        return None, (*file.document.problems, problem)
    result = filling.filled(_texts(value), model=wanted, path=(), echo=True)
    problems = (*file.document.problems, *file.problems(result.found))
    return (None if problems else result.value), problems


def _texts(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): item for key, item in value.items()}
