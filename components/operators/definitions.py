"""That no two operators of a stack bring the same kind: whoever goes first would take the other's objects along."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable

from components import contracts
from components.operators import bundles, releases
from stacks import errors


def check(operators: Iterable[contracts.Operator]) -> None:
    """Raises PaasportError with every definition that two of them have. Reads releases that are not listed."""
    owners: dict[str, str] = {}
    problems = []
    for operator in operators:
        for name in _names(operator):
            if name in owners:
                problems.append(_problem(name, one=owners[name], other=operator.name))
            owners.setdefault(name, operator.name)
    if problems:
        raise errors.PaasportError(*problems)


def _names(operator: contracts.Operator) -> Iterable[str]:
    if operator.crds:
        return operator.crds
    return bundles.definitions(pathlib.Path(releases.obtain(operator).crds).read_text(encoding="utf-8"))


def _problem(name: str, *, one: str, other: str) -> errors.Problem:
    return errors.Problem(
        what=f"operators {one} and {other} both bring the definition {name}",
        why="the one that is removed first would delete it, and every object of that kind with it",
        next=f"leave it out of one: `crds` of an operator lists the definitions that are installed; or let {other} "
        f"require {one}",
    )
