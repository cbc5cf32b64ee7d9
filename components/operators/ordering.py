"""In which order operators are installed: pure, from what catalogue entries say about each other."""

from __future__ import annotations

import graphlib
import itertools
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from components import contracts
from stacks import errors


def order(
    wanted: Mapping[str, Iterable[str]],
    *,
    catalogue: Mapping[str, contracts.Operator],
    present: Collection[str] = (),
    homes: Mapping[str, str] = MappingProxyType({}),
) -> tuple[contracts.Operator, ...]:
    """The operators to install: the wanted ones and all that they require, each after what it requires.

    `wanted` maps who asks (for messages, for example `service metrics`) to names of operators. Those that are `present`
    on the cluster already are not installed, nor what they alone require; `homes` are the namespaces of those that live
    elsewhere than their entries say. The same input gives the same order. Raises PaasportError with every missing
    requirement, conflict and cycle, and every guest without its host, each naming both sides.
    """
    askers = _closure(wanted, catalogue=catalogue, present=present)
    problems = [
        *(_missing(asker, name) for name, asker in sorted(askers.items()) if name not in catalogue),
        *_conflicts(sorted({*askers, *present} & catalogue.keys()), catalogue=catalogue),
    ]
    problems += _homeless(sorted(askers.keys() & catalogue.keys()), catalogue=catalogue, homes=homes)
    requirements = {
        name: sorted(set(catalogue[name].requires) - set(present)) for name in sorted(askers) if name in catalogue
    }
    try:
        names = list(graphlib.TopologicalSorter(requirements).static_order())
    except graphlib.CycleError as error:
        problems.append(_cycle(error.args[1]))
    if problems:
        raise errors.PaasportError(*problems)
    return tuple(catalogue[name] for name in names)


def _closure(
    wanted: Mapping[str, Iterable[str]], *, catalogue: Mapping[str, contracts.Operator], present: Collection[str]
) -> dict[str, str]:
    """Every operator that is needed and not there yet, and who asked for it first."""
    askers: dict[str, str] = {}
    pending = [(asker, name) for asker in sorted(wanted) for name in sorted(wanted[asker])]
    while pending:
        asker, name = pending.pop(0)
        if name in askers or name in present:
            continue
        askers[name] = asker
        if name in catalogue:
            pending.extend((f"operator {name}", required) for required in sorted(catalogue[name].requires))
    return askers


def _missing(asker: str, name: str) -> errors.Problem:
    return errors.Problem(
        what=f"{asker} requires operator {name}, which is not in the catalogue",
        why="without it nothing would make its custom resources real",
        next=f"add {name} to components/operators/catalogue.py, or remove {asker}",
    )


def _conflicts(names: Iterable[str], *, catalogue: Mapping[str, contracts.Operator]) -> list[errors.Problem]:
    return [
        errors.Problem(
            what=f"operators {one} and {other} can't be on the same cluster",
            why="both would write the same objects",
            next=f"remove the services that need {one} or those that need {other}",
        )
        for one, other in itertools.combinations(names, 2)
        if other in catalogue[one].conflicts or one in catalogue[other].conflicts
    ]


def _homeless(
    names: Iterable[str], *, catalogue: Mapping[str, contracts.Operator], homes: Mapping[str, str]
) -> list[errors.Problem]:
    return [
        errors.Problem(
            what=f"operator {name} must live beside {host}, which lives in the namespace {homes[host]} here",
            why=f"it would be installed in {catalogue[name].home}, where {host} does not look for it",
            next=f"let the owner of {host} install {name}, and list it under paasport:cluster.has.operators",
        )
        for name in names
        for host in catalogue[name].requires
        if catalogue[name].guest and homes.get(host, "") not in ("", catalogue[name].home)
        if host in catalogue and catalogue[host].home == catalogue[name].home
    ]


def _cycle(path: Iterable[str]) -> errors.Problem:
    # graphlib gives the path from what is required to what requires it, the first name again at the end.
    return errors.Problem(
        what=f"operators require each other in a circle: {' requires '.join(reversed(list(path)))}",
        why="none of them could be installed first",
        next="remove one of these requirements in components/operators/",
    )
