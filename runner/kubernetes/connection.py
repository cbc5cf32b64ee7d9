"""Sends requests to one API server: pooled connections, credentials and their renewal, bounded retries.

Knows HTTP and nothing of Kubernetes' objects; `client.py` is built on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import os
import random
import ssl
import tempfile
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import httpx2

from runner.kubernetes import credentials, kubeconfig
from stacks import errors

IN_FLIGHT: Final = 32
"""Requests at a time. An API server's fair queuing gives one client about as much; more only queues there."""
_CONNECT_SECONDS: Final = 5.0
_READ_SECONDS: Final = 75.0
"""An API server ends a request after 60 s by itself, and its answer tells more than our giving up would."""
FIRST_CONTACT_SECONDS: Final = 15.0
"""For an answer to the first request, which costs a server nothing: one that is silent longer is no API server."""
_DELAYS: Final = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses between tries, in seconds: together long enough for an API server to be restarted."""
_SATURATED: Final = frozenset({429, 502, 503, 504})


class Connection:
    """The way to one API server. Made by `open`, ended by `close`; safe to share among tasks."""

    def __init__(self, access: kubeconfig.Access, credential: credentials.Credential) -> None:
        self.access = access
        self._credential = credential
        self._ssl_context = _ssl_context(access, credential)
        self._proxy = _proxy(access)
        self._renewal = asyncio.Lock()
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._idle: list[httpx2.AsyncHTTPTransport] = []
        self._headers = {
            "User-Agent": "paasport",
            # On one machine compressing costs more than it saves.
            "Accept-Encoding": "identity" if _on_this_machine(access.address) else "gzip",
        }

    @classmethod
    async def open(cls, access: kubeconfig.Access) -> Connection:
        """Get credentials and prepare connections; nothing is sent yet. Raises `UsageError`."""
        return cls(access, await credentials.obtain(access))

    async def close(self) -> None:
        """End all connections."""
        while self._idle:
            await self._idle.pop().aclose()

    async def send(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        repeatable: bool = True,
        patient: bool = True,
    ) -> httpx2.Response:
        """The answer, whatever its status.

        `repeatable` says that doing it twice equals doing it once; other requests are only tried again when the server
        surely did nothing. Raises `EngineError` when no answer can be had; with `patient` False, which is for the first
        contact, already after one try and as `ClusterUnreachable`.
        """
        delays = [*_DELAYS] if patient else []
        read_seconds = _READ_SECONDS if patient else FIRST_CONTACT_SECONDS
        while True:
            delay = delays.pop(0) if delays else None
            try:
                response = await self._identified(
                    method, path, content=content, headers=headers, params=params, read_seconds=read_seconds
                )
            except httpx2.TransportError as error:
                unsent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
                if delay is None or not (repeatable or unsent):
                    kind = errors.EngineError if patient else errors.ClusterUnreachable
                    raise unusable(self.access, f"cannot be reached: {_reason(error)}", kind=kind) from None
                await _pause(delay)
                continue
            again = response.status_code == 429 or (repeatable and _momentary(response))  # noqa: PLR2004 - as in the RFC
            if delay is None or not again:
                return response
            await _pause(max(delay, _asked_delay(response)))

    @contextlib.asynccontextmanager
    async def stream(self, path: str, *, params: Mapping[str, str], quiet: float) -> AsyncIterator[httpx2.Response]:
        """A GET whose answer never ends by itself; a connection silent for `quiet` seconds is given up.

        Takes no slot among the requests in flight. Raises `httpx2.TransportError`, which means: connect again.
        """
        used = await self._current()
        async with self._transport() as transport:
            request = self._request("GET", path, params=params, credential=used, read_seconds=quiet)
            response = await transport.handle_async_request(request)
            try:
                if response.status_code == httpx2.codes.UNAUTHORIZED and used.renewable:
                    await self._renew(used)
                yield response
            finally:
                await response.aclose()

    async def _identified(self, method: str, path: str, **parts: Any) -> httpx2.Response:
        """One answer; with a new credential where the old one is no longer accepted."""
        used = await self._current()
        response = await self._once(self._request(method, path, credential=used, **parts))
        if response.status_code == httpx2.codes.UNAUTHORIZED and used.renewable:
            renewed = await self._renew(used)
            response = await self._once(self._request(method, path, credential=renewed, **parts))
        return response

    async def _once(self, request: httpx2.Request) -> httpx2.Response:
        async with self._slots, self._transport() as transport:
            response = await transport.handle_async_request(request)
            await response.aread()
            return response

    @contextlib.asynccontextmanager
    async def _transport(self) -> AsyncIterator[httpx2.AsyncHTTPTransport]:
        """The connection used last; one transport for each, because a pool examines all its connections every time."""
        context = self._ssl_context
        transport = (
            self._idle.pop()
            if self._idle
            else httpx2.AsyncHTTPTransport(
                verify=context, proxy=self._proxy or None, limits=httpx2.Limits(max_connections=1, keepalive_expiry=60)
            )
        )
        kept = False
        try:
            yield transport
            kept = context is self._ssl_context
        finally:
            if kept:
                self._idle.append(transport)
            else:
                await transport.aclose()

    def _request(
        self,
        method: str,
        path: str,
        *,
        credential: credentials.Credential,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        read_seconds: float = _READ_SECONDS,
    ) -> httpx2.Request:
        identity = {"Authorization": credential.authorization} if credential.authorization else {}
        timeout = {"connect": _CONNECT_SECONDS, "read": read_seconds, "write": _READ_SECONDS, "pool": None}
        server_name = {"sni_hostname": self.access.tls_server_name} if self.access.tls_server_name else {}
        query = f"?{urllib.parse.urlencode(params)}" if params else ""
        return httpx2.Request(
            method,
            f"{self.access.address}{path}{query}",
            content=content,
            headers={**self._headers, **identity, **(headers or {})},
            extensions={"timeout": timeout, **server_name},
        )

    async def _current(self) -> credentials.Credential:
        """The credential, renewed where its time is over."""
        used = self._credential
        return await self._renew(used) if used.stale(dt.datetime.now(dt.UTC)) else used

    async def _renew(self, used: credentials.Credential) -> credentials.Credential:
        async with self._renewal:
            if self._credential is used:  # no other task was quicker
                renewed = await credentials.obtain(self.access)
                if (renewed.certificate, renewed.key) != (used.certificate, used.key):
                    # Connections in use end with their requests; idle ones are of no use any more.
                    self._ssl_context = _ssl_context(self.access, renewed)
                    await self.close()
                self._credential = renewed
            return self._credential


def unusable(
    access: kubeconfig.Access, complaint: str, *, kind: type[errors.PaasportError] = errors.ClusterUnreachable
) -> errors.PaasportError:
    """The error for an API server with which nothing can be done; `complaint` follows its name in the sentence."""
    return kind.of(
        f"the API server {access.address} ({access.place}) {complaint}",
        why="nothing can be read from or written to the cluster",
        next=f"{access.kubectl} version; start the cluster, or correct the kubeconfig",
    )


def _reason(error: httpx2.TransportError) -> str:
    if isinstance(error, httpx2.ReadTimeout):
        return "it gave no answer in time"
    return str(error).strip() or type(error).__name__


async def _pause(seconds: float) -> None:
    # Spread, so that requests refused together do not come back together.
    await asyncio.sleep(seconds * random.uniform(0.7, 1.3))  # noqa: S311 - no secret


def _momentary(response: httpx2.Response) -> bool:
    """Whether the same request may well succeed in a moment."""
    if response.status_code in _SATURATED:
        return True
    # While etcd elects a leader or is away, the API server answers 500 with its client's error in the text.
    return response.status_code == httpx2.codes.INTERNAL_SERVER_ERROR and b"etcdserver" in response.content


def _asked_delay(response: httpx2.Response) -> float:
    value = response.headers.get("Retry-After", "")
    return min(float(value), 30.0) if value.isdigit() else 0.0


def _proxy(access: kubeconfig.Access) -> str:
    """The kubeconfig's proxy, else the environment's; like kubectl, never one to this very machine."""
    host = httpx2.URL(access.address).host
    if access.proxy or _on_this_machine(access.address) or urllib.request.proxy_bypass(host):
        return access.proxy
    return urllib.request.getproxies().get(httpx2.URL(access.address).scheme, "")


def _on_this_machine(server: str) -> bool:
    host = httpx2.URL(server).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _ssl_context(access: kubeconfig.Access, credential: credentials.Credential) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=access.authority.decode() or None)
        # Clusters' own authorities are often made without the key usage that Python's strict mode asks for.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if access.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if credential.certificate:
            _load_certificate(context, credential.certificate + b"\n" + credential.key)
    except (ssl.SSLError, ValueError):
        raise errors.UsageError.of(
            f"a certificate or key of {access.place} is not valid PEM, or they do not belong together",
            why="the API server cannot be trusted or would not trust us",
            next="let whoever made the kubeconfig write it anew",
        ) from None
    return context


def _load_certificate(context: ssl.SSLContext, pem: bytes) -> None:
    """Python's ssl reads keys from files only: one in memory where there are such, else one that lives this long."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("client-certificate")
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            context.load_cert_chain(f"/proc/self/fd/{descriptor}")
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)
