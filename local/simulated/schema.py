"""What an SDK's source says about a type: its input and output properties with their types.

A property is read from its getter, because that has its name in the schema and its type. A property is required where
the getter's type is not Optional, also where the Python class would fill in a default: whoever registers a resource by
its token gets no such help.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import functools
import pathlib
import re
import threading
from collections.abc import Mapping
from typing import Final

from local.simulated import sdk

_PARSING: Final = threading.Lock()
"""CPython up to 3.11.7 and 3.12.1 counts the recursion of all threads together, and fails (python/cpython#106905)."""
_GETTER: Final = re.compile(
    r'    @pulumi\.getter(?:\(name="(?P<name>\w+)"\))?\n(?:.*\n)*?'
    r"    def (?P<attribute>\w+)\(self\) -> (?P<type>.+):\n"
    r'(?:        """\n(?P<text>(?:.*\n)*?)        """\n)?'
)
_MEMBER: Final = re.compile(r'^    [A-Z_]\w* = (?:"(?P<text>.*)"|(?P<number>-?[0-9.]+))$', re.MULTILINE)
_CONSTANT: Final = re.compile(r"Expected value is '([^']+)'")
_REPLACES: Final = re.compile(
    r"forces? (?:a )?(?:new|replacement)|changing (?:this|it)[^.]*(?:new resource|re-?create|replace)|"
    r"(?:can(?:not|'t)|may not|not allowed to) be? ?(?:changed?|updated|modified)|immutable",
    re.IGNORECASE,
)
_ARGUMENT: Final = re.compile(r"__args__\['(\w+)'\]")


class Form(enum.StrEnum):
    """What a value may be."""

    TEXT = "text"
    BOOLEAN = "true or false"
    INTEGER = "a whole number"
    NUMBER = "a number"
    ANY = "anything"
    LIST = "a list"
    MAP = "a dictionary"
    OBJECT = "an object"
    """A dictionary whose keys are given by a class of the SDK."""
    ENUM = "one of a few values"
    UNION = "one of several types"


_PLAIN: Final = {"str": Form.TEXT, "bool": Form.BOOLEAN, "int": Form.INTEGER, "float": Form.NUMBER}


@dataclasses.dataclass(frozen=True)
class Type:
    """The type of a value."""

    form: Form
    items: tuple[Type, ...] = ()
    """Of a list or map the type of its items; of a union all that it may be."""
    name: str = ""
    """Of an object or enum the SDK's class."""
    folder: pathlib.Path = pathlib.Path()
    """Of an object or enum the folder of the SDK's module that has the class."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Property:
    """One property of a resource or of a nested object."""

    type: Type
    required: bool
    constant: str = ""
    """The one text that it may be; empty where there is no such rule. It tells the members of a union apart."""
    replaces: bool = False
    """Whether its documentation says that a change makes a new resource."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schema:
    """One type of resource."""

    token: str
    inputs: Mapping[str, Property]
    outputs: Mapping[str, Property]


@functools.cache
def of(token: str) -> Schema:
    """The schema of a resource type. Raises VendorRefused for one that its SDK does not have."""
    place = sdk.place(token)
    source, name = place.source, place.class_name
    # Pulumi's generator says InitArgs where the module has an input type of the plain name.
    args = next(known for known in (f"{name}InitArgs", f"{name}Args") if known in source)
    return Schema(
        token=token,
        inputs=_properties(source.class_text(args), folder=source.folder),
        outputs=_properties(source.class_text(name), folder=source.folder),
    )


@functools.cache
def members(type: Type) -> Mapping[str, Property]:  # noqa: A002 - it is one
    """The properties of an object."""
    for file in ("_inputs.py", "outputs.py"):
        path = type.folder / file
        if path.is_file() and type.name in sdk.source(path):
            return _properties(sdk.source(path).class_text(type.name), folder=type.folder)
    return {}


@functools.cache
def choices(type: Type) -> frozenset[str | int | float]:  # noqa: A002 - it is one
    """The values of an enum; empty where the name is not one of the SDK's enums."""
    path = type.folder / "_enums.py"
    if not path.is_file() or type.name not in sdk.source(path):
        return frozenset()
    found = _MEMBER.finditer(sdk.source(path).class_text(type.name))
    return frozenset(one["text"] if one["number"] is None else float(one["number"]) for one in found)


@functools.cache
def arguments(token: str) -> frozenset[str] | None:
    """The names that a function of an SDK takes; None where the SDK does not have the function."""
    source = sdk.function_source(token)
    return None if source is None else frozenset(_ARGUMENT.findall(source.text()))


def _properties(text: str, *, folder: pathlib.Path) -> Mapping[str, Property]:
    return {one["name"] or one["attribute"]: _property(one, folder=folder) for one in _GETTER.finditer(text)}


def _property(found: re.Match[str], *, folder: pathlib.Path) -> Property:
    type_, optional = _type(found["type"], folder)
    text = found["text"] or ""
    constant = _CONSTANT.search(text)
    return Property(
        type=type_,
        required=not optional,
        constant=constant[1] if constant else "",
        replaces=_REPLACES.search(text) is not None,
    )


@functools.cache
def _type(annotation: str, folder: pathlib.Path) -> tuple[Type, bool]:
    """The type that an annotation means, and whether it is optional."""
    with _PARSING:
        node = ast.parse(annotation, mode="eval").body
    optional = False
    while isinstance(node, ast.Subscript) and _last(node.value) in ("Input", "Output", "Optional"):
        optional = optional or _last(node.value) == "Optional"
        node = node.slice
    return _read(node, folder=folder), optional


def _read(node: ast.expr, *, folder: pathlib.Path) -> Type:
    if isinstance(node, ast.Subscript):
        return _generic(_last(node.value), node.slice, folder=folder)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _reference(node.value, folder=folder)
    return Type(_PLAIN.get(_last(node), Form.ANY))


def _generic(head: str, inner: ast.expr, *, folder: pathlib.Path) -> Type:
    if head in ("Input", "Output", "Optional"):
        return _read(inner, folder=folder)
    if head == "Sequence":
        return Type(Form.LIST, (_read(inner, folder=folder),))
    if head == "Mapping" and isinstance(inner, ast.Tuple):
        return Type(Form.MAP, (_read(inner.elts[1], folder=folder),))
    if head == "Union" and isinstance(inner, ast.Tuple):
        return Type(Form.UNION, tuple(_read(item, folder=folder) for item in inner.elts))
    return Type(Form.ANY)


def _reference(name: str, *, folder: pathlib.Path) -> Type:
    """A class that an annotation names, such as `ClusterVpcConfigArgs`, `outputs.ClusterVpcConfig` or `OSSKU`."""
    module, _, class_name = name.rpartition(".")
    home = folder if module in ("", "outputs") else folder.parent / module.removeprefix("_")
    is_object = class_name.endswith("Args") or module == "outputs"
    return Type(Form.OBJECT if is_object else Form.ENUM, (), class_name, home)


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
