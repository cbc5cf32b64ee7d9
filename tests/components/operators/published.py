"""Real releases, from wherever this machine has them. No test goes to the network for one, and none is committed."""

from __future__ import annotations

import functools
import hashlib
import pathlib
from typing import Any

import pytest
import yaml

from components import contracts
from components.operators import bundles, catalogue, sources
from stacks import locations

BESIDE = pathlib.Path(__file__).parents[4] / "shared" / "releases"
"""A mirror that may lie beside the project's checkout."""

BUILT = {"cluster-operator.yml": "4b348c352c085882bc0343714999e832b488a734a679d8f8598d9a05c9ed5f79"}
"""Files of that mirror that were built from the repository: the same objects, other bytes than the published ones."""

NAMES = sorted(catalogue.OPERATORS)


class Loader(yaml.CSafeLoader):
    """YAML 1.1 gives a bare `=`, which some definitions contain, a type of its own."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda _loader, node: node.value)


def parts(name: str) -> list[tuple[str, str]]:
    """Definitions and the rest of each file of a release, as text. Skips where a file is not on this machine."""
    operator = catalogue.OPERATORS[name]
    return [bundles.split(_text(operator, source)) for source in sources.pinned(operator)]


def applied(name: str) -> list[contracts.Manifest]:
    """What of a release is applied, its own namespace and definitions apart. Skips where it is not on this machine."""
    return catalogue.OPERATORS[name].manifests(released(name))


def released(name: str) -> list[contracts.Manifest]:
    """The objects of a release as published, definitions apart."""
    return [item for _, rest in parts(name) for item in bundles.objects(rest)]


@functools.cache
def definitions(name: str) -> dict[str, dict[str, Any]]:
    """The definitions of a release by their names; those of a file that is not on this machine are missing."""
    operator = catalogue.OPERATORS[name]
    found: dict[str, dict[str, Any]] = {}
    for source in sources.pinned(operator):
        content = _found(operator, source)
        for crd, text in bundles.definitions(bundles.split(content)[0]).items() if content else ():
            if crd in operator.crds:
                found.setdefault(crd, yaml.load(text, Loader))
    return found


def _text(operator: contracts.Operator, source: sources.Source) -> str:
    content = _found(operator, source)
    if not content:
        pytest.skip(f"{source.file} of {operator.name} {operator.version} is not on this machine: ./paasport mirror")
    return content


def _found(operator: contracts.Operator, source: sources.Source) -> str:
    cache = locations.cache_folder()
    places = [
        BESIDE / operator.name / operator.version / source.file,
        cache / "releases" / f"{source.sha256}.yaml",
        cache / "go" / "modules" / f"{source.go_module}@{source.go_version}" / source.go_file,
    ]
    for place in places:
        content = place.read_bytes() if place.is_file() else b""
        if hashlib.sha256(content).hexdigest() in (source.sha256, BUILT.get(source.file)):
            return content.decode()
    return ""
