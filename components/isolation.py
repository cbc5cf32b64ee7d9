"""Pure builders of what keeps a namespace to itself: pod security, default deny, and the openings everybody needs.

An operator's or a service's own openings are built where that operator or service is.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final

from components import contracts

PART_OF: Final = "app.kubernetes.io/part-of"

DNS: Final[dict[str, Any]] = {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}
"""Egress to name servers. Not narrowed to kube-dns: a node-local cache has an address that no selector matches."""

API_SERVER: Final[dict[str, Any]] = {"ports": [{"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 6443}]}
"""Egress to the API server: 443 behind its Service and at the vendors, 6443 where kubeadm installed it.

Not narrowed to an address: the API server is no pod, and at the vendors its address is not known and may change.
"""

_PROMETHEUS: Final[dict[str, Any]] = {
    "namespaceSelector": {},
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
}
"""Every Prometheus that prometheus-operator runs, whatever its namespace."""


def scraped(port: int | str) -> dict[str, Any]:
    """Ingress to a metrics port, from whatever Prometheus there is on the cluster."""
    return {"from": [copy.deepcopy(_PROMETHEUS)], "ports": [{"protocol": "TCP", "port": port}]}


def webhook(port: int | str) -> dict[str, Any]:
    """Ingress to an admission webhook's own port (not its Service's).

    From everywhere, for the reason that `API_SERVER` names no address; a webhook tells nobody anything.
    """
    return {"ports": [{"protocol": "TCP", "port": port}]}


def to(*ports: int) -> dict[str, Any]:
    """Egress to these TCP ports, wherever."""
    return {"ports": [{"protocol": "TCP", "port": port} for port in ports]}


def namespace(name: str, *, labels: Mapping[str, str] | None = None) -> contracts.Manifest:
    """A namespace that admits only pods of the `restricted` pod security standard."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {
                PART_OF: "paasport",
                "pod-security.kubernetes.io/enforce": "restricted",
                "pod-security.kubernetes.io/audit": "restricted",
                "pod-security.kubernetes.io/warn": "restricted",
                **(labels or {}),
            },
        },
    }


def default_deny(namespace: str) -> contracts.Manifest:
    """Nobody talks to the pods of this namespace and they talk to nobody, save what another policy allows."""
    return network_policy("default-deny", namespace=namespace, pods={}, ingress=(), egress=())


def network_policy(
    name: str,
    *,
    namespace: str,
    pods: Mapping[str, str],
    ingress: Sequence[Mapping[str, Any]],
    egress: Sequence[Mapping[str, Any]],
) -> contracts.Manifest:
    """What pods with these labels (none: all of the namespace) may receive and send."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace, "labels": {PART_OF: "paasport"}},
        "spec": {
            "podSelector": {"matchLabels": dict(pods)} if pods else {},
            "policyTypes": ["Ingress", "Egress"],
            # Empty lists are left out: the API server does not store them, and they would show as a difference.
            **({"ingress": copy.deepcopy(list(ingress))} if ingress else {}),
            **({"egress": copy.deepcopy(list(egress))} if egress else {}),
        },
    }
