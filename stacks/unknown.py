"""What stands in the place of a setting that is wrong, so that everything else can still be judged.

Whoever looks at such a value learns nothing: it raises. A check that needs it so ends without a finding, and one that
does not need it never notices, which no list of what each check needs could promise as surely. Rejected: a default in
its place, about which checks would tell what nobody wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NoReturn, TypeVar, cast

from stacks import findings

T = TypeVar("T")

_OPERATORS: Final = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "or")
_LOOKED_AT_BY: Final = (
    *("bool", "call", "contains", "enter", "float", "format", "getitem", "hash", "index", "int", "iter", "len", "str"),
    *("eq", "ne", "lt", "le", "gt", "ge", "neg", "abs", "ceil", "floor", "round", "fspath"),
    *(f"{side}{name}" for name in _OPERATORS for side in ("", "r")),
)
"""The special methods by which Python looks at a value."""


class Unknowable(Exception):
    """A value was looked at of which nothing is known."""


class Unknown:
    """A setting that is there, and of which nothing is known. `is None` alone is answered: it is not."""

    __slots__ = ()

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise Unknowable

    @property  # type: ignore[misc]  # nobody assigns it
    def __class__(self) -> type[Any]:
        # `isinstance` and class patterns ask here; an answer of no would be taken for one.
        raise Unknowable

    def __repr__(self) -> str:
        return "Unknown()"


def _look(_unknown: Unknown, *_arguments: Any) -> NoReturn:
    raise Unknowable


for _name in _LOOKED_AT_BY:
    setattr(Unknown, f"__{_name}__", _look)


def is_unknown(value: Any) -> bool:
    """Whether nothing is known of the value."""
    return type(value) is Unknown


def inside(value: Any) -> bool:
    """Whether anything in a value of mappings and lists is unknown."""
    return is_unknown(value) or any(inside(item) for _, item in _items(value))


def places(value: Any, *, path: findings.Path = ()) -> list[findings.Path]:
    """The paths of whatever is unknown in a value of mappings and lists."""
    if is_unknown(value):
        return [path]
    return [place for key, item in _items(value) for place in places(item, path=(*path, key))]


def replaced(value: Any, *, by: Any) -> Any:
    """The value with something else for whatever is unknown in it; itself where nothing is."""
    if is_unknown(value):
        return by
    if not inside(value):
        return value
    if isinstance(value, Mapping):
        return {key: replaced(item, by=by) for key, item in value.items()}
    return [replaced(item, by=by) for item in value]


def put(value: Any, path: findings.Path) -> Any:
    """The value with something unknown in the place of what is at `path`; itself where nothing is there."""
    if not path or is_unknown(value):
        return Unknown()
    items = dict(_items(value))
    if path[0] not in items:
        return value
    items[path[0]] = put(items[path[0]], path[1:])
    return items if isinstance(value, Mapping) else list(items.values())


def known(value: T) -> T:
    """The value. Raises Unknowable: for functions that would answer with an error of their own."""
    if is_unknown(value):
        raise Unknowable
    return value


def attempt(compute: Callable[[], T]) -> T:
    """What `compute` returns; something unknown where it looks at anything that is."""
    try:
        return compute()
    except Unknowable:
        return cast("T", Unknown())


def as_far_as_known(found: Iterable[T]) -> Iterator[T]:
    """What is found before something unknown is looked at."""
    try:
        yield from found
    except Unknowable:
        return


def _items(value: Any) -> Iterable[tuple[str | int, Any]]:
    """What is in a mapping or a list, by key or index; nothing in anything else."""
    if isinstance(value, Mapping):
        return value.items()
    return enumerate(value) if isinstance(value, list | tuple) else ()
