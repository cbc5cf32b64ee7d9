"""k8ssandra-operator 1.32.5, played: clusters of one datacenter, their users, and Reaper.

Follows `reconcile` of controllers/k8ssandra/k8ssandracluster_controller.go and of controllers/reaper. What it makes a
CassandraDatacenter of is played by `cass_operator`. A Reaper whose pod is ready is taken for one that knows its
cluster. As the real one it says what is wrong in one text, and which generation it has seen only when all is done. Not
played: replicated Secrets, keyspaces, backups and restores, tasks, schedules of backups.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from local import reconciling
from local.operators import cass_operator_objects as marking
from local.operators import k8ssandra_operator_objects as objects
from local.operators import ownership, played

CLUSTERS: Final = reconciling.Kind("k8ssandra.io/v1alpha1", "K8ssandraCluster")
DATACENTERS: Final = reconciling.Kind("cassandra.datastax.com/v1beta1", "CassandraDatacenter")
REAPERS: Final = reconciling.Kind("reaper.k8ssandra.io/v1alpha1", "Reaper")
STATEFUL_SETS: Final = reconciling.Kind("apps/v1", "StatefulSet")
SERVICES: Final = reconciling.Kind("v1", "Service")
SECRETS: Final = reconciling.Kind("v1", "Secret")
CONFIG_MAPS: Final = reconciling.Kind("v1", "ConfigMap")

FINALIZER: Final = "k8ssandracluster.k8ssandra.io/finalizer"
_OF_FINALIZER: Final = f"{reconciling.FIELD_MANAGER}-k8ssandra-finalizer"

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
    actions = [action for cluster in picture[CLUSTERS] for action in _reconciled(cluster, found)]
    return [*actions, *(action for reaper in picture[REAPERS] for action in _repairs(reaper, found))]


def _reconciled(cluster: Json, found: Found) -> Iterator[reconciling.Action]:
    if ownership.is_going(cluster):
        yield from _ended(cluster, found)
        return
    if FINALIZER not in (cluster["metadata"].get("finalizers") or ()):
        yield _finalized(cluster, CLUSTERS, [FINALIZER])
    for secret in objects.credentials(cluster):
        live = _get(cluster, found, "Secret", secret["metadata"]["name"])
        if live is None:
            yield reconciling.Apply(manifest=secret)
    refusal = _refusal(cluster, found)
    if not refusal:
        for item in objects.config_maps(cluster):
            if not marking.is_current(_get(cluster, found, "ConfigMap", item["metadata"]["name"]), item):
                yield reconciling.Apply(manifest=item)
        yield from _datacenter(cluster, found)
        yield from _reaper(cluster, found)
    yield from ownership.status(cluster, _status(cluster, found, refusal=refusal))


def _datacenter(cluster: Json, found: Found) -> Iterator[reconciling.Action]:
    wanted = _wanted(cluster, found)
    live = _get(cluster, found, "CassandraDatacenter", wanted["metadata"]["name"])
    if not marking.is_current(live, wanted):
        yield reconciling.Apply(manifest=wanted)
    elif live is not None and FINALIZER not in (live["metadata"].get("finalizers") or ()):
        yield _finalized(live, DATACENTERS, [FINALIZER])


def _reaper(cluster: Json, found: Found) -> Iterator[reconciling.Action]:
    """Made once nodes are ready; gone as soon as it is not asked for."""
    live = _get(cluster, found, "Reaper", objects.reaper_name(cluster))
    if not cluster["spec"].get("reaper"):
        if live is not None and not ownership.is_going(live):
            yield _deleted(live, REAPERS)
    elif _is_ready(cluster, found):
        wanted = objects.reaper(cluster)
        if not marking.is_current(live, wanted):
            yield reconciling.Apply(manifest=wanted)


def _repairs(reaper: Json, found: Found) -> Iterator[reconciling.Action]:
    if ownership.is_going(reaper):
        return
    name = reaper["spec"]["datacenterRef"]["name"]
    datacenter = _get(reaper, found, "CassandraDatacenter", name)
    if datacenter is None or not _holds(datacenter, "Ready"):
        yield from ownership.status(reaper, _progress("Pending"))
        return
    for item in objects.of_reaper(reaper):
        if not marking.is_current(_get(reaper, found, item["kind"], item["metadata"]["name"]), item):
            yield reconciling.Apply(manifest=item)
    running = _get(reaper, found, "StatefulSet", reaper["metadata"]["name"])
    ready = ((running or {}).get("status") or {}).get("readyReplicas", 0)
    progress = "Deploying" if running is None else "Running" if ready else "Configuring"
    yield from ownership.status(reaper, _progress(progress))


def _ended(cluster: Json, found: Found) -> Iterator[reconciling.Action]:
    """Reaper and the datacenter first; the cluster stays until the datacenter has gone."""
    if FINALIZER not in (cluster["metadata"].get("finalizers") or ()):
        return
    reaper = _get(cluster, found, "Reaper", objects.reaper_name(cluster))
    if reaper is not None and not ownership.is_going(reaper):
        yield _deleted(reaper, REAPERS)
    for item in objects.config_maps(cluster):
        live = _get(cluster, found, "ConfigMap", item["metadata"]["name"])
        if live is not None and not ownership.is_going(live):
            yield _deleted(live, CONFIG_MAPS)
    datacenter = _get(cluster, found, "CassandraDatacenter", objects.template(cluster)["metadata"]["name"])
    if datacenter is None:
        yield _finalized(cluster, CLUSTERS, [])
        return
    if FINALIZER in (datacenter["metadata"].get("finalizers") or ()):
        yield _finalized(datacenter, DATACENTERS, [])
    if not ownership.is_going(datacenter):
        yield _deleted(datacenter, DATACENTERS)


def _refusal(cluster: Json, found: Found) -> str:
    """What the status says; empty where nothing is wrong."""
    common = cluster["spec"]["cassandra"]
    for side in ("client", "server"):
        stores = common.get(f"{side}EncryptionStores") or {}
        for store in ("keystore", "truststore"):
            name = (stores.get(f"{store}PasswordSecretRef") or {}).get("name")
            if name and _get(cluster, found, "Secret", name) is None:
                return f'Secret "{name}" not found'
    medusa = cluster["spec"].get("medusa")
    if medusa:
        stored = medusa.get("storageProperties") or {}
        if common.get("clientEncryptionStores") and not medusa.get("clientEncryptionStores"):
            return "medusa encryption certificates were not provided despite client encryption being enabled"
        if not stored.get("storageSecretRef") and stored.get("credentialsType") != "role-based":
            return "must specify either a storge secret or use role-based credentials"
    return ""


def _status(cluster: Json, found: Found, *, refusal: str) -> Json:
    """All of it: what is left out would be taken away. Once initialized, it says so for ever."""
    before = cluster.get("status") or {}
    told = {item["type"]: item["status"] for item in before.get("conditions") or ()}
    is_ready = not refusal and _is_ready(cluster, found)
    initialized = is_ready or told.get("CassandraInitialized") == "True"
    name = objects.template(cluster)["metadata"]["name"]
    datacenter = _get(cluster, found, "CassandraDatacenter", name)
    reaper = _get(cluster, found, "Reaper", objects.reaper_name(cluster))
    own = {
        **({"cassandra": datacenter["status"]} if datacenter and datacenter.get("status") else {}),
        **({"reaper": reaper["status"]} if reaper and reaper.get("status") else {}),
    }
    is_done = is_ready and _is_repaired(cluster, reaper)
    observed = cluster["metadata"].get("generation", 0) if is_done else before.get("observedGeneration", 0)
    moment = {"lastTransitionTime": "2026-01-01T00:00:00Z"}
    conditions = [
        *([{"type": "CassandraInitialized", "status": "True", **moment}] if initialized else []),
        *([{"type": "RequiresUpdate", "status": "False", **moment}] if observed else []),
    ]
    return {
        **({"conditions": conditions} if conditions else {}),
        **({"datacenters": {name: own}} if own else {}),
        "error": refusal or "None",
        **({"observedGeneration": observed} if observed else {}),
    }


def _is_ready(cluster: Json, found: Found) -> bool:
    """Whether the datacenter is the one that is wanted, and its operator done with it."""
    wanted = _wanted(cluster, found)
    live = _get(cluster, found, "CassandraDatacenter", wanted["metadata"]["name"])
    if live is None or not marking.is_current(live, wanted) or not _holds(live, "Ready"):
        return False
    return bool(live["status"].get("observedGeneration", 0) == live["metadata"].get("generation", 0))


def _is_repaired(cluster: Json, reaper: Json | None) -> bool:
    if not cluster["spec"].get("reaper"):
        return True
    if reaper is None or not marking.is_current(reaper, objects.reaper(cluster)):
        return False
    return _holds(reaper, "Ready")


def _wanted(cluster: Json, found: Found) -> Json:
    reference = (cluster["spec"]["cassandra"].get("clientEncryptionStores") or {}).get(
        "keystorePasswordSecretRef"
    ) or {}
    secret = _get(cluster, found, "Secret", reference.get("name", "")) or {}
    encoded = (secret.get("data") or {}).get(reference.get("key", "keystore-password"), "")
    return objects.datacenter(cluster, password=base64.b64decode(encoded).decode())


def _progress(word: str) -> Json:
    ready = "True" if word == "Running" else "False"
    moment = {"lastTransitionTime": "2026-01-01T00:00:00Z"}
    return {"progress": word, "conditions": [{"type": "Ready", "status": ready, **moment}]}


def _holds(item: Json, condition: str) -> bool:
    conditions = (item.get("status") or {}).get("conditions") or ()
    return any(each["type"] == condition and each["status"] == "True" for each in conditions)


def _finalized(item: Json, kind: reconciling.Kind, finalizers: Sequence[str]) -> reconciling.Apply:
    """With its uid, so that nothing is made where it has gone meanwhile."""
    metadata = {key: item["metadata"][key] for key in ("name", "namespace", "uid")}
    manifest = {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {**metadata, **({"finalizers": list(finalizers)} if finalizers else {})},
    }
    return reconciling.Apply(manifest=manifest, manager=_OF_FINALIZER)


def _deleted(item: Json, kind: reconciling.Kind) -> reconciling.Delete:
    metadata = item["metadata"]
    return reconciling.Delete(
        api_version=kind.api_version,
        kind=kind.kind,
        name=metadata["name"],
        uid=metadata["uid"],
        namespace=metadata["namespace"],
    )


def _get(owner: Json, found: Found, kind: str, name: str) -> Json | None:
    return found.get((kind, owner["metadata"]["namespace"], name))


PLAYED: Final = played.Played(
    name="k8ssandra-operator",
    repository="k8ssandra/k8ssandra-operator",
    kinds=(CLUSTERS, DATACENTERS, REAPERS, STATEFUL_SETS, SERVICES, SECRETS, CONFIG_MAPS),
    plan=plan,
)
