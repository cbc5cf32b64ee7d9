"""What all models of a stack file are made of: their base class and the types of single fields.

Grammar is in `forms.py`. Which settings there are is in `settings.py` and `managed.py`.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

import pydantic
import pydantic_core
from pydantic import alias_generators

from stacks import forms, quantities

DnsLabel = Annotated[str, pydantic.StringConstraints(pattern=forms.DNS_LABEL, min_length=1, max_length=63)]
"""A label of RFC 1123: lower-case letters, digits and hyphens, as names of zones and clusters are."""

ControlPlaneName = Annotated[
    str, pydantic.StringConstraints(pattern=forms.DNS_LABEL, min_length=1, max_length=forms.LONGEST_CONTROL_PLANE_NAME)
]
"""A DNS label that is short enough for a local control plane."""

ServiceName = Annotated[
    str, pydantic.StringConstraints(pattern=forms.SERVICE_NAME, min_length=1, max_length=forms.LONGEST_SERVICE_NAME)
]
"""A DNS label that starts with a letter, because Kubernetes demands that of a Service.

At most 30 characters, because names are derived from it: an operator appends its own words and an ordinal
(`prometheus-metrics-shard-1-0`), and a pod's name is a label value too, which ends at 63.
"""


def _number_as_text(value: Any) -> Any:
    """YAML reads `cpu: 16` as a number; for a quantity the two spellings mean the same."""
    return str(value) if type(value) in (int, float) else value


_QuantityText = Annotated[str, pydantic.StringConstraints(pattern=quantities.PATTERN, max_length=32)]
_QuantityNumber = Annotated[float, pydantic.Field(gt=0)]


def _more_than_zero(quantity: str) -> str:
    if quantities.value(quantity) == 0:
        raise pydantic_core.PydanticCustomError("zero_quantity", "must be more than zero")
    return quantity


Quantity = Annotated[
    _QuantityText,
    pydantic.BeforeValidator(_number_as_text, json_schema_input_type=_QuantityText | _QuantityNumber),
    pydantic.AfterValidator(_more_than_zero),
]
"""A Kubernetes quantity: `500m` or `16` of CPU, `64Gi` of memory or storage."""

Duration = Annotated[str, pydantic.StringConstraints(pattern=forms.DURATION, min_length=2, max_length=32)]
"""A duration as Prometheus writes it: units from large to small, `15d` or `1d12h`."""

Replicas = Annotated[int, pydantic.Strict(), pydantic.Field(ge=1, le=100)]

Flag = Annotated[bool, pydantic.Strict()]
"""`true` or `false`; the texts that pydantic would also take for them are texts in YAML 1.2."""


def _date(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value
    if not isinstance(value, str):
        raise pydantic_core.PydanticCustomError("no_date", "must be a day")
    # What stands in a file without quotes reaches a program through Pulumi as a time at midnight.
    day = value.removesuffix("T00:00:00Z")
    try:
        return dt.date.fromisoformat(day if re.fullmatch(forms.DATE, day) else "")
    except ValueError:
        raise pydantic_core.PydanticCustomError("no_date", "must be a day") from None


Date = Annotated[
    dt.date,
    pydantic.BeforeValidator(
        _date, json_schema_input_type=Annotated[str, pydantic.StringConstraints(pattern=forms.DATE)]
    ),
]
"""A day as `2026-12-18`."""


class Model(pydantic.BaseModel):
    """What all settings have in common: they never change, know all their keys, and hide what is secret."""

    model_config = pydantic.ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=alias_generators.to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )
