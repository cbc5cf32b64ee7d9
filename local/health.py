"""Whether an API server answers, asked the cheapest way there is: one request, no client library, no credentials."""

from __future__ import annotations

import http.client
import json
import pathlib
import ssl
from typing import Final

from local import ports

_OK: Final = 200


def unready(port: int, *, authority: pathlib.Path, seconds: float) -> str:
    """Why the API server is not ready; empty when it is. Takes at most `seconds`."""
    try:
        status, body = _get(port, "/readyz", authority=authority, seconds=seconds)
    except TimeoutError:
        return f"the API server did not answer on port {port} within {seconds:.0f} s"
    except (OSError, http.client.HTTPException) as error:
        return f"the API server does not answer on port {port}: {str(error) or type(error).__name__}"
    failed = [line.removeprefix("[-]") for line in body.splitlines() if line.startswith("[-]")]
    return "" if status == _OK else f"the API server is not ready yet: {', '.join(failed) or f'status {status}'}"


def version(port: int, *, authority: pathlib.Path, seconds: float) -> str:
    """The version of Kubernetes, for example `v1.36.3`; empty when the API server does not answer."""
    try:
        _, body = _get(port, "/version", authority=authority, seconds=seconds)
        return str(json.loads(body).get("gitVersion", ""))
    except (OSError, http.client.HTTPException, ValueError):
        return ""


def _get(port: int, path: str, *, authority: pathlib.Path, seconds: float) -> tuple[int, str]:
    context = ssl.create_default_context(cafile=str(authority))
    connection = http.client.HTTPSConnection(ports.LOOPBACK, port, context=context, timeout=seconds)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    finally:
        connection.close()
