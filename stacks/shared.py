"""A cluster that others use too: what another stack or another team has put on it, which this stack then leaves alone.

Storage classes and operators exist once in a cluster, whoever needs them. So one stack makes them, and every other says
that they are there (docs/adr/0008).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from stacks import fields, findings, suggestions

STORAGE_CLASSES: Final = ("paasport-ssd", "paasport-ssd-retain", "paasport-ssd-retain-xfs")
"""The classes of every cluster, as `components/clusters/storage.py` has them."""


class Contents(fields.Model):
    """What another stack or another team has put on the cluster."""

    operators: tuple[fields.DnsLabel, ...] = ()
    """Operators that are installed already and watch all namespaces. This stack installs none of them. Default none."""
    operator_namespaces: dict[fields.DnsLabel, fields.DnsLabel] = {}
    """Where they live, as far as it is not where paasport would have put them: network policies let them in by it."""
    storage_classes: fields.Flag = False
    """Whether the storage classes are there: `paasport-ssd` and its like. Default false: this stack makes them."""


class SharedCluster(fields.Model):
    """A cluster that its stack has not made, and so may not be alone on."""

    has: Contents = Contents()
    """What is on it already, made by another stack or another team. Default nothing."""


def operators(cluster: object) -> Collection[str]:
    """Names of the operators that are on a stack's cluster already; none on one that the stack makes itself."""
    return cluster.has.operators if isinstance(cluster, SharedCluster) else ()


def namespaces(cluster: object) -> Mapping[str, str]:
    """Where those of them live that do not live where the catalogue says."""
    return cluster.has.operator_namespaces if isinstance(cluster, SharedCluster) else {}


def checked(
    contents: Contents, *, requires: Mapping[str, Collection[str]], path: findings.Path
) -> Iterator[Iterator[findings.Finding]]:
    """What is wrong with what a cluster is said to have, one iterator for each rule.

    `requires` has the operators that there are, each with what it cannot be without.
    """
    yield _operators_are_known(contents, requires, path)
    yield _requirements_are_there(contents, requires, path)
    yield _only_the_present_live_somewhere(contents, requires, path)


def _operators_are_known(
    contents: Contents, known: Mapping[str, Collection[str]], path: findings.Path
) -> Iterator[findings.Finding]:
    places: list[tuple[str, findings.Path]] = [
        *((name, (*path, "operators", index)) for index, name in enumerate(contents.operators)),
        *((name, (*path, "operatorNamespaces", name)) for name in contents.operator_namespaces),
    ]
    for name, place in places:
        if name not in known:
            yield findings.Finding(
                path=place,
                what=f"`{findings.spelled(place)}` names the operator `{name}`, which no service knows",
                why="nothing of this stack could be meant by it, so what it says has no effect",
                next=suggestions.correction(name, sorted(known)),
            )


def _requirements_are_there(
    contents: Contents, requires: Mapping[str, Collection[str]], path: findings.Path
) -> Iterator[findings.Finding]:
    for index, name in enumerate(contents.operators):
        missing = [required for required in requires.get(name, ()) if required not in contents.operators]
        if missing:
            place = (*path, "operators", index)
            yield findings.Finding(
                path=place,
                what=f"`{findings.spelled(place)}` says that {name} is there, but not {' and '.join(missing)}",
                why=f"{name} cannot run without, so a second one would be installed beside that which it uses",
                next=f"add {suggestions.listed(missing)} to `{findings.spelled((*path, 'operators'))}`",
            )


def _only_the_present_live_somewhere(
    contents: Contents, known: Mapping[str, Collection[str]], path: findings.Path
) -> Iterator[findings.Finding]:
    for name in contents.operator_namespaces:
        # Another finding is about a name that is none.
        if name in known and name not in contents.operators:
            place = (*path, "operatorNamespaces", name)
            yield findings.Finding(
                path=place,
                what=f"`{findings.spelled(place)}` says where {name} lives, but not that it is there",
                why="this stack would install it in the namespace that paasport has for it",
                next=f"add `{name}` to `{findings.spelled((*path, 'operators'))}`, or remove the namespace",
            )
