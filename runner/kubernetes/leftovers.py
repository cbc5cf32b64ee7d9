"""Objects that an operator makes for itself, without an owner: nobody's data, so they go with their definition. Pure.

A closed list: what is not in it is taken for somebody's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

MADE_BY_OPERATORS: Final = frozenset({("scyllaoperatorconfigs.scylla.scylladb.com", "cluster")})
"""Names of definitions, each with the name of the object.

Scylla Operator creates its configuration anew whenever it is missing (scylladb/scylla-operator,
pkg/controller/scyllaoperatorconfig: "ScyllaOperatorConfig missing, creating a default one").
"""


def without(items: Iterable[dict[str, Any]], *, definition: str) -> list[dict[str, Any]]:
    """The objects of this definition that no operator has made for itself."""
    return [item for item in items if (definition, item["metadata"]["name"]) not in MADE_BY_OPERATORS]
