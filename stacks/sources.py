"""What is written in the project file and in a stack file, before anybody asks what it means.

Reads the disk and checks the outer shape: which keys there are, and that configuration keys are keys. Opens no secret.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from stacks import configuration, errors, findings, positions, suggestions

PROJECT_FILE: Final = "Pulumi.yaml"
SALT: Final = "encryptionsalt"
STACK_KEYS: Final = ("config", SALT, "secretsprovider", "encryptedkey", "environment")
"""The outer keys of a stack file, all of them Pulumi's."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Project:
    """What the project file says, and the stack files that there are."""

    root: pathlib.Path
    name: str
    defaults: Mapping[str, Any]
    """Configuration for stacks that do not set it themselves, by `namespace:name`."""
    stacks: Mapping[str, pathlib.Path]
    """The file of each stack, sorted by the stack's name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """A stack file as it is written."""

    stack: str
    root: pathlib.Path
    """The project's folder."""
    path: pathlib.Path
    file: str
    """The path relative to the project, as messages show it."""
    outer: Mapping[str, Any] = dataclasses.field(repr=False)
    """The file's outer keys."""
    config: Mapping[str, Any] = dataclasses.field(repr=False)
    """Configuration by `namespace:name`, the project's defaults included, secrets as `{"secure": ciphertext}`."""
    written: Mapping[str, str]
    """The spelling in the file of each `namespace:name`."""
    document: positions.Document
    unread: tuple[findings.Path, ...]
    """The configuration paths of values that are not what was meant, as `problems` tell."""
    problems: tuple[errors.Problem, ...]
    """What is wrong with the outer shape."""

    @property
    def secrets(self) -> dict[findings.Path, str]:
        """The ciphertext of every secret, by path."""
        return {
            path: sealed
            for key, value in self.config.items()
            for path, sealed in configuration.secrets(value, path=(key,))
        }

    def locate(self, path: findings.Path) -> tuple[int, int]:
        """Line and column of a configuration path that starts with `namespace:name`."""
        return self.document.locate(
            ("config", self.written.get(str(path[0]), path[0]), *path[1:]) if path else ("config",)
        )

    def problem(self, what: str, *, at: findings.Path, why: str = "", next: str = "") -> errors.Problem:  # noqa: A002
        """A problem at an outer path of this file, such as `("encryptionsalt",)`."""
        line, column = self.document.locate(at)
        return errors.Problem(what=what, why=why, next=next, file=self.file, line=line, column=column)


def project(root: pathlib.Path) -> Project:
    """The project in the folder `root`. Raises UsageError where there is none."""
    path = root / PROJECT_FILE
    if not path.is_file():
        raise errors.UsageError.of(
            f"there is no {PROJECT_FILE} in {root}",
            why="it names the project and the folder of its stack files",
            next="run the command in the project's folder",
        )
    document = positions.read(_content(path, file=PROJECT_FILE), file=PROJECT_FILE)
    if document.problems:
        raise errors.StackFileError(*document.problems)
    written = document.value if isinstance(document.value, Mapping) else {}
    name, declared = str(written.get("name", "")), written.get("config")
    folder = root / str(written.get("stackConfigDir") or ".")
    found = {file.name.removeprefix("Pulumi.").removesuffix(".yaml"): file for file in folder.glob("Pulumi.?*.yaml")}
    return Project(
        root=root,
        name=name,
        defaults=configuration.defaults(declared if isinstance(declared, Mapping) else {}, project=name),
        stacks=dict(sorted(found.items())),
    )


def source(project: Project, stack: str) -> Source:
    """The file of a stack. Raises UsageError where there is none, StackFileError where nothing in it can be judged."""
    if stack not in project.stacks:
        raise errors.UsageError.of(
            f"there is no stack `{stack}`",
            why=f"a stack is a file Pulumi.<stack>.yaml; there are {suggestions.listed(project.stacks) or 'none yet'}",
            next=suggestions.correction(stack, project.stacks)
            if project.stacks
            else f"write stacks/Pulumi.{stack}.yaml, as README.md says",
        )
    path = project.stacks[stack]
    file = os.path.relpath(path, project.root)
    document = positions.read(_content(path, file=file), file=file)
    if any(len(place) <= len(("config",)) for place in document.unread):
        raise errors.StackFileError(*document.problems)
    outer = _mapping(document, (), file=file)
    given = _mapping(document, ("config",), file=file)
    keys = {written: configuration.key(written, project=project.name) for written in given}
    result = Source(
        stack=stack,
        root=project.root,
        path=path,
        file=file,
        outer=outer,
        config={**project.defaults, **{key: given[written] for written, key in keys.items() if key}},
        written={key: written for written, key in keys.items() if key},
        document=document,
        unread=tuple((keys[str(place[1])], *place[2:]) for place in document.unread if place[0] == "config"),
        problems=(),
    )
    return dataclasses.replace(result, problems=(*document.problems, *_shape(result, keys)))


def _mapping(document: positions.Document, path: findings.Path, *, file: str) -> Mapping[str, Any]:
    value = document.value
    for step in path:
        value = (value or {}).get(step)
    if value is not None and not isinstance(value, Mapping):
        line, column = document.locate(path)
        what = f"`{findings.spelled(path)}` must be a mapping" if path else "a stack file must be a mapping"
        problem = errors.Problem(
            what=what,
            why="Pulumi reads it so too",
            next="write `config:` and the stack's settings below it",
            file=file,
            line=line,
            column=column,
        )
        raise errors.StackFileError(problem)
    return value or {}


def _shape(source: Source, keys: Mapping[str, str]) -> Iterator[errors.Problem]:
    for name in source.outer:
        if name not in STACK_KEYS:
            yield source.problem(
                f"unknown key `{name}`",
                at=(name,),
                why="what stands below it has no effect",
                next=suggestions.correction(name, STACK_KEYS),
            )
    for written, key in keys.items():
        if not key:
            advice = "name it `namespace:name`, for example `paasport:cluster`"
            what = f"`{written}` is no configuration key"
            yield source.problem(what, at=("config", written), why="Pulumi refuses it", next=advice)
        elif source.written[key] != written:
            what = f"`{written}` and `{source.written[key]}` are the same configuration key"
            why = "only one of the two can be meant"
            yield source.problem(what, at=("config", written), why=why, next="keep one of them")


def _content(path: pathlib.Path, *, file: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        problem = errors.Problem(
            what=f"it cannot be read: {error.strerror}",
            why="nothing is known of the stack without it",
            next=f"ls -l {file}; then make it a file that you may read",
            file=file,
        )
        raise errors.StackFileError(problem) from None
