"""All operators that services may need. An entry is data; its release is pinned in `releases.lock.yaml`."""

from __future__ import annotations

from typing import Final

from components import contracts
from components.operators import contour, prometheus_operator

OPERATORS: Final[dict[str, contracts.Operator]] = {
    entry.name: entry for entry in (contour.OPERATOR, prometheus_operator.OPERATOR)
}
