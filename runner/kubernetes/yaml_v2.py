"""The components `kubernetes:yaml/v2:ConfigFile` and `ConfigGroup`: which objects they consist of, and in which order.

Names and order follow Pulumi's provider, so that state and program fit both engines. Reads files; sends nothing but
questions about kinds.
"""

from __future__ import annotations

import asyncio
import dataclasses
import glob
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from runner.engine import values
from runner.kubernetes import discovery, manifests, objects, readiness, secrecy
from stacks import errors

Json = dict[str, Any]

CONFIG_FILE: Final = "kubernetes:yaml/v2:ConfigFile"
CONFIG_GROUP: Final = "kubernetes:yaml/v2:ConfigGroup"
DEPENDS_ON: Final = "config.kubernetes.io/depends-on"


class Kinds(Protocol):
    """Whoever knows which kinds have namespaces: the API client."""

    async def resolve(self, api_version: str, kind: str) -> discovery.ResourceKind | None:
        """How the server serves a kind; None where it does not."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Child:
    """One object of a group."""

    name: str
    """`<group>:<namespace>/<name>`, as Pulumi's provider names it."""
    type: str
    manifest: Json = dataclasses.field(repr=False)


async def children(
    type: str,  # noqa: A002 - Pulumi's word
    name: str,
    inputs: Mapping[str, Any],
    *,
    client: Kinds,
    project_root: pathlib.Path,
    namespace: str = "default",
) -> tuple[tuple[Child, ...], ...]:
    """The objects in phases: each phase needs those before it. Objects whose name is yet unknown are left out.

    `namespace` is for objects that name none. Raises `Unsupported` for other components and for unknown inputs, and
    `EngineError` for files that are missing or broken and for objects that have no name.
    """
    _check(type, inputs)
    found = [
        item
        for document in await _documents(type, inputs, project_root=project_root)
        for item in objects.flattened(document)
    ]
    scopes = _scopes(found)
    placed = [
        await _placed(item, scopes=scopes, client=client, namespace=namespace) for item in found if _nameable(item)
    ]
    if values.revealed(inputs.get("skipAwait")):
        placed = [_not_awaited(item) for item in placed]
    prefix = str(values.revealed(inputs.get("resourcePrefix")) or name)
    return _phases([_child(item, prefix=prefix) for item in placed])


_INPUTS: Final = {
    CONFIG_FILE: frozenset({"file", "resourcePrefix", "skipAwait"}),
    CONFIG_GROUP: frozenset({"files", "yaml", "objs", "resourcePrefix", "skipAwait"}),
}


def _check(type: str, inputs: Mapping[str, Any]) -> None:  # noqa: A002 - Pulumi's word
    known = _INPUTS.get(type)
    strange = sorted(key for key, value in inputs.items() if value is not None and key not in (known or ()))
    if known is None or strange:
        raise errors.Unsupported.of(
            f"the embedded engine does not implement {type if known is None else f'{strange[0]} of {type}'}",
            why="ignoring it would leave the cluster without what the program asks for",
            next="use kubernetes.yaml.v2.ConfigGroup with manifests, or run with --engine pulumi",
        )


async def _documents(type: str, inputs: Mapping[str, Any], *, project_root: pathlib.Path) -> list[Json]:  # noqa: A002
    given = inputs.get("file") if type == CONFIG_FILE else inputs.get("files")
    documents: list[Json] = []
    for pattern in _texts(given):
        for path in _paths(pattern, project_root=project_root):
            documents += await asyncio.to_thread(manifests.of_file, path)
    for text in _texts(inputs.get("yaml")):
        secret = isinstance(inputs.get("yaml"), values.Secret) or values.contains_secret(inputs.get("yaml"))
        documents += [
            _hidden(item) if secret else item for item in manifests.of_text(text, source=f"the yaml of {type}")
        ]
    for item in _items(inputs.get("objs")):
        opened = _hidden(item.value) if isinstance(item, values.Secret) else item
        documents += [dict(opened)] if isinstance(opened, Mapping) and opened else []
    return documents


def _items(value: Any) -> list[Any]:
    if isinstance(value, values.Secret):
        return [values.Secret(item) for item in _items(value.value)]
    if value is None or value is values.UNKNOWN:
        return []
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> list[str]:
    revealed = [values.revealed(item) for item in _items(value)]
    return [str(item) for item in revealed if item is not values.UNKNOWN and item]


def _hidden(item: Json) -> Json:
    """An object from a secret source: only its kind and metadata may be shown."""
    plain = ("apiVersion", "kind", "metadata")
    return {key: part if key in plain else values.Secret(part) for key, part in item.items()}


def _paths(pattern: str, *, project_root: pathlib.Path) -> list[pathlib.Path]:
    if "://" in pattern:
        raise errors.Unsupported.of(
            f"the embedded engine does not read manifests from {pattern}",
            why="what an address answers can change, and a run must be repeatable",
            next="download the file into the project and give its path",
        )
    # As with Pulumi, relative to the project whatever the current folder is.
    matches = sorted(glob.glob(str(project_root / pattern), recursive=True))  # noqa: PTH207 - absolute patterns too
    if not matches:
        raise errors.EngineError.of(
            f"the manifest file {pattern} does not exist in {project_root}",
            why="the objects in it cannot be applied",
            next="correct the path; it is relative to the folder of Pulumi.yaml",
        )
    return [pathlib.Path(match) for match in matches]


def _nameable(item: Mapping[str, Any]) -> bool:
    """Whether the object can be named; one whose name is yet unknown appears in `up` only."""
    if values.contains_unknown([item.get("apiVersion"), item.get("kind")]) or item.get("metadata") is values.UNKNOWN:
        return False
    metadata = secrecy.opened(item.get("metadata")) or {}
    if values.contains_unknown([metadata.get("name"), metadata.get("namespace")]):
        return False
    if not (item.get("apiVersion") and item.get("kind") and metadata.get("name")):
        raise errors.EngineError.of(
            f"an object without apiVersion, kind or metadata.name is among the manifests (kind {item.get('kind')})",
            why="it cannot be applied",
            next="complete the manifest",
        )
    return True


def _scopes(found: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], bool]:
    """Whether a kind has namespaces, for the kinds that the objects themselves define."""
    defined = {}
    for item in found:
        match item:
            # What is incomplete, or yet unknown, says nothing; the API server is the one to complain.
            case {
                "kind": "CustomResourceDefinition",
                "spec": {"group": str(group), "names": {"kind": str(kind)}, "scope": str(scope)},
            }:
                defined[group, kind] = scope == "Namespaced"
    return defined


async def _placed(item: Json, *, scopes: Mapping[tuple[str, str], bool], client: Kinds, namespace: str) -> Json:
    """The object in a namespace where its kind has such, and in none otherwise."""
    api_version, kind = str(item["apiVersion"]), str(item["kind"])
    namespaced = scopes.get((objects.group_of(api_version), kind))
    if namespaced is None:
        served = await client.resolve(api_version, kind)
        namespaced = served.namespaced if served else None
    metadata = dict(secrecy.opened(item["metadata"]))
    if namespaced is False:
        metadata.pop("namespace", None)
    elif namespaced and not metadata.get("namespace"):
        metadata["namespace"] = namespace
    return {**item, "metadata": metadata}


def _not_awaited(item: Json) -> Json:
    given = secrecy.opened(item["metadata"].get("annotations"))
    # Unknown ones appear in a preview only, where nothing is waited for.
    annotations = {**(given if isinstance(given, Mapping) else {}), readiness.SKIP: "true"}
    return {**item, "metadata": {**item["metadata"], "annotations": annotations}}


def _child(item: Json, *, prefix: str) -> Child:
    reference = objects.reference(values.revealed({key: item[key] for key in ("apiVersion", "kind", "metadata")}))
    token = objects.token_of(reference.api_version, reference.kind)
    objects.kind_of(token)
    return Child(name=f"{prefix}:{reference.id}", type=token, manifest=item)


def _phases(found: list[Child]) -> tuple[tuple[Child, ...], ...]:
    """Namespaces and definitions of kinds, then the rest, each object after those that its annotation names."""
    first = [child for child in found if child.manifest["kind"] in ("Namespace", "CustomResourceDefinition")]
    waiting = {_key(child): child for child in found if child not in first}
    phases = [tuple(first)] if first else []
    while waiting:
        ready = [child for child in waiting.values() if not any(key in waiting for key in _needs(child))]
        if not ready:
            raise errors.EngineError.of(
                f"the annotations {DEPENDS_ON} of {', '.join(sorted(str(key[2]) for key in waiting))} form a circle",
                why="none of them can be applied first",
                next="remove one of the annotations",
            )
        phases.append(tuple(ready))
        waiting = {key: child for key, child in waiting.items() if child not in ready}
    return tuple(phases)


def _key(child: Child) -> tuple[str, str, str]:
    metadata = values.revealed(child.manifest["metadata"])
    group = objects.group_of(child.manifest["apiVersion"])
    return f"{group}/{child.manifest['kind']}", str(metadata.get("namespace") or ""), str(metadata["name"])


def _needs(child: Child) -> list[tuple[str, str, str]]:
    """`<group>/namespaces/<namespace>/<kind>/<name>` or `<group>/<kind>/<name>`, separated by commas."""
    needs = []
    for text in objects.annotation(values.revealed(child.manifest), DEPENDS_ON).split(","):
        parts = text.strip().split("/")
        if parts[1:2] == ["namespaces"] and len(parts) == 5:  # noqa: PLR2004 - the form above
            needs.append((f"{parts[0]}/{parts[3]}", parts[2], parts[4]))
        elif len(parts) == 3:  # noqa: PLR2004 - kind, namespace, name
            needs.append((f"{parts[0]}/{parts[1]}", "", parts[2]))
    return needs
