"""Operators of catalogues from outside this project, played as their makers say: a status after some seconds.

What is played is written beside the control plane before a run, one file for each operator, because the supervisor
outlives every run and knows no stack.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import logging
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from local import layout as layouts
from local import reconciling, records
from local.operators import ownership
from local.operators import played as played_types
from stacks.catalogues import model, templates

_SUFFIX: Final = ".json"

_log = logging.getLogger(__name__)


def write(control_plane: str, plays: Iterable[model.Play]) -> None:
    """Have these operators played on the control plane; those that it plays already stay as they are."""
    folder = layouts.of(control_plane).rehearsals
    by_operator: dict[str, list[model.Play]] = {}
    for play in plays:
        by_operator.setdefault(play.operator, []).append(play)
    for operator, own in by_operator.items():
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{operator}{_SUFFIX}"
        text = json.dumps([dataclasses.asdict(play) for play in own], sort_keys=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            records.replace(path, text)


def changed(folder: pathlib.Path) -> int:
    """When a file last came into the folder or was replaced there, in nanoseconds; 0 for never."""
    return folder.stat().st_mtime_ns if folder.is_dir() else 0


def played(folder: pathlib.Path) -> list[played_types.Played]:
    """The operators that the folder describes. A file that can't be read is told to the log and left out."""
    found = []
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            text = path.read_text(encoding="utf-8")
            plays = [model.Play(**item) for item in json.loads(text)]
        except (OSError, ValueError, TypeError):
            _log.exception("%s can't be read", path)
            continue
        found += [_played(play, text=text) for play in plays]
    return found


def _played(play: model.Play, *, text: str) -> played_types.Played:
    kind = reconciling.Kind(play.api_version, play.kind)
    # Another description is another one to play, so that the loop of the older one ends.
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return played_types.Played(
        name=f"{play.operator} ({play.kind}, {digest})",
        namespace=play.namespace,
        kinds=(kind,),
        plan=functools.partial(plan, play),
        seconds=play.after,
    )


def plan(play: model.Play, picture: reconciling.Picture) -> Sequence[reconciling.Action]:
    """Write the status of every resource that does not have it yet. Pure."""
    (kind,) = picture
    return [
        action
        for resource in picture[kind]
        if not ownership.is_going(resource)
        for action in ownership.status(resource, status(play, resource))
    ]


def status(play: model.Play, resource: Mapping[str, Any]) -> dict[str, Any]:
    """What the operator would say of a resource, which it is told of by nothing but its spec."""
    values = {f"spec.{name}": value for name, value in _values(resource.get("spec") or {}).items()}
    missing = {name: None for name in templates.names(play.status) if name not in values}
    said: dict[str, Any] = templates.render(play.status, values={**values, **missing}, join="".join)
    generation = resource["metadata"].get("generation", 1)
    for condition in said.get("conditions", ()):
        # Part of what the API conventions ask of a condition, so that declarations need not repeat it.
        condition.setdefault("reason", "Rehearsed")
        condition.setdefault("message", "played on this machine, as the maker of the operator says")
        condition.setdefault("lastTransitionTime", "2026-01-01T00:00:00Z")
    return {**said, **({"observedGeneration": generation} if play.observes_generation else {})}


def _values(spec: Mapping[str, Any], *, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in spec.items():
        found[f"{prefix}{key}"] = value
        if isinstance(value, Mapping):
            found |= _values(value, prefix=f"{prefix}{key}.")
    return found
