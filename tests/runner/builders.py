"""Short ways to write down events; every default is a value that no test looks at."""

from __future__ import annotations

from typing import Any

from runner.engine import events, model

Operation = model.Operation


def finished(name: str, operation: model.Operation = Operation.CREATE, **fields: Any) -> events.Finished:
    """A Deployment that is done."""
    defaults: dict[str, Any] = {
        "urn": f"urn:{name}",
        "type": "kubernetes:apps/v1:Deployment",
        "parent": "",
        "seconds": 1.2,
        "inputs": {},
    }
    return events.Finished(name=name, operation=operation, **(defaults | fields))


def started(name: str, **fields: Any) -> events.Started:
    """A Deployment whose turn has come."""
    defaults: dict[str, Any] = {"urn": f"urn:{name}", "type": "kubernetes:apps/v1:Deployment", "parent": ""}
    return events.Started(name=name, **(defaults | fields))


def change(path: str, before: Any, after: Any) -> model.FieldChange:
    """A field that differs."""
    return model.FieldChange(path=path, before=before, after=after)
