"""Which operators are played, by name: what the command line says needs no more, and a test compares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

NAMES: Final = frozenset(
    {
        "astarte-operator",
        "cass-operator",
        "cert-manager",
        "cloudnative-pg",
        "etcd-operator",
        "k8ssandra-operator",
        "mongodb-kubernetes",
        "rabbitmq-cluster-operator",
        "scylla-operator",
    }
)


def notice(operators: Iterable[str], *, rehearsed: Iterable[str] = ()) -> str:
    """What is said of those among these operators that are played; empty where none is.

    `rehearsed` are those that are played as their own makers say.
    """
    told = {name: f"{name} (as its maker says)" for name in rehearsed}
    names = sorted({*NAMES.intersection(operators), *told})
    if not names:
        return ""
    listed = ", ".join(told.get(name, name) for name in names)
    return f"played on this machine, where no container runs: {listed}; what they make holds no data"
