"""Where the inventory of a stack lies that has no cluster yet: nowhere. Only previews have use for it."""

from __future__ import annotations

from typing import Any


class Nowhere:
    """A `storage.Cluster` that holds nothing and takes nothing."""

    async def get(self, *_: Any, **__: Any) -> dict[str, Any] | None:
        """None, whatever is asked for."""
        return None

    async def _refuse(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a preview writes nothing")

    create = apply = delete = request = _refuse
