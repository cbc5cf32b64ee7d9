"""What to tell where objects of a group exist already and are not this stack's: one problem for each group. Pure.

A group is what a program registers as a whole: an operator's definitions, its other objects, the storage classes, what
belongs to an instance. One object at a time would tell the same thing fifty times, and make those that are still free.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from runner.engine import model, urn
from runner.kubernetes import taken
from stacks import errors

OPERATOR: Final = "paasport:operators:Operator"
SERVICES: Final = "paasport:services:"
CLUSTERS: Final = "paasport:clusters:"
_SHARED: Final = frozenset({f"{CLUSTERS}Existing", f"{CLUSTERS}Local"})
"""Clusters whose stack file can say what they have already."""
_ITSELF: Final = frozenset({"CustomResourceDefinition", "Deployment"})
"""Kinds by which an operator is known to be there; a namespace or a role may be left over, or made ahead."""
_SHOWN: Final = 3


def refusal(goal: model.Goal, found: Sequence[taken.Taken], *, total: int, provider: str) -> errors.Problem:
    """The problem of the group that is `goal`, of whose `total` objects these are taken.

    `provider` is the reference `urn::id` of its cluster's provider.
    """
    stack = urn.Urn.parse(goal.urn).stack
    above = urn.Urn.parse(goal.parent) if goal.parent else None
    if above is not None and above.type == OPERATOR and any(one.reference.kind in _ITSELF for one in found):
        return _operator(above.name, found, stack=stack, is_shared=_is_shared(provider))
    if above is not None and above.type in _SHARED and {one.reference.kind for one in found} == {"StorageClass"}:
        return _classes(found, stack=stack)
    if above is not None and above.type.startswith(SERVICES) and _namespace(above.name, found):
        return _instance(above.name, found, stack=stack)
    return errors.Problem(
        what=f"{len(found)} of the {total} objects of {goal.name} exist already and were not made by this stack: "
        f"{listed(str(one.reference) for one in found)} ({_makers(found)})",
        why="taking them over would let this stack change and later delete what somebody else made",
        next="delete them, or give them other names in the program",
    )


def listed(names: Iterable[str]) -> str:
    """The first of the names, and how many more there are."""
    every = list(names)
    more = len(every) - _SHOWN
    return ", ".join(every[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def file_of(stack: str) -> str:
    """The stack's file, as a message names it."""
    return f"stacks/Pulumi.{stack}.yaml"


def _operator(name: str, found: Sequence[taken.Taken], *, stack: str, is_shared: bool) -> errors.Problem:
    place = f"list `{name}` under paasport:cluster.has.operators in {file_of(stack)}"
    left = "where nothing but its definitions is left of it, delete these"
    return errors.Problem(
        what=f"{name} is on this cluster already, installed by {_makers(found)}: {found[0].reference}"
        + (f" and {len(found) - 1} more of its objects are there" if len(found) > 1 else " is there"),
        why="a cluster has one of each operator: two would undo what the other does",
        next=f"{place}; {left}" if is_shared else f"remove it from the cluster, which is this stack's own; {left}",
    )


def _classes(found: Sequence[taken.Taken], *, stack: str) -> errors.Problem:
    return errors.Problem(
        what=f"the storage classes {listed(one.reference.name for one in found)} are on this cluster already, "
        f"made by {_makers(found)}",
        why="two stacks that apply the same object undo each other's changes",
        next=f"write `storageClasses: true` under paasport:cluster.has in {file_of(stack)}",
    )


def _instance(name: str, found: Sequence[taken.Taken], *, stack: str) -> errors.Problem:
    (owner,) = {one.owner for one in found if one.reference.kind == "Namespace"}
    held = f"is that of `{name}` of the stack {owner}" if owner else "exists already, made by somebody else"
    other = f", or that one in {file_of(owner)}" if owner else ""
    return errors.Problem(
        what=f"`{name}` of the stack {stack} cannot be made: the namespace {name} {held}",
        why="an instance lives alone in the namespace of its name, and a cluster has each name once",
        next=f"give the instance another name in {file_of(stack)}{other}",
    )


def _namespace(name: str, found: Sequence[taken.Taken]) -> bool:
    return any((one.reference.kind, one.reference.name) == ("Namespace", name) for one in found)


def _makers(found: Sequence[taken.Taken]) -> str:
    owners = sorted({one.owner for one in found} - {""})
    told = [f"the stack{'s' if len(owners) > 1 else ''} {', '.join(owners)}"] if owners else []
    return " and ".join([*told, *(["somebody else"] if any(not one.owner for one in found) else [])])


def _is_shared(provider: str) -> bool:
    """Whether the cluster's stack file can say what it has: the provider hangs under the component of the cluster."""
    return any(f"{kind}$" in provider for kind in _SHARED)
