"""The documents that `--json` prints: a stable interface, described by docs/cli.schema.json.

Pure: results in, plain JSON values out. Nothing here prints, and every value passes the mask on its way, so that a
secret which an engine forgot to mask still does not reach a document.
"""

from __future__ import annotations

import collections
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runner.engine import events, model, values
from stacks import errors

Document = dict[str, Any]

COUNTED = (
    model.Operation.CREATE,
    model.Operation.UPDATE,
    model.Operation.REPLACE,
    model.Operation.DELETE,
    model.Operation.SAME,
)
"""The operations of a document, in the order in which they are always told."""


def deployment(
    *,
    stack: str,
    engine: str,
    resources: Sequence[events.Finished],
    outputs: Mapping[str, Any],
    diagnostics: Sequence[Document],
    seconds: float | None = None,
    with_drift: bool = False,
) -> Document:
    """What `preview`, `up`, `destroy` and `drift` print.

    `seconds` is left out of a preview, whose duration says nothing about the change. `with_drift` adds to each
    resource, and to the summary, whether the live object differs from what this stack applied.
    """
    result: Document = {
        "stack": stack,
        "engine": engine,
        "resources": [_resource(item, timed=seconds is not None, with_drift=with_drift) for item in resources],
        "summary": summary(resources, with_drift=with_drift),
        "outputs": _shown(dict(outputs)),
        "diagnostics": [*diagnostics, *_missing_failures(resources, diagnostics)],
    }
    return result if seconds is None else result | {"seconds": round(seconds, 3)}


def summary(resources: Iterable[events.Finished], *, with_drift: bool = False) -> dict[str, int]:
    """How many resources met which operation; a failed one counts as failed only, so that the numbers add up."""
    resources = tuple(resources)
    counts = collections.Counter(_operation(item) for item in resources if not item.failure)
    result = {operation.value: counts[operation] for operation in COUNTED}
    result["failed"] = sum(bool(item.failure) for item in resources)
    return result | {"drifted": sum(item.drifted for item in resources)} if with_drift else result


def diagnostic(event: events.Diagnostic) -> Document:
    """A message of the program, of a provider or of the engine."""
    return {"severity": event.severity.value, "message": event.message, "urn": event.urn}


def problem(item: errors.Problem) -> Document:
    """A problem as a diagnostic: what is unknown about it is left out."""
    known = {"why": item.why, "next": item.next, "file": item.file, "line": item.line, "column": item.column}
    return {"severity": events.Severity.ERROR.value, "message": item.what, "urn": ""} | {
        key: value for key, value in known.items() if value
    }


def warning(text: str) -> Document:
    """Something that is no obstacle, as a diagnostic."""
    return {"severity": events.Severity.WARNING.value, "message": text, "urn": ""}


def failure(problems: Iterable[errors.Problem]) -> Document:
    """What any command prints that could not begin: the exit code tells whose fault it is."""
    return {"diagnostics": [problem(item) for item in problems]}


def render(document: Any) -> str:
    """The document as text. Indented, because people read it too, in the order in which it was built."""
    return json.dumps(document, indent=2, ensure_ascii=False)


def _resource(item: events.Finished, *, timed: bool, with_drift: bool) -> Document:
    result: Document = {
        "urn": item.urn,
        "type": item.type,
        "name": item.name,
        "parent": item.parent,
        "op": _operation(item).value,
        "inputs": _shown(item.inputs),
        "simulated": item.simulated,
        "changes": [
            {"path": change.path, "before": _shown(change.before), "after": _shown(change.after)}
            for change in item.changes
        ],
    }
    if timed:
        result["seconds"] = round(item.seconds, 3)
    return result | {"drifted": item.drifted} if with_drift else result


def _shown(value: Any) -> Any:
    """The value masked, with its keys in order: on its way through the program their order is lost."""
    return _ordered(values.masked(value))


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def _operation(item: events.Finished) -> model.Operation:
    """A resource that is only read belongs to somebody else and stays as it is: `same`."""
    return model.Operation.SAME if item.operation is model.Operation.READ else item.operation


def _missing_failures(resources: Iterable[events.Finished], diagnostics: Iterable[Document]) -> list[Document]:
    """A diagnostic for each failed resource that has none: no failure is told by the exit code alone."""
    told = {item["urn"] for item in diagnostics if item["severity"] == events.Severity.ERROR.value}
    return [
        diagnostic(events.Diagnostic(severity=events.Severity.ERROR, message=item.failure, urn=item.urn))
        for item in resources
        if item.failure and item.urn not in told
    ]
