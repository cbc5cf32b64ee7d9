"""Where the nodes of a ScyllaDB go: one rack to a zone, one node to a machine. Pure.

A rack names no zone, because zones have other names at every vendor: it goes where no other rack is, all of it to one
zone, and its volumes keep it there. Jobs that clean up nodes get the same rules from the operator, and they must come
to machines that have a node: so a rule about machines holds between pods of one type only.
"""

from __future__ import annotations

from typing import Any, Final

from stacks.services import scylla as settings

CLUSTER: Final = "scylla/cluster"
_RACK: Final = "scylla/rack"
_TYPE: Final = "scylla-operator.scylladb.com/pod-type"
"""Labels of the operator's pods: pkg/naming/constants.go at tag v1.21.1."""
_HOST: Final = "kubernetes.io/hostname"
_ZONE: Final = "topology.kubernetes.io/zone"


def nodes(instance: str) -> dict[str, str]:
    """Labels that the operator gives the pods of nodes."""
    return {CLUSTER: instance, _TYPE: "scylladb-node"}


def cleanups(instance: str) -> dict[str, str]:
    """Labels that it gives the pods of jobs that clean a node up."""
    return {CLUSTER: instance, _TYPE: "cleanup-job"}


def placement(instance: str, rack: str, *, options: settings.Scylla) -> dict[str, Any]:
    """Where the nodes of this rack go."""
    apart = _apart(instance, rack, options=options)
    return {
        **_kept_nodes(options),
        **({"podAffinity": _required([_together(instance, rack)])} if len(options.racks) > 1 else {}),
        "podAntiAffinity": apart,
    }


def _kept_nodes(options: settings.Scylla) -> dict[str, Any]:
    kept = options.dedicated_nodes
    if kept is None:
        return {}
    terms = [{"key": key, "operator": "In", "values": [value]} for key, value in kept.labels.items()]
    selector = {"nodeSelectorTerms": [{"matchExpressions": terms}]}
    return {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": selector},
        "tolerations": [taint.toleration for taint in kept.taints],
    }


def _together(instance: str, rack: str) -> dict[str, Any]:
    return {"topologyKey": _ZONE, "labelSelector": {"matchLabels": {CLUSTER: instance, _RACK: rack}}}


def _apart(instance: str, rack: str, *, options: settings.Scylla) -> dict[str, Any]:
    """From other racks by zone. By machine from every ScyllaDB where machines are its own, else as far as it can be."""
    others = [each for each in options.racks if each != rack]
    zones = {
        "topologyKey": _ZONE,
        "labelSelector": {
            "matchLabels": {CLUSTER: instance},
            "matchExpressions": [{"key": _RACK, "operator": "In", "values": others}],
        },
    }
    machines: dict[str, Any] = {"topologyKey": _HOST, "matchLabelKeys": [_TYPE]}
    if options.dedicated_nodes is not None:
        machines |= {
            "labelSelector": {"matchExpressions": [{"key": CLUSTER, "operator": "Exists"}]},
            "namespaceSelector": {},
        }
        return _required([*([zones] if others else []), machines])
    machines["labelSelector"] = {"matchLabels": {CLUSTER: instance}}
    preferred = [{"weight": 100, "podAffinityTerm": machines}]
    return {
        **(_required([zones]) if others else {}),
        "preferredDuringSchedulingIgnoredDuringExecution": preferred,
    }


def _required(terms: list[dict[str, Any]]) -> dict[str, Any]:
    return {"requiredDuringSchedulingIgnoredDuringExecution": terms}
