"""Before operators and storage classes go: whether others on the cluster still need them. Refuses, deletes nothing.

Without its operator a service of another stack goes on until something happens to it, and then nobody mends it. The
definitions alone would be kept (`runner/kubernetes/deletion.py`), but they go last, when the operator is gone already.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from runner import guarded
from runner.engine import model, urn
from runner.kubernetes import provider, users
from runner.tenancy import collisions
from stacks import errors

_DEFINITION: Final = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
_CLASS: Final = "kubernetes:storage.k8s.io/v1:StorageClass"
_NAMESPACE: Final = "kubernetes:core/v1:Namespace"

Providers = Callable[[str, str], model.Provider]
"""The provider for a type and a provider reference."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Leaving:
    """What would go from one cluster."""

    makers: Mapping[str, str]
    """Definitions and storage classes, each with what it is part of in words: an operator's name, or the classes."""
    definitions: frozenset[str]
    classes: frozenset[str]
    namespaces: frozenset[str]


async def refuse(doomed: Sequence[model.Entry], *, entries: Mapping[str, model.Entry], providers: Providers) -> None:
    """Raise `EngineError` with one problem for each operator that others still need, and one for storage classes.

    `entries` is all that the stack has, `doomed` what of it is to be deleted. A cluster that goes as a whole goes in
    spite of what was made on it by hand, which is the drain guard's business, but not in spite of another stack.
    """
    only_stacks = any(guarded.kind(entry.type) is guarded.Kind.CLUSTER for entry in doomed)
    problems: list[errors.Problem] = []
    for reference, leaving in leavings(doomed, entries=entries).items():
        served = providers(_DEFINITION, reference)
        if not isinstance(served, provider.KubernetesProvider):
            continue
        try:
            found = await served.users(
                definitions=leaving.definitions, classes=leaving.classes, leaving=leaving.namespaces
            )
        except errors.ClusterUnreachable:
            # Nothing can be deleted there either, and whoever tries says so.
            continue
        problems += refusals(found, leaving=leaving, only_stacks=only_stacks)
    if problems:
        raise errors.EngineError(*problems)


def leavings(doomed: Sequence[model.Entry], *, entries: Mapping[str, model.Entry]) -> dict[str, Leaving]:
    """What would go, by the provider reference of its cluster. Pure.

    Definitions of an operator count as going where its component goes, even if they themselves are kept.
    """
    going = {entry.urn for entry in doomed}
    makers: defaultdict[str, dict[str, str]] = defaultdict(dict)
    kinds: dict[tuple[str, str], str] = {}
    for entry in {**entries, **{entry.urn: entry for entry in doomed}}.values():
        above = _component(entry, entries)
        if entry.type == _DEFINITION and above.type == collisions.OPERATOR and going & {entry.urn, str(above)}:
            makers[entry.provider][entry.id] = above.name
        elif entry.type == _CLASS and above.type.startswith(collisions.CLUSTERS) and entry.urn in going:
            makers[entry.provider][entry.id] = "the storage classes"
        kinds[entry.provider, entry.id] = entry.type
    return {
        reference: Leaving(
            makers=parts,
            definitions=frozenset(name for name in parts if kinds[reference, name] == _DEFINITION),
            classes=frozenset(name for name in parts if kinds[reference, name] == _CLASS),
            namespaces=frozenset(one.id for one in doomed if (one.type, one.provider) == (_NAMESPACE, reference)),
        )
        for reference, parts in makers.items()
    }


def refusals(found: Collection[users.User], *, leaving: Leaving, only_stacks: bool = False) -> Iterator[errors.Problem]:
    """One problem for each thing that others still need. Pure.

    Claims of a class count where they are another stack's: a volume lives on without its class, and only a stack that
    has been told of the class will ask for it again.
    """
    by_maker: defaultdict[str, list[users.User]] = defaultdict(list)
    for user in found:
        if user.owner or not (only_stacks or user.needs in leaving.classes):
            by_maker[leaving.makers[user.needs]].append(user)
    for maker, needing in sorted(by_maker.items()):
        owners = sorted({user.owner for user in needing} - {""})
        first = " && ".join(f"./paasport destroy {owner}" for owner in owners)
        by_hand = "delete what somebody else has made of it" if any(not user.owner for user in needing) else ""
        yield errors.Problem(
            what=f"others on this cluster still need {maker}, so nothing was deleted: {'; '.join(_told(needing))}",
            why="without its operator nobody would keep them running, renew their certificates or let them be deleted"
            if maker != "the storage classes"
            else "without their class they could not get another volume, nor a larger one",
            next=f"first {' and '.join(part for part in (first, by_hand) if part)}; or keep it in this stack",
        )


def _told(needing: Collection[users.User]) -> Iterator[str]:
    """By stack and namespace, which is an instance's name: `shop of the stack b (MongoDBCommunity shop/shop)`."""
    places: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for user in needing:
        places[user.owner, user.reference.namespace].append(str(user.reference))
    for (owner, namespace), objects in sorted(places.items()):
        place = f"`{namespace}`" if namespace else "what is in no namespace"
        whose = f"of the stack {owner}" if owner else "of somebody else"
        yield f"{place} {whose} ({collisions.listed(objects)})"


def _component(entry: model.Entry, entries: Mapping[str, model.Entry]) -> urn.Urn:
    """The component that the group of an object belongs to; the object itself where there is none."""
    group = entries.get(entry.parent)
    return urn.Urn.parse(group.parent if group is not None and group.parent else entry.urn)
