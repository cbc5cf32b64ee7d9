"""In which order entries are deleted: a pure function of what the inventory remembers.

Binding order: whatever depends on, lies below, or is managed through something goes before it. Preferred order, kept
wherever it does not contradict the binding one: what depends on a component before all that lies below the component,
admission webhooks before the workloads that may answer them (not those of other components: whole stacks would wait for
one operator), custom resources before their definition, everything in a namespace before the namespace.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from runner.engine import model, urn
from stacks import errors

_CRD = "CustomResourceDefinition"
_WEBHOOKS = frozenset({"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService"})
_SERVING = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Service", "ClusterRoleBinding", "RoleBinding"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Object:
    """What an entry or a goal stands for, whatever its URN."""

    type: str
    id: str
    provider: str
    """`urn::id`, empty for the default provider."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One entry to delete."""

    entry: model.Entry
    after: frozenset[int]
    """Positions of the steps that must have succeeded before."""
    acts: bool
    """False where the entry is only forgotten: retained, deleted with another, or no real object."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is deleted, and what has to wait for what. Steps stand in a valid order."""

    steps: tuple[Step, ...]

    @property
    def generations(self) -> tuple[tuple[model.Entry, ...], ...]:
        """The entries grouped so that each group only waits for those before it."""
        depths: list[int] = []
        for step in self.steps:
            depths.append(1 + max((depths[position] for position in step.after), default=-1))
        grouped: defaultdict[int, list[model.Entry]] = defaultdict(list)
        for step, depth in zip(self.steps, depths, strict=True):
            grouped[depth].append(step.entry)
        return tuple(tuple(grouped[depth]) for depth in sorted(grouped))


def plan(entries: Iterable[model.Entry]) -> Plan:
    """The deletion of all the given entries, in inventory order. Raises `EngineError` naming every protected one."""
    nodes = list(entries)
    refuse_protected(nodes)
    holders = _holders(nodes)
    binding, preferred = _binding(nodes, holders), _preferred(nodes)
    order = _ordered(len(nodes), binding=binding, preferred=preferred)
    places = {node: place for place, node in enumerate(order)}
    steps = []
    for place, node in enumerate(order):
        before = {places[other] for other in (*binding[node], *preferred[node])}
        # In a cycle the order above has already decided who does not wait.
        after = frozenset(other for other in before if other < place)
        steps.append(Step(entry=nodes[node], after=after, acts=holders[node] == node and _is_object(nodes[node])))
    return Plan(tuple(steps))


def refuse_protected(entries: Iterable[model.Entry]) -> None:
    """Raise `Refused` naming every entry that may not be deleted."""
    protected = [entry for entry in entries if entry.protect]
    if protected:
        names = ", ".join(f"{urn.Urn.parse(entry.urn).name} ({entry.type})" for entry in protected)
        held = all(entry.loses for entry in protected)
        place = "stack file" if held else "program"
        off = 'write `protection: "off"` for it' if held else "set protect=False on it"
        raise errors.Refused.of(
            f"{names}: protected, so nothing was deleted",
            why="the program set `protect` so that no run deletes it by accident",
            next=f"{off} in the {place} (if it has left the {place}, put it back first), run `up`, then try again",
        )


def dependents(entries: Iterable[model.Entry], doomed: AbstractSet[str]) -> tuple[model.Entry, ...]:
    """The entries outside `doomed` that could not live without one inside."""
    return tuple(entry for entry in entries if entry.urn not in doomed and not doomed.isdisjoint(_needs(entry)))


def handed_over(entry: model.Entry, *, objects: AbstractSet[Object], uids: AbstractSet[str]) -> bool:
    """Whether a Kubernetes object lives on under another URN, or is read from now on: a name left the program, not it.

    Other packages' ids need not be unique, so there the URN decides alone.
    """
    if urn.package(entry.type) != "kubernetes" or not entry.id:
        return False
    return entry.uid in uids or Object(type=entry.type, id=entry.id, provider=entry.provider) in objects


def refuse_inhabited(doomed: Iterable[model.Entry], *, staying: Iterable[Object]) -> None:
    """Raise `EngineError` for a namespace with something that stays: Kubernetes would delete all that is in it."""
    gone = list(doomed)
    retained = [Object(type=one.type, id=one.id, provider=one.provider) for one in gone if one.retain_on_delete]
    inside = {
        (item.id.partition("/")[0], item.provider): item
        for item in (*staying, *retained)
        if "/" in item.id and urn.package(item.type) == "kubernetes"
    }
    for entry in gone:
        found = inside.get((entry.id, entry.provider))
        if _is_object(entry) and _group_and_kind(entry.type) == ("core", "Namespace") and found is not None:
            raise errors.EngineError.of(
                f"namespace {entry.id} holds {found.id} ({found.type}), which is to stay, so nothing was deleted",
                why="with a namespace Kubernetes deletes everything in it, protected or not",
                next="keep the namespace in the program or with retain_on_delete, or let go of what is in it",
            )


def _needs(entry: model.Entry) -> Iterator[str]:
    yield from entry.dependencies
    if entry.parent:
        yield entry.parent
    if entry.provider:
        yield urn.provider_urn(entry.provider)


def _positions(nodes: Sequence[model.Entry]) -> dict[str, list[int]]:
    """Where each URN stands; more than once where a replaced object is still to be deleted."""
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for position, entry in enumerate(nodes):
        positions[entry.urn].append(position)
    return positions


def _holders(nodes: Sequence[model.Entry]) -> list[int]:
    """For each node the one that it goes with (`deleted_with`), itself where it is deleted for its own."""
    positions = _positions(nodes)
    holders = []
    for position in range(len(nodes)):
        visited = [position]
        while with_it := [
            other for other in positions.get(nodes[visited[-1]].deleted_with, ()) if other not in visited
        ]:
            # What stays behind takes nobody with it.
            if nodes[with_it[-1]].retain_on_delete:
                break
            visited.append(with_it[-1])
        holders.append(visited[-1])
    return holders


def _binding(nodes: Sequence[model.Entry], holders: Sequence[int]) -> list[set[int]]:
    """For each node those that must be deleted before it."""
    positions = _positions(nodes)
    before: list[set[int]] = [set() for _ in nodes]
    for position, entry in enumerate(nodes):
        if holders[position] != position:
            # Gone only once its holder is, and until then nothing to wait for.
            before[position].add(holders[position])
            continue
        for needed in _needs(entry):
            for other in positions.get(needed, ()):
                before[holders[other]].add(position)
    for position, others in enumerate(before):
        others.discard(position)
    return before


def _preferred(nodes: Sequence[model.Entry]) -> list[set[int]]:
    groups: defaultdict[str, list[int]] = defaultdict(list)
    namespaces: defaultdict[str, list[int]] = defaultdict(list)
    webhooks = []
    for position, entry in enumerate(nodes):
        group, kind = _group_and_kind(entry.type)
        groups[group].append(position)
        if "/" in entry.id and group:
            namespaces[entry.id.partition("/")[0]].append(position)
        if kind in _WEBHOOKS:
            webhooks.append(position)
    parents = {entry.urn: entry.parent for entry in nodes}
    lineages = [list(_lineage(entry, parents)) for entry in nodes]
    before = _dependents_of_components(nodes, lineages)
    for position, entry in enumerate(nodes):
        group, kind = _group_and_kind(entry.type)
        others: Iterable[int] = ()
        if kind == _CRD:
            others = groups[entry.id.partition(".")[2]]
        elif (group, kind) == ("core", "Namespace"):
            others = namespaces[entry.id]
        elif kind in _SERVING:
            others = (other for other in webhooks if _belong_together(nodes, lineages, position, other))
        before[position].update(other for other in others if other != position)
    return before


def _belong_together(
    nodes: Sequence[model.Entry], lineages: Sequence[Sequence[str]], position: int, other: int
) -> bool:
    """Whether neither lies in a component that the other has nothing to do with."""
    return nodes[position].parent in ("", *lineages[other]) or nodes[other].parent in ("", *lineages[position])


def _dependents_of_components(nodes: Sequence[model.Entry], lineages: Sequence[Sequence[str]]) -> list[set[int]]:
    """For each node those that depend on a component above it: a custom resource goes before its operator."""
    components = {entry.urn for entry in nodes if not entry.custom}
    dependents: defaultdict[str, set[int]] = defaultdict(set)
    for position, entry in enumerate(nodes):
        for needed in components.intersection(entry.dependencies):
            dependents[needed].add(position)
    before: list[set[int]] = []
    for position, lineage in enumerate(lineages):
        waits = (other for above in lineage[1:] for other in dependents[above] if above not in lineages[other])
        before.append({other for other in waits if other != position})
    return before


def _lineage(entry: model.Entry, parents: Mapping[str, str]) -> Iterator[str]:
    """The entry's own URN and those of all above it."""
    above, seen = entry.urn, set[str]()
    while above and above not in seen:
        seen.add(above)
        yield above
        above = parents.get(above, "")


def _group_and_kind(type_token: str) -> tuple[str, str]:
    """`kubernetes:apps/v1:Deployment` is `apps` and `Deployment`; both empty for other packages."""
    parts = type_token.split(":")
    if parts[0] != "kubernetes" or len(parts) != 3:  # noqa: PLR2004 - package, module, name
        return "", ""
    return parts[1].partition("/")[0], parts[2]


def _ordered(count: int, *, binding: Sequence[AbstractSet[int]], preferred: Sequence[AbstractSet[int]]) -> list[int]:
    """All nodes, each after those before it; a cycle gives up the preferred order first, then the oldest entry's."""
    waiting_for = [set(binding[node]) | set(preferred[node]) for node in range(count)]
    bound_by = [set(binding[node]) for node in range(count)]
    followers: list[list[int]] = [[] for _ in range(count)]
    for node in range(count):
        for other in waiting_for[node]:
            followers[other].append(node)
    ready = [node for node in range(count) if not waiting_for[node]]
    left = dict.fromkeys(reversed(range(count)))
    order: list[int] = []
    while left:
        if not ready:
            # Newest first: what was registered later is the likelier dependent.
            ready = [next((node for node in left if not bound_by[node]), next(iter(left)))]
        node = ready.pop()
        if node not in left:
            continue
        del left[node]
        order.append(node)
        for follower in followers[node]:
            waiting_for[follower].discard(node)
            bound_by[follower].discard(node)
            if follower in left and not waiting_for[follower]:
                ready.append(follower)
    return order


def _is_object(entry: model.Entry) -> bool:
    return entry.custom and not entry.retain_on_delete and not urn.is_provider(entry.type)
