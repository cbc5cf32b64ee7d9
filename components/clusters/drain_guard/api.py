"""Asks one API server, by the official client: what objects there are, and to delete one. Decides nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import urllib3
from kubernetes import client, config

from components.clusters.drain_guard import login, objects

_TIMEOUT: Final = (10, 60)
"""Seconds to connect, and to wait for each answer."""
_PAGE: Final = 500
_UNAUTHORIZED: Final = 401
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_SUCCESS: Final = range(200, 300)
_NOS: Final = (401, 403, 404)
"""What an API server says to a question and means. All else may be a proxy before a cluster that is not there."""


class Unreachable(Exception):
    """No API server answers at the address, or not now."""


class Refused(Exception):
    """The API server said no."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


class Cluster:
    """One cluster. Logs in at the first request, and again when its credential has expired."""

    def __init__(self, kubeconfig: Mapping[str, Any]) -> None:
        self._kubeconfig = kubeconfig
        self._client: Any = None
        self._places: dict[objects.Kind, _Place] = {}

    def snapshot(self, kinds: tuple[objects.Kind, ...]) -> dict[objects.Kind, list[objects.Manifest]]:
        """All objects of these kinds. Raises `Unreachable`, `Refused` and `login.LoginFailed`."""
        return {kind: list(self._list(kind)) for kind in kinds}

    def delete(self, reference: objects.Reference) -> None:
        """Delete this object and no other of its name; one that is gone is fine. Raises like `snapshot`.

        What it owns goes after it. The other order would need the garbage collector for every object, and that one
        stands still as long as any API group of the cluster does not answer, which is common once operators are gone.
        """
        group, _, version = reference.api_version.rpartition("/")
        place = self._place(objects.Kind(group=group, name=reference.kind), versions=(version,))
        if place is None:
            return
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {"uid": reference.uid},
        }
        namespace = f"/namespaces/{reference.namespace}" if place.namespaced else ""
        try:
            self._request("DELETE", f"{place.root}{namespace}/{place.plural}/{reference.name}", body=options)
        except Refused as refused:
            # A conflict is another object of the same name, which the next look at the cluster finds.
            if refused.code not in (_NOT_FOUND, _CONFLICT):
                raise

    def _list(self, kind: objects.Kind) -> Iterator[objects.Manifest]:
        place = self._places.get(kind) or self._place(kind)
        if place is None:
            return
        self._places[kind] = place
        token = ""
        while True:
            more = f"&continue={token}" if token else ""
            try:
                answer = self._request("GET", f"{place.root}/{place.plural}?limit={_PAGE}{more}")
            except Refused as refused:
                if refused.code != _NOT_FOUND or not kind.group:
                    raise _unless_missing(refused) from None
                # Its definition has been deleted since.
                del self._places[kind]
                return
            # The objects of a list lack what the list says once for all of them.
            yield from ({"apiVersion": place.api_version, "kind": kind.name, **item} for item in answer["items"])
            token = answer["metadata"].get("continue", "")
            if not token:
                return

    def _place(self, kind: objects.Kind, *, versions: tuple[str, ...] = ()) -> _Place | None:
        """Where the kind is served, in the group's preferred version if that has it."""
        for version in versions or self._versions(kind.group):
            root = f"/apis/{kind.group}/{version}" if kind.group else f"/api/{version}"
            try:
                resources = self._request("GET", root)["resources"]
            except Refused as refused:
                if refused.code != _NOT_FOUND or not kind.group:
                    raise _unless_missing(refused) from None
                continue
            for resource in resources:
                if resource["kind"] == kind.name and "/" not in resource["name"]:
                    return _Place(root, plural=resource["name"], namespaced=resource["namespaced"])
        return None

    def _versions(self, group: str) -> tuple[str, ...]:
        if not group:
            return ("v1",)
        try:
            found = self._request("GET", f"/apis/{group}")
        except Refused as refused:
            if refused.code != _NOT_FOUND:
                raise
            return ()
        preferred = found["preferredVersion"]["version"]
        return (preferred, *(item["version"] for item in found["versions"] if item["version"] != preferred))

    def _request(self, method: str, path: str, *, body: Any = None) -> Any:
        if self._client is None:
            self._client = _connected(self._kubeconfig)
        try:
            return _sent(self._client, method, path, body=body)
        except Refused as refused:
            if refused.code != _UNAUTHORIZED:
                raise
        self._client = _connected(self._kubeconfig)
        return _sent(self._client, method, path, body=body)


class _Place:
    """Where objects of a kind are served."""

    def __init__(self, root: str, *, plural: str, namespaced: bool) -> None:
        self.root = root
        self.plural = plural
        self.namespaced = namespaced
        self.api_version = root.removeprefix("/apis/").removeprefix("/api/")


def _unless_missing(refused: Refused) -> Exception:
    """Every cluster has the core group: whatever answers without it is none, and must not pass for an empty one."""
    return Unreachable("what answers there is no API server") if refused.code == _NOT_FOUND else refused


def _connected(kubeconfig: Mapping[str, Any]) -> Any:
    """A client of its own, so that the process's default configuration stays as it is."""
    settings = client.Configuration()
    # Without types of its own.
    load: Any = config.load_kube_config_from_dict
    load(login.logged_in(kubeconfig), client_configuration=settings)
    # Whether and when to try again is decided by who asks.
    settings.retries = False
    return client.ApiClient(configuration=settings)


def _sent(connection: Any, method: str, path: str, *, body: Any) -> Any:
    path, _, query = path.partition("?")
    request = connection.param_serialize(
        method,
        path,
        query_params=[tuple(item.split("=", 1)) for item in query.split("&") if item],
        header_params={"Accept": "application/json", **({"Content-Type": "application/json"} if body else {})},
        body=body,
        auth_settings=["BearerToken"],
    )
    try:
        answer = connection.call_api(*request, _request_timeout=_TIMEOUT)
        text = answer.read().decode()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Unreachable(f"{type(error).__name__}: {_without_object(str(error))}") from None
    except client.exceptions.ApiException as error:
        # So the client tells what is wrong with a certificate.
        raise Unreachable(str(error.reason)) from None
    if answer.status not in _SUCCESS:
        message = _message(text) or f"HTTP {answer.status}"
        raise Refused(answer.status, message) if method == "DELETE" or answer.status in _NOS else Unreachable(message)
    try:
        return json.loads(text)
    except ValueError:
        raise Unreachable("what answers there is no API server") from None


def _message(text: str) -> str:
    """What a Status says; empty for what is none, such as a proxy's page."""
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return ""


def _without_object(text: str) -> str:
    """urllib3 begins its messages with the connection's representation."""
    return text.split(">: ", 1)[-1].split("): ", 1)[-1]
