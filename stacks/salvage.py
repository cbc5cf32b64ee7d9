"""As much of a wrong value as is right, so that one mistake hides no other.

Goes by a model's own types: what they refuse becomes `unknown`, as deep inside as possible. Says nothing about what is
wrong; `explanations.py` does.
"""

from __future__ import annotations

import contextlib
import functools
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import pydantic

from stacks import findings, suggestions, unknown

T = TypeVar("T", bound=pydantic.BaseModel)


def of(value: Mapping[str, Any], *, model: type[T], path: findings.Path) -> tuple[T, list[findings.Path]]:
    """The model with whatever of `value` is right, and the paths of what is unknown in it."""
    salvage = _Salvage()
    return salvage.model(value, model=model, path=path), salvage.gaps


class _Salvage:
    """One walk along a value and its type."""

    def __init__(self) -> None:
        self.gaps: list[findings.Path] = []

    def model(self, value: Mapping[str, Any], *, model: type[T], path: findings.Path) -> T:
        """A model of which some fields are unknown."""
        keys = {field.alias or name: name for name, field in model.model_fields.items()}
        # Such a key was meant by one that is misspelled, so that it is not as if it had been left out.
        meant = {suggestions.nearest(key, keys) for key in value if key not in keys}
        found: dict[str, Any] = {}
        for key, name in keys.items():
            if key in value:
                found[key] = self._value(value[key], _type(model, name), path=(*path, key))
            elif model.model_fields[name].is_required() or key in meant:
                found[key] = self._gap((*path, key))
        return model.model_construct(**found)

    def _value(self, value: Any, annotation: Any, *, path: findings.Path) -> Any:
        if unknown.is_unknown(value):
            return self._gap(path)
        if not unknown.inside(value):
            with contextlib.suppress(pydantic.ValidationError):
                return _adapter(annotation).validate_python(value, by_alias=True, by_name=False)
        return self._parts(value, annotation, path=path)

    def _parts(self, value: Any, annotation: Any, *, path: findings.Path) -> Any:
        """A value that is wrong in part, or as a whole."""
        inner = _inside(annotation)
        if isinstance(inner, type) and issubclass(inner, pydantic.BaseModel) and isinstance(value, Mapping):
            return self.model(value, model=inner, path=path)
        origin, parts = typing.get_origin(inner), typing.get_args(inner)
        if origin is dict and isinstance(value, Mapping):
            return {key: self._value(item, parts[1], path=(*path, key)) for key, item in value.items()}
        if origin is tuple and isinstance(value, list | tuple):
            before = len(self.gaps)
            items = tuple(self._value(item, parts[0], path=(*path, index)) for index, item in enumerate(value))
            # Where each is right there are too few of them, or too many.
            return items if len(self.gaps) > before else self._gap(path)
        return self._gap(path)

    def _gap(self, path: findings.Path) -> unknown.Unknown:
        self.gaps.append(path)
        return unknown.Unknown()


@functools.cache
def _type(model: type[pydantic.BaseModel], name: str) -> Any:
    """The whole type of a field, its limits included."""
    field = model.model_fields[name]
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


@functools.cache
def _adapter(annotation: Any) -> pydantic.TypeAdapter[Any]:
    return pydantic.TypeAdapter(annotation)


def _inside(annotation: Any) -> Any:
    """The type behind its limits and behind `| None`; nothing where there are several."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _inside(parts[0])
    if origin in (typing.Union, types.UnionType):
        choices = [part for part in parts if part is not type(None)]
        return _inside(choices[0]) if len(choices) == 1 else None
    return annotation
