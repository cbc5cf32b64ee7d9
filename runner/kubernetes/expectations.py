"""The annotation `pulumi.com/waitFor`: what a program says an object must look like to be ready. Pure.

Grammar as in Pulumi's Kubernetes provider and `kubectl wait`: `condition=Type[=Status]`, `jsonpath=PATH[=VALUE]`, or a
JSON list of those, all of which must hold. Of JSONPath what such conditions need: fields, positions, `*`, and filters
that compare one field with a value.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from stacks import errors

ANNOTATION: Final = "pulumi.com/waitFor"

_STEP = re.compile(
    r"""\.(?P<field>(?:[A-Za-z0-9_-]|\\.)+)
      | \['(?P<quoted>[^']+)'\]
      | \[(?P<position>-?\d+)\]
      | (?P<all>\[\*\]|\.\*)
      | \[\?\(\s*@\.(?P<key>[A-Za-z0-9_.-]+)\s*==\s*(?P<value>"[^"]*"|'[^']*'|true|false|-?\d+)\s*\)\]""",
    re.VERBOSE,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Condition:
    """A condition of the object's status must have a status."""

    type: str
    status: str = "True"

    def missing(self, item: Mapping[str, Any]) -> str:
        """What is still awaited; empty when it holds."""
        found = find_condition(item, self.type)
        if found is None:
            return f"condition {self.type}: not reported yet"
        if stale(item, found):
            return f"condition {self.type}: still that of an older generation"
        if str(found.get("status", "")).lower() == self.status.lower():
            return ""
        return told(found)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Field:
    """A field must exist, or have a value."""

    path: str
    value: str | None = None

    def missing(self, item: Mapping[str, Any]) -> str:
        """What is still awaited; empty when it holds."""
        found = evaluated(self.path, item)
        if not found or (self.value is None and found == [None]):
            return f"{self.path}: not there yet"
        if self.value is None or any(_text(value) == self.value for value in found):
            return ""
        return f"{self.path} is {_text(found[0])}, awaited is {self.value}"


Expectation = Condition | Field


def parse(text: str) -> tuple[Expectation, ...]:
    """The expectations of an annotation; raises `EngineError` that says what is wrong and how it is written."""
    parts: Any = [text]
    if text.lstrip().startswith("["):
        try:
            parts = json.loads(text)
        except ValueError:
            raise _error(text, "it starts like a list but is not JSON") from None
    if not isinstance(parts, list) or not parts or not all(isinstance(part, str) for part in parts):
        raise _error(text, "it must be one expectation or a list of them")
    return tuple(_expectation(part.lstrip(), text=text) for part in parts)


def find_condition(item: Mapping[str, Any], type: str) -> Mapping[str, Any] | None:  # noqa: A002 - the field's name
    """The condition of a type, whatever its case, as kubectl looks for it."""
    conditions = (item.get("status") or {}).get("conditions") or []
    return next((one for one in conditions if str(one.get("type", "")).lower() == type.lower()), None)


def stale(item: Mapping[str, Any], condition: Mapping[str, Any] | None = None) -> bool:
    """Whether the status, or one condition of it, tells of an older generation of the object than the present one."""
    generation = (item.get("metadata") or {}).get("generation") or 0
    observed = [(item.get("status") or {}).get("observedGeneration"), (condition or {}).get("observedGeneration")]
    return any(isinstance(seen, int) and seen < generation for seen in observed)


def told(condition: Mapping[str, Any]) -> str:
    """A condition as a reader wants it: type, status, and the reason its controller gives."""
    reason, message = (str(condition.get(key) or "") for key in ("reason", "message"))
    why = ": ".join(part for part in (reason, " ".join(message.split())) if part)
    return f"condition {condition.get('type')} is {condition.get('status')}" + (f" ({why})" if why else "")


def evaluated(path: str, item: Any) -> list[Any]:
    """All values at a path; `path` as `parse` has accepted it."""
    found = [item]
    for step in _steps(path) or []:
        found = [value for one in found for value in _taken(one, step)]
    return found


def is_path(path: str) -> bool:
    """Whether `evaluated` understands a path."""
    return _steps(path) is not None


def _expectation(part: str, *, text: str) -> Expectation:
    if part.startswith("condition="):
        type_, _, status = part.rstrip().removeprefix("condition=").partition("=")
        if not re.fullmatch(r"[A-Za-z0-9./_-]+", type_):
            raise _error(text, f"{part!r} names no condition")
        return Condition(type=type_, status=status or "True")
    if part.startswith("jsonpath="):
        path, value = _split(part.removeprefix("jsonpath="))
        if _steps(path) is None:
            raise _error(text, f"{path!r} is no path that is understood here")
        return Field(path=path, value=value)
    raise _error(text, f"{part!r} starts neither with condition= nor with jsonpath=")


def _split(text: str) -> tuple[str, str | None]:
    """Path and value: the path ends at its closing brace or, without braces, at the first `=` outside of brackets."""
    if text.startswith("{"):
        path, brace, rest = text[1:].partition("}")
        if not brace or (rest and not rest.startswith("=")):
            return text, None
        return path, rest[1:] if rest else None
    depth = 0
    for position, character in enumerate(text):
        depth += {"[": 1, "]": -1}.get(character, 0)
        if character == "=" and depth == 0:
            return text[:position], text[position + 1 :]
    return text, None


def _steps(path: str) -> list[re.Match[str]] | None:
    """The steps of a path; None where it is not understood."""
    rest = path.removeprefix("$")
    rest = rest if rest.startswith((".", "[")) else f".{rest}"
    steps = []
    while rest:
        match = _STEP.match(rest)
        if match is None:
            return None
        steps.append(match)
        rest = rest[match.end() :]
    return steps or None


def _taken(value: Any, step: re.Match[str]) -> list[Any]:
    if step["field"] or step["quoted"]:
        key = step["quoted"] or re.sub(r"\\(.)", r"\1", step["field"])
        return [value[key]] if isinstance(value, Mapping) and key in value else []
    if step["position"]:
        at = int(step["position"])
        return [value[at]] if isinstance(value, list) and -len(value) <= at < len(value) else []
    items = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
    if step["all"]:
        return items
    wanted = step["value"][1:-1] if step["value"][0] in "\"'" else step["value"]
    return [one for one in items if any(_text(found) == wanted for found in evaluated(step["key"], one))]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _error(text: str, reason: str) -> errors.PaasportError:
    return errors.EngineError.of(
        f"the annotation {ANNOTATION}: {text!r} is not understood: {reason}",
        why="it cannot be known when the object is ready",
        next="write condition=Ready, jsonpath={.status.phase}=Running, or a JSON list of such texts",
    )
