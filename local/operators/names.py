"""Which operators are played, by name: what the command line says needs no more, and a test compares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

NAMES: Final = frozenset(
    {
        "cert-manager",
        "cloudnative-pg",
        "etcd-operator",
        "mongodb-kubernetes",
        "rabbitmq-cluster-operator",
    }
)


def notice(operators: Iterable[str]) -> str:
    """What is said of those among these operators that are played; empty where none is."""
    names = sorted(NAMES.intersection(operators))
    if not names:
        return ""
    return f"played on this machine, where no container runs: {', '.join(names)}; what they make holds no data"
