"""The certificates, their authorities and the agents' token that the scylla-operator makes for a cluster. Pure.

After sync_certs.go and sync_agent_config.go of pkg/controller/scylladbdatacenter at tag v1.21.1. An object is made from
what is asked for alone, so that what is random in it is drawn once. Not played: renewals, and nodes' addresses in the
certificate.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from local.operators import certificates

_AUTHORITIES: Final = ("local-client-ca", "local-serving-ca")
_LEAVES: Final = {"local-user-admin": ("local-client-ca", ["admin"]), "local-serving-certs": ("local-serving-ca", [])}

Json = dict[str, Any]


def of(cluster: Mapping[str, Any], *, owned: Callable[..., Json]) -> Iterator[Json]:
    """Secrets and ConfigMaps; `owned` makes an object of a cluster, its kind, its name and its content."""
    name, uid = cluster["metadata"]["name"], cluster["metadata"]["uid"]
    token = hashlib.sha256(f"{uid} token".encode()).hexdigest()
    data = {"auth-token.yaml": base64.b64encode(f"auth_token: {token}\n".encode()).decode()}
    yield owned(cluster, "v1", "Secret", f"{name}-auth-token", type="Opaque", data=data)
    for each in _AUTHORITIES:
        found = _authority(uid, each)
        yield owned(cluster, "v1", "Secret", f"{name}-{each}", type="kubernetes.io/tls", data=_pair(found))
        bundle = {"ca-bundle.crt": base64.b64decode(found["tls.crt"]).decode()}
        yield owned(cluster, "v1", "ConfigMap", f"{name}-{each}", data=bundle)
    service = f"{name}-client.{cluster['metadata']['namespace']}.svc"
    for each, (authority, names) in _LEAVES.items():
        found = _leaf(uid, each, authority, tuple(names) or (service, f"{service}.cluster.local"))
        yield owned(cluster, "v1", "Secret", f"{name}-{each}", type="kubernetes.io/tls", data=_pair(found))
    # Has a file for each domain of its own that a cluster is asked for, and so none.
    yield owned(cluster, "v1", "Secret", f"{name}-local-cql-connection-configs-admin", type="Opaque")


@functools.lru_cache(maxsize=64)
def _authority(uid: str, name: str) -> dict[str, str]:
    spec = {"commonName": name, "isCA": True, "duration": "87600h", "privateKey": {"algorithm": "ECDSA"}}
    return certificates.issued(spec, authority=None, seed=f"{uid} {name}")


@functools.lru_cache(maxsize=64)
def _leaf(uid: str, name: str, authority: str, names: tuple[str, ...]) -> dict[str, str]:
    spec = {"dnsNames": list(names), "privateKey": {"algorithm": "ECDSA"}}
    return certificates.issued(spec, authority={"data": _authority(uid, authority)}, seed=f"{uid} {name}")


def _pair(issued: Mapping[str, str]) -> dict[str, str]:
    return {key: issued[key] for key in ("tls.crt", "tls.key")}
