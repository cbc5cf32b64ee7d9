"""A stand-in for a simulated account: it keeps what it is told, and says what the tests have told it to say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from local.simulated import values
from stacks import errors

IMMUTABLE = "size"
"""The property that no resource of this vendor can change."""
FIXED = "fixedName"
"""The property whose name no two resources can have at a time, so that a successor has to wait."""


class FakeAccount:
    """Everything is accepted but `color: plaid`; `size` and `fixedName` are immutable, names are counted."""

    def __init__(self) -> None:
        self.made: dict[str, values.Resource] = {}
        self.calls: list[str] = []
        self.secret_paths: dict[str, tuple[str, ...]] = {}
        self.checks: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
        self.undeletable: set[str] = set()
        self.before_call: Callable[[str], None] = lambda _: None
        self._count = 0

    def checked(
        self, token: str, name: str, inputs: Mapping[str, Any], *, provider: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        self.checks.append((name, dict(inputs), dict(provider or {})))
        if inputs.get("color") == "plaid":
            raise errors.VendorRefused.of(f"{name}: color: plaid is no color")
        return {"region": "here", **inputs}

    def difference(self, token: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> values.Difference:
        before, after = dict(values.leaves(old)), dict(values.leaves(new))
        changed = sorted(path for path in {**before, **after} if before.get(path) != after.get(path))
        replaces = tuple(path for path in changed if path in (IMMUTABLE, FIXED))
        return values.Difference(changed=tuple(changed), replaces=replaces, delete_first=FIXED in new)

    async def create(
        self,
        token: str,
        name: str,
        inputs: Mapping[str, Any],
        *,
        provider: Mapping[str, Any] | None = None,
        secret_paths: Collection[str] = (),
    ) -> values.Resource:
        self._count += 1
        identity = f"{name}-{self._count}"
        self.secret_paths[name] = tuple(secret_paths)
        return self._put("create", token, name, identity, inputs)

    async def update(
        self,
        token: str,
        id: str,  # noqa: A002 - the word of the interface
        inputs: Mapping[str, Any],
        *,
        secret_paths: Collection[str] = (),
    ) -> values.Resource:
        return self._put("update", token, self.made[id].name, id, inputs)

    async def delete(self, token: str, id: str) -> None:  # noqa: A002
        self._call(f"delete {id}")
        if id in self.undeletable:
            raise errors.VendorRefused.of(f"{id} is still in use")
        self.made.pop(id, None)

    def read(self, token: str, id: str) -> values.Resource | None:  # noqa: A002
        return self.made.get(id)

    async def invoke(
        self, token: str, args: Mapping[str, Any], *, provider: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        self._call(f"invoke {token}")
        if token != "aws:test/find:find":
            raise errors.VendorRefused.of("no such function")
        return {"found": f"{args['name']} in {(provider or {}).get('region', 'no region')}"}

    def resources(self) -> tuple[values.Resource, ...]:
        return tuple(self.made.values())

    def _put(self, call: str, token: str, name: str, identity: str, inputs: Mapping[str, Any]) -> values.Resource:
        self._call(f"{call} {identity}")
        outputs = {**inputs, "arn": f"arn:{identity}"}
        self.made[identity] = values.Resource(token=token, name=name, id=identity, inputs=dict(inputs), outputs=outputs)
        return self.made[identity]

    def _call(self, call: str) -> None:
        self.before_call(call)
        self.calls.append(call)
