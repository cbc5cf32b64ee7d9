"""The upstream definitions of the kinds that services are made of, from wherever this machine has them."""

from __future__ import annotations

import functools
import hashlib
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import yaml

from components import contracts
from components.operators import catalogue, sources
from tests.components.operators import published

BESIDE: Final = pathlib.Path(__file__).parents[4] / "shared" / "crds"
"""Definitions that may lie beside the project's checkout, for releases that are not on this machine."""
BUILT_IN: Final = "k8s.io"
"""What the API server knows by itself: groups without a dot, and those that end with this and that nobody brings."""


@functools.cache
def known() -> Mapping[tuple[str, str], dict[str, Any]]:
    """By API group and kind."""
    found = {}
    for name, operator in catalogue.OPERATORS.items():
        definitions = dict(published.definitions(name))
        definitions |= {crd: _beside(operator, crd) for crd in operator.crds if crd not in definitions}
        found |= {_kind(definition): definition for definition in definitions.values() if definition}
    return found


def needed(manifests: Iterable[contracts.Manifest]) -> set[tuple[str, str]]:
    """API group and kind of what these are, as far as somebody must define it."""
    brought = {crd.partition(".")[2] for operator in catalogue.OPERATORS.values() for crd in operator.crds}
    kinds = {(item["apiVersion"].rpartition("/")[0], item["kind"]) for item in manifests}
    return {
        (group, kind) for group, kind in kinds if group in brought or ("." in group and not group.endswith(BUILT_IN))
    }


def untyped(manifest: contracts.Manifest) -> Iterator[str]:
    """Paths of the parts of a custom resource that its definition says nothing about: whatever is there is taken."""
    group, _, version = manifest["apiVersion"].rpartition("/")
    definition = known()[group, manifest["kind"]]
    (schema,) = [each["schema"] for each in definition["spec"]["versions"] if each["name"] == version]
    own = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind", "metadata")}
    yield from _open(own, schema["openAPIV3Schema"], manifest["kind"])


def _open(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    fields, others = schema.get("properties", {}), schema.get("additionalProperties")
    says_nothing = schema.get("type") == "object" and not fields and others is None
    if says_nothing or schema.get("x-kubernetes-preserve-unknown-fields"):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _open(item, fields.get(key, others if isinstance(others, dict) else {}), f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _open(item, schema["items"], f"{path}[]")


def _kind(definition: Mapping[str, Any]) -> tuple[str, str]:
    return definition["spec"]["group"], definition["spec"]["names"]["kind"]


def _beside(operator: contracts.Operator, crd: str) -> dict[str, Any]:
    """Of the folder of this very release, or the very bytes that the release is pinned to."""
    plural, _, group = crd.partition(".")
    pinned = {source.sha256 for source in sources.pinned(operator)}
    for path in sorted(BESIDE.glob(f"*/{group}_{plural}.yaml")):
        content = path.read_bytes()
        is_release = path.parent.name.endswith(f"{operator.name}-{operator.version}")
        if is_release or hashlib.sha256(content).hexdigest() in pinned:
            return yaml.load(content, published.Loader)
    return {}
