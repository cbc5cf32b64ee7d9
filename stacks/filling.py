"""Plain data into models, with findings where pydantic would raise.

Knows the shape of a catalogue (a key that names the model to fill), not which models there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import pydantic

from stacks import explanations, findings, suggestions

T = TypeVar("T", bound=pydantic.BaseModel)


def chosen(
    value: Any,
    *,
    by: str,
    catalogue: Mapping[str, type[T]],
    planned: Mapping[str, str],
    path: findings.Path,
    echo: bool,
) -> tuple[T | None, list[findings.Finding]]:
    """The model that the key `by` of `value` names, filled; None and the findings where that was not possible.

    `planned` has the names that are right but have no model yet, with what to do instead. Choosing here rather than by
    a discriminated union keeps the fields of the other models out of the findings.
    """
    if not isinstance(value, Mapping):
        what = f"`{findings.spelled(path)}` must be a mapping, not {explanations.described(value, echo=False)}"
        return None, [findings.Finding(path=path, what=what, next=f"write it as keys and values, first `{by}`")]
    place = (*path, by)
    if by not in value:
        what = f"`{findings.spelled(place)}` is missing"
        return None, [findings.Finding(path=place, what=what, next=f"write one of {suggestions.listed(catalogue)}")]
    name = value[by]
    if isinstance(name, str) and name in catalogue:
        return filled(value, model=catalogue[name], path=path, echo=echo)
    repeated = name if echo and type(name) is str else ""
    return None, [
        findings.Finding(
            path=place,
            what=(
                f"`{findings.spelled(place)}` must be one of {suggestions.listed(catalogue)}, "
                f"not {explanations.described(name, echo=echo)}"
            ),
            why=f"there is no component for `{repeated}` yet" if repeated in planned else "",
            next=planned.get(repeated) or suggestions.correction(repeated, catalogue),
        )
    ]


def filled(value: Any, *, model: type[T], path: findings.Path, echo: bool) -> tuple[T | None, list[findings.Finding]]:
    """The model filled with `value`; None and the findings where that was not possible."""
    try:
        return model.model_validate(value, by_alias=True, by_name=False), []
    except pydantic.ValidationError as error:
        return None, list(explanations.findings_of(error, model, path=path, echo=echo))
