"""Release bundles as text and as objects: taken apart, and moved to another namespace. Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Sequence
from typing import Final

import yaml

from components import contracts
from stacks import tables

_SEPARATOR: Final = re.compile(r"^---[ \t]*(?:#.*)?$\n?", re.MULTILINE)
_IS_CRD: Final = re.compile(r"^kind:[ \t]*[\"']?CustomResourceDefinition[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)
_CONTENT: Final = re.compile(r"^[^#\s]", re.MULTILINE)
_NAME: Final = re.compile(r"^  name:[ \t]*[\"']?([a-z0-9.-]+)", re.MULTILINE)
"""Of a CustomResourceDefinition: nothing else in one is called `name` at this depth."""

_CLUSTER_SCOPED: Final = frozenset(
    {
        "APIService",
        "ClusterIssuer",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "MutatingWebhookConfiguration",
        "Namespace",
        "PriorityClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    }
)
"""Kinds without a namespace that occur in operators' releases."""


def split(text: str) -> tuple[str, str]:
    """The CustomResourceDefinitions of a release, and everything else, both as YAML.

    Works on lines, because a bundle has megabytes of CRDs, which take seconds to parse.
    """
    documents = [document for document in _SEPARATOR.split(text) if _CONTENT.search(document)]
    crds = [document for document in documents if _IS_CRD.search(document)]
    others = [document for document in documents if not _IS_CRD.search(document)]
    return joined(crds), joined(others)


def definitions(crds: str) -> dict[str, str]:
    """The CustomResourceDefinitions in a YAML text by name, as text; one without a name can't be named and is lost."""
    found = ((_NAME.search(document), document) for document in _SEPARATOR.split(crds))
    return {name[1]: document for name, document in found if name}


def joined(documents: Iterable[str]) -> str:
    """One YAML text of these documents."""
    return "".join(f"---\n{document.rstrip()}\n" for document in documents)


def objects(text: str) -> list[contracts.Manifest]:
    """The objects in a YAML text, in its order."""
    return [document for document in yaml.load_all(text, Loader=tables.LOADER) if document]


def moved(manifests: Sequence[contracts.Manifest], *, namespace: str) -> list[contracts.Manifest]:
    """Copies of a release's objects that live in `namespace` and refer to each other there."""
    return [_moved(copy.deepcopy(manifest), namespace=namespace) for manifest in manifests]


def _moved(manifest: contracts.Manifest, *, namespace: str) -> contracts.Manifest:
    if manifest["kind"] not in _CLUSTER_SCOPED:
        manifest["metadata"]["namespace"] = namespace
    for subject in manifest.get("subjects", ()):
        if subject["kind"] == "ServiceAccount":
            subject["namespace"] = namespace
    return manifest
