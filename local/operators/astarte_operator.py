"""The Astarte operator 25.5.0-dev, played: all parts of an Astarte, its health, and what its finalizer takes away.

Follows `Reconcile` of internal/controller/api/astarte_controller.go at commit 4073d5b. Objects are in
`astarte_objects`. Not played: Flow, autoscaling, PriorityClasses, AstarteDefaultIngress, and what no container does
here: tables, realms, certificates of devices.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from local import reconciling
from local.operators import astarte_objects as objects
from local.operators import ownership, played

ASTARTES: Final = reconciling.Kind("api.astarte-platform.org/v2alpha1", "Astarte")
DEPLOYMENTS: Final = reconciling.Kind("apps/v1", "Deployment")
STATEFUL_SETS: Final = reconciling.Kind("apps/v1", "StatefulSet")
SERVICES: Final = reconciling.Kind("v1", "Service")
SECRETS: Final = reconciling.Kind("v1", "Secret")
CONFIG_MAPS: Final = reconciling.Kind("v1", "ConfigMap")
ACCOUNTS: Final = reconciling.Kind("v1", "ServiceAccount")
EVENTS: Final = reconciling.Kind("v1", "Event")
CLAIMS: Final = reconciling.Kind("v1", "PersistentVolumeClaim")

FINALIZER: Final = "astarte.astarte-platform.org/finalizer"
_OF_FINALIZER: Final = f"{reconciling.FIELD_MANAGER}-astarte-finalizer"
_VERSION: Final = "25.5.0-dev"
_SUPPORTED: Final = re.compile(r"1\.3\.\d+(-.*)?")
_ERASED: Final = ("vernemq", "rabbitmq", "cfssl", "cassandra")

Json = dict[str, Any]
Found = Mapping[tuple[str, str, str], Json]
"""What there is, by kind, namespace and name."""


def plan(picture: reconciling.Picture) -> Sequence[reconciling.Action]:
    """What the operator would do now."""
    found = {
        (kind.kind, item["metadata"]["namespace"], item["metadata"]["name"]): item
        for kind in PLAYED.kinds
        for item in picture[kind]
    }
    return [action for astarte in picture[ASTARTES] for action in _reconciled(astarte, found)]


def _reconciled(astarte: Mapping[str, Any], found: Found) -> Iterator[reconciling.Action]:
    if not _SUPPORTED.fullmatch(astarte["spec"]["version"]):
        # Before everything else: not even a finalizer is taken away, and the status stays as it is.
        words = f"version {astarte['spec']['version']} cannot be managed by this Operator"
        yield from _reported(astarte, found, "ErrInconsistentVersion", words)
        return
    has_finalizer = FINALIZER in (astarte["metadata"].get("finalizers") or ())
    if ownership.is_going(astarte):
        if has_finalizer:
            yield from _finalized(astarte, found)
        return
    if not has_finalizer:
        yield _with_finalizers(astarte, [FINALIZER])
    if _may_go_on(astarte, found):
        for item in objects.of(astarte, has_secret=lambda name: _get(astarte, found, "Secret", name) is not None):
            live = _get(astarte, found, item["kind"], item["metadata"]["name"])
            if live is None or not objects.is_current(live, item):
                yield reconciling.Apply(manifest=item)
        yield from ownership.status(astarte, _status(astarte, found))
    else:
        settling = "Please revert to the previous version and wait for the cluster to settle"
        words = f"Cluster health is {_health(astarte, found)}, refusing to upgrade. {settling}"
        yield from _reported(astarte, found, "ErrCritical", words)


def _reported(astarte: Mapping[str, Any], found: Found, reason: str, words: str) -> Iterator[reconciling.Action]:
    """Once a generation, where the real one repeats it with every attempt."""
    about = {key: astarte["metadata"].get(key) for key in ("name", "namespace", "uid")}
    name = f"{about['name']}.{reason.lower()}.{astarte['metadata'].get('generation', 1)}"
    if _get(astarte, found, EVENTS.kind, name) is None:
        manifest = {
            "apiVersion": EVENTS.api_version,
            "kind": EVENTS.kind,
            "metadata": {"name": name, "namespace": about["namespace"]},
            "involvedObject": {"apiVersion": ASTARTES.api_version, "kind": ASTARTES.kind, **about},
            "type": "Warning",
            "reason": reason,
            "message": words,
        }
        yield reconciling.Apply(manifest=manifest)


def _may_go_on(astarte: Mapping[str, Any], found: Found) -> bool:
    """An upgrade is refused unless what runs is well, or was when somebody last looked."""
    before = astarte.get("status") or {}
    is_upgrade = before.get("astarteVersion", "") not in ("", astarte["spec"]["version"])
    return not is_upgrade or "green" in (before.get("health"), _health(astarte, found))


def _status(astarte: Mapping[str, Any], found: Found) -> Json:
    """Of the version that is asked for, whatever still runs: no generation says which change it is about."""
    spec = astarte["spec"]
    return {
        "phase": "Reconciled",
        "astarteVersion": spec["version"],
        "operatorVersion": _VERSION,
        "health": _health(astarte, found),
        "baseAPIURL": f"https://{spec['api']['host']}",
        "brokerURL": f"mqtts://{spec['vernemq']['host']}:{spec['vernemq'].get('port', 8883)}",
    }


def _health(astarte: Mapping[str, Any], found: Found) -> str:
    """Green unless a part has no replica at all: one of three is enough."""
    name = astarte["metadata"]["name"]
    wanted = [("StatefulSet", f"{name}-vernemq"), ("Deployment", f"{name}-cfssl")]
    missing = sum(_ready(astarte, found, kind, part) == 0 for kind, part in wanted)
    for (kind, namespace, part), item in found.items():
        is_own = (item["metadata"].get("labels") or {}).get("component") == "astarte"
        if kind == "Deployment" and namespace == astarte["metadata"]["namespace"] and is_own:
            missing += item["spec"].get("replicas", 1) > 0 and _ready(astarte, found, kind, part) == 0
    return {0: "green", 1: "yellow"}.get(missing, "red")


def _ready(astarte: Mapping[str, Any], found: Found, kind: str, name: str) -> int:
    """Pods start here whatever they mount; without a Secret that they read from real ones would not."""
    live = _get(astarte, found, kind, name) or {}
    is_served = all(_get(astarte, found, "Secret", each) for each in objects.needed(astarte))
    return int((live.get("status") or {}).get("readyReplicas", 0)) if is_served else 0


def _finalized(astarte: Mapping[str, Any], found: Found) -> Iterator[reconciling.Action]:
    """The claims are deleted with what is on them, and the copy of the authority."""
    name, namespace = astarte["metadata"]["name"], astarte["metadata"]["namespace"]
    for (kind, where, each), item in found.items():
        is_copy = (kind, each) == ("Secret", f"{name}-cfssl-ca")
        is_claim = kind == "PersistentVolumeClaim" and each.startswith(tuple(f"{name}-{part}-data" for part in _ERASED))
        if where == namespace and (is_copy or is_claim) and not ownership.is_going(item):
            yield reconciling.Delete(
                api_version="v1", kind=kind, namespace=where, name=each, uid=item["metadata"]["uid"]
            )
    yield _with_finalizers(astarte, [])


def _with_finalizers(astarte: Mapping[str, Any], finalizers: Sequence[str]) -> reconciling.Apply:
    """With its uid, so that nothing is made where it has gone meanwhile."""
    metadata = {key: astarte["metadata"][key] for key in ("name", "namespace", "uid")}
    manifest = {
        "apiVersion": ASTARTES.api_version,
        "kind": ASTARTES.kind,
        "metadata": {**metadata, **({"finalizers": list(finalizers)} if finalizers else {})},
    }
    return reconciling.Apply(manifest=manifest, manager=_OF_FINALIZER)


def _get(astarte: Mapping[str, Any], found: Found, kind: str, name: str) -> Json | None:
    return found.get((kind, astarte["metadata"]["namespace"], name))


PLAYED: Final = played.Played(
    name="astarte-operator",
    repository="astarte/astarte-kubernetes-operator",
    kinds=(ASTARTES, DEPLOYMENTS, STATEFUL_SETS, SERVICES, SECRETS, CONFIG_MAPS, ACCOUNTS, CLAIMS, EVENTS),
    plan=plan,
)
