"""A maker's Python: run for a stack that names its catalogue, and told of by the maker's own lines when it fails.

What a module may use is `components.contracts`, `stacks.services.instance` and `stacks.fields`: the public interface
of this project (docs/add-a-service.md). What it offers is found by name: `SERVICE`, `OPERATORS`, `REHEARSALS`.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import pathlib
import sys
import traceback
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from stacks import errors
from stacks.catalogues import files

_PACKAGE: Final = "paasport_catalogue_"
_MOST_LINES: Final = 10
_ADVICE: Final = "correct it, or leave its catalogue out of the stack file"


def load(path: pathlib.Path, *, folder: pathlib.Path, root: pathlib.Path) -> types.ModuleType:
    """The module in a file. Modules of one folder may import each other: `from . import other`.

    Raises StackFileError with the exception's text and the maker's own lines, whatever was raised.
    """
    package = _package(path.parent)
    name = f"{package}.{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    try:
        with _without_bytecode():
            return _executed(name, path)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever somebody else's code raises
        sys.modules.pop(name, None)
        raise errors.StackFileError(failure(error, doing="be loaded", path=path, folder=folder, root=root)) from None


def failure(
    error: BaseException, *, doing: str, path: pathlib.Path, folder: pathlib.Path, root: pathlib.Path
) -> errors.Problem:
    """What to tell of an exception out of a maker's code: its text and the lines of that code which it came through."""
    if isinstance(error, SyntaxError) and error.filename and _is_inside(error.filename, folder):
        return _problem(error, f"{error.msg}", doing=doing, place=(error.filename, error.lineno or 0), root=root)
    frames = [
        (frame.filename, frame.lineno or 0, frame.name)
        for frame in traceback.extract_tb(error.__traceback__)
        if _is_inside(frame.filename, folder)
    ]
    place = frames[-1][:2] if frames else (str(path), 0)
    lines = _shortened([f"{files.shown(file, root)}:{line} in {name}" for file, line, name in frames])
    return _problem(error, str(error), doing=doing, place=place, root=root, lines=lines)


def mistake(said: str, function: Callable[..., Any], *, doing: str, root: pathlib.Path) -> errors.Problem:
    """What to tell of a maker's function that raises nothing and yet is wrong: where it begins."""
    code = getattr(function, "__code__", None)
    return errors.Problem(
        what=f"it cannot {doing}: {said}",
        why="nothing can be made of such a value",
        next=_ADVICE,
        file=files.shown(code.co_filename, root) if code else "",
        line=code.co_firstlineno if code else 0,
    )


def _shortened(lines: Sequence[str]) -> list[str]:
    """The first and the last ones: a recursion without an end has a thousand, all alike."""
    left = len(lines) - _MOST_LINES
    if left <= 0:
        return list(lines)
    half = _MOST_LINES // 2
    return [*lines[:half], f"... {left} more", *lines[-half:]]


def _problem(
    error: BaseException,
    text: str,
    *,
    doing: str,
    place: tuple[str, int],
    root: pathlib.Path,
    lines: Sequence[str] = (),
) -> errors.Problem:
    said = " ".join(text.split())
    return errors.Problem(
        what=f"it cannot {doing}: {type(error).__name__}{f': {said}' if said else ''}",
        why="\n  ".join(lines),
        next=_ADVICE,
        file=files.shown(place[0], root),
        line=place[1],
    )


def _is_inside(file: str, folder: pathlib.Path) -> bool:
    return pathlib.Path(file).resolve().is_relative_to(folder)


def _package(folder: pathlib.Path) -> str:
    """The package that a folder of modules is; another one once anything in it has changed."""
    digest = hashlib.sha256(str(folder).encode())
    for file in sorted(folder.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    name = f"{_PACKAGE}{digest.hexdigest()[:16]}"
    if name not in sys.modules:
        package = types.ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    return name


def _executed(name: str, path: pathlib.Path) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pydantic look their modules up by name while they run.
    sys.modules[name] = module
    # What a command prints may be a document, and the module is no part of it.
    with contextlib.redirect_stdout(sys.stderr):
        spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _without_bytecode() -> Iterator[None]:
    """Looking at a catalogue leaves nothing in it."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
