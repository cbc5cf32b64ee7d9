"""What the Astarte operator 25.5.0-dev makes of an Astarte, after internal/reconcile at commit 4073d5b. Pure.

Of pods' environment only what tells one part from another is played, and of Secrets only that they are there.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from local.operators import ownership

_PLAYED_FROM: Final = "paasport.dev/played-from"
"""Annotation of an object: digest of what it was made from."""
_APIS: Final = {
    "housekeeping": "housekeeping",
    "realmManagement": "realm-management",
    "pairing": "pairing",
    "appengineApi": "appengine-api",
}
_BACKENDS: Final = {"triggerEngine": "trigger-engine", "dataUpdaterPlant": "data-updater-plant"}
_CLUSTERED: Final = ("realm-management", "pairing", "appengine-api", "data-updater-plant")
"""Those that have a ServiceAccount, to ask for the others' pods."""
_CFSSL: Final = "1.5.0-astarte.3"

Json = dict[str, Any]


def of(astarte: Mapping[str, Any], *, has_secret: Callable[[str], bool]) -> Iterator[Json]:
    """All of it, in the operator's order. A Secret that it generates is made once."""
    yield from _secrets(astarte, has_secret=has_secret)
    name, spec = astarte["metadata"]["name"], astarte["spec"]
    yield _made(astarte, "v1", "ConfigMap", f"{name}-generic-erlang-configuration", data={"vm.args": "-smp auto\n"})
    yield from _cfssl(astarte)
    for key, part in {**_APIS, **_BACKENDS}.items():
        wanted = (spec.get("components") or {}).get(key) or {}
        if part in _CLUSTERED:
            yield _made(astarte, "v1", "ServiceAccount", f"{name}-{part}")
        yield _service(astarte, part, ports={"http": 4000})
        yield _deployment(astarte, part, wanted, image=_image(astarte, f"astarte_{part.replace('-', '_')}"), port=4000)
    yield from _vernemq(astarte)
    dashboard = (spec.get("components") or {}).get("dashboard") or {}
    if dashboard.get("deploy", True):
        yield _service(astarte, "dashboard", ports={"http": 80})
        yield _deployment(astarte, "dashboard", dashboard, image=_image(astarte, "astarte-dashboard"), port=80)


def needed(astarte: Mapping[str, Any]) -> list[str]:
    """Names of the Secrets without which no pod of it starts."""
    spec = astarte["spec"]
    connections = (spec["rabbitmq"]["connection"], spec["cassandra"]["connection"])
    names = [each["credentialsSecret"]["name"] for each in connections if each.get("credentialsSecret")]
    trusted = [(each.get("sslConfiguration") or {}).get("customCASecret") or {} for each in connections]
    return [*names, *(each["name"] for each in trusted if each.get("name")), _authority(astarte)]


def is_current(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether it was made from the same."""
    mark = (live["metadata"].get("annotations") or {}).get(_PLAYED_FROM)
    return bool(mark == wanted["metadata"]["annotations"][_PLAYED_FROM])


def _secrets(astarte: Mapping[str, Any], *, has_secret: Callable[[str], bool]) -> Iterator[Json]:
    name = astarte["metadata"]["name"]
    if not has_secret(f"{name}-housekeeping-public-key"):
        yield _secret(astarte, f"{name}-housekeeping-private-key", "private-key")
        yield _secret(astarte, f"{name}-housekeeping-public-key", "public-key")
    cookies = [f"{name}-erlang-clustering-cookie", *(f"{name}-{part}-cookie" for part in [*_APIS.values()])]
    keys = {f"{name}-secret-key-base": "key", **dict.fromkeys(cookies, "erlang-cookie"), f"{name}-cfssl-ca": "ca.crt"}
    if not _given_authority(astarte):
        keys[f"{name}-devices-ca"] = "tls.crt"
    for secret, key in keys.items():
        if not has_secret(secret):
            yield _secret(astarte, secret, key)


def _secret(astarte: Mapping[str, Any], name: str, key: str) -> Json:
    value = base64.b64encode(secrets.token_bytes(32)).decode()
    return _made(astarte, "v1", "Secret", name, data={key: value})


def _cfssl(astarte: Mapping[str, Any]) -> Iterator[Json]:
    wanted = astarte["spec"].get("cfssl") or {}
    if not wanted.get("deploy", True):
        return
    yield _service(astarte, "cfssl", ports={"http": 80}, headless=False)
    image = f"{astarte['spec'].get('distributionChannel', 'astarte')}/cfssl:{wanted.get('version') or _CFSSL}"
    yield _deployment(astarte, "cfssl", {"replicas": 1}, image=image, port=8080, labels={})


def _vernemq(astarte: Mapping[str, Any]) -> Iterator[Json]:
    name, wanted = astarte["metadata"]["name"], astarte["spec"]["vernemq"]
    own = f"{name}-vernemq"
    storage = wanted.get("storage") or {}
    claim = {
        "metadata": {"name": f"{own}-data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": storage.get("size", "4G")}},
            **({"storageClassName": storage["className"]} if storage.get("className") else {}),
        },
    }
    yield _made(astarte, "v1", "ServiceAccount", own)
    yield _service(astarte, "vernemq", ports={"mqtt": 1883, "mqtt-reverse": 1885, "webadmin": 8888}, labels={})
    template = _template(own, wanted, image=_image(astarte, "vernemq"), port=8883, labels={"app": own})
    template["spec"]["serviceAccountName"] = own
    spec = {
        "serviceName": own,
        "replicas": wanted.get("replicas", 1),
        "selector": {"matchLabels": {"app": own}},
        "template": template,
        "volumeClaimTemplates": [claim],
    }
    yield _made(astarte, "apps/v1", "StatefulSet", own, labels={"component": "astarte"}, spec=spec)


def _service(
    astarte: Mapping[str, Any],
    part: str,
    *,
    ports: Mapping[str, int],
    headless: bool = True,
    labels: Mapping[str, str] | None = None,
) -> Json:
    own = f"{astarte['metadata']['name']}-{part}"
    spec = {
        **({"clusterIP": "None"} if headless else {}),
        "selector": {"app": own},
        "ports": [{"name": name, "port": port, "protocol": "TCP"} for name, port in ports.items()],
    }
    given = {"app": own, "component": "astarte", "astarte-component": part} if labels is None else labels
    return _made(astarte, "v1", "Service", own, labels=given, spec=spec)


def _deployment(
    astarte: Mapping[str, Any],
    part: str,
    wanted: Mapping[str, Any],
    *,
    image: str,
    port: int,
    labels: Mapping[str, str] | None = None,
) -> Json:
    own = f"{astarte['metadata']['name']}-{part}"
    given = {"component": "astarte", "astarte-component": part} if labels is None else labels
    template = _template(own, wanted, image=image, port=port, labels={"app": own, **given})
    if part in _CLUSTERED:
        template["spec"]["serviceAccountName"] = own
    spec = {
        "replicas": wanted.get("replicas", 1),
        "selector": {"matchLabels": {"app": own}},
        "strategy": {"type": "Recreate"} if part in _BACKENDS.values() else _strategy(astarte),
        "template": template,
    }
    return _made(astarte, "apps/v1", "Deployment", own, labels={"app": own, **given} if given else {}, spec=spec)


def _strategy(astarte: Mapping[str, Any]) -> Json:
    return dict(astarte["spec"].get("deploymentStrategy") or {"type": "RollingUpdate"})


def _template(own: str, wanted: Mapping[str, Any], *, image: str, port: int, labels: Mapping[str, str]) -> Json:
    affinity = wanted.get("customAffinity")
    if affinity is None and wanted.get("antiAffinity", True) and "dashboard" not in own and "cfssl" not in own:
        rule = {"matchExpressions": [{"key": "app", "operator": "In", "values": [own]}]}
        term = {"labelSelector": rule, "topologyKey": "kubernetes.io/hostname"}
        affinity = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    container = {
        "name": own.rpartition("-")[2],
        "image": wanted.get("image") or image,
        "ports": [{"containerPort": port, "protocol": "TCP"}],
        **({"resources": wanted["resources"]} if wanted.get("resources") else {}),
        **({"env": wanted["additionalEnv"]} if wanted.get("additionalEnv") else {}),
    }
    pod = {"terminationGracePeriodSeconds": 30, "containers": [container]}
    return {"metadata": {"labels": dict(labels)}, "spec": {**pod, **({"affinity": affinity} if affinity else {})}}


def _image(astarte: Mapping[str, Any], name: str) -> str:
    spec = astarte["spec"]
    return f"{spec.get('distributionChannel', 'astarte')}/{name}:{spec['version']}"


def _authority(astarte: Mapping[str, Any]) -> str:
    return _given_authority(astarte) or f"{astarte['metadata']['name']}-devices-ca"


def _given_authority(astarte: Mapping[str, Any]) -> str:
    """One that is named is never made."""
    return str(((astarte["spec"].get("cfssl") or {}).get("caSecret") or {}).get("name") or "")


def _made(
    astarte: Mapping[str, Any],
    api_version: str,
    kind: str,
    name: str,
    *,
    labels: Mapping[str, str] | None = None,
    **content: Any,
) -> Json:
    plain = {} if kind == "Secret" else content
    digest = hashlib.sha256(json.dumps([plain, labels], sort_keys=True).encode()).hexdigest()[:16]
    metadata = {"name": name, "annotations": {_PLAYED_FROM: digest}, **({"labels": dict(labels)} if labels else {})}
    return ownership.owned(astarte, {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content})
