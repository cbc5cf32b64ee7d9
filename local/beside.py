"""Which Deployments' programs run beside the cluster, and how: decided from the Deployments alone.

On simulated nodes no container runs, so an operator would be Ready and do nothing. Where the toolchain has its binary,
that runs on this machine instead, with the Deployment's own arguments, environment and service account. The objects
stay those of a real cluster. Files that a container would have mounted are not there. Starting and watching the
processes is `companions.py`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from local import reconciling

DEPLOYMENTS: Final = reconciling.Kind("apps/v1", "Deployment")
ACCOUNTS: Final = reconciling.Kind("v1", "ServiceAccount")

STAND_IN: Final = "paasport.dev/stand-in"
"""Annotation on what takes the place of a release: without the release's permissions its program could do nothing."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Runnable:
    """An image whose program the toolchain builds."""

    repository: str
    """The end of the image's repository; what stands before it differs with the registry or mirror."""
    binary: str
    listen_flag: str
    """The argument that says where it listens: on loopback and a free port, whatever the Deployment says."""


RUNNABLES: Final = (
    Runnable(
        repository="prometheus-operator/prometheus-operator",
        binary="prometheus-operator",
        listen_flag="--web.listen-address",
    ),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Program:
    """What is to run for one Deployment. Another value means another process."""

    namespace: str
    deployment: str
    binary: str
    arguments: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    listen_flag: str
    service_account: str
    service_account_uid: str
    """A token belongs to the account of this uid; one made again under the same name needs a new token."""
    problem: str = ""
    """Why it cannot run (`runs` is False then), or what it has to do without."""
    runs: bool = True

    def command(self, *, address: str) -> tuple[str, ...]:
        """Its arguments, listening on `address`."""
        return (*self.arguments, f"{self.listen_flag}={address}")


def is_available(deployment: Mapping[str, Any]) -> bool:
    """Whether one of its pods at least is ready, and nobody deletes it."""
    available = (deployment.get("status") or {}).get("availableReplicas", 0) > 0
    return available and not deployment["metadata"].get("deletionTimestamp")


def has_image(deployment: Mapping[str, Any], end: str) -> bool:
    """Whether one of its containers is of an image whose repository ends so, whatever registry or mirror it is from."""
    containers = deployment["spec"]["template"]["spec"]["containers"]
    return any(repository(item["image"]).endswith(f"/{end}") for item in containers)


Key = tuple[str, str]
"""Namespace and name of a Deployment."""


def wanted(
    deployments: Sequence[Mapping[str, Any]], accounts: Sequence[Mapping[str, Any]], *, versions: Mapping[str, str]
) -> dict[Key, Program]:
    """The programs to run now; `versions` has the image tag of each binary that there is."""
    uids = {_key(account): str(account["metadata"]["uid"]) for account in accounts}
    found = (_program(deployment, uids=uids, versions=versions) for deployment in deployments if _is_on(deployment))
    return {(program.namespace, program.deployment): program for program in found if program}


def _program(deployment: Mapping[str, Any], *, uids: Mapping[Key, str], versions: Mapping[str, str]) -> Program | None:
    """None where no container's image is one of ours."""
    pod = deployment["spec"]["template"]["spec"]
    match = next(((item, found) for item in pod["containers"] if (found := _runnable(item["image"]))), None)
    if match is None:
        return None
    container, runnable = match
    namespace, name = _key(deployment)
    account = str(pod.get("serviceAccountName") or "default")
    values, missing = _environment(container, fields={"metadata.namespace": namespace, "metadata.name": name})
    uid = uids.get((namespace, account), "")
    obstacle = _obstacle(container["image"], runnable=runnable, versions=versions)
    if not obstacle and not uid:
        obstacle = f"its service account {account} does not exist"
    return Program(
        namespace=namespace,
        deployment=name,
        binary=runnable.binary,
        arguments=_arguments(container, values=values, listen_flag=runnable.listen_flag),
        environment=tuple(sorted(values.items())),
        listen_flag=runnable.listen_flag,
        service_account=account,
        service_account_uid=uid,
        problem=obstacle or _shortcomings(container, missing=missing),
        runs=not obstacle,
    )


def _key(item: Mapping[str, Any]) -> Key:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _is_on(deployment: Mapping[str, Any]) -> bool:
    metadata = deployment["metadata"]
    stands_in = STAND_IN in metadata.get("annotations", {})
    return deployment["spec"].get("replicas", 1) > 0 and not metadata.get("deletionTimestamp") and not stands_in


def _runnable(image: str) -> Runnable | None:
    found = repository(image)
    return next((item for item in RUNNABLES if found.endswith(f"/{item.repository}")), None)


def repository(image: str) -> str:
    """An image without tag and digest, with a slash before its first part too."""
    return f"/{_split(image)[0]}"


def _split(image: str) -> tuple[str, str]:
    """Repository and tag; a digest says nothing to us."""
    name, _, tag = image.partition("@")[0].rpartition(":")
    # A colon before a slash is that of a registry's port.
    return (name, tag) if name and "/" not in tag else (image.partition("@")[0], "")


def _obstacle(image: str, *, runnable: Runnable, versions: Mapping[str, str]) -> str:
    _, tag = _split(image)
    built = versions.get(runnable.binary)
    if built is None:
        return f"the toolchain has no {runnable.binary}"
    return "" if tag in ("", built) else f"the image is {tag}, and the toolchain builds {runnable.binary} {built}"


def _environment(container: Mapping[str, Any], *, fields: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The variables that can be known, and the names of those that cannot."""
    values: dict[str, str] = {}
    missing: list[str] = []
    for item in container.get("env", ()):
        path = (item.get("valueFrom") or {}).get("fieldRef", {}).get("fieldPath")
        if "valueFrom" not in item:
            values[item["name"]] = _expand(item.get("value", ""), values=values)
        elif path in fields:
            values[item["name"]] = fields[path]
        else:
            missing.append(item["name"])
    return values, missing


def _arguments(container: Mapping[str, Any], *, values: Mapping[str, str], listen_flag: str) -> tuple[str, ...]:
    given = [*container.get("command", ())[1:], *container.get("args", ())]
    kept: list[str] = []
    follows = False
    for argument in given:
        if follows or argument.partition("=")[0] == listen_flag:
            follows = argument == listen_flag
        else:
            kept.append(_expand(argument, values=values))
    return tuple(kept)


def _expand(text: str, *, values: Mapping[str, str]) -> str:
    """`$(NAME)` as the kubelet does it: unknown names stay, `$$` is a dollar sign."""
    return re.sub(
        r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)",
        lambda match: "$" if match[0] == "$$" else values.get(match[1], match[0]),
        text,
    )


def _shortcomings(container: Mapping[str, Any], *, missing: Sequence[str]) -> str:
    lacking = [f"the variable {name}" for name in missing]
    lacking += [f"what is mounted at {item['mountPath']}" for item in container.get("volumeMounts", ())]
    if "envFrom" in container:
        lacking.append("the variables of envFrom")
    return f"runs without {', '.join(lacking)}" if lacking else ""
