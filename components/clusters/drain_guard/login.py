"""Logs in by the program that a kubeconfig names, as kubectl does.

The official client runs such programs too, but without a time limit, and what goes wrong there it only logs and then
sends requests without credentials. Follows
https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any, Final

_SECONDS: Final = 120
"""A login program asks its vendor; it never waits for a person here."""
_FROM_CLUSTER: Final = (
    "server",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "certificate-authority-data",
    "proxy-url",
    "disable-compression",
)
_EXTENSION: Final = "client.authentication.k8s.io/exec"


class LoginFailed(Exception):
    """The program is missing, failed, or answered something else than a credential. Its text names no secret."""


def logged_in(config: Mapping[str, Any]) -> dict[str, Any]:
    """The kubeconfig of the current context alone, its user replaced by what the program has answered.

    Raises `LoginFailed`, and KeyError where the kubeconfig lacks what its current context names.
    """
    context = _named(config["contexts"], config["current-context"])["context"]
    cluster = _named(config["clusters"], context["cluster"])["cluster"]
    user = _named(config.get("users") or [], context["user"])["user"] or {}
    if plugin := user.get("exec"):
        user = credential(_answer(plugin, cluster))
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "drain",
        "contexts": [{"name": "drain", "context": {"cluster": "drain", "user": "drain"}}],
        "clusters": [{"name": "drain", "cluster": dict(cluster)}],
        "users": [{"name": "drain", "user": dict(user)}],
    }


def server(config: Mapping[str, Any]) -> str:
    """Address of the API server, for messages; the kubeconfig's own text may lack it."""
    try:
        context = _named(config["contexts"], config["current-context"])["context"]
        return str(_named(config["clusters"], context["cluster"])["cluster"]["server"])
    except (KeyError, TypeError):
        return "of a kubeconfig that names none"


def _named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    for entry in entries:
        if entry["name"] == name:
            return entry
    raise KeyError(name)


def _answer(plugin: Mapping[str, Any], cluster: Mapping[str, Any]) -> dict[str, Any]:
    command = plugin["command"]
    if plugin.get("interactiveMode") == "Always":
        raise LoginFailed(f"`{command}` wants to ask a person (interactiveMode: Always), and nobody can be asked here")
    variables = {item["name"]: item["value"] for item in plugin.get("env") or ()}
    information = json.dumps(exec_info(plugin, cluster))
    try:
        finished = subprocess.run(
            [command, *(plugin.get("args") or ())],
            env={**os.environ, **variables, "KUBERNETES_EXEC_INFO": information},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except OSError as error:
        hint = plugin.get("installHint", "install it")
        raise LoginFailed(f"the login program `{command}` cannot be run ({error.strerror}): {hint}") from None
    except subprocess.TimeoutExpired:
        raise LoginFailed(f"the login program `{command}` did not end within {_SECONDS} s") from None
    if finished.returncode:
        raise LoginFailed(f"the login program `{command}` failed: {finished.stderr.strip() or finished.returncode}")
    try:
        answer: dict[str, Any] = json.loads(finished.stdout)["status"]
    except (ValueError, KeyError, TypeError):
        # What it did answer may be a token in a form that was not expected.
        raise LoginFailed(f"the login program `{command}` answered no ExecCredential") from None
    return answer


def exec_info(plugin: Mapping[str, Any], cluster: Mapping[str, Any]) -> dict[str, Any]:
    """What the program finds in KUBERNETES_EXEC_INFO. Pure."""
    spec: dict[str, Any] = {"interactive": False}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = {name: cluster[name] for name in _FROM_CLUSTER if name in cluster}
        for extension in cluster.get("extensions") or ():
            if extension["name"] == _EXTENSION:
                spec["cluster"]["config"] = extension["extension"]
    return {"apiVersion": plugin["apiVersion"], "kind": "ExecCredential", "spec": spec}


def credential(status: Mapping[str, Any]) -> dict[str, str]:
    """The user of a kubeconfig, from what the program answered. Pure. Raises `LoginFailed` where that is nothing."""
    user = {}
    if status.get("token"):
        user["token"] = status["token"]
    if status.get("clientCertificateData") and status.get("clientKeyData"):
        user["client-certificate-data"] = base64.b64encode(status["clientCertificateData"].encode()).decode()
        user["client-key-data"] = base64.b64encode(status["clientKeyData"].encode()).decode()
    if not user:
        raise LoginFailed("the login program answered neither a token nor a certificate")
    return user
