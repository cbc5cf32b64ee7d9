"""The plain values that travel between a simulated account and whoever uses it.

No vendor and no rule is known here. Paths of properties are written as Pulumi writes them: `vpcConfig.subnetIds[0]`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final, Literal

_WORD: Final = re.compile(r"[\w$-]+", re.ASCII)
_EXACT: Final = 2.0**53
"""Below it a double tells whole numbers apart."""


class Unknown:
    """A value that only exists after `up`. There is one instance, `UNKNOWN`; compare with `is`."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __copy__(self) -> Unknown:
        return self

    def __deepcopy__(self, _: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource as it is at the vendor."""

    token: str
    """Pulumi's type, for example `aws:ec2/vpc:Vpc`."""
    name: str
    """Its name in the program; the name at the vendor is among the inputs."""
    id: str
    """The vendor's identifier, unique together with the token."""
    inputs: Mapping[str, Any]
    """What it was asked for, with the names that were chosen for it."""
    outputs: Mapping[str, Any]
    """What the vendor says about it: the inputs and what the vendor computed."""
    provider: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The provider's settings that it was made with: region, project, subscription."""

    def value(self, path: str) -> Any:
        """The output, or else the input, at this path (names joined by dots); None where there is nothing."""
        for tree in (self.outputs, self.inputs):
            found = at(tree, path)
            if found is not None:
                return found
        return None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """What an update would change."""

    changed: tuple[str, ...] = ()
    """Paths whose values differ, sorted."""
    replaces: tuple[str, ...] = ()
    """Those of them that the vendor can't change on a living resource."""
    delete_first: bool = False
    """Whether the old one must go before its successor can be made: their name is fixed and must be unique."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that happened, or is about to happen, in the account."""

    kind: Literal["created", "updated", "deleting", "deleted"]
    """`deleting` comes before the deletion is judged, so that a listener can let go of what hangs on the resource."""
    resource: Resource


Listener = Callable[[Change], Awaitable[None]]


def at(tree: Any, path: str) -> Any:
    """The value at a path of names joined by dots; lists are entered at their first item. None where there is none."""
    for key in path.split("."):
        while isinstance(tree, (list, tuple)):
            tree = tree[0] if tree else None
        if not isinstance(tree, Mapping):
            return None
        tree = tree.get(key)
    return tree


def below(path: str, name: str) -> str:
    """The path of a member; a name that is no word stands in brackets: `tags["kubernetes.io/role/elb"]`."""
    if _WORD.fullmatch(name):
        return f"{path}.{name}" if path else name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'{path}["{escaped}"]'


def leaves(value: Any, *, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is neither a dictionary nor a list, with its path; empty containers count as values."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, path=below(path, str(key)))
    elif isinstance(value, (list, tuple)) and value:
        for index, item in enumerate(value):
            yield from leaves(item, path=f"{path}[{index}]")
    else:
        yield path, value


def contains_unknown(value: Any) -> bool:
    """Whether any part of the value only exists after `up`."""
    return any(leaf is UNKNOWN for _, leaf in leaves(value))


def plain(value: Any) -> Any:
    """The value as new dictionaries and lists, without the entries that are None: None means left out.

    Whole numbers become int: on Pulumi's wire every number is a double.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value
