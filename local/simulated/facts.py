"""What is known about resource types beyond the SDK: read from the data files in `data/`, or else a likely guess.

The words of those files are explained at the head of `data/aws.yaml`.
"""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Mapping
from typing import Any, Final, Literal

import yaml

from local.simulated import schema, sdk

Auto = Literal["", "dash", "digits", "guid", "copy"]

_FOLDER: Final = pathlib.Path(__file__).parent / "data"
_LABELLED_NAMES: Final = ("name", "resourceName")
_AZURE_FIXED: Final = ("resourceGroupName", "location")
_LONGEST_NAME: Final = 255


@dataclasses.dataclass(frozen=True, kw_only=True)
class Name:
    """How resources of a type are named."""

    property: str
    auto: Auto = ""
    """What is added to the name in the program where no name is given; empty where nothing is made up."""
    prefix: str = ""
    pattern: str = ".*"
    shortest: int = 1
    longest: int = _LONGEST_NAME


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reference:
    """An input that names another resource."""

    path: str
    """Its path; `[]` stands for every item of a list."""
    tokens: tuple[str, ...]
    """What it may name."""
    foreign: bool
    """Whether it may also name something that exists outside of the stack."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Facts:
    """One resource type."""

    token: str
    id: str
    """Template of its identifier."""
    outputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    name: Name | None = None
    unique: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    immutable: tuple[str, ...] = ()
    serial: str = ""
    """Template, or path of an input, of what takes one operation at a time; empty where there is no such limit."""


@functools.cache
def of(token: str) -> Facts:
    """The facts of a type that the SDK has. Raises VendorRefused for one that it does not have."""
    package = sdk.vendor(token)
    properties = schema.of(token)
    known = _table(package).get(token)
    likely = _guess(token, package=package, properties=properties)
    return likely if known is None else _given(token, known, package=package, likely=likely)


def tokens(package: str) -> tuple[str, ...]:
    """The types of a vendor that the data file knows."""
    return tuple(_table(package))


@functools.cache
def _table(package: str) -> dict[str, dict[str, Any]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (_FOLDER / f"{package}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, Any]] = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader, the C one if it is there
    return loaded


def _given(token: str, known: Mapping[str, Any], *, package: str, likely: Facts) -> Facts:
    name = Name(**known["name"]) if "name" in known else None
    fixed = (*([name.property] if name else []), *_AZURE_FIXED) if package == "azure-native" else ()
    return Facts(
        token=token,
        id=known["id"],
        outputs={**likely.outputs, **known.get("outputs", {})},
        name=name,
        unique=tuple(known.get("unique", ())),
        references=tuple(_reference(path, targets) for path, targets in known.get("references", {}).items()),
        immutable=tuple(dict.fromkeys((*known.get("immutable", ()), *fixed))),
        serial=known.get("serial", ""),
    )


def _reference(path: str, targets: str | list[str]) -> Reference:
    listed = [targets] if isinstance(targets, str) else targets
    return Reference(
        path=path,
        tokens=tuple(target.removesuffix("?") for target in listed),
        foreign=any(target.endswith("?") for target in listed),
    )


def _guess(token: str, *, package: str, properties: schema.Schema) -> Facts:
    """What is likely for a type that no data file has: identifiers of the vendor's form, and made-up names."""
    if token.startswith(sdk.PROVIDER):
        return Facts(token=token, id="{guid:provider}")
    module, kind = _split(token)
    name = _likely_name(properties, package=package)
    last = "{name}" if name else "{hex:17}"
    if package == "aws":
        arn = f"arn:{{partition}}:{module}:{{region}}:{{account}}:{kind.lower()}/{{id}}"
        outputs = {"arn": arn} if "arn" in properties.outputs else {}
        return Facts(token=token, id=last if name else f"{kind.lower()}-{last}", outputs=outputs, name=name)
    plural = f"{kind[:1].lower()}{kind[1:]}s"
    if package == "gcp":
        place = "locations/{region}" if "location" in properties.inputs else "global"
        return Facts(token=token, id=f"projects/{{project}}/{place}/{plural}/{last}", name=name)
    scope = "{group}" if "resourceGroupName" in properties.inputs else "/subscriptions/{subscription}"
    identifier = f"{scope}/providers/Microsoft.{module[:1].upper()}{module[1:]}/{plural}/{last}"
    return Facts(token=token, id=identifier, name=name, immutable=_AZURE_FIXED)


def _split(token: str) -> tuple[str, str]:
    """The module and the class in a token: `aws:ec2/vpc:Vpc` and `azure-native:network:Subnet` are the two forms."""
    _, module, kind = token.split(":")
    return module.partition("/")[0], kind


def _likely_name(properties: schema.Schema, *, package: str) -> Name | None:
    """The property with the name. In azure-native the parts of a resource's path are no outputs."""
    texts = [
        name for name, known in properties.inputs.items() if known.type.form is schema.Form.TEXT and not known.required
    ]
    if package == "azure-native":
        own = [name for name in texts if name.endswith("Name") and name not in properties.outputs]
        return Name(property=own[0], auto="digits") if own else None
    own = [name for name in texts if name in _LABELLED_NAMES]
    return Name(property=own[0], auto="dash") if own else None
