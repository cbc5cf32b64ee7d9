"""The RabbitMQ cluster operator 2.22.3, played: nodes that are added and never removed, and all of its conditions.

Follows `Reconcile` of internal/controller/rabbitmqcluster_controller.go. As no node answers here, nobody is asked for
versions and quorum, which the status says. A claim that is to grow does so in place; the real operator makes the
StatefulSet anew around it. Not played: restarts after a change of the configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from local import reconciling
from local.operators import ownership, played, rabbitmq_objects
from stacks import quantities

CLUSTERS: Final = reconciling.Kind("rabbitmq.com/v1beta1", "RabbitmqCluster")
STATEFUL_SETS: Final = reconciling.Kind("apps/v1", "StatefulSet")
SERVICES: Final = reconciling.Kind("v1", "Service")
SECRETS: Final = reconciling.Kind("v1", "Secret")
CONFIG_MAPS: Final = reconciling.Kind("v1", "ConfigMap")
ACCOUNTS: Final = reconciling.Kind("v1", "ServiceAccount")
CLAIMS: Final = reconciling.Kind("v1", "PersistentVolumeClaim")
ENDPOINTS: Final = reconciling.Kind("discovery.k8s.io/v1", "EndpointSlice")

FINALIZER: Final = "deletion.finalizers.rabbitmqclusters.rabbitmq.com"
PAUSED: Final = "rabbitmq.com/pauseReconciliation"
_OF_FINALIZER: Final = f"{reconciling.FIELD_MANAGER}-finalizer"
_OF_CLAIMS: Final = f"{reconciling.FIELD_MANAGER}-claims"
_DONE: Final = ("True", "Success", "Finish reconciling")

Json = dict[str, Any]
Told = tuple[str, str, str]
"""Status, reason and message of a condition."""
Found = Mapping[tuple[str, str, str], Json]
"""What there is, by kind, namespace and name."""


def plan(picture: reconciling.Picture) -> Sequence[reconciling.Action]:
    """What the operator would do now."""
    found = {
        (kind.kind, item["metadata"]["namespace"], item["metadata"]["name"]): item
        for kind in PLAYED.kinds
        for item in picture[kind]
    }
    return [action for cluster in picture[CLUSTERS] for action in _reconciled(cluster, found)]


def _reconciled(cluster: Mapping[str, Any], found: Found) -> Iterator[reconciling.Action]:
    has_finalizer = FINALIZER in (cluster["metadata"].get("finalizers") or ())
    if ownership.is_going(cluster):
        if has_finalizer:
            yield _finalized(cluster, [])
        return
    if (cluster["metadata"].get("labels") or {}).get(PAUSED) == "true":
        yield from _paused(cluster)
        return
    if not has_finalizer:
        yield _finalized(cluster, [FINALIZER])
    refusal = _tls_refusal(cluster, found)
    if refusal is None:
        for item in rabbitmq_objects.of(cluster):
            if not rabbitmq_objects.is_current(_get(cluster, found, item["kind"], item["metadata"]["name"]), item):
                yield reconciling.Apply(manifest=item)
        refusal = _nodes_refusal(cluster, found)
        if refusal is None:
            yield from _nodes(cluster, found)
    yield from ownership.status(cluster, _status(cluster, found, refusal=refusal))


def _nodes(cluster: Mapping[str, Any], found: Found) -> Iterator[reconciling.Action]:
    wanted, live = cluster["spec"]["persistence"]["storage"], _nodes_now(cluster, found)
    made = rabbitmq_objects.stateful_set(cluster, storage=_template_storage(live) if live else wanted)
    if not rabbitmq_objects.is_current(live, made):
        yield reconciling.Apply(manifest=made)
    for claim in _claims(cluster, found):
        if quantities.value(_storage(claim)) < quantities.value(wanted):
            spec = {"resources": {"requests": {"storage": wanted}}}
            yield _changed(claim, kind=CLAIMS, manager=_OF_CLAIMS, spec=spec)


def _tls_refusal(cluster: Mapping[str, Any], found: Found) -> Told | None:
    wanted, namespace = rabbitmq_objects.tls(cluster), cluster["metadata"]["namespace"]
    name, authority = wanted.get("secretName", ""), wanted.get("caSecretName", "")
    if not name:
        reason = "TLS must be enabled if disableNonTLSListeners is set to true"
        return ("False", "TLSError", reason) if wanted.get("disableNonTLSListeners") else None
    for secret, keys in ((name, ("tls.crt", "tls.key")), (authority, ("ca.crt",))):
        live = _get(cluster, found, "Secret", secret)
        if secret and live is None:
            return "False", "TLSError", f'secrets "{secret}" not found'
        if live is not None and not set(keys) <= (live.get("data") or {}).keys():
            what = "the fields tls.crt and tls.key" if secret == name and len(keys) > 1 else "the field ca.crt"
            return "False", "TLSError", f"TLS secret {secret} in namespace {namespace} does not have {what}"
    return None


def _nodes_refusal(cluster: Mapping[str, Any], found: Found) -> Told | None:
    live, wanted = _nodes_now(cluster, found), cluster["spec"]["replicas"]
    if live is None:
        return None
    current = live["spec"].get("replicas", 1)
    if 0 < wanted < current:
        message = f"tried to scale cluster from {current} nodes to {wanted} nodes"
        return "False", "UnsupportedOperation", f"Cluster Scale down not supported; {message}"
    given = max(quantities.value(each) for each in [_template_storage(live), *map(_storage, _claims(cluster, found))])
    if given > quantities.value(cluster["spec"]["persistence"]["storage"]):
        return "False", "FailedReconcilePVC", "shrinking persistent volumes is not supported"
    return None


def _status(cluster: Mapping[str, Any], found: Found, *, refusal: Told | None) -> Json:
    """All of it: what is left out would be taken away. What is refused is told, what is done once all nodes are."""
    before, live = cluster.get("status") or {}, _nodes_now(cluster, found)
    is_done = refusal is None and live is not None and _is_settled(live, cluster, found)
    last = next((item for item in before.get("conditions") or () if item["type"] == "ReconcileSuccess"), None)
    told: Told = (last["status"], last["reason"], last["message"]) if last else ("Unknown", "Initialising", "")
    observed = cluster["metadata"].get("generation", 0) if is_done else before.get("observedGeneration", 0)
    named = (
        _named(cluster)
        if refusal is None
        else {key: before[key] for key in ("defaultUser", "binding") if key in before}
    )
    return {
        "conditions": [
            _condition("AllReplicasReady", _all_ready(cluster, live, found)),
            _condition("ClusterAvailable", _available(cluster, found)),
            _condition("NoWarnings", _warnings(live)),
            _condition("ReconcileSuccess", refusal or (_DONE if is_done else told)),
        ],
        **named,
        **({"quorumStatus": "unavailable"} if named else {}),
        **({"observedGeneration": observed} if observed else {}),
    }


def _named(cluster: Mapping[str, Any]) -> Json:
    """Where credentials are. The name of the Secret is the operator's own, also where that does not exist."""
    name, namespace = cluster["metadata"]["name"], cluster["metadata"]["namespace"]
    own = rabbitmq_objects.user_secret(cluster)
    return {
        "defaultUser": {
            "serviceReference": {"name": name, "namespace": namespace},
            "secretReference": {
                "name": own,
                "namespace": namespace,
                "keys": {"username": "username", "password": "password"},
            },
        },
        "binding": {"name": rabbitmq_objects.external_secret(cluster) or own},
    }


def _all_ready(cluster: Mapping[str, Any], live: Mapping[str, Any] | None, found: Found) -> Told:
    if live is None:
        return "Unknown", "MissingStatefulSet", "Could not find StatefulSet"
    wanted, ready = live["spec"].get("replicas", 1), _ready(live, cluster, found)
    if wanted == 0:
        return "False", "ScaledToZero", ""
    if wanted == ready:
        return "True", "AllPodsAreReady", ""
    return "False", "NotAllPodsReady", f"{ready}/{wanted} Pods ready"


def _available(cluster: Mapping[str, Any], found: Found) -> Told:
    own, namespace = cluster["metadata"]["name"], cluster["metadata"]["namespace"]
    slices = [
        item
        for (kind, where, _), item in found.items()
        if (kind, where) == ("EndpointSlice", namespace)
        and (item["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == own
    ]
    if not slices:
        return "Unknown", "CouldNotRetrieveEndpoints", "Could not verify available service endpoints"
    if any(each.get("addresses") for each in slices[0].get("endpoints") or ()):
        return "True", "AtLeastOneEndpointAvailable", ""
    return "False", "NoEndpointsAvailable", "The service has no endpoints available"


def _warnings(live: Mapping[str, Any] | None) -> Told:
    if live is None:
        return "Unknown", "MissingStatefulSet", "Could not find StatefulSet"
    resources = live["spec"]["template"]["spec"]["containers"][0].get("resources") or {}
    limit, request = ((resources.get(key) or {}).get("memory") for key in ("limits", "requests"))
    if limit and request and quantities.value(limit) != quantities.value(request):
        message = "RabbitMQ container memory resource request and limit must be equal"
        return "False", "MemoryRequestAndLimitDifferent", message
    return "True", "NoWarnings", ""


def _paused(cluster: Mapping[str, Any]) -> list[reconciling.Action]:
    """Nothing but a word, and that only where there are others."""
    before = cluster.get("status") or {}
    told = _condition("NoWarnings", ("False", "reconciliation paused", ""))
    conditions = [told if item["type"] == "NoWarnings" else item for item in before.get("conditions") or ()]
    return ownership.status(cluster, {**before, "conditions": conditions}) if conditions else []


def _ready(live: Mapping[str, Any], cluster: Mapping[str, Any], found: Found) -> int:
    """Pods start here whatever they mount; without the Secret that they have their user from real ones would not."""
    secret = rabbitmq_objects.external_secret(cluster) or rabbitmq_objects.user_secret(cluster)
    data = (_get(cluster, found, "Secret", secret) or {}).get("data") or {}
    return int((live.get("status") or {}).get("readyReplicas", 0)) if rabbitmq_objects.CONFIGURATION in data else 0


def _is_settled(live: Mapping[str, Any], cluster: Mapping[str, Any], found: Found) -> bool:
    """Whether all nodes run what is asked for."""
    status, wanted = live.get("status") or {}, cluster["spec"]["replicas"]
    made = rabbitmq_objects.stateful_set(cluster, storage=_template_storage(live))
    is_seen = status.get("observedGeneration", 0) == live["metadata"].get("generation", 0)
    is_rolled = status.get("currentRevision") == status.get("updateRevision")
    is_made = rabbitmq_objects.is_current(live, made)
    return is_made and is_seen and is_rolled and _ready(live, cluster, found) == wanted


def _finalized(cluster: Mapping[str, Any], finalizers: Sequence[str]) -> reconciling.Apply:
    return _changed(cluster, kind=CLUSTERS, manager=_OF_FINALIZER, finalizers=finalizers)


def _changed(
    item: Mapping[str, Any],
    *,
    kind: reconciling.Kind,
    manager: str,
    spec: Json | None = None,
    finalizers: Sequence[str] = (),
) -> reconciling.Apply:
    """With its uid, so that nothing is made where it has gone meanwhile."""
    metadata = {key: item["metadata"][key] for key in ("name", "namespace", "uid")}
    manifest = {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {**metadata, **({"finalizers": list(finalizers)} if finalizers else {})},
        **({"spec": spec} if spec else {}),
    }
    return reconciling.Apply(manifest=manifest, manager=manager)


def _condition(kind: str, told: Told) -> Json:
    status, reason, message = told
    return {**ownership.condition(kind, holds=True, reason=reason, message=message), "status": status}


def _nodes_now(cluster: Mapping[str, Any], found: Found) -> Json | None:
    return _get(cluster, found, "StatefulSet", f"{cluster['metadata']['name']}-server")


def _claims(cluster: Mapping[str, Any], found: Found) -> list[Json]:
    name = f"{rabbitmq_objects.CLAIM}-{cluster['metadata']['name']}-server"
    numbers = range(cluster["spec"]["replicas"])
    claims = [_get(cluster, found, "PersistentVolumeClaim", f"{name}-{number}") for number in numbers]
    return [claim for claim in claims if claim is not None]


def _template_storage(live: Mapping[str, Any]) -> str:
    return _storage(live["spec"]["volumeClaimTemplates"][0])


def _storage(claim: Mapping[str, Any]) -> str:
    return str(claim["spec"]["resources"]["requests"]["storage"])


def _get(cluster: Mapping[str, Any], found: Found, kind: str, name: str) -> Json | None:
    return found.get((kind, cluster["metadata"]["namespace"], name))


PLAYED: Final = played.Played(
    name="rabbitmq-cluster-operator",
    repository="rabbitmq/cluster-operator",
    kinds=(CLUSTERS, STATEFUL_SETS, SERVICES, SECRETS, CONFIG_MAPS, ACCOUNTS, CLAIMS, ENDPOINTS),
    plan=plan,
)
