"""What a release leaves out of its Deployments and this project asks of every pod. Pure; changes what it is given.

Pass copies, such as `bundles.moved` makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from components import contracts


def restrict(deployment: contracts.Manifest, *, user: int | None = None) -> None:
    """Fill in what the `restricted` pod security standard wants, where the release does not say it itself.

    `user` is for images whose own user is root or only a name, which `runAsNonRoot` can't tell from root.
    """
    pod = _pod(deployment)
    security = pod.setdefault("securityContext", {})
    security["runAsNonRoot"] = True
    security.setdefault("seccompProfile", {"type": "RuntimeDefault"})
    if user is not None:
        security.update({"runAsUser": user, "runAsGroup": user})
    for container in containers(deployment):
        own = container.setdefault("securityContext", {})
        own["allowPrivilegeEscalation"] = False
        own["capabilities"] = {"drop": ["ALL"]}


def limit(deployment: contracts.Manifest, *, requests: Mapping[str, str], memory: str) -> None:
    """Give every container these requests and this limit of memory, where the release gives none.

    No limit of CPU: it would slow an operator down while the node is idle.
    """
    for container in containers(deployment):
        resources = container.setdefault("resources", {})
        resources.setdefault("requests", dict(requests))
        resources.setdefault("limits", {"memory": memory})


def containers(deployment: contracts.Manifest) -> list[dict[str, Any]]:
    """All containers of the pod, those that only prepare it included."""
    pod = _pod(deployment)
    return [*pod.get("initContainers", ()), *pod["containers"]]


def environment(deployment: contracts.Manifest, *, values: Mapping[str, str], without: Iterable[str] = ()) -> None:
    """Set variables of every container to these values, and leave others out."""
    dropped = {*values, *without}
    for container in deployment["spec"]["template"]["spec"]["containers"]:
        kept = [variable for variable in container.get("env", ()) if variable["name"] not in dropped]
        container["env"] = [*kept, *({"name": name, "value": value} for name, value in values.items())]


def _pod(deployment: contracts.Manifest) -> dict[str, Any]:
    pod: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return pod
