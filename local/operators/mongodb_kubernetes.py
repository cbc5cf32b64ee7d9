"""MongoDB Controllers for Kubernetes 1.10.0, played: replica sets, their Secrets and their status, step by step.

Follows `Reconcile` of mongodb-community-operator/controllers/replica_set_controller.go, with the agents that run beside
each mongod: a pod that runs has reached whatever its set is told. As the real one it writes no observed generation.
Not played: the order in which an upgrade rolls members, and what becomes of users that are taken out.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from local import reconciling
from local.operators import mongodb_objects, mongodb_secrets, ownership, played

SETS: Final = reconciling.Kind("mongodbcommunity.mongodb.com/v1", "MongoDBCommunity")
STATEFUL_SETS: Final = reconciling.Kind("apps/v1", "StatefulSet")
PODS: Final = reconciling.Kind("v1", "Pod")
SERVICES: Final = reconciling.Kind("v1", "Service")
SECRETS: Final = reconciling.Kind("v1", "Secret")

AGENT_VERSION: Final = "agent.mongodb.com/version"
"""Annotation of a pod: which version of the set's configuration its agent has reached."""
LAST_CONFIGURATION: Final = "mongodb.com/v1.lastSuccessfulConfiguration"
LAST_VERSION: Final = "mongodb.com/v1.lastAppliedMongoDBVersion"

_AGENT: Final = f"{reconciling.FIELD_MANAGER}-agent"
_VERSION: Final = re.compile(r"\d+\.\d+\.\d+([-+].+)?")
_FORBIDDEN: Final = (
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
    "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are "
    "forbidden"
)

Json = dict[str, Any]
Found = Mapping[tuple[str, str, str], Json]
"""What there is, by kind, namespace and name."""


def plan(picture: reconciling.Picture) -> Sequence[reconciling.Action]:
    """What the operator and its agents would do now."""
    found = {
        (item["kind"], item["metadata"]["namespace"], item["metadata"]["name"]): item
        for kind in (STATEFUL_SETS, PODS, SERVICES, SECRETS)
        for item in ({"apiVersion": kind.api_version, "kind": kind.kind, **each} for each in picture[kind])
    }
    return [
        action
        for resource in picture[SETS]
        if not ownership.is_going(resource)
        for action in _reconciled(resource, found)
    ]


def _reconciled(resource: Mapping[str, Any], found: Found) -> Iterator[reconciling.Action]:
    service = mongodb_objects.service(resource)
    if _get(resource, found, "Service", service["metadata"]["name"]) is None:
        yield reconciling.Apply(manifest=service)
    refusal = _refusal(resource, found)
    if refusal is not None:
        yield from _told(resource, phase=refusal[0], message=refusal[1])
        return
    members = _members_now(resource)
    config = mongodb_objects.configuration(resource, members=members)
    present = _get(resource, found, "Secret", f"{_name(resource)}-config")
    version = mongodb_secrets.version(config, present=present)
    wanted = mongodb_secrets.of(resource, config={**config, "version": version}, found=_secrets(resource, found))
    for secret in wanted:
        yield from _applied(secret, _get(resource, found, "Secret", secret["metadata"]["name"]))
    yield from _run(resource, found, members=members, version=version)


def _run(resource: Mapping[str, Any], found: Found, *, members: int, version: int) -> Iterator[reconciling.Action]:
    live = _get(resource, found, "StatefulSet", _name(resource))
    wanted = mongodb_objects.stateful_set(resource, replicas=members)
    if live is not None and not mongodb_objects.has_same_claims(live, wanted):
        message = f'StatefulSet.apps "{_name(resource)}" is invalid: {_FORBIDDEN}'
        wrapped = f"error creating/updating StatefulSet: error creating/updating StatefulSet: {message}"
        yield from _told(resource, phase="Failed", message=f"Error deploying MongoDB ReplicaSet: {wrapped}")
        return
    arbiters = mongodb_objects.arbiters(resource)
    for item in (wanted, arbiters):
        yield from _made(item, _get(resource, found, "StatefulSet", item["metadata"]["name"]))
    pods = [_get(resource, found, "Pod", f"{_name(resource)}-{number}") for number in range(members)]
    yield from _agents(pods, version=version)
    is_made = live is not None and mongodb_objects.is_current(live, wanted) and _is_ready(live, members=members)
    if not is_made or not all(pod is not None and _reached(pod) == str(version) for pod in pods):
        yield from _told(resource, phase="Pending", message="ReplicaSet is not yet ready, retrying in 10 seconds")
    elif members != resource["spec"]["members"]:
        step = f"currentMembers={_current(resource)}, desiredMembers={resource['spec']['members']}"
        message = f"Performing scaling operation, {step}"
        yield from _told(resource, phase="Pending", message=message, members=members)
    else:
        yield from _running(resource, found)


def _running(resource: Mapping[str, Any], found: Found) -> Iterator[reconciling.Action]:
    status: Json = {
        **_counts(resource["spec"]["members"]),
        "mongoUri": mongodb_objects.uri(resource),
        "phase": "Running",
        "version": resource["spec"]["version"],
    }
    yield from ownership.status(resource, status)
    for secret in mongodb_secrets.connections(resource, found=_secrets(resource, found)):
        yield from _applied(secret, _get(resource, found, "Secret", secret["metadata"]["name"]))
    annotations = {
        LAST_CONFIGURATION: json.dumps(resource["spec"], separators=(",", ":"), sort_keys=True),
        LAST_VERSION: resource["spec"]["version"],
    }
    live = resource["metadata"].get("annotations") or {}
    if any(live.get(key) != value for key, value in annotations.items()):
        yield _annotated(resource, annotations, manager=f"{reconciling.FIELD_MANAGER}-annotations")


def _refusal(resource: Mapping[str, Any], found: Found) -> tuple[str, str] | None:
    """Why nothing is done, as phase and message."""
    last = json.loads((resource["metadata"].get("annotations") or {}).get(LAST_CONFIGURATION, "{}"))
    if _has_tls(last) and not _has_tls(resource["spec"]):
        reason = "TLS can't be set to disabled after it has been enabled"
        return "Failed", f"error validating new Spec: {reason}"
    secrets = _secrets(resource, found)
    if _has_tls(resource["spec"]) and not mongodb_secrets.has_certificate(resource, secrets):
        return "Pending", "TLS config is not yet valid, retrying in 10 seconds"
    missing = mongodb_secrets.missing_password(resource, secrets)
    if missing:
        return "Failed", f"Error ensuring User config: {missing}"
    password = ((resource["spec"].get("prometheus") or {}).get("passwordSecretRef") or {}).get("name")
    if password and password not in secrets:
        reason = f'could not configure Prometheus modification: secrets "{password}" not found'
        return _undeployable(
            f"could not build automation config: could not enable TLS on Prometheus endpoint: {reason}"
        )
    if _get(resource, found, "StatefulSet", _name(resource)) and not _VERSION.fullmatch(resource["spec"]["version"]):
        # Only at the second look, when the members' claims are there already.
        reason = "can't compute semver version from previous FeatureCompatibilityVersion "
        return _undeployable(f"could not build automation config: could not create an automation config: {reason}")
    return None


def _undeployable(reason: str) -> tuple[str, str]:
    return "Failed", f"Error deploying MongoDB ReplicaSet: failed to ensure AutomationConfig: {reason}"


def _told(
    resource: Mapping[str, Any], *, phase: str, message: str, members: int | None = None
) -> list[reconciling.Action]:
    """A status of something that is not done: all else in it stays as it was, so that it may be about what was."""
    before = resource.get("status") or {}
    kept = {key: before.get(key, 0) for key in _counts(0)}
    status: Json = {
        **kept,
        "mongoUri": before.get("mongoUri", ""),
        **({"version": before["version"]} if "version" in before else {}),
        **(_counts(members) if members is not None else {}),
        "phase": phase,
        "message": message,
    }
    return ownership.status(resource, status)


def _agents(pods: Sequence[Mapping[str, Any] | None], *, version: int) -> Iterator[reconciling.Action]:
    """What an agent says on its own pod, once it runs."""
    for pod in pods:
        if pod is None or ownership.is_going(pod) or (pod.get("status") or {}).get("phase") != "Running":
            continue
        if _reached(pod) != str(version):
            yield _annotated(pod, {AGENT_VERSION: str(version)}, manager=_AGENT)


def _annotated(item: Mapping[str, Any], annotations: Mapping[str, str], *, manager: str) -> reconciling.Apply:
    """With its uid, so that nothing is made where it has gone meanwhile."""
    metadata = {key: item["metadata"][key] for key in ("name", "namespace", "uid")}
    manifest = {
        "apiVersion": item["apiVersion"],
        "kind": item["kind"],
        "metadata": {**metadata, "annotations": dict(annotations)},
    }
    return reconciling.Apply(manifest=manifest, manager=manager)


def _made(item: Json, live: Mapping[str, Any] | None) -> list[reconciling.Action]:
    return [] if live is not None and mongodb_objects.is_current(live, item) else [reconciling.Apply(manifest=item)]


def _applied(secret: Json, live: Mapping[str, Any] | None) -> list[reconciling.Action]:
    return [] if live is not None and live.get("data") == secret["data"] else [reconciling.Apply(manifest=secret)]


def _is_ready(live: Mapping[str, Any], *, members: int) -> bool:
    status = live.get("status") or {}
    is_seen = status.get("observedGeneration", 0) == live["metadata"].get("generation", 0)
    return is_seen and [status.get(key, 0) for key in ("updatedReplicas", "readyReplicas")] == [members, members]


def _members_now(resource: Mapping[str, Any]) -> int:
    """One more or less than there are; all at once where there is none yet."""
    current, wanted = _current(resource), int(resource["spec"]["members"])
    if current in (0, wanted):
        return wanted
    return current - 1 if wanted < current else current + 1


def _current(resource: Mapping[str, Any]) -> int:
    return int((resource.get("status") or {}).get("currentMongoDBMembers", 0))


def _counts(members: int) -> dict[str, int]:
    return {"currentMongoDBMembers": members, "currentStatefulSetReplicas": members}


def _has_tls(spec: Mapping[str, Any]) -> bool:
    return bool(((spec.get("security") or {}).get("tls") or {}).get("enabled"))


def _reached(pod: Mapping[str, Any]) -> str:
    return str((pod["metadata"].get("annotations") or {}).get(AGENT_VERSION, ""))


def _secrets(resource: Mapping[str, Any], found: Found) -> dict[str, dict[str, str]]:
    """What the Secrets of the namespace say, by their names."""
    return {
        name: {key: base64.b64decode(value).decode(errors="replace") for key, value in (item.get("data") or {}).items()}
        for (kind, namespace, name), item in found.items()
        if kind == "Secret" and namespace == resource["metadata"]["namespace"]
    }


def _get(resource: Mapping[str, Any], found: Found, kind: str, name: str) -> Json | None:
    return found.get((kind, resource["metadata"]["namespace"], name))


def _name(resource: Mapping[str, Any]) -> str:
    return str(resource["metadata"]["name"])


PLAYED: Final = played.Played(
    name="mongodb-kubernetes",
    repository="mongodb/mongodb-kubernetes",
    kinds=(SETS, STATEFUL_SETS, PODS, SERVICES, SECRETS),
    plan=plan,
)
