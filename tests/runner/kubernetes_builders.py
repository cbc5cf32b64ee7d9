"""Short ways to write down objects, goals and a stack for the tests of `runner/kubernetes`."""

from __future__ import annotations

import pathlib
from typing import Any

from runner.engine import model
from runner.kubernetes import identity

LABEL = "applyset.kubernetes.io/part-of"


def stack(name: str = "one", *, project_root: pathlib.Path = pathlib.Path("/nowhere")) -> identity.StackIdentity:
    return identity.StackIdentity(
        field_manager=f"paasport-{name}",
        label_key=LABEL,
        label_value=f"stack-{name}",
        hash_key=b"0123456789abcdef",
        project_root=project_root,
    )


def goal(token: str, name: str, inputs: dict[str, Any], **options: Any) -> model.Goal:
    return model.Goal(
        urn=f"urn:pulumi:s::p::{token}::{name}",
        type=token,
        name=name,
        custom=True,
        inputs=inputs,
        options=model.Options(**options),
    )


def entry(goal: model.Goal, outcome: model.Outcome) -> model.Entry:
    """What an inventory remembers after a turn."""
    return model.Entry(
        urn=goal.urn,
        type=goal.type,
        id=outcome.id,
        custom=True,
        uid=outcome.uid,
        resource_version=outcome.resource_version,
        inputs_hash=outcome.inputs_hash,
    )


def change(path: str, before: Any = 1, after: Any = 2) -> model.FieldChange:
    return model.FieldChange(path=path, before=before, after=after)


def object_of(api_version: str, kind: str, *, generation: int = 1, **parts: Any) -> dict[str, Any]:
    metadata = {"name": "thing", "namespace": "shop", "uid": "u-1", "generation": generation}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata | parts.pop("metadata", {}), **parts}


def condition(kind: str, status: str = "True", **more: Any) -> dict[str, Any]:
    return {"type": kind, "status": status, **more}
