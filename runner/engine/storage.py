"""Where an inventory lies in the cluster: two Secrets in `paasport-system`, one of them for the stack's random keys.

Knows bytes, not entries. Guards against two runs at a time by the object's resource version.
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import os
import uuid
from collections.abc import Mapping
from typing import Any, Final, Protocol

from runner.engine import applyset, sealing
from runner.kubernetes import rejections
from stacks import errors

_DATA: Final = "inventory"
_WRITER: Final = "paasport.dev/written-by"
_MEMBERSHIP: Final = "inventories.paasport.dev/"
_MANAGED: Final = {"app.kubernetes.io/managed-by": "paasport"}
_LIMIT: Final = 1_000_000
"""Bytes; the API server takes no Secret above 1 MiB."""
_TERMINATION_SECONDS: Final = 60
_MISSING, _CONFLICT = 404, 409


class Cluster(Protocol):
    """The part of the Kubernetes API that an inventory needs; `runner.kubernetes.client.Client` has it."""

    async def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> dict[str, Any] | None:
        """The object, or None."""
        ...

    async def create(self, manifest: Mapping[str, Any], *, field_manager: str = "") -> dict[str, Any]:
        """Raises `ApiRejected` with code 409 where it exists."""
        ...

    async def apply(self, manifest: Mapping[str, Any], *, field_manager: str, force: bool = False) -> dict[str, Any]:
        """Raises `ApiRejected` with code 409 where `metadata.resourceVersion` is given and is not the present one."""
        ...

    async def delete(self, api_version: str, kind: str, name: str, namespace: str = "") -> bool:
        """An object that is already gone is a success."""
        ...

    async def request(self, method: str, path: str, *, json: Any = None) -> dict[str, Any]:
        """Any other request."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Keys:
    """A stack's random keys."""

    seal: bytes = dataclasses.field(repr=False)
    hash: bytes = dataclasses.field(repr=False)

    @classmethod
    def random(cls) -> Keys:
        """New ones, for a stack that has none."""
        return cls(seal=os.urandom(sealing.KEY_BYTES), hash=os.urandom(sealing.KEY_BYTES))


class Storage:
    """One stack's Secrets. Made by `open`, which writes nothing."""

    def __init__(
        self, cluster: Cluster, *, project: str, stack: str, keys: Keys, stored: dict[str, Any] | None
    ) -> None:
        self.name = applyset.parent_name(project=project, stack=stack)
        self.keys = keys
        self._cluster = cluster
        self._owner = f"{project}/{stack}"
        self._run = uuid.uuid4().hex
        self._stored = stored
        self._conflict: errors.PaasportError | None = None

    @classmethod
    async def open(cls, cluster: Cluster, *, project: str, stack: str) -> Storage:
        """What the cluster has of the stack, perhaps nothing. Raises `EngineError` where a half of it is missing."""
        name = applyset.parent_name(project=project, stack=stack)
        stored, keys = await asyncio.gather(
            cluster.get("v1", "Secret", name, applyset.NAMESPACE),
            cluster.get("v1", "Secret", _keys_name(name), applyset.NAMESPACE),
        )
        if stored is not None and keys is None:
            raise errors.EngineError.of(
                f"the keys of stack {stack} are missing: Secret {_keys_name(name)} in {applyset.NAMESPACE}",
                why="its inventory cannot be read without them",
                next="restore the Secret from a backup of the cluster",
            )
        return cls(
            cluster, project=project, stack=stack, keys=_read_keys(keys) if keys else Keys.random(), stored=stored
        )

    @property
    def content(self) -> bytes | None:
        """The bytes last written; None for a stack that was never deployed."""
        return base64.b64decode(self._stored["data"][_DATA]) if self._stored else None

    async def write(self, content: bytes, *, annotations: Mapping[str, str]) -> None:
        """Replace the content. Raises `EngineError` where another run has written since, or where it is too big."""
        if self._conflict is not None:
            raise self._conflict
        if len(content) > _LIMIT:
            raise errors.EngineError.of(
                f"the inventory of {self._owner} would have {len(content):,} bytes; one Secret holds {_LIMIT:,}",
                why="what is made without being remembered could never be deleted",
                next="split the program into several stacks",
            )
        if self._stored is None:
            await self._prepare()
        try:
            self._stored = await self._send(content, annotations)
        except rejections.ApiRejected as error:
            if error.code != _CONFLICT:
                raise
            self._stored = await self._own_write()
            self._stored = await self._send(content, annotations)

    async def _send(self, content: bytes, annotations: Mapping[str, str]) -> dict[str, Any]:
        manifest: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": self.name,
                "namespace": applyset.NAMESPACE,
                "labels": {**_MANAGED, applyset.ID_LABEL: applyset.identifier(self.name)},
                "annotations": {**annotations, applyset.STACK: self._owner, _WRITER: self._run},
            },
            "type": "paasport.dev/inventory",
            "data": {_DATA: base64.b64encode(content).decode()},
        }
        if self._stored is None:
            return await self._cluster.create(manifest, field_manager=self.name)
        manifest["metadata"]["resourceVersion"] = self._stored["metadata"]["resourceVersion"]
        return await self._cluster.apply(manifest, field_manager=self.name, force=True)

    async def _own_write(self) -> dict[str, Any]:
        """After a conflict: harmless where the other writer was this very run, whose answer got lost on the way."""
        present = await self._cluster.get("v1", "Secret", self.name, applyset.NAMESPACE)
        if present is None or (present["metadata"].get("annotations") or {}).get(_WRITER) != self._run:
            self._conflict = errors.EngineError.of(
                f"another run changed the inventory of {self._owner} meanwhile",
                why="two runs of one stack at a time could each undo what the other does",
                next="wait until the other run has finished, then run the command again",
            )
            raise self._conflict
        return present

    async def _prepare(self) -> None:
        """The namespace and the keys, which must be there before the first entry."""
        await self._await_termination()
        await self._cluster.apply(self._namespace(member=True), field_manager=self.name, force=True)
        keys = {"seal": self.keys.seal, "hash": self.keys.hash}
        manifest = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": _keys_name(self.name), "namespace": applyset.NAMESPACE, "labels": _MANAGED},
            "type": "paasport.dev/keys",
            "immutable": True,
            "data": {name: base64.b64encode(key).decode() for name, key in keys.items()},
        }
        try:
            await self._cluster.create(manifest, field_manager=self.name)
        except rejections.ApiRejected as error:
            present = await self._cluster.get("v1", "Secret", _keys_name(self.name), applyset.NAMESPACE)
            if error.code != _CONFLICT or present is None or _read_keys(present) != self.keys:
                raise

    async def _await_termination(self) -> None:
        for _ in range(_TERMINATION_SECONDS):
            namespace = await self._cluster.get("v1", "Namespace", applyset.NAMESPACE)
            if namespace is None or not namespace["metadata"].get("deletionTimestamp"):
                return
            await asyncio.sleep(1)

    def _namespace(self, *, member: bool) -> dict[str, Any]:
        annotations = {_MEMBERSHIP + self.name: self._owner} if member else {}
        metadata = {"name": applyset.NAMESPACE, "labels": _MANAGED, "annotations": annotations}
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}

    async def discard(self) -> None:
        """Take every trace of the stack out of `paasport-system`; call it once nothing is left to remember.

        The namespace goes with the last inventory in it. Its deletion is begun, not awaited: it is empty, and the
        cluster takes 5 s for it at least.
        """
        if self._stored is not None:
            await self._delete_unchanged(self._stored)
        await self._cluster.delete("v1", "Secret", _keys_name(self.name), applyset.NAMESPACE)
        self._stored = None
        await self._leave_namespace()

    async def _delete_unchanged(self, stored: Mapping[str, Any]) -> None:
        """Delete the inventory; what another run has written since speaks of objects that exist, and stays."""
        conditions = {"resourceVersion": stored["metadata"]["resourceVersion"]}
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": conditions}
        path = f"/api/v1/namespaces/{applyset.NAMESPACE}/secrets/{self.name}"
        try:
            await self._cluster.request("DELETE", path, json=options)
        except rejections.ApiRejected as error:
            if error.code == _CONFLICT:
                # An own write whose answer got lost has the very content that is no longer needed.
                await self._delete_unchanged(await self._own_write())
            elif error.code != _MISSING:
                raise

    async def _leave_namespace(self) -> None:
        present = await self._cluster.get("v1", "Namespace", applyset.NAMESPACE)
        if present is None or present["metadata"].get("deletionTimestamp"):
            return
        metadata = present["metadata"]
        members = {key for key in metadata.get("annotations") or {} if key.startswith(_MEMBERSHIP)}
        if _MEMBERSHIP + self.name not in members:
            return
        if members != {_MEMBERSHIP + self.name}:
            await self._cluster.apply(self._namespace(member=False), field_manager=self.name, force=True)
            return
        # Another stack that joins in this moment changes the resource version first, and the namespace stays.
        conditions = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": conditions}
        try:
            await self._cluster.request("DELETE", f"/api/v1/namespaces/{applyset.NAMESPACE}", json=options)
        except rejections.ApiRejected as error:
            if error.code not in (_CONFLICT, _MISSING):
                raise


def _keys_name(name: str) -> str:
    return f"{name}-keys"


def _read_keys(secret: Mapping[str, Any]) -> Keys:
    data = secret["data"]
    return Keys(seal=base64.b64decode(data["seal"]), hash=base64.b64decode(data["hash"]))
