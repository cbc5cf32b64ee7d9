"""What a rehearsal has to say: its steps as they happen, and the whole at its end, for people and as JSON. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Final

from runner import document, request
from runner.display import text
from runner.rehearsals import verdicts

NOT_SHOWN: Final = (
    "no vendor was asked: quotas, permissions and capacity of a real account can still refuse",
    "no image was pulled and no container run, save operators that run beside the control plane",
    "the API server stays the one of this machine through an upgrade; versions of cluster and nodes are simulated",
    "networks are described, not built: nothing shows that a packet arrives",
)
"""What a rehearsal proves nothing about; the last words of its report."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One step, done."""

    title: str
    seconds: float
    notes: tuple[str, ...] = ()
    """What happened, one line each."""
    problems: tuple[str, ...] = ()
    runs: int = 0
    """How often the engine ran in it; more than once where a fault made it fail."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """A whole rehearsal."""

    stack: str
    vendor: str
    simulated: bool
    """Whether a vendor was simulated; not for clusters that exist or run on this machine."""
    faults: tuple[str, ...]
    """What was injected."""
    steps: tuple[Step, ...]
    kept: tuple[verdicts.Kept, ...]
    resources: tuple[tuple[str, str], ...]
    """Type and name of all that the program made in the account: the same with and without faults."""
    seconds: float

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that is wrong; empty where the rehearsal has passed."""
        return tuple(problem for step in self.steps for problem in step.problems)


def counted(result: request.Result) -> str:
    """A run in one line."""
    return text.counts(document.summary(result.resources)) or "nothing to do"


def title(number: int, step: str) -> str:
    """The line that a step begins with."""
    return f"{number}. {step}"


def done(step: Step) -> Iterator[str]:
    """The lines that a step ends with."""
    for note in step.notes:
        yield f"   {note}"
    for problem in step.problems:
        yield f"   problem: {problem}"
    again = f", {step.runs} runs" if step.runs > 1 else ""
    yield f"   {text.seconds(step.seconds)}{again}"


def summary(report: Report) -> Iterator[str]:
    """The lines after the last step."""
    width = max(len(step.title) for step in report.steps)
    yield ""
    for number, step in enumerate(report.steps, start=1):
        state = "failed" if step.problems else "ok"
        yield f"{number:>2}. {step.title:<{width}}  {state:<6}  {text.seconds(step.seconds)}"
    for kept in report.kept:
        yield f"kept: {kept.what}: {kept.reason}"
    yield ""
    verdict = f"failed with {len(report.problems)} problems" if report.problems else "passed"
    fault = f" with {', '.join(report.faults)}" if report.faults else ""
    yield f"rehearsal of {report.stack}{fault} {verdict} in {text.seconds(report.seconds)}"
    if report.simulated:
        yield "what it does not show:"
        yield from (f"  {line}" for line in NOT_SHOWN)


def look(control_plane: str, *, stack: str) -> Iterator[str]:
    """How to look at a rehearsal that was kept, and how to remove it."""
    yield f"kept: cluster and account of {stack}"
    yield f"  ./paasport preview {stack}"
    yield f"  ./paasport local kubectl {control_plane} -- get nodes,pods -A"
    yield f"  ./paasport local delete {control_plane}   # removes all of it"


def rendered(report: Report) -> dict[str, Any]:
    """The document of `--json`."""
    return {
        "stack": report.stack,
        "vendor": report.vendor,
        "simulated": report.simulated,
        "faults": list(report.faults),
        "passed": not report.problems,
        "steps": [
            {
                "title": step.title,
                "seconds": round(step.seconds, 3),
                "runs": step.runs,
                "notes": list(step.notes),
                "problems": list(step.problems),
            }
            for step in report.steps
        ],
        "kept": [dataclasses.asdict(kept) for kept in report.kept],
        "resources": len(report.resources),
        "notShown": list(NOT_SHOWN) if report.simulated else [],
        "diagnostics": [{"severity": "error", "message": problem, "urn": ""} for problem in report.problems],
        "seconds": round(report.seconds, 3),
    }
