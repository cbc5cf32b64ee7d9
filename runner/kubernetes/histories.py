"""What the statuses of one object amount to since it was written: ready, failed, or still awaited. Pure, told the time.

Most controllers say which generation a status is about. Some never do (MongoDB's, CloudNativePG's, Astarte's): right
after a change theirs is still that of before it, and so is what a reconciliation that was under way writes last.
There, a status counts for ready and for failed alike only once it has lasted for a while. An operator that takes longer
to look at a change can't be told from one that had nothing to do.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Final

from runner.kubernetes import expectations, failures, objects, readiness, stuck

Json = Mapping[str, Any]

MOVED_SECONDS: Final = 5.0
"""How long a status without a generation must last after a change: longer than a reconciliation under way."""
UNMOVED_SECONDS: Final = 20.0
"""Likewise, where the operator has written nothing at all since: the usual sign that there was nothing to do."""
DOUBT: Final = "its status does not say of which change it is"


class History:
    """One wait. `written` is what the write answered, `changed` whether it altered a spec that had a status before."""

    def __init__(self, written: Json, *, changed: bool) -> None:
        self._before = _signs(written)
        self._doubtful = changed
        self._moved = False
        self._since: dict[Hashable, float] = {}
        self._due = math.inf

    def judged(
        self,
        item: Json,
        *,
        at: float,
        related: readiness.Related | None = None,
        troubles: Iterable[stuck.Trouble] = (),
    ) -> readiness.Readiness:
        """How far the object has come at the time `at`, in seconds of any clock that never goes back.

        `troubles` are those of what belongs to it, as far as they have been looked up.
        """
        self._moved = self._moved or _signs(item) != self._before
        self._due = math.inf
        verdict = readiness.assess(item, related)
        if verdict.failed:
            return verdict
        if verdict.ready:
            lasting = self._lasting({"ready": self._doubt(item, _terms(item))}, at=at)
            return verdict if lasting else readiness.Readiness(ready=False, reason=DOUBT)
        found = self._found(item, verdict, troubles)
        lasting = self._lasting({key: seconds for key, (seconds, _) in found.items()}, at=at)
        if lasting:
            return readiness.Readiness(ready=False, failed=True, reason=found[lasting[0]][1])
        return verdict

    def due(self, at: float) -> float:
        """Seconds until another look may say something else although nothing has happened; infinite for never."""
        return max(0.0, self._due - at)

    def _found(
        self, item: Json, verdict: readiness.Readiness, troubles: Iterable[stuck.Trouble]
    ) -> dict[Hashable, tuple[float, str]]:
        """What would be a failure if it lasted: for how many seconds, and in which words."""
        found: dict[Hashable, tuple[float, str]] = {}
        for failure in failures.of(item):
            words = "" if failure.child else failure.said(item)
            if words:
                doubt = self._doubt(item, [failure.term], undated=failure.undated)
                found[failure.when] = max(failure.patience, doubt), words
        if verdict.patience is not None:
            found["kind"] = verdict.patience, verdict.reason
        for trouble in troubles:
            if trouble.patience is not None:
                words = f"{verdict.reason} - {trouble.text}" if verdict.reason else trouble.text
                found.setdefault(trouble.key, (trouble.patience, words))
        return found

    def _lasting(self, wanted: Mapping[Hashable, float], *, at: float) -> list[Hashable]:
        """Which of these have lasted for their seconds without a break; what is not among them has ended."""
        self._since = {key: self._since.get(key, at) for key in wanted}
        ends = {key: self._since[key] + seconds for key, seconds in wanted.items()}
        self._due = min((end for end in ends.values() if end > at), default=math.inf)
        return [key for key, end in ends.items() if end <= at]

    def _doubt(self, item: Json, terms: Iterable[expectations.Expectation], *, undated: bool = False) -> float:
        if not self._doubtful or (not undated and all(_dated(item, term) for term in terms)):
            return 0.0
        return MOVED_SECONDS if self._moved else UNMOVED_SECONDS


def _terms(item: Json) -> tuple[expectations.Expectation, ...]:
    """The expectations of the annotation; none for kinds with a rule of their own, which knows its generations."""
    text = objects.annotation(item, expectations.ANNOTATION)
    return expectations.parse(text) if text else ()


def _dated(item: Json, term: expectations.Expectation) -> bool:
    """Whether what a term looks at says of which generation it is, or is no part of the status."""
    if isinstance((item.get("status") or {}).get("observedGeneration"), int):
        return True
    if isinstance(term, expectations.Condition):
        return isinstance((expectations.find_condition(item, term.type) or {}).get("observedGeneration"), int)
    return not term.path.lstrip("$.").startswith("status")


def _signs(item: Json) -> Any:
    """What an operator leaves on an object that it has looked at."""
    metadata = item.get("metadata") or {}
    return [item.get("status"), metadata.get("annotations"), metadata.get("finalizers")]
