"""cass-operator 1.30.3, played: racks of nodes that come at once, go one by one and change rack by rack.

Follows `CalculateReconciliationActions` of pkg/reconciliation/handler.go. A node whose pod is ready is taken for one
that has joined, so nobody is started, asked for its state or made to give its data away. A claim that is to grow does
so in place; the real operator makes the StatefulSet anew around it. What the real one tells in events only, such as
what it refuses, is not told at all. Not played: default superusers, stopped datacenters, replaced nodes, tasks.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from local import reconciling
from local.operators import cass_operator_objects as objects
from local.operators import ownership, played
from stacks import quantities

DATACENTERS: Final = reconciling.Kind("cassandra.datastax.com/v1beta1", "CassandraDatacenter")
STATEFUL_SETS: Final = reconciling.Kind("apps/v1", "StatefulSet")
SERVICES: Final = reconciling.Kind("v1", "Service")
SECRETS: Final = reconciling.Kind("v1", "Secret")
CLAIMS: Final = reconciling.Kind("v1", "PersistentVolumeClaim")
BUDGETS: Final = reconciling.Kind("policy/v1", "PodDisruptionBudget")

FINALIZER: Final = "finalizer.cassandra.datastax.com"
KEEPS_CLAIMS: Final = "cassandra.datastax.com/delete-pvc"
MAY_GROW: Final = "cassandra.datastax.com/allow-storage-changes"
_OF_FINALIZER: Final = f"{reconciling.FIELD_MANAGER}-finalizer"
_OF_CLAIMS: Final = f"{reconciling.FIELD_MANAGER}-claims"
_MOMENT: Final = "2026-01-01T00:00:00Z"
"""What is written twice is the same."""

Json = dict[str, Any]
Found = Mapping[tuple[str, str, str], Json]
"""What there is, by kind, namespace and name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rack:
    """A rack as it is wanted and as it is."""

    wanted: Json
    nodes: int
    """How many it is to have."""
    live: Json | None
    claims: tuple[Json, ...]
    """Of its nodes, those that have gone included."""

    @property
    def now(self) -> int:
        """How many nodes there are to be by now."""
        return int(self.live["spec"]["replicas"]) if self.live else 0

    @property
    def ready(self) -> int:
        """How many have joined."""
        return int(((self.live or {}).get("status") or {}).get("readyReplicas", 0))

    @property
    def storage(self) -> str:
        """What its claims were made with."""
        template = (self.live or {"spec": {"volumeClaimTemplates": []}})["spec"]["volumeClaimTemplates"]
        return str(template[0]["spec"]["resources"]["requests"]["storage"]) if template else ""

    @property
    def is_settled(self) -> bool:
        """Whether its nodes run what was asked for last."""
        if self.live is None:
            return False
        status = self.live.get("status") or {}
        is_seen = status.get("observedGeneration", 0) == self.live["metadata"].get("generation", 0)
        is_rolled = status.get("currentRevision") == status.get("updateRevision")
        return is_seen and is_rolled and self.ready == self.now == status.get("replicas", 0)


def plan(picture: reconciling.Picture) -> Sequence[reconciling.Action]:
    """What the operator would do now."""
    found = {
        (kind.kind, item["metadata"]["namespace"], item["metadata"]["name"]): item
        for kind in PLAYED.kinds
        for item in picture[kind]
    }
    return [action for datacenter in picture[DATACENTERS] for action in _reconciled(datacenter, found)]


def _reconciled(datacenter: Json, found: Found) -> Iterator[reconciling.Action]:
    racks = _racks(datacenter, found)
    if ownership.is_going(datacenter):
        yield from _ended(datacenter, racks)
        return
    if not _is_valid(datacenter, found):
        return
    if FINALIZER not in (datacenter["metadata"].get("finalizers") or ()):
        yield _finalized(datacenter, [FINALIZER])
    for item in objects.services(datacenter):
        if not objects.is_current(_get(datacenter, found, "Service", item["metadata"]["name"]), item):
            yield reconciling.Apply(manifest=item)
    refusal = _refusal(datacenter, racks)
    if not refusal:
        yield from _nodes(datacenter, racks)
        if all(rack.is_settled for rack in racks):
            budget = objects.budget(datacenter)
            if not objects.is_current(_get(datacenter, found, budget["kind"], budget["metadata"]["name"]), budget):
                yield reconciling.Apply(manifest=budget)
    yield from ownership.status(datacenter, _status(datacenter, racks, refusal=refusal))


def _nodes(datacenter: Json, racks: Sequence[Rack]) -> Iterator[reconciling.Action]:
    """All racks are made and grow at once; they change, and lose nodes, one after the other."""
    for rack in racks:
        if rack.now < rack.nodes:
            yield reconciling.Apply(manifest=_made(datacenter, rack, replicas=rack.nodes))
    if any(rack.now < rack.nodes for rack in racks):
        return
    for rack in racks:
        yield from _claims(datacenter, rack)
    changed = [rack for rack in racks if not objects.is_current(rack.live, _made(datacenter, rack, replicas=rack.now))]
    if not all(rack.is_settled for rack in racks):
        return
    if changed:
        yield reconciling.Apply(manifest=_made(datacenter, changed[0], replicas=changed[0].now))
        return
    total = sum(rack.now for rack in racks)
    if total > datacenter["spec"]["size"]:
        fewer = objects.split(total - 1, len(racks))
        last = next(rack for rack, count in zip(racks, fewer, strict=True) if rack.now > count)
        yield reconciling.Apply(manifest=_made(datacenter, last, replicas=last.now - 1))


def _claims(datacenter: Json, rack: Rack) -> Iterator[reconciling.Action]:
    """Those of nodes that have gone go too; the others grow."""
    wanted = _wanted(datacenter)
    for claim in rack.claims:
        number = int(claim["metadata"]["name"].rpartition("-")[2])
        if number >= rack.now:
            if rack.is_settled and not ownership.is_going(claim):
                yield _deleted(claim)
        elif quantities.value(_storage(claim)) < quantities.value(wanted):
            spec = {"resources": {"requests": {"storage": wanted}}}
            yield _changed(claim, kind=CLAIMS, manager=_OF_CLAIMS, spec=spec)


def _ended(datacenter: Json, racks: Sequence[Rack]) -> Iterator[reconciling.Action]:
    """Nodes first, then their claims where that is wanted, then the datacenter itself."""
    if FINALIZER not in (datacenter["metadata"].get("finalizers") or ()):
        return
    running = [rack for rack in racks if rack.now > 0]
    for rack in running:
        yield reconciling.Apply(manifest=_made(datacenter, rack, replicas=0))
    if running or any(((rack.live or {}).get("status") or {}).get("replicas", 0) for rack in racks):
        return
    if (datacenter["metadata"].get("annotations") or {}).get(KEEPS_CLAIMS) != "false":
        for rack in racks:
            yield from (_deleted(claim) for claim in rack.claims if not ownership.is_going(claim))
    yield _finalized(datacenter, [])


def _is_valid(datacenter: Json, found: Found) -> bool:
    """`IsValid`: Secrets of users and of the management API must be whole before anything is done."""
    spec = datacenter["spec"]
    users = [spec["superuserSecretName"], *(user["secretName"] for user in spec.get("users") or ())]
    manual = (spec.get("managementApiAuth") or {}).get("manual") or {}
    asked = [(name, ("username", "password")) for name in users] + [
        (manual[key], ("ca.crt", "tls.crt", "tls.key"))
        for key in ("clientSecretName", "serverSecretName")
        if key in manual
    ]
    return all(
        set(keys) <= ((_get(datacenter, found, "Secret", name) or {}).get("data") or {}).keys() for name, keys in asked
    )


def _refusal(datacenter: Json, racks: Sequence[Rack]) -> str:
    """Why nothing is done to nodes; empty where there is no reason."""
    if datacenter["spec"]["size"] < len(racks):
        return "the number of nodes cannot be smaller than the number of racks"
    wanted = quantities.value(_wanted(datacenter))
    given = max(
        (quantities.value(_storage(claim)) for rack in racks for claim in rack.claims), default=quantities.value("0")
    )
    if given > wanted:
        return f"shrinking PVC {objects.CLAIM} is not supported"
    grows = any(quantities.value(_storage(claim)) < wanted for rack in racks for claim in rack.claims)
    if grows and (datacenter["metadata"].get("annotations") or {}).get(MAY_GROW) != "true":
        return f"PVC resize requested, but {MAY_GROW} annotation is not set to 'true'"
    return ""


def _status(datacenter: Json, racks: Sequence[Rack], *, refusal: str) -> Json:
    """All of it: what is left out would be taken away. An initialized datacenter stays one, and stays ready."""
    before = datacenter.get("status") or {}
    told = {item["type"]: item["status"] == "True" for item in before.get("conditions") or ()}
    is_done = not refusal and _is_done(datacenter, racks)
    initialized = is_done or told.get("Initialized", False)
    total, size = sum(rack.now for rack in racks), datacenter["spec"]["size"]
    grows = initialized and not is_done and (total < size or told.get("ScalingUp", False))
    shrinks = initialized and not is_done and (total > size or told.get("ScalingDown", False))
    shrinking = refusal.startswith("shrinking")
    conditions = [
        _condition("Healthy", sum(rack.ready for rack in racks) > 0),
        _condition("Initialized", initialized),
        _condition("Ready", initialized),
        _condition("ScalingDown", shrinks and not refusal),
        _condition("ScalingUp", grows and not refusal),
        _condition("Stopped", False),
        _condition("Updating", initialized and not is_done and not refusal and not (grows or shrinks)),
        ownership.condition("Valid", holds=False, reason="shrinkingDataVolumeNotSupported", message=refusal)
        if shrinking
        else _condition("Valid", True),
    ]
    observed = datacenter["metadata"].get("generation", 0) if is_done else before.get("observedGeneration", 0)
    return {
        "conditions": conditions,
        "cassandraOperatorProgress": "Ready" if is_done else "Updating",
        "nodeStatuses": _node_statuses(datacenter, racks),
        "nodeReplacements": [],
        **({"usersUpserted": _MOMENT, "superUserUpserted": _MOMENT} if initialized else {}),
        **({"datacenterName": datacenter["metadata"]["name"]} if initialized else {}),
        **({"observedGeneration": observed} if observed else {}),
    }


def _is_done(datacenter: Json, racks: Sequence[Rack]) -> bool:
    """Whether all nodes run what is asked for, on volumes as large as asked for."""
    wanted = quantities.value(_wanted(datacenter))
    return all(
        rack.is_settled
        and rack.now == rack.nodes == len(rack.claims)
        and objects.is_current(rack.live, _made(datacenter, rack, replicas=rack.now))
        and all(quantities.value(_storage(claim)) >= wanted for claim in rack.claims)
        for rack in racks
    )


def _node_statuses(datacenter: Json, racks: Sequence[Rack]) -> Json:
    """By pod. A host's id is made up, because no node has one."""
    statuses: Json = {}
    for rack in racks:
        for number in range(rack.ready):
            pod = f"{objects.name_of(datacenter, rack.wanted['name'])}-{number}"
            digest = hashlib.sha256(f"{datacenter['metadata']['uid']} {pod}".encode()).hexdigest()
            host = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
            statuses[pod] = {"hostID": host, "rack": rack.wanted["name"]}
    return statuses


def _racks(datacenter: Json, found: Found) -> list[Rack]:
    wanted = objects.racks(datacenter)
    counts = objects.split(datacenter["spec"]["size"], len(wanted))
    racks = []
    for rack, count in zip(wanted, counts, strict=True):
        name = objects.name_of(datacenter, rack["name"])
        claims = tuple(
            item
            for (kind, namespace, each), item in sorted(found.items())
            if (kind, namespace) == ("PersistentVolumeClaim", datacenter["metadata"]["namespace"])
            and each.rpartition("-")[0] == f"{objects.CLAIM}-{name}"
        )
        live = _get(datacenter, found, "StatefulSet", name)
        racks.append(Rack(wanted=rack, nodes=count, live=live, claims=claims))
    return racks


def _made(datacenter: Json, rack: Rack, *, replicas: int) -> Json:
    storage = rack.storage or _wanted(datacenter)
    return objects.stateful_set(datacenter, rack.wanted, replicas=replicas, storage=storage)


def _finalized(datacenter: Json, finalizers: Sequence[str]) -> reconciling.Apply:
    return _changed(datacenter, kind=DATACENTERS, manager=_OF_FINALIZER, finalizers=finalizers)


def _changed(
    item: Json, *, kind: reconciling.Kind, manager: str, spec: Json | None = None, finalizers: Sequence[str] = ()
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


def _deleted(claim: Json) -> reconciling.Delete:
    metadata = claim["metadata"]
    return reconciling.Delete(
        api_version=CLAIMS.api_version,
        kind=CLAIMS.kind,
        name=metadata["name"],
        uid=metadata["uid"],
        namespace=metadata["namespace"],
    )


def _condition(kind: str, holds: bool) -> Json:  # noqa: FBT001 - what it says of the kind
    return ownership.condition(kind, holds=holds, reason="")


def _wanted(datacenter: Json) -> str:
    claim = datacenter["spec"]["storageConfig"]["cassandraDataVolumeClaimSpec"]
    return str(claim["resources"]["requests"]["storage"])


def _storage(claim: Json) -> str:
    return str(claim["spec"]["resources"]["requests"]["storage"])


def _get(datacenter: Json, found: Found, kind: str, name: str) -> Json | None:
    return found.get((kind, datacenter["metadata"]["namespace"], name))


PLAYED: Final = played.Played(
    name="cass-operator",
    repository="k8ssandra/cass-operator",
    kinds=(DATACENTERS, STATEFUL_SETS, SERVICES, SECRETS, CLAIMS, BUDGETS),
    plan=plan,
)
