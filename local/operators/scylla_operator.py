"""The scylla-operator 1.21.1, played: racks that join one after the other, nodes that leave one at a time, conditions.

Follows `syncStatefulSets` of pkg/controller/scylladbdatacenter at its tag. A node that is ready is taken for one that
has joined, and one that leaves for one that has handed its data over at once. Webhooks are off here, so what upstream
refuses when it is written is told as degraded, and nothing is changed. Nodes of a NodeConfig are tuned as soon as they
are there. Not played: jobs that clean nodes up, snapshots before an upgrade, maintenance, replacements, monitoring.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from local import reconciling
from local.operators import ownership, played, scylla_objects
from stacks import quantities

CLUSTERS: Final = reconciling.Kind("scylla.scylladb.com/v1", "ScyllaCluster")
NODE_CONFIGS: Final = reconciling.Kind("scylla.scylladb.com/v1alpha1", "NodeConfig")
STATEFUL_SETS: Final = reconciling.Kind("apps/v1", "StatefulSet")
SERVICES: Final = reconciling.Kind("v1", "Service")
SECRETS: Final = reconciling.Kind("v1", "Secret")
CONFIG_MAPS: Final = reconciling.Kind("v1", "ConfigMap")
ACCOUNTS: Final = reconciling.Kind("v1", "ServiceAccount")
CLAIMS: Final = reconciling.Kind("v1", "PersistentVolumeClaim")
BUDGETS: Final = reconciling.Kind("policy/v1", "PodDisruptionBudget")
_EXPECTED: Final = "AsExpected"

Json = dict[str, Any]
Found = Mapping[tuple[str, str, str], Json]
"""What there is, by kind, namespace and name."""


def plan(picture: reconciling.Picture) -> Sequence[reconciling.Action]:
    """What the operator would do now."""
    found = {
        (kind.kind, item["metadata"].get("namespace", ""), item["metadata"]["name"]): item
        for kind in PLAYED.kinds
        for item in picture[kind]
    }
    clusters = [action for cluster in picture[CLUSTERS] for action in _reconciled(cluster, found)]
    return [*clusters, *(action for config in picture[NODE_CONFIGS] for action in _tuned(config))]


def _tuned(config: Mapping[str, Any]) -> list[reconciling.Action]:
    if ownership.is_going(config):
        return []
    generation = config["metadata"].get("generation", 0)
    status = {
        "observedGeneration": generation,
        "conditions": _conditions(generation),
        "nodeStatuses": [],
    }
    return ownership.status(config, status)


def _reconciled(cluster: Mapping[str, Any], found: Found) -> Iterator[reconciling.Action]:
    if ownership.is_going(cluster):
        return
    refusal = _refusal(cluster, found)
    if not refusal:
        for item in scylla_objects.of(cluster):
            if not scylla_objects.is_current(_get(cluster, found, item["kind"], item["metadata"]["name"]), item):
                yield reconciling.Apply(manifest=item)
        yield from _services(cluster, found)
        yield from _next_step(cluster, found)
    yield from ownership.status(cluster, _status(cluster, found, refusal=refusal))


def _services(cluster: Mapping[str, Any], found: Found) -> Iterator[reconciling.Action]:
    """One for each node that there is or will be; what a node that has left had goes with it, its claim too."""
    wanted: set[str] = set()
    for rack in scylla_objects.racks(cluster):
        live = _nodes_of(cluster, rack, found)
        count = max(rack["members"], live["spec"]["replicas"] if live else 0)
        for number in range(count):
            service = scylla_objects.member_service(cluster, rack, number)
            wanted.add(service["metadata"]["name"])
            if not scylla_objects.is_current(_get(cluster, found, "Service", service["metadata"]["name"]), service):
                yield reconciling.Apply(manifest=service)
    for (kind, namespace, name), item in found.items():
        is_own = (kind, namespace) == ("Service", cluster["metadata"]["namespace"]) and _is_member(item, cluster)
        if is_own and name not in wanted and not ownership.is_going(item):
            yield _deleted(SERVICES, item)
            claim = _get(cluster, found, "PersistentVolumeClaim", f"{scylla_objects.CLAIM}-{name}")
            if claim is not None and not ownership.is_going(claim):
                yield _deleted(CLAIMS, claim)


def _next_step(cluster: Mapping[str, Any], found: Found) -> Iterator[reconciling.Action]:
    """Whatever comes first: the next rack, then other numbers of nodes, then other nodes; each waits for the last."""
    racks = scylla_objects.racks(cluster)
    for rack in racks:
        live = _nodes_of(cluster, rack, found)
        if live is None:
            yield reconciling.Apply(manifest=scylla_objects.stateful_set(cluster, rack, replicas=rack["members"]))
            return
        if not _is_settled(cluster, rack, live, found):
            return
    for rack in racks:
        live = found["StatefulSet", *_place(cluster, rack)]
        now, members = live["spec"]["replicas"], rack["members"]
        if now != members:
            replicas = members if members > now else now - 1
            yield reconciling.Apply(manifest=scylla_objects.stateful_set(cluster, rack, replicas=replicas))
            return
        made = scylla_objects.stateful_set(cluster, rack, replicas=members)
        if not scylla_objects.is_current(live, made):
            yield reconciling.Apply(manifest=made)
            return


def _refusal(cluster: Mapping[str, Any], found: Found) -> str:
    """What the webhook would say of a change: ValidateScyllaClusterSpecUpdate of pkg/api/scylla/validation."""
    wanted = {scylla_objects.stateful_set_name(cluster, rack) for rack in scylla_objects.racks(cluster)}
    for (kind, namespace, name), item in found.items():
        is_own = (kind, namespace) == ("StatefulSet", cluster["metadata"]["namespace"]) and _is_of(item, cluster)
        if is_own and name not in wanted and item["spec"]["replicas"]:
            rack, why = item["metadata"]["labels"][scylla_objects.RACK], "have to be scaled down to zero first"
            return f'rack "{rack}" can\'t be removed because it still has members that {why}'
    for rack in scylla_objects.racks(cluster):
        live = _nodes_of(cluster, rack, found)
        if live is None:
            continue
        claim = live["spec"]["volumeClaimTemplates"][0]["spec"]
        given = claim["resources"]["requests"]["storage"], claim.get("storageClassName", "")
        asked = rack["storage"]["capacity"], rack["storage"].get("storageClassName", "")
        if (quantities.value(given[0]), given[1]) != (quantities.value(asked[0]), asked[1]):
            return "changes in storage are currently not supported"
    return ""


def _status(cluster: Mapping[str, Any], found: Found, *, refusal: str) -> Json:
    generation = cluster["metadata"].get("generation", 0)
    racks = {rack["name"]: _rack_status(cluster, rack, found) for rack in scylla_objects.racks(cluster)}
    members, ready, available = (
        sum(rack[key] for rack in racks.values()) for key in ("members", "readyMembers", "availableMembers")
    )
    return {
        "observedGeneration": generation,
        "members": members,
        "readyMembers": ready,
        "availableMembers": available,
        "rackCount": len(racks),
        "racks": racks,
        "conditions": _conditions(
            generation,
            unavailable=_unavailable(cluster, racks),
            progressing="" if refusal else _progressing(cluster, found),
            degraded=refusal,
        ),
    }


def _rack_status(cluster: Mapping[str, Any], rack: Mapping[str, Any], found: Found) -> Json:
    live = _nodes_of(cluster, rack, found)
    if live is None:
        return {
            "version": "",
            "members": 0,
            "readyMembers": 0,
            "availableMembers": 0,
            "updatedMembers": 0,
            "stale": True,
        }
    status, ready = live.get("status") or {}, _ready(cluster, rack, live, found)
    is_stale = status.get("observedGeneration", 0) < live["metadata"].get("generation", 0)
    (scylla, *_) = live["spec"]["template"]["spec"]["containers"]
    return {
        "version": scylla["image"].rpartition(":")[2],
        "members": live["spec"]["replicas"],
        "readyMembers": ready,
        "availableMembers": ready,
        "updatedMembers": int(status.get("updatedReplicas", 0)),
        "stale": is_stale,
    }


def _unavailable(cluster: Mapping[str, Any], racks: Mapping[str, Json]) -> str:
    """Why not all of it serves; empty where it does."""
    wanted = sum(rack["members"] for rack in scylla_objects.racks(cluster))
    fresh = [rack for rack in racks.values() if not rack["stale"]]
    updated, ready = (sum(rack[key] for rack in fresh) for key in ("updatedMembers", "readyMembers"))
    others = [name for name, rack in racks.items() if rack["version"] != cluster["spec"]["version"]]
    if others:
        return f'RacksNotAtDesiredVersion: Racks "{", ".join(others)}" are not in the desired version'
    if updated != wanted:
        return f"MembersNotUpdated: Only {updated} out of {wanted} member(s) have been updated"
    if ready != wanted:
        return f"MembersNotReady: Only {ready} out of {wanted} member(s) are ready"
    return ""


def _progressing(cluster: Mapping[str, Any], found: Found) -> str:
    """What is waited for; empty for nothing."""
    for rack in scylla_objects.racks(cluster):
        live = _nodes_of(cluster, rack, found)
        name = "/".join(_place(cluster, rack))
        made = scylla_objects.stateful_set(cluster, rack, replicas=rack["members"])
        if not scylla_objects.is_current(live, made) or not live or not _is_settled(cluster, rack, live, found):
            return f'WaitingForStatefulSetRollout: Waiting for StatefulSet "{name}" to roll out.'
    return ""


def _conditions(generation: int, *, unavailable: str = "", progressing: str = "", degraded: str = "") -> list[Json]:
    """The three that everything else is put together in; each reason stands before a colon."""
    told = (
        ("Available", not unavailable, unavailable),
        ("Progressing", bool(progressing), progressing),
        ("Degraded", bool(degraded), f"Error: {degraded}" if degraded else ""),
    )
    found = []
    for kind, holds, text in told:
        reason, _, message = text.partition(": ")
        found.append(
            ownership.condition(kind, holds=holds, reason=reason or _EXPECTED, message=message, generation=generation)
        )
    return found


def _is_settled(cluster: Mapping[str, Any], rack: Mapping[str, Any], live: Mapping[str, Any], found: Found) -> bool:
    """Whether all nodes that a rack has run as they are to."""
    status, replicas = live.get("status") or {}, live["spec"]["replicas"]
    is_seen = status.get("observedGeneration", 0) == live["metadata"].get("generation", 0)
    is_rolled = status.get("currentRevision") == status.get("updateRevision")
    return is_seen and is_rolled and _ready(cluster, rack, live, found) == replicas == status.get("replicas", 0)


def _ready(cluster: Mapping[str, Any], rack: Mapping[str, Any], live: Mapping[str, Any], found: Found) -> int:
    """Pods start here whatever they mount; real ones wait for every ConfigMap that may not be absent."""
    mounted = {mount["name"] for mount in rack.get("volumeMounts") or ()}
    for volume in rack.get("volumes") or ():
        source = volume.get("configMap") or {}
        is_needed = volume["name"] in mounted and source and not source.get("optional")
        if is_needed and _get(cluster, found, "ConfigMap", source["name"]) is None:
            return 0
    return int((live.get("status") or {}).get("readyReplicas", 0))


def _is_member(item: Mapping[str, Any], cluster: Mapping[str, Any]) -> bool:
    return _is_of(item, cluster) and scylla_objects.RACK in item["metadata"]["labels"]


def _is_of(item: Mapping[str, Any], cluster: Mapping[str, Any]) -> bool:
    owners = item["metadata"].get("ownerReferences") or ()
    return any(owner["uid"] == cluster["metadata"]["uid"] for owner in owners)


def _deleted(kind: reconciling.Kind, item: Mapping[str, Any]) -> reconciling.Delete:
    metadata = item["metadata"]
    return reconciling.Delete(
        api_version=kind.api_version,
        kind=kind.kind,
        name=metadata["name"],
        uid=metadata["uid"],
        namespace=metadata["namespace"],
    )


def _nodes_of(cluster: Mapping[str, Any], rack: Mapping[str, Any], found: Found) -> Json | None:
    return found.get(("StatefulSet", *_place(cluster, rack)))


def _place(cluster: Mapping[str, Any], rack: Mapping[str, Any]) -> tuple[str, str]:
    return cluster["metadata"]["namespace"], scylla_objects.stateful_set_name(cluster, rack)


def _get(cluster: Mapping[str, Any], found: Found, kind: str, name: str) -> Json | None:
    return found.get((kind, cluster["metadata"]["namespace"], name))


PLAYED: Final = played.Played(
    name="scylla-operator",
    repository="scylladb/scylla-operator",
    kinds=(
        CLUSTERS,
        NODE_CONFIGS,
        STATEFUL_SETS,
        SERVICES,
        SECRETS,
        CONFIG_MAPS,
        ACCOUNTS,
        CLAIMS,
        BUDGETS,
    ),
    plan=plan,
)
