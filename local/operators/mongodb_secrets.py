"""The Secrets that MongoDB Controllers for Kubernetes writes for a replica set, and those that it needs. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from local.operators import mongodb_objects, ownership

_CONFIG: Final = "cluster-config.json"
_SALT: Final = os.urandom(32)
"""So that nothing secret follows from what everybody may read."""
_SCRAM: Final[tuple[tuple[str, Callable[..., Any], int], ...]] = (
    ("1", hashlib.sha1, 10000),
    ("256", hashlib.sha256, 15000),
)

Json = dict[str, Any]
Found = Mapping[str, Mapping[str, str]]
"""What the Secrets of the namespace say, by their names."""


def has_certificate(resource: Mapping[str, Any], found: Found) -> bool:
    """Whether the members' certificate and the one of its authority are there."""
    tls = resource["spec"]["security"]["tls"]
    server = found.get(_reference(tls, "certificateKeySecretRef"), {})
    return {"tls.crt", "tls.key"} <= server.keys() and "ca.crt" in found.get(
        _reference(tls, "caCertificateSecretRef"), {}
    )


def missing_password(resource: Mapping[str, Any], found: Found) -> str:
    """What is said about the first user who has neither a password nor what was once made of it; empty for none."""
    namespace = resource["metadata"]["namespace"]
    for user in resource["spec"]["users"]:
        password, scram = user["passwordSecretRef"]["name"], _scram_name(user)
        if password not in found and scram not in found:
            return f"user password secret: {namespace}/{password} and scram secret: {namespace}/{scram} not found"
    return ""


def version(config: Mapping[str, Any], *, present: Mapping[str, Any] | None) -> int:
    """Of the agents' configuration: one more than the last where it says something else."""
    if present is None:
        return 1
    last = json.loads(base64.b64decode(present["data"][_CONFIG]))
    number = int(last.pop("version"))
    return number if last == config else number + 1


def of(resource: Mapping[str, Any], *, config: Mapping[str, Any], found: Found) -> Iterator[Json]:
    """All that are there before a member runs. What is random stays as it is."""
    name = resource["metadata"]["name"]
    yield _secret(resource, f"{name}-config", {_CONFIG: json.dumps(config, sort_keys=True)})
    for what in ("agent-password", "keyfile"):
        kept = found.get(f"{name}-{what}") or {what.rpartition("-")[2]: _random(resource, what)}
        yield _secret(resource, f"{name}-{what}", dict(kept))
    for user in resource["spec"]["users"]:
        password = found.get(user["passwordSecretRef"]["name"])
        kept = found.get(_scram_name(user)) or _scram(resource, user, password or {})
        yield _secret(resource, _scram_name(user), dict(kept))
    yield from _certificates(resource, found)


def connections(resource: Mapping[str, Any], *, found: Found) -> Iterator[Json]:
    """How each user connects: written once the set runs."""
    name, tls = resource["metadata"]["name"], bool(resource["spec"]["security"].get("tls"))
    service = f"{mongodb_objects.service_name(resource)}.{resource['metadata']['namespace']}.svc.cluster.local"
    members = ",".join(f"{host}:{mongodb_objects.PORT}" for host in mongodb_objects.hosts(resource))
    for user in resource["spec"]["users"]:
        database, reference = user.get("db", "admin"), user["passwordSecretRef"]
        password = found.get(reference["name"], {}).get(reference.get("key", "password"), "")
        login = f"{urllib.parse.quote(user['name'], safe='')}:{urllib.parse.quote(password, safe='')}@"
        query = f"{database}?replicaSet={name}&ssl={str(tls).lower()}"
        secret = user.get("connectionStringSecretName") or f"{name}-{database}-{user['name']}"
        data = {
            "connectionString.standard": f"mongodb://{login}{members}/{query}",
            "connectionString.standardSrv": f"mongodb+srv://{login}{service}/{query}",
            "username": user["name"],
            "password": password,
        }
        yield _secret(resource, secret, data)


def _certificates(resource: Mapping[str, Any], found: Found) -> Iterator[Json]:
    """Under names that change with what they hold, so that agents see that there is another."""
    name, spec = resource["metadata"]["name"], resource["spec"]
    tls = spec["security"].get("tls") or {}
    if not tls.get("enabled"):
        return
    authority = found[_reference(tls, "caCertificateSecretRef")]["ca.crt"]
    yield _secret(resource, f"{name}-ca-certificate", {_file(authority): authority})
    pair = _pair(found[_reference(tls, "certificateKeySecretRef")])
    yield _secret(resource, f"{name}-server-certificate-key", {_file(pair): pair})
    exporter = found.get(_reference(spec.get("prometheus") or {}, "tlsSecretKeyRef"))
    if exporter:
        yield _secret(resource, f"{name}-prometheus-certificate-key", {_file(_pair(exporter)): _pair(exporter)})


def _pair(secret: Mapping[str, str]) -> str:
    return "\n".join(secret[key].rstrip("\n") for key in ("tls.crt", "tls.key"))


def _file(content: str) -> str:
    return f"{hashlib.sha256(content.encode()).hexdigest()}.pem"


def _scram(resource: Mapping[str, Any], user: Mapping[str, Any], password: Mapping[str, str]) -> dict[str, str]:
    """RFC 5802: what a server keeps of a password instead of it."""
    found: dict[str, str] = {}
    text = password.get(user["passwordSecretRef"].get("key", "password"), "").encode()
    for number, algorithm, iterations in _SCRAM:
        salt = hmac.digest(_SALT, f"{resource['metadata']['uid']} {user['name']} {number}".encode(), "sha256")[:16]
        salted = hashlib.pbkdf2_hmac(algorithm().name, text, salt, iterations)
        client, server = (hmac.digest(salted, key, algorithm().name) for key in (b"Client Key", b"Server Key"))
        found[f"sha{number}-salt"] = base64.b64encode(salt).decode()
        found[f"sha-{number}-stored-key"] = base64.b64encode(algorithm(client).digest()).decode()
        found[f"sha-{number}-server-key"] = base64.b64encode(server).decode()
    return found


def _scram_name(user: Mapping[str, Any]) -> str:
    return f"{user['scramCredentialsSecretName']}-scram-credentials"


def _random(resource: Mapping[str, Any], what: str) -> str:
    return hmac.digest(_SALT, f"{resource['metadata']['uid']} {what}".encode(), "sha256").hex()


def _reference(place: Mapping[str, Any], key: str) -> str:
    return str((place.get(key) or {}).get("name", ""))


def _secret(resource: Mapping[str, Any], name: str, data: Mapping[str, str]) -> Json:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "Opaque", "data": encoded}
    return ownership.owned(resource, manifest)
