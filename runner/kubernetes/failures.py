"""The annotation `paasport.dev/failed-when`: what an object says once its operator can't go on. Pure.

A JSON list. Each entry has `when`, one expectation as in `pulumi.com/waitFor`, and where needed `message` (JSONPath of
the operator's own words), `saying` (what those words must contain), `unless` (what they are while all is well),
`patience` (seconds that it must last), `undated` (whether `status.observedGeneration` is written once all is done, and
so says nothing of a failure) and `child` (`<apiVersion>/<kind>` of the objects that this one owns, where they say it,
or `v1/Event` for those about it since its spec was last written).
Pulumi's own provider knows no such rule and waits to the time-out, so an object with it is ready for both engines at
the same moment and fails for ours earlier.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pydantic

from runner.kubernetes import expectations, objects
from stacks import errors

Json = Mapping[str, Any]

ANNOTATION: Final = "paasport.dev/failed-when"


class Failure(pydantic.BaseModel):
    """One way to fail. `components.contracts.Failure` says what the fields mean."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", strict=True)

    when: str = pydantic.Field(pattern=r"^(condition|jsonpath)=")
    message: str = ""
    saying: str = ""
    unless: str = ""
    undated: bool = False
    patience: int = pydantic.Field(default=0, ge=0)
    child: str = pydantic.Field(default="", pattern=r"^$|.+/[A-Z][A-Za-z0-9]*$")

    def said(self, item: Json) -> str:
        """The operator's words where this object says that it has failed; empty where it does not.

        What is about an older generation counts for nothing.
        """
        words = self.words(item)
        return words if self.saying in words else ""

    def words(self, item: Json) -> str:
        """What the object says where `when` holds, also where `saying` is not among it; empty where it does not."""
        if self.undated:
            item = _without_generation(item)
        if expectations.stale(item) or self.term.missing(item) or (self.unless and self.own_words(item) == self.unless):
            return ""
        return self._words(item)

    @property
    def term(self) -> expectations.Expectation:
        """What must hold."""
        return expectations.parse(self.when)[0]

    @property
    def child_kind(self) -> tuple[str, str]:
        """The apiVersion and kind of the children that say it."""
        api_version, _, kind = self.child.rpartition("/")
        return api_version, kind

    def own_words(self, item: Json) -> str:
        """What stands at `message`; empty for nothing."""
        found = expectations.evaluated(self.message, item) if self.message else []
        return " ".join(str(found[0]).split()) if found and found[0] is not None else ""

    def _words(self, item: Json) -> str:
        term, own = self.term, self.own_words(item)
        if isinstance(term, expectations.Field):
            state = f"{term.path} is {term.value}" if term.value is not None else f"{term.path} is there"
            return f"{state} ({own})" if own else state
        condition = expectations.find_condition(item, term.type) or {}
        return own or expectations.told(condition)


def of(item: Json) -> tuple[Failure, ...]:
    """The ways to fail of an object; raises `EngineError` for an annotation that is not understood."""
    text = objects.annotation(item, ANNOTATION)
    if not text:
        return ()
    try:
        found = tuple(Failure.model_validate(entry) for entry in _entries(text))
    except (ValueError, TypeError) as error:
        raise _error(text, _short(error)) from None
    for failure in found:
        expectations.parse(failure.when)
        if failure.message and not expectations.is_path(failure.message):
            raise _error(text, f"{failure.message!r} is no path that is understood here")
    return found


def told(item: Json) -> str:
    """What the operator says now where it would say why it has failed: also while it is merely at work."""
    found = (failure.own_words(item) for failure in of(item) if not failure.child)
    return next((words for words in found if words), "")


def _without_generation(item: Json) -> Json:
    status = {key: value for key, value in (item.get("status") or {}).items() if key != "observedGeneration"}
    return {**item, "status": status}


def _entries(text: str) -> list[Any]:
    entries = json.loads(text)
    if not isinstance(entries, list):
        raise TypeError("it is no list")
    return entries


def _short(error: Exception) -> str:
    if isinstance(error, pydantic.ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return str(error)


def _error(text: str, reason: str) -> errors.PaasportError:
    return errors.EngineError.of(
        f"the annotation {ANNOTATION}: {text!r} is not understood: {reason}",
        why="it cannot be known when the object has failed",
        next='write for example [{"when": "condition=Reconciled=False", "patience": 30}]',
    )
