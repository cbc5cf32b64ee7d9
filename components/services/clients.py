"""Who may use an instance: the pods of namespaces that carry its label. Pure.

The label is on the client's namespace, so that whoever owns that namespace decides, and nothing here has to know it.
Its name says which instance is meant, because a namespace may use several and a label has one value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

PREFIX: Final = "client-of.paasport.dev/"
"""What the name of such a label begins with; the instance's name follows. Its value is `true`."""


def labels(instances: Iterable[str]) -> dict[str, str]:
    """What the namespace of a client of these instances is labelled with."""
    return {f"{PREFIX}{instance}": "true" for instance in instances}


def ingress(instance: str, *, ports: Sequence[int | str]) -> dict[str, Any]:
    """The rule of a network policy that lets the instance's clients reach these TCP ports."""
    return {
        "from": [{"namespaceSelector": {"matchLabels": labels([instance])}}],
        "ports": [{"protocol": "TCP", "port": port} for port in ports],
    }
