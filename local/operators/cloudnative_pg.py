"""CloudNativePG 1.30.0, played: servers one after the other, their primary, and the words of the status.

Follows `reconcile` of internal/controller/cluster_controller.go. A server that runs is taken for one that replicates;
what a job would fill a volume with is there as soon as its first pod runs. As the real one it writes no observed
generation. Not played: certificates and passwords that the operator makes where none are named, plugins' containers,
backups and restores, changes of parameters, upgrades between majors, poolers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from local import reconciling
from local.operators import cloudnative_pg_objects as objects
from local.operators import cloudnative_pg_servers as running
from local.operators import ownership, played
from stacks import quantities

CLUSTERS: Final = reconciling.Kind("postgresql.cnpg.io/v1", "Cluster")
PODS: Final = reconciling.Kind("v1", "Pod")
CLAIMS: Final = reconciling.Kind("v1", "PersistentVolumeClaim")
SERVICES: Final = reconciling.Kind("v1", "Service")
SECRETS: Final = reconciling.Kind("v1", "Secret")
ACCOUNTS: Final = reconciling.Kind("v1", "ServiceAccount")
BUDGETS: Final = reconciling.Kind("policy/v1", "PodDisruptionBudget")
NODES: Final = reconciling.Kind("v1", "Node")

NAMESPACE: Final = "cnpg-system"
"""Where plugins are looked for."""
_PLUGIN_NAME: Final = "cnpg.io/pluginName"
_ROLES: Final = f"{reconciling.FIELD_MANAGER}-roles"

HEALTHY: Final = "Cluster in healthy state"
FIRST_PRIMARY: Final = "Setting up primary"
CREATING_REPLICA: Final = "Creating a new replica"
WAITING: Final = "Waiting for the instances to become active"
UPGRADING: Final = "Upgrading cluster"
FAILING_OVER: Final = "Failing over"
SWITCHING_OVER: Final = "Switchover in progress"
RESTARTING_PRIMARY: Final = "Primary instance is being restarted without a switchover"
UNRECOVERABLE: Final = "Cluster is unrecoverable and needs manual intervention"
NO_OBJECTS: Final = "Unable to create required cluster objects"
UNKNOWN_PLUGIN: Final = "Cluster cannot proceed to reconciliation due to an unknown plugin being required"

Json = dict[str, Any]
Found = Mapping[reconciling.Kind, Mapping[tuple[str, str], Json]]
"""What there is, by kind, and then by namespace and name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """What is done now, and what the status says of it."""

    phase: str
    reason: str = ""
    actions: tuple[reconciling.Action, ...] = ()
    target: str = ""
    """Another primary; empty for the one there is."""


def plan(picture: reconciling.Picture) -> Sequence[reconciling.Action]:
    """What the operator would do now."""
    found = {kind: {_key(item): item for item in items} for kind, items in picture.items()}
    return [
        action
        for cluster in found[CLUSTERS].values()
        if not ownership.is_going(cluster)
        for action in _reconciled(cluster, found)
    ]


def _reconciled(cluster: Json, found: Found) -> Iterator[reconciling.Action]:
    refusal = _refusal(cluster, found)
    if refusal is not None:
        yield from _refused(cluster, refusal)
        return
    yield from _around(cluster, found)
    servers = running.of(cluster, claims=found[CLAIMS].values(), pods=found[PODS].values())
    yield from _filled(cluster, servers)
    yield from _grown(cluster, servers)
    yield from _labelled(cluster, servers)
    step = _step(cluster, servers, found)
    yield from step.actions
    yield from _told(cluster, step, servers)


def _refusal(cluster: Json, found: Found) -> Step | None:
    """Why nothing is done at all."""
    spec = cluster["spec"]
    wanted = [each for each in spec.get("plugins") or () if each.get("enabled", True)]
    wanted += [each["plugin"] for each in spec.get("externalClusters") or () if "plugin" in each]
    known = {
        (item["metadata"].get("labels") or {}).get(_PLUGIN_NAME)
        for (namespace, _), item in found[SERVICES].items()
        if namespace == NAMESPACE
    }
    for name in sorted({each["name"] for each in wanted} - known):
        reason = (
            f"Unknown plugin: '{name}'. This may be caused by the plugin not being loaded correctly by the operator. "
            "Check the operator and plugin logs for errors"
        )
        return Step(phase=UNKNOWN_PLUGIN, reason=reason)
    certificates = spec.get("certificates") or {}
    for key, what in _CERTIFICATES.items():
        name = certificates.get(key)
        if name and (cluster["metadata"]["namespace"], name) not in found[SECRETS]:
            missing = f'missing specified {what} secret {name}: Secret "{name}" not found'
            return Step(phase=NO_OBJECTS, reason=missing)
    return None


_CERTIFICATES: Final = {
    "serverCASecret": "server CA",
    "serverTLSSecret": "server TLS",
    "clientCASecret": "client CA",
    "replicationTLSSecret": "streaming replication client TLS",
}
"""What a Cluster may name, in the order in which the operator looks, and what it calls it."""


def _around(cluster: Json, found: Found) -> Iterator[reconciling.Action]:
    """Services, disruption budgets and the pods' ServiceAccount."""
    for manifest in objects.services(cluster):
        if _key(manifest) not in found[SERVICES]:
            yield reconciling.Apply(manifest=manifest)
    wanted = {_key(manifest): manifest for manifest in objects.disruption_budgets(cluster)}
    for key, manifest in wanted.items():
        live = found[BUDGETS].get(key)
        if live is None or live["spec"]["minAvailable"] != manifest["spec"]["minAvailable"]:
            yield reconciling.Apply(manifest=manifest)
    for key, live in found[BUDGETS].items():
        if running.is_owned(live, cluster) and key not in wanted:
            yield _deleted(BUDGETS, live)
    account = objects.service_account(cluster)
    live_account = found[ACCOUNTS].get(_key(account))
    annotations = account["metadata"].get("annotations") or {}
    if live_account is None or any(
        running.annotation(live_account, key) != value for key, value in annotations.items()
    ):
        yield reconciling.Apply(manifest=account)


def _filled(cluster: Json, servers: running.Servers) -> Iterator[reconciling.Action]:
    """A server that has run has its data."""
    for serial in servers.ready:
        if servers.is_new(serial):
            for manifest in objects.claims(cluster, serial, status="ready"):
                yield reconciling.Apply(manifest=manifest)


def _grown(cluster: Json, servers: running.Servers) -> Iterator[reconciling.Action]:
    """Volumes that are asked to be larger; none becomes smaller."""
    for serial, live in servers.claims.items():
        asked = {claim["metadata"]["name"]: claim["spec"]["resources"]["requests"]["storage"] for claim in live}
        status = "initializing" if servers.is_new(serial) else "ready"
        for manifest in objects.claims(cluster, serial, status=status):
            before = asked.get(manifest["metadata"]["name"])
            wanted = manifest["spec"]["resources"]["requests"]["storage"]
            if before is None or quantities.value(wanted) > quantities.value(before):
                yield reconciling.Apply(manifest=manifest)


def _labelled(cluster: Json, servers: running.Servers) -> Iterator[reconciling.Action]:
    """Pods say who is primary: by that Services and budgets find them."""
    primary = (cluster.get("status") or {}).get("currentPrimary")
    for pod in servers.pods.values() if primary else ():
        role = "primary" if pod["metadata"]["name"] == primary else "replica"
        if (pod["metadata"].get("labels") or {}).get(objects.ROLE) != role and not ownership.is_going(pod):
            # With its uid, so that a pod that has gone meanwhile is not made anew out of labels.
            metadata = {key: pod["metadata"][key] for key in ("name", "namespace", "uid")}
            manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {**metadata, "labels": {objects.ROLE: role}}}
            yield reconciling.Apply(manifest=manifest, manager=_ROLES)


def _step(cluster: Json, servers: running.Servers, found: Found) -> Step:
    """The one change that is made now; the next one waits until it is done."""
    status = cluster.get("status") or {}
    if not servers.claims:
        return _begun(cluster, status)
    current, target = status.get("currentPrimary"), status.get("targetPrimary")
    if current and target and current != target:
        # The new primary takes over as soon as it runs: then it is the current one: `_told`.
        return Step(phase=status["phase"], reason=status.get("phaseReason", ""))
    handed = _switchover(cluster, servers, status, found) or _failover(cluster, servers, status)
    if handed is not None:
        return handed
    if servers.missing:
        return _restarted(cluster, servers, status, found)
    if servers.waiting:
        return _awaited(cluster, servers, status)
    return _resized(cluster, servers, current) or _rolled(cluster, servers, current) or Step(phase=HEALTHY)


def _begun(cluster: Json, status: Mapping[str, Any]) -> Step:
    if status.get("latestGeneratedNode"):
        reason = (
            "One or more instances were previously created, but no PersistentVolumeClaims (PVCs) exist. The cluster is "
            "in an unrecoverable state. To resolve this, restore the cluster from a recent backup."
        )
        return Step(phase=UNRECOVERABLE, reason=reason)
    reason = f"Creating primary instance {objects.instance(cluster, 1)}"
    return Step(phase=FIRST_PRIMARY, reason=reason, actions=_with_claims(cluster, 1))


def _switchover(cluster: Json, servers: running.Servers, status: Mapping[str, Any], found: Found) -> Step | None:
    """Another primary where the current one's node is being emptied: its budget keeps its pod there until then.

    Only once every standby runs on another node: `setPrimaryOnSchedulableNode` of internal/controller/replicas.go.
    """
    nodes = {objects.instance(cluster, serial): _node(servers.pods[serial]) for serial in servers.ready}
    current = status.get("currentPrimary")
    if current not in nodes or not _is_emptied(nodes[current], found):
        return None
    others = [name for name, node in nodes.items() if node != nodes[current]]
    if len(others) < cluster["spec"]["instances"] - 1:
        return None
    target = next((name for name in others if not _is_emptied(nodes[name], found)), "")
    reason = f"Switching over to {target}, because primary instance was running on unschedulable node {nodes[current]}"
    return Step(phase=SWITCHING_OVER, reason=reason, target=target) if target else None


def _node(pod: Mapping[str, Any]) -> str:
    return str(pod["spec"].get("nodeName", ""))


def _is_emptied(node: str, found: Found) -> bool:
    live = found[NODES].get(("", node))
    return live is not None and bool(live["spec"].get("unschedulable"))


def _failover(cluster: Json, servers: running.Servers, status: Mapping[str, Any]) -> Step | None:
    """Another primary where the current one does not run; none where commits could be lost."""
    current = status.get("currentPrimary")
    ready = [objects.instance(cluster, serial) for serial in servers.ready]
    is_restarted = status.get("phase") == RESTARTING_PRIMARY
    if not current or current in ready or not ready or is_restarted:
        return None
    synchronous = (cluster["spec"].get("postgresql") or {}).get("synchronous") or {}
    standbys = cluster["spec"]["instances"] - 1
    if synchronous.get("failoverQuorum") and len(ready) + synchronous["number"] <= standbys:
        return None
    return Step(phase=FAILING_OVER, reason=f"Failing over from {current} to {ready[0]}", target=ready[0])


def _restarted(cluster: Json, servers: running.Servers, status: Mapping[str, Any], found: Found) -> Step:
    """Pods for volumes that have none. The first one also needs the Secret with the owner's name and password."""
    if _lacks_password(cluster, found) and not status.get("currentPrimary"):
        return _awaited(cluster, servers, status)
    step = _awaited(cluster, servers, status)
    pods = tuple(reconciling.Apply(manifest=objects.pod(cluster, serial)) for serial in servers.missing)
    return dataclasses.replace(step, actions=pods)


def _lacks_password(cluster: Json, found: Found) -> bool:
    bootstrap = cluster["spec"].get("bootstrap") or {}
    name = next((each["secret"]["name"] for each in bootstrap.values() if each and each.get("secret")), "")
    return bool(name) and (cluster["metadata"]["namespace"], name) not in found[SECRETS]


def _awaited(cluster: Json, servers: running.Servers, status: Mapping[str, Any]) -> Step:
    """What the status says while a server does not run yet, or does not run again yet."""
    serial = servers.waiting[0]
    name, phase = objects.instance(cluster, serial), status.get("phase")
    if not status.get("currentPrimary"):
        return Step(phase=FIRST_PRIMARY, reason=f"Creating primary instance {name}")
    if servers.is_new(serial):
        return Step(phase=CREATING_REPLICA, reason=f"Creating replica {name}-join")
    if phase in (UPGRADING, RESTARTING_PRIMARY):
        return Step(phase=phase, reason=status.get("phaseReason", ""))
    return Step(phase=WAITING, reason="Some instances are not yet active. Please wait.")


def _resized(cluster: Json, servers: running.Servers, current: str | None) -> Step | None:
    """One server more, or one less: the last one that is not the primary."""
    wanted = cluster["spec"]["instances"]
    if len(servers.claims) < wanted:
        # The lowest number that is free.
        serial = next(each for each in range(1, wanted + 1) if each not in servers.claims)
        reason = f"Creating replica {objects.instance(cluster, serial)}-join"
        return Step(phase=CREATING_REPLICA, reason=reason, actions=_with_claims(cluster, serial))
    if len(servers.claims) > wanted:
        serial = max(each for each in servers.claims if objects.instance(cluster, each) != current)
        gone = [_deleted(CLAIMS, claim) for claim in servers.claims[serial]]
        # The phase stays as it was: the operator says nothing of it.
        actions = (*gone, _deleted(PODS, servers.pods[serial]))
        return Step(phase=HEALTHY, actions=actions)
    return None


def _rolled(cluster: Json, servers: running.Servers, current: str | None) -> Step | None:
    """The next server whose pod is to be another one: standbys first, and then the primary hands over or restarts."""
    old = {
        serial: pod
        for serial, pod in servers.pods.items()
        if not objects.is_current(pod, cluster) and not ownership.is_going(pod)
    }
    standbys = [serial for serial in sorted(old) if old[serial]["metadata"]["name"] != current]
    if standbys:
        pod = old[standbys[-1]]
        reason = f"Restarting instance {pod['metadata']['name']}, because: {_DIFFERENT}"
        return Step(phase=UPGRADING, reason=reason, actions=(_deleted(PODS, pod),))
    if not old:
        return None
    (pod,) = old.values()
    others = [name for serial in servers.ready if (name := objects.instance(cluster, serial)) != current]
    if cluster["spec"].get("primaryUpdateMethod", "restart") == "switchover" and others:
        return Step(phase=UPGRADING, reason=_DIFFERENT, target=others[0])
    if others:
        return Step(phase=RESTARTING_PRIMARY, reason=_DIFFERENT, actions=(_deleted(PODS, pod),))
    reason = f"The primary instance needs to be restarted: {current}, reason: {_DIFFERENT}"
    return Step(phase=UPGRADING, reason=reason, actions=(_deleted(PODS, pod),))


_DIFFERENT: Final = "original and target PodSpec differ"


def _refused(cluster: Json, step: Step) -> list[reconciling.Action]:
    """What is there stays, and what the status says of it."""
    before = cluster.get("status") or {}
    wanted = {"phase": step.phase, "phaseReason": step.reason, "conditions": [_readiness(step.phase)]}
    return ownership.status(cluster, {**before, **wanted})


def _told(cluster: Json, step: Step, servers: running.Servers) -> list[reconciling.Action]:
    status, name = cluster.get("status") or {}, cluster["metadata"]["name"]
    ready = [objects.instance(cluster, serial) for serial in servers.ready]
    target = step.target or status.get("targetPrimary") or (objects.instance(cluster, 1) if servers.claims else "")
    # Who is asked to be the primary is it as soon as it runs.
    current = target if target in ready and not step.target else status.get("currentPrimary", "")
    wanted = {
        "phase": step.phase,
        "phaseReason": step.reason,
        "instances": len(servers.claims),
        "readyInstances": len(ready),
        "instanceNames": [objects.instance(cluster, serial) for serial in sorted(servers.claims)],
        "latestGeneratedNode": max([status.get("latestGeneratedNode", 0), *servers.claims]),
        "pvcCount": sum(map(len, servers.claims.values())),
        "image": cluster["spec"].get("imageName", ""),
        "writeService": f"{name}-rw",
        "readService": f"{name}-r",
        **({"targetPrimary": target} if target else {}),
        **({"currentPrimary": current} if current else {}),
        "conditions": [_readiness(step.phase)],
    }
    return ownership.status(cluster, wanted)


def _readiness(phase: str) -> Json:
    """The condition follows from the phase and from nothing else: pkg/resources/status/transactions.go."""
    if phase == HEALTHY:
        return ownership.condition("Ready", holds=True, reason="ClusterIsReady", message="Cluster is Ready")
    return ownership.condition("Ready", holds=False, reason="ClusterIsNotReady", message="Cluster Is Not Ready")


def _with_claims(cluster: Json, serial: int) -> tuple[reconciling.Action, ...]:
    wanted = objects.claims(cluster, serial, status="initializing")
    return tuple(reconciling.Apply(manifest=manifest) for manifest in wanted)


def _deleted(kind: reconciling.Kind, item: Mapping[str, Any]) -> reconciling.Action:
    metadata = item["metadata"]
    return reconciling.Delete(
        api_version=kind.api_version,
        kind=kind.kind,
        name=metadata["name"],
        uid=metadata["uid"],
        namespace=metadata["namespace"],
    )


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    """Namespace, which is empty for what has none, and name."""
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


PLAYED: Final = played.Played(
    name="cloudnative-pg",
    repository="cloudnative-pg/cloudnative-pg",
    kinds=(CLUSTERS, PODS, CLAIMS, SERVICES, SECRETS, ACCOUNTS, BUDGETS, NODES),
    plan=plan,
)
