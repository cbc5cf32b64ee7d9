"""Turns a kubeconfig's user into the header and certificate of a request, running its exec plugin where it names one.

The protocol is that of `client.authentication.k8s.io` v1 and v1beta1. Nothing that a plugin prints is ever shown:
its standard output holds a token, and its standard error may.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import datetime as dt
import json
import os
import signal
from typing import Any

from runner.kubernetes import kubeconfig
from stacks import errors

_PLUGIN_SECONDS = 60
"""A vendor's plugin asks the vendor's API, which takes seconds; a minute without an answer means that it hangs."""
_EARLY_SECONDS = 30
"""A credential this close to its end is replaced, so that it does not expire on the way."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Credential:
    """What identifies us for the next requests."""

    authorization: str = dataclasses.field(default="", repr=False)
    """Value of the Authorization header; empty for client certificates."""
    certificate: bytes = dataclasses.field(default=b"", repr=False)
    key: bytes = dataclasses.field(default=b"", repr=False)
    expires: dt.datetime | None = None
    renewable: bool = False
    """Whether asking again can yield another one: only then is a 401 worth a second try."""

    def stale(self, now: dt.datetime) -> bool:
        """Whether it has expired or is about to."""
        return self.expires is not None and now >= self.expires - dt.timedelta(seconds=_EARLY_SECONDS)


async def obtain(access: kubeconfig.Access) -> Credential:
    """A credential for `access`, as kubectl would choose among those its user has.

    Raises `UsageError` when the exec plugin is missing, fails, or prints something else.
    """
    user = access.user
    fixed = Credential(certificate=user.certificate, key=user.key)
    if user.token_file is not None:
        return dataclasses.replace(fixed, authorization=f"Bearer {_token_of(access)}", renewable=True)
    if user.token:
        return dataclasses.replace(fixed, authorization=f"Bearer {user.token}")
    if user.username:
        pair = base64.b64encode(f"{user.username}:{user.password}".encode()).decode()
        return dataclasses.replace(fixed, authorization=f"Basic {pair}")
    if user.plugin is not None and not user.certificate:
        return _read_answer(await _run(access, user.plugin), plugin=user.plugin, access=access)
    return fixed


def _token_of(access: kubeconfig.Access) -> str:
    path = access.user.token_file
    try:
        return path.read_text(encoding="utf-8").strip() if path else ""
    except (OSError, UnicodeDecodeError):
        raise errors.UsageError.of(
            f"the token file {path} of {access.place} cannot be read",
            why="the API server does not answer without it",
            next="write the file, or use another context",
        ) from None


async def _run(access: kubeconfig.Access, plugin: kubeconfig.ExecPlugin) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            plugin.command,
            *plugin.arguments,
            env={**os.environ, **plugin.environment, "KUBERNETES_EXEC_INFO": _information(access, plugin)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        raise _failure(access, plugin, "is not installed" if missing else f"cannot be run: {error.strerror}") from None
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _PLUGIN_SECONDS)
    except TimeoutError:
        await _end(process)
        raise _failure(access, plugin, f"gave no answer for {_PLUGIN_SECONDS} s") from None
    except asyncio.CancelledError:
        await _end(process)
        raise
    if process.returncode != 0:
        raise _failure(access, plugin, f"failed with exit code {process.returncode}")
    return output.decode(errors="replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a plugin with all that it started: a child of a shell would go on and hold its output open."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    # Nor may what left its session: asyncio waits for the end of the output too, and has no public way to give it up.
    process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001
    await process.wait()


def _information(access: kubeconfig.Access, plugin: kubeconfig.ExecPlugin) -> str:
    spec: dict[str, Any] = {"interactive": False}
    if plugin.provide_cluster_info:
        cluster = {
            "server": access.server,
            "tls-server-name": access.tls_server_name,
            "insecure-skip-tls-verify": access.insecure,
            "certificate-authority-data": base64.b64encode(access.authority).decode(),
            "proxy-url": access.proxy,
        }
        spec["cluster"] = {key: value for key, value in cluster.items() if value}
    return json.dumps({"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec})


def _read_answer(output: str, *, plugin: kubeconfig.ExecPlugin, access: kubeconfig.Access) -> Credential:
    try:
        answer = json.loads(output)
        status = answer["status"]
        expires = dt.datetime.fromisoformat(status["expirationTimestamp"]) if _has_end(status) else None
        token = status.get("token") or ""
        certificate = (status.get("clientCertificateData") or "").encode()
        key = (status.get("clientKeyData") or "").encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _failure(access, plugin, "printed no ExecCredential") from None
    if answer.get("apiVersion") != plugin.api_version:
        raise _failure(access, plugin, f"answered in another version than {plugin.api_version}")
    if not token and not (certificate and key):
        raise _failure(access, plugin, "printed neither a token nor a certificate")
    return Credential(
        authorization=f"Bearer {token}" if token else "",
        certificate=certificate,
        key=key,
        expires=expires if expires is None or expires.tzinfo else expires.replace(tzinfo=dt.UTC),
        renewable=True,
    )


def _has_end(status: dict[str, Any]) -> bool:
    return bool(status.get("expirationTimestamp"))


def _failure(access: kubeconfig.Access, plugin: kubeconfig.ExecPlugin, reason: str) -> errors.PaasportError:
    # Its arguments are not repeated: some plugins take a client secret among them.
    by_hand = f"run {plugin.command} by hand with the arguments in {access.source}"
    return errors.UsageError.of(
        f"the exec plugin {plugin.command!r} of {access.place} {reason}",
        why="the API server does not answer without the credentials that it prints",
        next=plugin.install_hint or by_hand,
    )
