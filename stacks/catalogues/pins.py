"""A catalogue's own lock file: whether it pins the releases of the operators that the catalogue brings."""

from __future__ import annotations

import hashlib
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import pydantic

from stacks import errors, fields, findings, forms, suggestions
from stacks.catalogues import declarations, files, model, places

Text = declarations.Text


class GoModule(fields.Model):
    """A Go module that contains a release's file."""

    path: Text
    version: Text
    file: Text


class Pin(fields.Model):
    """One file of an operator's release."""

    url: Annotated[str, pydantic.StringConstraints(pattern=forms.SECURE_URL)] | None = None
    """Where it was published."""
    file: Text | None = None
    """Where it lies in the maker's own folder, instead."""
    sha256: Annotated[str, pydantic.StringConstraints(pattern=forms.SHA256)]
    """Of its bytes, wherever they come from."""
    go_module: Annotated[GoModule | None, pydantic.Field(alias="go_module")] = None
    """A Go module that contains the same bytes."""


class Release(fields.Model):
    """An operator's release, as `releases.lock.yaml` pins it."""

    version: Text
    """As its publisher writes it."""
    images: tuple[Annotated[str, pydantic.StringConstraints(pattern=forms.IMAGE)], ...]
    """What its objects run, the operator itself first, and what it starts by itself."""
    manifests: Annotated[dict[str, Pin], pydantic.Field(min_length=1)]
    """Its files, by their names in a mirror."""


def problems(
    brought: Mapping[str, model.Operator], *, folder: pathlib.Path, root: pathlib.Path
) -> tuple[errors.Problem, ...]:
    """What is wrong with the pins of these operators, which are all of the folder's."""
    path = folder / places.LOCK_FILE
    if not path.is_file():
        problem = errors.Problem(
            what=f"it is missing, and the release of {suggestions.listed(brought)} is pinned nowhere",
            why="an operator is installed from a release with a known hash only",
            next="write it in the format of components/operators/releases.lock.yaml: docs/add-a-service.md",
            file=files.shown(path, root),
        )
        return (problem,)
    try:
        file = files.read(path, root=root)
    except errors.StackFileError as error:
        return error.problems
    lock, wrong = files.filled(file, _lock(brought))
    if lock is None:
        return wrong
    return file.problems(found for name in brought for found in _pins(_release(lock, name), brought[name], folder))


def _lock(names: Iterable[str]) -> type[fields.Model]:
    """The model of a lock file that has these operators. Names of operators are no names of Python's."""
    entries: dict[str, Any] = {
        f"operator_{index}": (Release, pydantic.Field(alias=name, description="The operator's release."))
        for index, name in enumerate(names)
    }
    return pydantic.create_model("Lock", __base__=fields.Model, __module__=__name__, **entries)


def _release(lock: fields.Model, name: str) -> Release:
    fields_of = type(lock).model_fields
    found: Release = next(getattr(lock, key) for key, field in fields_of.items() if field.alias == name)
    return found


def _pins(release: Release, operator: model.Operator, folder: pathlib.Path) -> Iterator[findings.Finding]:
    if release.version != operator.version:
        yield findings.Finding(
            path=(operator.name, "version"),
            what=f"{operator.name} {release.version} is pinned, and its service wants {operator.version}",
            why="only what was pinned is installed",
            next="pin the files of that version, each with the sha256 of its bytes",
        )
    if not release.images:
        yield findings.Finding(
            path=(operator.name, "images"),
            what=f"`{operator.name}.images` must not be empty",
            why="a site without internet could not know what to bring",
            next="list what the release's objects run, the operator itself first",
        )
    for name, pin in release.manifests.items():
        yield from _pin(pin, folder=folder, path=(operator.name, "manifests", name))


def _pin(pin: Pin, *, folder: pathlib.Path, path: findings.Path) -> Iterator[findings.Finding]:
    if (pin.url is None) is (pin.file is None):
        yield findings.Finding(
            path=path,
            what="a file of a release has either a `url` or a `file`",
            why="there is one place where it comes from",
            next="leave one of them out, or add one",
        )
        return
    if pin.file is None:
        return
    source = (folder / pin.file).resolve()
    if not source.is_relative_to(folder) or not source.is_file():
        yield findings.Finding(
            path=(*path, "file"),
            what=f"there is no file `{pin.file}` in the catalogue",
            why="the operator is installed from it",
            next=f"put it there, or write its path from {folder.name}/",
        )
        return
    got = hashlib.sha256(source.read_bytes()).hexdigest()
    if got != pin.sha256:
        yield findings.Finding(
            path=(*path, "sha256"),
            what=f"`{pin.file}` is not the pinned file: expected sha256 {pin.sha256}, got {got}",
            why="what is in it would be installed with the rights of an operator",
            next="find out why it changed before you pin another hash",
        )
