"""An object as the program wants it, made ready to be sent: named, placed in a namespace, labelled, hashed. Pure."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from runner.engine import model, values
from runner.kubernetes import identity, objects, secrecy
from stacks import errors

Json = dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wanted:
    """One object, complete but for what is only known after `up`."""

    reference: objects.Reference
    """Its name is empty where it is not yet known."""
    inputs: Json = dataclasses.field(repr=False)
    """With the markers for secrets and unknown values."""
    autonamed: bool
    ignored: tuple[str, ...] = ()
    """Paths that the program leaves to others once the object exists."""

    @functools.cached_property
    def known(self) -> bool:
        """Whether it could be sent."""
        return not values.contains_unknown(self.inputs)

    @functools.cached_property
    def manifest(self) -> Json:
        """What is sent: secrets opened."""
        revealed: Json = values.revealed(self.inputs)
        return revealed

    def hashed(self, stack: identity.StackIdentity) -> str:
        """What the inventory remembers of it."""
        return objects.inputs_hash(self.manifest, key=stack.hash_key) if self.known else ""

    def renamed(self, name: str) -> Wanted:
        """The same object under another name."""
        return dataclasses.replace(
            self,
            reference=dataclasses.replace(self.reference, name=name),
            inputs={**self.inputs, "metadata": {**self.inputs["metadata"], "name": name}},
        )

    def over(self, live: Mapping[str, Any] | None) -> Wanted:
        """As it is to be applied to a live object: with the live values at the ignored paths."""
        if live is None or not self.ignored:
            return self
        inputs = self.inputs
        for path in self.ignored:
            inputs = _taken_over(inputs, live, objects.steps(path))
        return dataclasses.replace(self, inputs=inputs, ignored=())


def wanted(
    goal: model.Goal, *, old: model.Entry | None, stack: identity.StackIdentity, namespaced: bool | None, namespace: str
) -> Wanted:
    """What `goal` asks for; `namespace` is for objects that name none.

    `namespaced` is None where the API server does not know the kind yet. Raises `Unsupported` for what no apply can do.
    """
    api_version, kind = objects.kind_of(goal.type)
    inputs = objects.normalised(dict(goal.inputs))
    metadata = _mapping(inputs.get("metadata"))
    _refuse_generated_name(metadata, goal=goal)
    given = values.UNKNOWN if inputs.get("metadata") is values.UNKNOWN else values.revealed(metadata.get("name"))
    old_name = objects.from_id(old.type, old.id).name if old else ""
    autonamed = not given
    seed = stack.hash_key + goal.urn.encode()
    name = objects.autoname(goal.name, old_name=old_name, seed=seed) if autonamed else given
    place = values.revealed(metadata.get("namespace")) or (namespace if namespaced else "")
    if namespaced is False:
        place = ""
    for part in (_text(name), _text(place)):
        _refuse_pathlike(part, goal=goal)
    unnamed = {key: value for key, value in metadata.items() if key not in ("name", "namespace")}
    metadata = {"name": name, **({"namespace": place} if place else {}), **unnamed}
    metadata["labels"] = {**_mapping(metadata.get("labels")), stack.label_key: stack.label_value}
    if autonamed:
        metadata["annotations"] = {**_mapping(metadata.get("annotations")), objects.AUTONAMED: "true"}
    return Wanted(
        reference=objects.Reference(
            api_version=api_version,
            kind=kind,
            namespace=_text(place),
            # Without its namespace a name says nothing yet.
            name="" if values.contains_unknown(place) else _text(name),
        ),
        ignored=goal.options.ignore_changes,
        inputs={**inputs, "apiVersion": api_version, "kind": kind, "metadata": metadata},
        autonamed=autonamed,
    )


def _text(value: Any) -> str:
    return "" if values.contains_unknown(value) else str(value)


def _mapping(value: Any) -> Json:
    """A mapping whose keys can be worked with, whatever marker is around it."""
    found = secrecy.opened(value)
    return dict(found) if isinstance(found, Mapping) else {}


def _refuse_pathlike(name: str, *, goal: model.Goal) -> None:
    """A name is part of a URL, so some cannot even be asked about; all others are for the API server to judge."""
    if name in (".", "..") or "/" in name or "%" in name:
        raise errors.EngineError.of(
            f"{goal.name} has the name or namespace {name!r}, which no object can have",
            why="the API server would take it for something else",
            next="correct metadata.name or metadata.namespace",
        )


def _refuse_generated_name(metadata: Mapping[str, Any], *, goal: model.Goal) -> None:
    if metadata.get("generateName"):
        raise errors.Unsupported.of(
            f"{goal.name} asks for metadata.generateName, which server-side apply cannot do",
            why="every run would create another object",
            next="leave the name out; then one is made up once and kept",
        )


def _taken_over(value: Any, live: Any, steps: list[str]) -> Any:
    """`value` with what `live` has at the path; without it where `live` has nothing there."""
    if not steps:
        return live
    value = secrecy.opened(value)
    first, rest = steps[0], steps[1:]
    if isinstance(value, dict):
        keys = [first] if first != "*" else list(value)
        there = live if isinstance(live, Mapping) else {}
        changed = {key: _taken_over(value.get(key), there[key], rest) for key in keys if key in there}
        dropped = {key for key in keys if key not in there and not rest}
        return {key: item for key, item in {**value, **changed}.items() if key not in dropped and item is not None}
    if isinstance(value, list) and isinstance(live, list):
        at = range(len(value)) if first == "*" else [int(first)] if first.isdigit() else []
        return [
            _taken_over(item, live[index], rest) if index in at and index < len(live) else item
            for index, item in enumerate(value)
        ]
    return value
