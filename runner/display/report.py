"""What stands below a finished run, on a terminal and elsewhere alike: errors with their reasons, outputs, summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runner.display import text
from runner.engine import events


def failures(resources: Iterable[events.Finished], diagnostics: Iterable[events.Diagnostic]) -> list[str]:
    """Every error of a run in one place: by resource, in the order of their failing, each reason once."""
    reasons: dict[str, dict[str, None]] = {}
    titles = {item.urn: f"{item.type}  {item.name}" for item in resources}
    for item in resources:
        if item.failure:
            reasons.setdefault(item.urn, {})[item.failure.strip()] = None
    for event in diagnostics:
        if event.severity is events.Severity.ERROR:
            reasons.setdefault(event.urn, {})[event.message.strip()] = None
    lines: list[str] = []
    for urn, messages in reasons.items():
        title = titles.get(urn, urn.rpartition("::")[2])
        lines += [f"failed  {title}"] if title else []
        indent = "  " if title else ""
        lines += [indent + line for message in messages for line in message.splitlines()]
    return lines


def outputs(items: Mapping[str, Any]) -> list[str]:
    """The outputs section, or nothing where there are none."""
    return ["outputs:", *(f"  {line}" for line in text.outputs(items))] if items else []
