"""Plain data into models, with findings where pydantic would raise.

Knows the shape of a catalogue (a key that names the model to fill), not which models there are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

import pydantic

from stacks import explanations, findings, salvage, suggestions, unknown

T = TypeVar("T", bound=pydantic.BaseModel)

NO_OTHER_NAMES: Final[Mapping[str, str]] = {}
"""Where people know nothing by another name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Filled(Generic[T]):
    """A model, and what was wrong with what it was filled with."""

    value: T | None = None
    """None where it is not known which model is meant. Whatever is wrong in it is `unknown`."""
    found: tuple[findings.Finding, ...] = ()
    gaps: tuple[findings.Path, ...] = ()
    """The paths of what is unknown."""


def chosen(
    value: Any,
    *,
    by: str,
    catalogue: Mapping[str, type[T]],
    path: findings.Path,
    echo: bool,
    others: Mapping[str, str] = NO_OTHER_NAMES,
) -> Filled[T]:
    """The model that the key `by` of `value` names, filled with what is right.

    Choosing here rather than by a discriminated union keeps the fields of the other models out of the findings. Where
    the key names none, the rest is judged as what it can only be meant for. `others` are names that people know some
    of the catalogue by: none of them is right, but what is meant is plain.
    """
    if unknown.is_unknown(value):
        return Filled()
    if not isinstance(value, Mapping):
        what = f"`{findings.spelled(path)}` must be a mapping, not {explanations.described(value, echo=False)}"
        why, advice = f"its `{by}` says what the rest of it may be", f"write it as keys and values, first `{by}`"
        return Filled(found=(findings.Finding(path=path, what=what, why=why, next=advice),))
    name = value.get(by)
    if not unknown.is_unknown(name) and isinstance(name, str) and name in catalogue:
        return filled(value, model=catalogue[name], path=path, echo=echo)
    wrong = (
        ()
        if unknown.is_unknown(name)
        else (_misnamed(value, by=by, catalogue=catalogue, path=path, echo=echo, others=others),)
    )
    meant = _meant(value, name=name, catalogue=catalogue, others=others)
    if not meant:
        return Filled(found=wrong)
    rest = filled({**value, by: meant}, model=catalogue[meant], path=path, echo=echo)
    return dataclasses.replace(rest, found=(*wrong, *rest.found))


def filled(value: Mapping[str, Any], *, model: type[T], path: findings.Path, echo: bool) -> Filled[T]:
    """The model filled with what is right of `value`."""
    plain = unknown.replaced(value, by=None)
    try:
        whole = model.model_validate(plain, by_alias=True, by_name=False)
        wrong: tuple[findings.Finding, ...] = ()
    except pydantic.ValidationError as error:
        wrong = tuple(explanations.findings_of(error, model, path=path, echo=echo))
    else:
        if plain is value:
            return Filled(value=whole)
    part, gaps = salvage.of(value, model=model, path=path)
    unread = unknown.places(value, path=path)
    told = tuple(finding for finding in wrong if not findings.is_within(finding.path, unread))
    return Filled(value=part, found=told, gaps=tuple(gaps))


def _misnamed(
    value: Mapping[str, Any],
    *,
    by: str,
    catalogue: Mapping[str, type[T]],
    path: findings.Path,
    echo: bool,
    others: Mapping[str, str],
) -> findings.Finding:
    place = (*path, by)
    if by not in value:
        what, advice = f"`{findings.spelled(place)}` is missing", f"write one of {suggestions.listed(catalogue)}"
        return findings.Finding(path=place, what=what, why="it says what the rest of it may be", next=advice)
    name = value[by]
    repeated = name if echo and type(name) is str else ""
    what = (
        f"`{findings.spelled(place)}` must be one of {suggestions.listed(catalogue)}, "
        f"not {explanations.described(name, echo=echo)}"
    )
    known = others.get(repeated.lower())
    advice = f"write `{known}`" if known else suggestions.correction(repeated, catalogue)
    return findings.Finding(path=place, what=what, why="it says what the rest of it may be", next=advice)


def _meant(value: Mapping[str, Any], *, name: Any, catalogue: Mapping[str, type[T]], others: Mapping[str, str]) -> str:
    """What can only be meant: the name of the one block there is, or that of a slip; empty where these disagree."""
    text = name if not unknown.is_unknown(name) and isinstance(name, str) else ""
    slips = {known for known in catalogue if suggestions.is_slip(text, of=known)}
    known = {others[text.lower()]} if text.lower() in others else set()
    meant = {key for key in value if key in catalogue} | slips | known
    return meant.pop() if len(meant) == 1 else ""
