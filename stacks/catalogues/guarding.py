"""A maker's functions, called so that what they raise is told by the maker's own lines."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from stacks import errors
from stacks.catalogues import modules

P = ParamSpec("P")
T = TypeVar("T")


def guarded(function: Callable[P, T], *, doing: str, folder: pathlib.Path) -> Callable[P, T]:
    """The function. What it raises becomes a PaasportError: its text, and the lines of `folder` it came through."""

    @functools.wraps(function)
    def call(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            return function(*arguments, **named)
        except errors.PaasportError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever somebody else's code raises
            problem = modules.failure(error, doing=doing, path=folder, folder=folder, root=pathlib.Path.cwd())
            raise errors.PaasportError(problem) from None

    return call
