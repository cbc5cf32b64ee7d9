"""etcd-operator 0.2.0, played: members are added and removed one at a time, and no status is ever written.

As the real one, it writes a StatefulSet only when the number of its members is to change: another version, other
options or labels reach members that run together with such a change, and never by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from local import reconciling
from local.operators import ownership, played

CLUSTERS: Final = reconciling.Kind("operator.etcd.io/v1alpha1", "EtcdCluster")
STATEFUL_SETS: Final = reconciling.Kind("apps/v1", "StatefulSet")
SERVICES: Final = reconciling.Kind("v1", "Service")

_REGISTRY: Final = "gcr.io/etcd-development/etcd"
_DATA: Final = "/var/lib/etcd"
_VOLUME: Final = "etcd-data"
_VERSION: Final = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")

Json = dict[str, Any]


def plan(picture: reconciling.Picture) -> Sequence[reconciling.Action]:
    """What the operator would do now."""
    sets = {_key(item): item for item in picture[STATEFUL_SETS]}
    services = {_key(item) for item in picture[SERVICES]}
    actions: list[reconciling.Action] = []
    for cluster in picture[CLUSTERS]:
        if not ownership.is_going(cluster) and _can_be_made(cluster):
            actions += _members(cluster, sets.get(_key(cluster)))
            if _key(cluster) not in services:
                actions.append(reconciling.Apply(manifest=_service(cluster)))
    return actions


def _members(cluster: Mapping[str, Any], found: Mapping[str, Any] | None) -> Iterator[reconciling.Action]:
    """One step towards as many members as are asked for; none while the last one is not yet done."""
    if found is None:
        yield from _sized(cluster, 0)
        return
    members, wanted = found["spec"].get("replicas", 1), cluster["spec"]["size"]
    if not _owns(cluster, found) or not _is_upgrade(found, cluster):
        return
    if members == 0:
        yield from _sized(cluster, 1)
    elif members != wanted and _is_settled(found):
        yield from _sized(cluster, members + 1 if members < wanted else members - 1)


def _sized(cluster: Mapping[str, Any], members: int) -> Iterator[reconciling.Action]:
    yield reconciling.Apply(manifest=_state(cluster, members))
    yield reconciling.Apply(manifest=_stateful_set(cluster, members))


def _can_be_made(cluster: Mapping[str, Any]) -> bool:
    """Whether the volumes can be: else the operator fails before it makes a member, and only its log tells."""
    storage = cluster["spec"].get("storageSpec")
    modes = "" if storage is None else storage.get("accessModes", "")
    return modes in ("", "ReadWriteOnce") or (modes == "ReadWriteMany" and bool(storage.get("pvcName")))


def _owns(cluster: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    owners = found["metadata"].get("ownerReferences") or ()
    return cluster["metadata"]["uid"] in [owner["uid"] for owner in owners if owner.get("controller")]


def _is_upgrade(found: Mapping[str, Any], cluster: Mapping[str, Any]) -> bool:
    """Whether etcd can go from the version of the members to the one asked for: no step back, one minor at most.

    What is no version the real operator does not judge.
    """
    image = found["spec"]["template"]["spec"]["containers"][0]["image"]
    current, target = (_VERSION.fullmatch(text) for text in (image.rpartition(":")[2], cluster["spec"]["version"]))
    if current is None or target is None:
        return True
    before, after = (tuple(map(int, match.groups())) for match in (current, target))
    return before <= after and before[0] == after[0] and after[1] - before[1] <= 1


def _is_settled(found: Mapping[str, Any]) -> bool:
    status, members = found.get("status") or {}, found["spec"]["replicas"]
    is_seen = status.get("observedGeneration", 0) >= found["metadata"].get("generation", 0)
    return bool(is_seen) and [status.get(each, 0) for each in ("replicas", "readyReplicas")] == [members, members]


def _stateful_set(cluster: Mapping[str, Any], members: int) -> Json:
    spec = cluster["spec"]
    template = (spec.get("podTemplate") or {}).get("metadata") or {}
    metadata = {
        "labels": {**(template.get("labels") or {}), **_labels(cluster)},
        **({"annotations": dict(template["annotations"])} if template.get("annotations") else {}),
    }
    pod, claims = _storage(spec.get("storageSpec"))
    container = {**_container(cluster), **pod.pop("container", {})}
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": cluster["metadata"]["name"]},
        "spec": {
            "replicas": members,
            "serviceName": cluster["metadata"]["name"],
            "selector": {"matchLabels": _labels(cluster)},
            "template": {"metadata": metadata, "spec": {"containers": [container], **pod}},
            **({"volumeClaimTemplates": claims} if claims else {}),
        },
    }
    return ownership.owned(cluster, manifest)


def _container(cluster: Mapping[str, Any]) -> Json:
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    return {
        "name": "etcd",
        "image": f"{spec.get('imageRegistry') or _REGISTRY}:{spec['version']}",
        "command": ["/usr/local/bin/etcd"],
        "args": _arguments(name, spec.get("etcdOptions") or ()),
        "env": [
            {"name": variable, "valueFrom": {"fieldRef": {"fieldPath": f"metadata.{field}"}}}
            for variable, field in (("POD_NAME", "name"), ("POD_NAMESPACE", "namespace"))
        ],
        "envFrom": [{"configMapRef": {"name": f"{name}-state"}}],
        "ports": [{"name": "client", "containerPort": 2379}, {"name": "peer", "containerPort": 2380}],
    }


def _arguments(name: str, options: Sequence[str]) -> list[str]:
    """The operator's own, save those that an option takes the place of, and then the options."""
    address = f"http://$(POD_NAME).{name}.$(POD_NAMESPACE).svc.cluster.local"
    own = [
        "--name=$(POD_NAME)",
        "--listen-peer-urls=http://0.0.0.0:2380",
        "--listen-client-urls=http://0.0.0.0:2379",
        f"--initial-advertise-peer-urls={address}:2380",
        f"--advertise-client-urls={address}:2379",
    ]
    given = {re.split("[= ]", option, maxsplit=1)[0] for option in options}
    return [*(each for each in own if each.partition("=")[0] not in given), *options]


def _storage(wanted: Mapping[str, Any] | None) -> tuple[Json, list[Json]]:
    """What the pod has of it (under `container` what its container has), and the claim templates."""
    if wanted is None:
        return {}, []
    mount = {"name": _VOLUME, "mountPath": _DATA, "subPathExpr": "$(POD_NAME)"}
    pod: Json = {"container": {"volumeMounts": [mount]}}
    if wanted.get("accessModes") == "ReadWriteMany":
        claim = {"persistentVolumeClaim": {"claimName": wanted["pvcName"]}}
        return {**pod, "volumes": [{"name": _VOLUME, **claim}]}, []
    request = wanted["volumeSizeRequest"]
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {
            "requests": {"storage": request},
            "limits": {"storage": wanted.get("volumeSizeLimit") or request},
        },
        **({"storageClassName": wanted["storageClassName"]} if wanted.get("storageClassName") else {}),
    }
    return pod, [{"metadata": {"name": _VOLUME}, "spec": spec}]


def _state(cluster: Mapping[str, Any], members: int) -> Json:
    """What a member that starts for the first time must know."""
    name, namespace = cluster["metadata"]["name"], cluster["metadata"]["namespace"]
    peers = [
        f"{name}-{number}=http://{name}-{number}.{name}.{namespace}.svc.cluster.local:2380" for number in range(members)
    ]
    data = {
        "ETCD_INITIAL_CLUSTER_STATE": "existing" if members > 1 else "new",
        "ETCD_INITIAL_CLUSTER": ",".join(peers),
        "ETCD_DATA_DIR": _DATA,
    }
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"{name}-state"}, "data": data}
    return ownership.owned(cluster, manifest)


def _service(cluster: Mapping[str, Any]) -> Json:
    """By which the members' pods have names. Without ports."""
    labels = _labels(cluster)
    manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": cluster["metadata"]["name"], "labels": labels},
        "spec": {"clusterIP": "None", "selector": labels},
    }
    return ownership.owned(cluster, manifest)


def _labels(cluster: Mapping[str, Any]) -> dict[str, str]:
    return dict.fromkeys(("app", "controller"), cluster["metadata"]["name"])


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


PLAYED: Final = played.Played(
    name="etcd-operator",
    repository="etcd-development/etcd-operator",
    kinds=(CLUSTERS, STATEFUL_SETS, SERVICES),
    plan=plan,
)
