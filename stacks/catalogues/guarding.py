"""A maker's functions, called so that what they raise is told by the maker's own lines."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from stacks import errors
from stacks.catalogues import modules

P = ParamSpec("P")
T = TypeVar("T")


def guarded(function: Callable[P, T], *, doing: str, folder: pathlib.Path, gives: type[Any] = object) -> Callable[P, T]:
    """The function. What it raises becomes a PaasportError: its text, and the lines of `folder` it came through.

    So does a value that is not of the type which it `gives`, because no line of a maker's would be in what that raises
    later.
    """

    @functools.wraps(function)
    def call(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            given = function(*arguments, **named)
        except errors.PaasportError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever somebody else's code raises
            problem = modules.failure(error, doing=doing, path=folder, folder=folder, root=pathlib.Path.cwd())
            raise errors.PaasportError(problem) from None
        if not isinstance(given, gives):
            named_so = getattr(function, "__name__", "it")
            wrong = f"`{named_so}` gives a value of type {type(given).__name__}, not of {gives.__name__}"
            raise errors.PaasportError(modules.mistake(wrong, function, doing=doing, root=pathlib.Path.cwd()))
        return given

    return call
