"""When an object is ready, has failed for good, or what is still awaited: per kind, from its own status. Pure.

Follows Pulumi's Kubernetes provider. Two differences, both on purpose: a Service with a selector does not wait for its
endpoints (nor for ten quiet seconds after them), because whatever needs the pods waits for these; and a
CustomResourceDefinition is awaited until it is served, because custom resources of the same run need it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from runner.kubernetes import expectations, failures, objects
from stacks import errors

Json = Mapping[str, Any]

SKIP: Final = "pulumi.com/skipAwait"
TIMEOUT: Final = "pulumi.com/timeoutSeconds"
_NUMBER = re.compile(r"\d+(\.\d+)?")
_DEFAULT_SECONDS: Final = 600.0
_CLASS_SECONDS: Final = 20.0
"""How long a storage class may still be coming; a volume that somebody has made for the claim is bound by then."""
_SECONDS: Final[Mapping[str, float]] = {
    "PersistentVolume": 300.0,
    "PersistentVolumeClaim": 300.0,
    "ResourceQuota": 60.0,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Related:
    """Other objects that an assessment needs."""

    storage_class: Json | None = None
    """Of a claim that is still pending."""
    storage_class_missing: bool = False
    """Whether the class that a pending claim names does not exist."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Readiness:
    """How far an object has come."""

    ready: bool
    failed: bool = False
    """True where waiting longer is of no use."""
    reason: str = ""
    """What is awaited, or why it failed; empty when ready."""
    patience: float | None = None
    """Seconds after which what is awaited counts as failed; None for as long as anybody waits."""


READY: Final = Readiness(ready=True)


def assess(item: Json, related: Related | None = None) -> Readiness:
    """How far an object has come; a kind without a rule of its own is ready once it exists."""
    if objects.annotation(item, SKIP) == "true":
        return READY
    wanted = objects.annotation(item, expectations.ANNOTATION)
    if wanted:
        verdict = _awaiting(*(one.missing(item) for one in expectations.parse(wanted)), _unobserved(item))
        words = "" if verdict.ready else failures.told(item)
        return dataclasses.replace(verdict, reason=f"{verdict.reason} - {words}") if words else verdict
    rule = _RULES.get((objects.group_of(str(item["apiVersion"])), str(item["kind"])))
    return rule(item, related or Related()) if rule else READY


def check(manifest: Json) -> None:
    """Raise `EngineError` for annotations that are not understood: before anything is written."""
    wanted = objects.annotation(manifest, expectations.ANNOTATION)
    if wanted:
        expectations.parse(wanted)
    failures.of(manifest)
    timeout = objects.annotation(manifest, TIMEOUT)
    if timeout and not _NUMBER.fullmatch(timeout):
        raise errors.EngineError.of(
            f"the annotation {TIMEOUT}: {timeout!r} is not a number of seconds",
            why="it cannot be known how long to wait",
            next=f'write for example {TIMEOUT}: "300"',
        )


def seconds(manifest: Json, *, option: float | None) -> float:
    """How long to wait: the resource option, the annotation, or the kind's own default."""
    annotation = objects.annotation(manifest, TIMEOUT)
    if _NUMBER.fullmatch(annotation):
        return float(annotation)
    return option if option is not None else _SECONDS.get(str(manifest["kind"]), _DEFAULT_SECONDS)


def _awaiting(*reasons: str) -> Readiness:
    """Ready when no reason is left; else the first one tells most."""
    first = next((reason for reason in reasons if reason), "")
    return Readiness(ready=not first, reason=first)


def _status(item: Json) -> Json:
    return item.get("status") or {}


def _spec(item: Json) -> Json:
    return item.get("spec") or {}


def _unobserved(item: Json) -> str:
    return "its controller has not yet seen the change" if expectations.stale(item) else ""


def _observed_once(item: Json) -> str:
    """For kinds whose controller always writes observedGeneration: before it did, the status means nothing."""
    return "" if "observedGeneration" in _status(item) else "its controller has not yet seen it"


def _condition(item: Json, type: str) -> str:  # noqa: A002 - the field's name
    return expectations.Condition(type=type).missing(item)


def _counted(item: Json, field: str, wanted: int, *, word: str) -> str:
    have = _status(item).get(field) or 0
    return "" if have >= wanted else f"{have} of {wanted} {word}"


def _replicas(item: Json) -> int:
    replicas = _spec(item).get("replicas")
    return 1 if replicas is None else int(replicas)


def _deployment(item: Json, _: Related) -> Readiness:
    progressing = expectations.find_condition(item, "Progressing")
    wanted = _replicas(item)
    if _spec(item).get("paused"):
        return _awaiting(_observed_once(item), _unobserved(item))
    if progressing is not None and progressing.get("reason") == "ProgressDeadlineExceeded" and not _unobserved(item):
        return Readiness(ready=False, failed=True, reason=expectations.told(progressing))
    rolled_out = progressing is None or progressing.get("reason") == "NewReplicaSetAvailable"
    return _awaiting(
        _observed_once(item),
        _unobserved(item),
        _counted(item, "updatedReplicas", wanted, word="pods of the new version"),
        _counted(item, "availableReplicas", wanted, word="pods available"),
        "" if rolled_out else expectations.told(progressing or {}),
        _condition(item, "Available"),
    )


def _stateful_set(item: Json, _: Related) -> Readiness:
    wanted, status = _replicas(item), _status(item)
    strategy = _spec(item).get("updateStrategy") or {}
    kept = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
    by_hand = strategy.get("type") == "OnDelete"
    settled = status.get("currentRevision") == status.get("updateRevision")
    return _awaiting(
        _observed_once(item),
        _unobserved(item),
        _counted(item, "replicas", wanted, word="pods created"),
        "" if by_hand else _counted(item, "updatedReplicas", max(0, wanted - kept), word="pods of the new version"),
        _counted(item, "readyReplicas", wanted, word="pods ready"),
        "" if by_hand or kept or settled else "the new revision is not yet the current one",
    )


def _daemon_set(item: Json, _: Related) -> Readiness:
    wanted = int(_status(item).get("desiredNumberScheduled") or 0)
    by_hand = (_spec(item).get("updateStrategy") or {}).get("type") == "OnDelete"
    return _awaiting(
        _observed_once(item),
        _unobserved(item),
        "" if by_hand else _counted(item, "updatedNumberScheduled", wanted, word="pods of the new version"),
        _counted(item, "numberAvailable", wanted, word="pods available"),
    )


def _replication_controller(item: Json, _: Related) -> Readiness:
    return _awaiting(_unobserved(item), _counted(item, "availableReplicas", _replicas(item), word="pods available"))


def _job(item: Json, _: Related) -> Readiness:
    failed = expectations.find_condition(item, "Failed")
    if failed is not None and failed.get("status") == "True":
        return Readiness(ready=False, failed=True, reason=expectations.told(failed))
    if _spec(item).get("suspend"):
        return READY
    active = _status(item).get("active") or 0
    complete = not _condition(item, "Complete")
    return _awaiting("" if complete else f"{active} pods at work" if active else "no pod has started")


def _pod(item: Json, _: Related) -> Readiness:
    phase = _status(item).get("phase")
    if phase == "Succeeded":
        return READY
    if phase == "Failed":
        reason = _status(item).get("message") or _status(item).get("reason") or "its containers ended with an error"
        return Readiness(ready=False, failed=True, reason=str(reason))
    return _awaiting(*(_condition(item, type_) for type_ in ("PodScheduled", "Initialized", "Ready")))


def _service(item: Json, _: Related) -> Readiness:
    balanced = _spec(item).get("type") == "LoadBalancer"
    return _awaiting("" if not balanced or _addresses(item) else "no load balancer address yet")


def _ingress(item: Json, _: Related) -> Readiness:
    return _awaiting("" if _addresses(item) else "no load balancer address yet; an ingress controller gives it")


def _addresses(item: Json) -> Any:
    return (_status(item).get("loadBalancer") or {}).get("ingress")


def _claim(item: Json, related: Related) -> Readiness:
    phase = _status(item).get("phase")
    if phase == "Lost":
        return Readiness(ready=False, failed=True, reason="its volume is lost")
    mode = (related.storage_class or {}).get("volumeBindingMode")
    later = phase == "Pending" and mode == "WaitForFirstConsumer"
    class_name = _spec(item).get("storageClassName")
    if phase == "Pending" and related.storage_class_missing:
        reason = f"its storage class {class_name} does not exist"
        return Readiness(ready=False, reason=reason, patience=_CLASS_SECONDS)
    of_class = (
        f" of storage class {class_name}" if class_name else "; it names no storage class, and there is no default"
    )
    return _awaiting("" if phase == "Bound" or later else f"no volume{of_class} bound yet")


def _volume(item: Json, _: Related) -> Readiness:
    phase = _status(item).get("phase")
    if phase == "Failed":
        return Readiness(ready=False, failed=True, reason=str(_status(item).get("message") or "its reclamation failed"))
    return _awaiting("" if phase in ("Available", "Bound") else f"phase {phase or 'not reported yet'}")


def _quota(item: Json, _: Related) -> Readiness:
    same = _status(item).get("hard") == _spec(item).get("hard")
    return _awaiting("" if same else "its controller has not yet taken the limits over")


def _secret(item: Json, _: Related) -> Readiness:
    empty = item.get("type") == "kubernetes.io/service-account-token" and not item.get("data")
    return _awaiting("no token yet; its ServiceAccount must exist" if empty else "")


def _namespace(item: Json, _: Related) -> Readiness:
    phase = _status(item).get("phase")
    return _awaiting("" if phase == "Active" else f"phase {phase or 'not reported yet'}")


def _definition(item: Json, _: Related) -> Readiness:
    refused = expectations.find_condition(item, "NamesAccepted")
    if refused is not None and refused.get("status") == "False":
        return Readiness(ready=False, failed=True, reason=expectations.told(refused))
    return _awaiting(_condition(item, "NamesAccepted"), _condition(item, "Established"))


def _api_service(item: Json, _: Related) -> Readiness:
    return _awaiting(_condition(item, "Available"))


def _prometheus(item: Json, _: Related) -> Readiness:
    """Both conditions, because `Available` stays True at the new generation while a change cannot be reconciled."""
    return _awaiting(*(_prometheus_condition(item, type_) for type_ in ("Reconciled", "Available")))


def _prometheus_condition(item: Json, type: str) -> str:  # noqa: A002 - the field's name
    found = expectations.find_condition(item, type)
    generation = (item.get("metadata") or {}).get("generation")
    if found is not None and found.get("observedGeneration") != generation:
        return f"condition {type}: still that of an older generation"
    return _condition(item, type)


_RULES: Final[Mapping[tuple[str, str], Callable[[Json, Related], Readiness]]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("", "ReplicationController"): _replication_controller,
    ("batch", "Job"): _job,
    ("", "Pod"): _pod,
    ("", "Service"): _service,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    ("", "ResourceQuota"): _quota,
    ("", "Secret"): _secret,
    ("", "Namespace"): _namespace,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    **{
        ("monitoring.coreos.com", kind): _prometheus
        for kind in ("Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler")
    },
}
