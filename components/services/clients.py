"""Who may use an instance: the pods of namespaces that carry its name in a label. Pure.

The label is on the client's namespace, so that whoever owns that namespace decides, and nothing here has to know it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

LABEL: Final = "paasport.dev/client-of"
"""Label of a namespace: which instance its pods use. One instance for each namespace, as labels have one value."""


def ingress(instance: str, *, ports: Sequence[int | str]) -> dict[str, Any]:
    """The rule of a network policy that lets the instance's clients reach these TCP ports."""
    return {
        "from": [{"namespaceSelector": {"matchLabels": {LABEL: instance}}}],
        "ports": [{"protocol": "TCP", "port": port} for port in ports],
    }
