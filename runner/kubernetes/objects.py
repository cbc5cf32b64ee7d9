"""What an object is called: type tokens, references, ids, made-up names; and its manifest as it is sent. Pure."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from runner.engine import values
from stacks import errors

Json = dict[str, Any]

AUTONAMED: Final = "pulumi.com/autonamed"
"""Annotation with which Pulumi marks an object whose name it made up."""
_TOKEN = re.compile(r"kubernetes:(?P<version>[a-z0-9./-]+):(?P<kind>[A-Z][A-Za-z0-9]*)")
_REFUSED: Final = {
    "helm.sh/": "Helm charts need the Helm template engine",
    "kustomize": "kustomizations need the kustomize program",
    "yaml": "a group of manifests is not an object of its own",
}
_LONGEST_NAME: Final = 253
_HEX_DIGITS: Final = 8


@dataclasses.dataclass(frozen=True, kw_only=True, order=True)
class Reference:
    """Which object."""

    api_version: str
    kind: str
    namespace: str
    """Empty for kinds that have none."""
    name: str

    @property
    def id(self) -> str:
        """Pulumi's id of it: `namespace/name` or `name`."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


def kind_of(token: str) -> tuple[str, str]:
    """The apiVersion and kind of a type token; raises `Unsupported` for types that are no single object."""
    match = _TOKEN.fullmatch(token)
    version, kind = (match["version"], match["kind"]) if match else ("", "")
    why = next((why for prefix, why in _REFUSED.items() if version.startswith(prefix)), "")
    if not match:
        why = "it is no type of a Kubernetes object"
    elif kind.endswith("Patch"):
        why = "patches of objects that others own are not implemented"
    elif kind.endswith("List"):
        why = "a list is not an object of its own; Pulumi's provider refuses it as well"
    if why:
        raise errors.Unsupported.of(
            f"the embedded engine does not implement {token}: {why}",
            why="ignoring it would leave the cluster without what the program asks for",
            next="use kubernetes.yaml.v2.ConfigGroup or single resources, or run with --engine pulumi",
        )
    return version.removeprefix("core/"), kind


def token_of(api_version: str, kind: str) -> str:
    """The type token under which Pulumi's SDK knows a kind; also for custom resources."""
    return f"kubernetes:{api_version if '/' in api_version else f'core/{api_version}'}:{kind}"


def group_of(api_version: str) -> str:
    """The API group; empty for the core group."""
    return api_version.rpartition("/")[0]


def reference(manifest: Mapping[str, Any]) -> Reference:
    """Which object a manifest describes."""
    metadata = manifest.get("metadata") or {}
    return Reference(
        api_version=str(manifest["apiVersion"]),
        kind=str(manifest["kind"]),
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata.get("name") or ""),
    )


def from_id(token: str, id: str) -> Reference:  # noqa: A002 - Pulumi's word
    """The object that an inventory entry or a program names by type and id."""
    api_version, kind = kind_of(token)
    namespace, _, name = id.rpartition("/")
    return Reference(api_version=api_version, kind=kind, namespace=namespace, name=name)


def normalised(value: Any) -> Any:
    """The value with whole floats as integers: protobuf knows only doubles, and the API server refuses 1.0 replicas."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: normalised(item) for key, item in value.items()}
    if isinstance(value, list):
        return [normalised(item) for item in value]
    if isinstance(value, values.Secret):
        return values.Secret(normalised(value.value))
    return value


def autoname(base: str, *, old_name: str, seed: bytes) -> str:
    """The name of an object that the program left unnamed: the one it had, else `<base>-<8 hex digits>`.

    The digits follow from `seed`, so that a preview announces the name that `up` will give.
    """
    if re.fullmatch(re.escape(_stem(base)) + rf"-[0-9a-f]{{{_HEX_DIGITS}}}", old_name):
        return old_name
    return fresh_autoname(base, seed=seed)


def fresh_autoname(base: str, *, seed: bytes) -> str:
    """A made-up name that differs from the one made with another seed: for the replacement beside the old object."""
    return f"{_stem(base)}-{hashlib.sha256(seed).hexdigest()[:_HEX_DIGITS]}"


def _stem(base: str) -> str:
    return base.lower()[: _LONGEST_NAME - 1 - _HEX_DIGITS]


def annotation(manifest: Mapping[str, Any] | None, key: str) -> str:
    """An annotation's value; empty where there is none."""
    return _mark(manifest, "annotations", key)


def label(manifest: Mapping[str, Any], key: str) -> str:
    """A label's value; empty where there is none."""
    return _mark(manifest, "labels", key)


def _mark(manifest: Mapping[str, Any] | None, field: str, key: str) -> str:
    metadata = (manifest or {}).get("metadata") or {}
    marks = values.revealed(metadata.get(field))
    value = marks.get(key) if isinstance(marks, Mapping) else None
    return "" if value is None or value is values.UNKNOWN else str(value)


def flattened(document: Mapping[str, Any]) -> list[Json]:
    """The objects of a document: itself, or what a List of any kind holds."""
    kind = str(document.get("kind") or "")
    if kind.endswith("List") and isinstance(document.get("items"), list):
        return [item for inner in document["items"] for item in flattened(inner)]
    return [dict(document)]


def inputs_hash(manifest: Mapping[str, Any], *, key: bytes) -> str:
    """Keyed SHA-256 of a manifest: equal for equal inputs whatever their order, and no help in guessing a secret."""
    canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.new(key, canonical.encode(), hashlib.sha256).hexdigest()


def steps(path: str) -> list[str]:
    """The keys and positions of a property path: `spec.containers[0].image`, `metadata.labels["a/b"]`."""
    return [quoted or plain for quoted, plain in re.findall(r'\["((?:[^"\\]|\\.)*)"\]|([^.\[\]"]+)', path)]
