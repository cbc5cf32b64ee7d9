"""The words of every display: durations, values, field changes, summaries. Pure, and without colour."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from runner import document
from runner.engine import events, model, values

SHORT_FIELDS = 8
"""How many changed fields of one resource are shown without `--diff`: a screenful of resources stays a screenful."""

SHORT_VALUE = 48
"""How many characters of a value are shown without `--diff`."""

DONE: Final = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "same": "unchanged",
    "read": "read",
    "drift": "drifted",
    "drifted": "drifted",
    "failed": "failed",
}
"""What has happened, by operation or by a word of `word`, in the order of telling."""
PLANNED: Final = DONE | {
    "create": "to create",
    "update": "to update",
    "replace": "to replace",
    "delete": "to delete",
}


def seconds(duration: float) -> str:
    """`0.4 s`, `75 s` from ten seconds on, `3 min 05 s` from two minutes on."""
    if duration < 9.95:  # noqa: PLR2004 - what rounds to 10.0 is shown as 10
        return f"{duration:.1f} s"
    whole = round(duration)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60:02d} s"  # noqa: PLR2004 - two minutes


def counts(numbers: Mapping[str, int], *, words: Mapping[str, str] = DONE) -> str:
    """`3 created, 20 unchanged`: what did not happen is not mentioned."""
    return ", ".join(f"{numbers[key]} {word}" for key, word in words.items() if numbers.get(key))


def summary(resources: Sequence[events.Finished], *, duration: float, planned: bool, drift: bool = False) -> str:
    """The closing line of a run: `3 created, 1 updated, 20 unchanged in 4.1 s`."""
    if drift:
        moved = {"drifted": sum(item.drifted for item in resources), "failed": sum(map(_is_failed, resources))}
        said = counts(moved) or "nothing has drifted"
    else:
        said = counts(document.summary(resources), words=PLANNED if planned else DONE) or "nothing to do"
    simulated = sum(item.simulated for item in resources)
    note = f" ({simulated} of them simulated: no cloud was asked)" if simulated else ""
    return f"{said} in {seconds(duration)}{note}"


def is_change(event: events.Finished) -> bool:
    """Whether a finished resource is worth a line of its own."""
    return bool(event.failure) or event.drifted or event.operation not in (model.Operation.SAME, model.Operation.READ)


def word(event: events.Finished) -> str:
    """The one word for what happened: the operation, `drift` where only the live object moved, `failed`."""
    if event.failure:
        return "failed"
    return "drift" if event.drifted and event.operation is model.Operation.SAME else event.operation.value


def changes(fields: Iterable[model.FieldChange], *, full: bool) -> list[str]:
    """One line for each changed field; without `full` only the first ones, their values cut."""
    fields = tuple(fields)
    shown = fields if full else fields[:SHORT_FIELDS]
    limit = None if full else SHORT_VALUE
    lines = [
        f"{field.path}: {value(field.before, limit=limit)} -> {value(field.after, limit=limit)}" for field in shown
    ]
    rest = len(fields) - len(shown)
    return [*lines, f"and {rest} more fields (--diff shows them)"] if rest else lines


def value(content: Any, *, limit: int | None = None) -> str:
    """A value on one line: JSON, `(none)` where the field is absent, cut to `limit` characters."""
    if content is None:
        return "(none)"
    content = values.masked(content)
    text = content if content in (values.MASK, "[unknown]") else json.dumps(content, ensure_ascii=False, default=str)
    return text if limit is None or len(text) <= limit else text[: limit - 3] + "..."


def outputs(items: Mapping[str, Any]) -> list[str]:
    """The outputs of a stack, one a line and aligned; what stands inside a mapping is indented below its name.

    In the order of their names, because the program's own order is lost on the way. What is empty is left out: every
    vendor has the same outputs, and some have nothing to say.
    """
    said = {name: item for name, item in items.items() if not _is_empty(item)}
    width = max((len(name) for name, item in said.items() if not _is_nested(item)), default=0)
    lines: list[str] = []
    for name, item in sorted(said.items()):
        if _is_nested(item):
            lines += [name, *(f"  {line}" for line in outputs(item))]
        else:
            lines.append(f"{name:<{width}}  {_bare(values.masked(item))}")
    return lines


def is_same_step(earlier: str, later: str) -> bool:
    """Whether a later note tells of the same step and may overwrite the earlier one: both are equal up to ` ... `."""
    return earlier == later or (" ... " in earlier and earlier.partition(" ... ")[0] == later.partition(" ... ")[0])


def first_line(message: str) -> str:
    """The first line of a message that may have many."""
    return message.strip().partition("\n")[0]


def _is_empty(item: Any) -> bool:
    """Whether there is nothing in it to read; a mapping of nothing but such things is empty too."""
    return item is None or item in ("", []) or (isinstance(item, dict) and all(map(_is_empty, item.values())))


def _is_nested(item: Any) -> bool:
    return isinstance(item, dict) and bool(item)


def _is_failed(event: events.Finished) -> bool:
    return bool(event.failure)


def _bare(item: Any) -> str:
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False, default=str)
