"""Kubeconfigs as a provider is told about them.

A file by a reference that is the same on every machine, a managed cluster's as a text without any secret.
"""

from __future__ import annotations

import contextlib
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from stacks import errors


def reference(path: pathlib.Path, *, next: str) -> str:  # noqa: A002 - the word users read
    """The path to give to a provider. `next` is what to do where there is no such file; ClusterUnreachable says it."""
    if not path.is_file():
        raise errors.ClusterUnreachable.of(
            f"there is no kubeconfig at {path}", why="without it there is no cluster to talk to", next=next
        )
    return portable(path, home=pathlib.Path.home())


def portable(path: pathlib.Path, *, home: pathlib.Path) -> str:
    """The path with `~` for the home folder, which the Kubernetes provider expands.

    A file outside of it keeps its absolute path: such a state is the same only where the file lies at the same place.
    """
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def endpoint(text: str, *, context: str = "") -> str | None:
    """URL of the API server that a kubeconfig leads to by `context`, empty for its current one. Pure.

    None for a text that is no kubeconfig or does not say so: whoever connects by it will tell what is wrong.
    """
    with contextlib.suppress(yaml.YAMLError, KeyError, TypeError):
        found = yaml.load(text, Loader=yaml.CSafeLoader)
        contexts = {item["name"]: item["context"] for item in found["contexts"]}
        clusters = {item["name"]: item["cluster"] for item in found["clusters"]}
        return str(clusters[contexts[context or found["current-context"]]["cluster"]]["server"])
    return None


def with_plugin(
    name: str,
    *,
    server: str,
    authority: str | None,
    command: str,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
    hint: str,
    provide_cluster_info: bool = False,
) -> str:
    """A kubeconfig whose user gets a token from the vendor's program each time: it holds no secret and never expires.

    `authority` is the cluster's certificate, base64 of PEM; None where a public authority has signed (GKE's DNS
    endpoint, where any other makes the handshake fail: crossplane-contrib/provider-upjet-gcp#988). `hint` tells how to
    get `command` where it is missing, the most frequent first failure (pulumi-kubernetes#3369).
    """
    plugin: dict[str, Any] = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": command,
        "args": list(arguments),
        "env": [{"name": key, "value": value} for key, value in (environment or {}).items()],
        "interactiveMode": "Never",
        "installHint": hint,
        "provideClusterInfo": provide_cluster_info,
    }
    cluster = {"server": server, **({"certificate-authority-data": authority} if authority else {})}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": {"exec": plugin}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )
