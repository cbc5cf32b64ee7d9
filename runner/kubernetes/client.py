"""The Kubernetes API as the engine uses it: read, list, watch, server-side apply, delete.

Objects are plain dictionaries. Decides nothing about stacks or programs, and knows no kind by name.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, Literal

import pydantic_core

from runner.kubernetes import connection, discovery, kubeconfig, rejections, watching
from stacks import errors

Json = dict[str, Any]
Propagation = Literal["Background", "Foreground", "Orphan"]

APPLY: Final = "application/apply-patch+yaml"
_JSON: Final = "application/json"
_METADATA: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_METADATA_OF_ONE: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_PAGE: Final = "1000"
"""Objects an answer: bounds what the API server must hold for one list."""
_OK: Final = 200
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_MISSING: Final = 404
_CONFLICT: Final = 409


class Client:
    """One API server. Made by `connect`, ended by `close`; safe to share among tasks."""

    def __init__(self, link: connection.Connection) -> None:
        self._connection = link
        self._kinds: dict[str, dict[str, discovery.ResourceKind]] = {}
        self._discovering: dict[str, asyncio.Lock] = {}

    @classmethod
    async def connect(cls, kubeconfig_or_path: str = "", *, context: str = "", cluster: str = "") -> Client:
        """A client for a kubeconfig's path or text; empty means kubectl's default. Nothing is sent yet.

        Raises `UsageError` for a kubeconfig or exec plugin that cannot be used.
        """
        access = kubeconfig.load(kubeconfig_or_path, context=context, cluster=cluster)
        return cls(await connection.Connection.open(access))

    @property
    def access(self) -> kubeconfig.Access:
        """Which API server this is, and which namespace its context prefers."""
        return self._connection.access

    async def close(self) -> None:
        """End all connections."""
        await self._connection.close()

    async def version(self) -> str:
        """The server's version, for example `v1.36.3`, or `unknown` where it is kept from us; one try.

        Raises `ClusterUnreachable`, also for what answers and is no API server: a proxy, a web page, another path.
        """
        response = await self._connection.send("GET", "/version", patient=False)
        status, body = response.status_code, _body(response.content, status=response.status_code)
        version = body.get("gitVersion")
        if status == _OK and isinstance(version, str) and version:
            return version
        if status == _FORBIDDEN and body.get("kind") == "Status":
            return "unknown"
        if status == _UNAUTHORIZED:
            raise errors.ClusterUnreachable.of(
                f"the API server {self.access.address} does not accept the credentials of {self.access.place}",
                why="nothing can be read from or written to the cluster",
                next=f"{self.access.kubectl} version; log in anew with the vendor's command line",
            )
        complaint = f"does not answer as one: HTTP status {status} for /version, and no version of Kubernetes"
        raise connection.unusable(self.access, complaint)

    async def resolve(self, api_version: str, kind: str) -> discovery.ResourceKind | None:
        """How the server serves a kind; None where it does not. A miss is asked for again at every call."""
        known = self._kinds.get(api_version, {}).get(kind)
        if known is not None:
            return known
        asked = self._kinds.get(api_version)
        async with self._discovering.setdefault(api_version, asyncio.Lock()):
            if self._kinds.get(api_version) is asked:
                found = await self._discover(api_version)
                self._kinds[api_version] = found
        return self._kinds[api_version].get(kind)

    async def _discover(self, api_version: str) -> dict[str, discovery.ResourceKind]:
        try:
            document = await self.request("GET", discovery.group_path(api_version))
        except rejections.ApiRejected as error:
            if error.code == _MISSING:
                return {}
            raise
        return discovery.kinds(api_version, document)

    async def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> Json | None:
        """The object, or None where neither it nor its kind exists."""
        resource = await self.resolve(api_version, kind)
        if resource is None:
            return None
        try:
            return await self.request("GET", resource.path(namespace=namespace, name=name))
        except rejections.ApiRejected as error:
            if error.code == _MISSING:
                return None
            raise

    async def metadata(self, api_version: str, kind: str, name: str, namespace: str = "") -> Json | None:
        """The object with nothing but its metadata: a definition has a megabyte. None as for `get`."""
        resource = await self.resolve(api_version, kind)
        if resource is None:
            return None
        path = resource.path(namespace=namespace, name=name)
        try:
            found = await self.request("GET", path, accept=f"{_METADATA_OF_ONE},{_JSON}")
        except rejections.ApiRejected as error:
            if error.code == _MISSING:
                return None
            raise
        return {**found, "apiVersion": api_version, "kind": kind}

    async def versions(self, group: str) -> tuple[str, ...]:
        """The versions in which a named API group is served, the preferred one first; none where it is not."""
        try:
            document = await self.request("GET", f"/apis/{group}")
        except rejections.ApiRejected as error:
            if error.code == _MISSING:
                return ()
            raise
        preferred = (document.get("preferredVersion") or {}).get("version")
        served = [version["version"] for version in document.get("versions") or ()]
        return tuple(sorted(served, key=lambda version: version != preferred))

    async def kinds(self, api_version: str) -> Mapping[str, discovery.ResourceKind]:
        """The kinds that are served in a group's version, by their names."""
        if not self._kinds.get(api_version):
            self._kinds[api_version] = await self._discover(api_version)
        return self._kinds[api_version]

    async def list(
        self,
        api_version: str,
        kind: str,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
        metadata_only: bool = False,
    ) -> list[Json]:
        """All objects of a kind, in all namespaces where `namespace` is empty; none where the kind is not served."""
        resource = await self.resolve(api_version, kind)
        if resource is None:
            return []
        document = await self.list_document(
            resource.path(namespace=namespace),
            params=_present(labelSelector=label_selector, fieldSelector=field_selector),
            accept=f"{_METADATA},{_JSON}" if metadata_only else _JSON,
        )
        return [{**item, "apiVersion": api_version, "kind": kind} for item in document["items"]]

    async def list_document(self, path: str, *, params: Mapping[str, str], accept: str = _JSON) -> Json:
        """A whole list, its pages joined, with the metadata of the last page."""
        items: list[Json] = []
        token = ""
        while True:
            page_params = {**params, "limit": _PAGE, **_present(**{"continue": token})}
            document = await self.request("GET", path, params=page_params, accept=accept)
            items += document.get("items") or []
            token = (document.get("metadata") or {}).get("continue") or ""
            if not token:
                return {**document, "items": items}

    async def apply(
        self,
        manifest: Mapping[str, Any],
        *,
        field_manager: str,
        force: bool = False,
        dry_run: bool = False,
        subresource: str = "",
    ) -> Json:
        """Server-side apply: make the manifest's fields so, and drop those applied before by the same manager."""
        resource, namespace, name = await self._address(manifest)
        return await self.request(
            "PATCH",
            resource.path(namespace=namespace, name=name, subresource=subresource),
            json=manifest,
            content_type=APPLY,
            params={
                "fieldManager": field_manager,
                # Without it unknown fields are dropped in silence.
                "fieldValidation": "Strict",
                **_present(force="true" if force else "", dryRun="All" if dry_run else ""),
            },
        )

    async def create(
        self, manifest: Mapping[str, Any], *, field_manager: str = "", dry_run: bool = False, subresource: str = ""
    ) -> Json:
        """Create an object that must not exist yet.

        With `subresource` the manifest names the object that has it, and its other fields are those of the subresource:
        for `token` a ServiceAccount's apiVersion, kind and metadata with a TokenRequest's spec.
        """
        resource, namespace, name = await self._address(manifest)
        body = {key: value for key, value in manifest.items() if not subresource or key not in ("apiVersion", "kind")}
        return await self.request(
            "POST",
            resource.path(namespace=namespace, name=name if subresource else "", subresource=subresource),
            json=body,
            params=_present(fieldManager=field_manager, dryRun="All" if dry_run else ""),
        )

    async def delete(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str = "",
        *,
        uid: str = "",
        propagation: Propagation = "Background",
    ) -> bool:
        """Delete an object. True when it is gone, False when its deletion has only begun.

        With `uid` only that very object is deleted; another of the same name is left and `ApiRejected` has code 409.
        """
        resource = await self.resolve(api_version, kind)
        if resource is None:
            return True
        options: Json = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        if uid:
            options["preconditions"] = {"uid": uid}
        try:
            answer = await self.request("DELETE", resource.path(namespace=namespace, name=name), json=options)
        except rejections.ApiRejected as error:
            if error.code == _MISSING:
                return True
            raise
        # An object that finalizers or its containers keep is answered as itself, one that is gone with a Status.
        return answer.get("kind") == "Status" or not (answer.get("metadata") or {}).get("deletionTimestamp")

    async def watch(
        self, api_version: str, kind: str, *, namespace: str = "", label_selector: str = ""
    ) -> AsyncIterator[tuple[str, Json]]:
        """Events for ever: existing objects as ADDED, then a BOOKMARK, then changes as they happen.

        Reconnects by itself; what was missed meanwhile is told as ADDED and DELETED (the latter with metadata only).
        """
        resource = await self._served(api_version, kind)
        events = watching.events(
            self._connection,
            list_document=self.list_document,
            path=resource.path(namespace=namespace),
            params=_present(labelSelector=label_selector),
        )
        async for event, item in events:
            yield event, {**item, "apiVersion": api_version, "kind": kind}

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content_type: str = _JSON,
        params: Mapping[str, str] | None = None,
        accept: str = _JSON,
    ) -> Json:
        """Any request, its JSON answer. Raises `ApiRejected` with the server's own reason."""
        headers = {"Accept": accept}
        if json is not None:
            headers["Content-Type"] = content_type
        response = await self._connection.send(
            method,
            path,
            content=None if json is None else pydantic_core.to_json(json),
            headers=headers,
            params=params,
            repeatable=method != "POST",
        )
        body = _body(response.content, status=response.status_code)
        if response.is_success:
            return body
        raise rejections.rejected(_described(method, path), code=response.status_code, body=body)

    async def _served(self, api_version: str, kind: str) -> discovery.ResourceKind:
        resource = await self.resolve(api_version, kind)
        if resource is None:
            raise rejections.ApiRejected(
                f"{kind} of {api_version}",
                code=_MISSING,
                reason="NoMatch",
                message=f"it serves no kind {kind} in {api_version}",
                next="install the operator or the CustomResourceDefinition that brings it",
            )
        return resource

    async def _address(self, manifest: Mapping[str, Any]) -> tuple[discovery.ResourceKind, str, str]:
        resource = await self._served(str(manifest["apiVersion"]), str(manifest["kind"]))
        metadata = manifest.get("metadata") or {}
        namespace = str(metadata.get("namespace") or (self.access.namespace if resource.namespaced else ""))
        return resource, namespace, str(metadata.get("name") or "")


def _present(**params: str) -> dict[str, str]:
    return {key: value for key, value in params.items() if value}


def _body(content: bytes, *, status: int) -> Json:
    try:
        body = pydantic_core.from_json(content)
    except ValueError:
        # Proxies and load balancers answer with pages of their own, which may say anything: not repeated.
        return {"reason": "NotJson", "message": f"HTTP status {status} and an answer that is not JSON"}
    return body if isinstance(body, dict) else {}


_VERBS: Final = {"GET": "to read", "POST": "to create", "PATCH": "to apply", "PUT": "to write", "DELETE": "to delete"}


def _described(method: str, path: str) -> str:
    """A request in words: `to apply deployments/web in namespace shop`."""
    parts = path.strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:] if parts[0] == "apis" else parts
    place = ""
    if parts[:1] == ["namespaces"] and len(parts) > 2:  # noqa: PLR2004 - namespaces/NAME/more
        place = f" in namespace {parts[1]}"
        parts = parts[2:]
    return f"{_VERBS.get(method, method)} {'/'.join(parts) or path}{place}"
