"""One run of a stack, from its file to the closing line: what `up`, `preview`, `destroy` and `drift` have in common.

The order is what keeps bad input from writing anything: the stack file is judged, consent is there, the cluster
answers, and only then does the engine begin.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import pathlib
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, TextIO

import click

from runner import pulumi_cli, request
from runner.commands import consent, project
from runner.host import spare
from stacks import errors

if TYPE_CHECKING:
    from runner.display import selection
    from runner.engine import loss
    from stacks import files

FAILED: Final = 1
DRIFTED: Final = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """What the user asked for."""

    operation: str
    stack: str
    yes: bool = False
    json: bool = False
    diff: bool = False
    targets: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    """What may be replaced although it is guarded."""
    lose_data: tuple[str, ...] = ()
    """Service instances that may be lost with their data."""
    foreseen: bool = False
    """Whether the user has seen a plan of it."""
    engine: str | None = None
    parallel: int = 64

    @property
    def is_planned(self) -> bool:
        """Whether nothing is really done."""
        return self.operation in ("preview", "drift")

    @property
    def stream(self) -> TextIO:
        """Where people are told what happens: with `--json`, standard output belongs to the document."""
        return sys.stderr if self.json else sys.stdout


def run(root: pathlib.Path, call: Call) -> int:
    """Do it, and return the exit code."""
    asked = pulumi_cli.Engine(call.engine) if call.engine else None
    if asked is pulumi_cli.Engine.PULUMI:
        # Not read: the official engine can use secrets and environments that this one can't.
        project.check(root, call.stack)
        return _official(root, call)
    # A destroy runs no program.
    with spare.warming(root) if call.operation != "destroy" else contextlib.nullcontext() as warm:
        return _read(root, call, asked=asked, warm=warm)


def _read(root: pathlib.Path, call: Call, *, asked: pulumi_cli.Engine | None, warm: spare.Spare | None) -> int:
    stack = project.read(root, call.stack)
    vendor = stack.settings.cluster.vendor
    if pulumi_cli.engine_for(vendor, operation=call.operation, asked=asked) is pulumi_cli.Engine.PULUMI:
        return _official(root, call)
    interactive = project.can_ask() and not call.json
    needed = consent.of(call.operation, vendor=vendor, stack=stack.stack, yes=call.yes, interactive=interactive)
    asks = interactive and not call.yes
    if needed is consent.Consent.ASK:
        agreed = _agreed(root, call, stack, warm=warm)
        if agreed is None:
            return _unchanged()
        call = agreed
    result = _embedded(root, call, stack, warm=warm, asks=asks)
    if asks and result.losses and not result.failed:
        lost = _named(result.losses)
        if not lost:
            return _unchanged()
        call = dataclasses.replace(call, lose_data=(*call.lose_data, *lost), foreseen=True)
        result = _embedded(root, call, stack, warm=None, asks=False)
    return exit_code(result, operation=call.operation)


def _unchanged() -> int:
    click.echo("nothing was changed")
    return FAILED


def _named(losses: Iterable[loss.Loss]) -> tuple[str, ...]:
    """The instances whose names the user has typed to lose them; empty where one of them was not."""
    names = dict.fromkeys(lost.instance for lost in losses)
    for name in names:
        typed = click.prompt(f"type {name} to lose it with its data", default="", show_default=False, err=True)
        if typed.strip() != name:
            return ()
    return tuple(names)


def exit_code(result: request.Result, *, operation: str) -> int:
    """0 done, 1 failed, 3 drift found."""
    if result.failed:
        return FAILED
    return DRIFTED if operation == "drift" and result.drifted else 0


def _official(root: pathlib.Path, call: Call) -> int:
    """Hand over once all that is needed is there; an `up` only once its plan is known to be permitted.

    Raises UsageError for what is not there.
    """
    from runner.commands import clouds  # noqa: PLC0415 - the embedded engine needs it for a cloud alone

    needed = clouds.unequipped(root, call.stack) if call.operation in pulumi_cli.REAL else ()
    if problems := (*pulumi_cli.missing(), *needed):
        raise errors.UsageError(*problems)
    code = _judged(root, call) if call.operation in ("up", "preview") else _known(root, call)
    if code:
        return code
    command = pulumi_cli.arguments(
        call.operation,
        stack=call.stack,
        root=root,
        yes=call.yes,
        json=call.json,
        diff=call.diff,
        targets=call.targets,
    )
    return pulumi_cli.run(command, operation=call.operation)


def _judged(root: pathlib.Path, call: Call) -> int:
    """0 where the official engine may begin, else the exit code; raises for what it must not do.

    A preview changes nothing, so that of it only the names are judged.
    """
    from runner import named, pulumi_plan  # noqa: PLC0415 - no other operation needs these
    from runner.commands import clouds  # noqa: PLC0415 - likewise

    if call.operation == "preview" and not (call.targets or call.replace):
        return 0
    plan = pulumi_plan.made(root, stack=call.stack, targets=call.targets)
    if plan.exit_code:
        click.echo(plan.failures, err=True, nl=bool(plan.failures))
        return plan.exit_code
    urns = frozenset(step.urn for step in plan.steps)
    if strangers := named.strangers(targets=call.targets, replace=call.replace, known=urns, stack=call.stack):
        raise errors.UsageError(*strangers)
    live = pulumi_plan.live_version(plan.steps)
    if warning := clouds.version_warning(root, call.stack, live=live):
        click.echo(f"warning: {warning}", err=True)
    if call.operation == "preview":
        return 0
    refused = [
        *clouds.version_step(root, call.stack, live=live),
        *pulumi_plan.problems(plan.steps, permitted=call.replace),
        *_unnamed(call, pulumi_plan.losses(plan.steps)),
    ]
    if refused:
        raise errors.EngineError(*refused)
    return 0


def _known(root: pathlib.Path, call: Call) -> int:
    """0 where the targets mean what the official engine remembers, and nothing is lost that was not named; else raises.

    Pulumi itself passes over a pattern that means nothing, and one yes is enough for it.
    """
    from runner import named, pulumi_plan  # noqa: PLC0415 - as above

    asked = call.targets or call.operation == "destroy"
    remembered = pulumi_plan.remembered(root, stack=call.stack) if asked else None
    if remembered is None:
        return 0
    urns = [step.urn for step in remembered]
    if strangers := named.strangers(targets=call.targets, replace=(), known=urns, stack=call.stack):
        raise errors.UsageError(*strangers)
    lost = pulumi_plan.losses(remembered, targets=call.targets) if call.operation == "destroy" else ()
    if unnamed := _unnamed(call, lost):
        raise errors.Refused(*unnamed)
    return 0


def _unnamed(call: Call, lost: Sequence[loss.Loss]) -> tuple[errors.Problem, ...]:
    """What to tell of losses that the user has neither named nor, asked on a terminal, names now."""
    from runner.engine import loss  # noqa: PLC0415 - as above

    left = [one for one in lost if one.instance not in call.lose_data]
    found = loss.problems(left, agreed=call.lose_data, operation=call.operation)
    if not left or call.yes or call.json or not project.can_ask():
        return found
    for problem in found:
        click.echo(problem.render(), err=True)
    return () if _named(left) else found


def _agreed(root: pathlib.Path, call: Call, stack: files.StackFile, *, warm: spare.Spare | None) -> Call | None:
    """Show what would happen, and ask: the call as it is agreed to, or None.

    What cannot even be planned is not asked about. The data of a service is asked about by its name.
    """
    if call.operation == "destroy":
        from runner import named  # noqa: PLC0415 - not needed where nobody is asked
        from runner.commands import preparation  # noqa: PLC0415 - likewise
        from runner.engine import urn  # noqa: PLC0415 - likewise

        entries = preparation.entries(root, stack, report=click.echo)
        known = [entry.urn for entry in entries]
        if strangers := named.strangers(targets=call.targets, replace=(), known=known, stack=call.stack):
            raise errors.UsageError(*strangers)
        doomed = [entry for entry in entries if not call.targets or urn.matches(entry.urn, call.targets)]
        for entry in doomed:
            click.echo(f"delete   {entry.type}  {entry.urn.rpartition('::')[2]}")
        confirmed = click.confirm(f"delete these {len(doomed)} resources of {stack.stack}?", default=False, err=True)
        return call if confirmed else None
    plan = _embedded(root, dataclasses.replace(call, operation="preview"), stack, warm=warm, asks=True)
    if plan.failed or not click.confirm(f"do this to {stack.stack}?", default=False, err=True):
        return None
    lost = _named(plan.losses)
    if plan.losses and not lost:
        return None
    return dataclasses.replace(call, lose_data=(*call.lose_data, *lost), foreseen=True)


def _embedded(
    root: pathlib.Path, call: Call, stack: files.StackFile, *, warm: spare.Spare | None, asks: bool
) -> request.Result:
    from runner.display import selection  # noqa: PLC0415 - the official engine has its own

    with selection.display(call.stream, planned=call.is_planned, full_changes=call.diff) as display:
        result = _result(root, call, stack, display=display, warm=warm, asks=asks)
    _tell(call, result)
    return result


def _result(
    root: pathlib.Path,
    call: Call,
    stack: files.StackFile,
    *,
    display: selection.Display,
    warm: spare.Spare | None,
    asks: bool,
) -> request.Result:
    from runner import operations  # noqa: PLC0415 - the official engine needs none of it
    from runner.commands import preparation  # noqa: PLC0415 - as above

    operation = request.Operation(call.operation)
    if not preparation.prepare(root, stack, operation=operation, report=display.note):
        display.note(f"{stack.stack} was never deployed: it has no control plane")
        return request.Result(resources=(), outputs={}, diagnostics=(), failed=False, drifted=False, seconds=0.0)

    async def work() -> request.Result:
        wanted = await preparation.requested(
            root,
            stack,
            operation=operation,
            targets=call.targets,
            replace=call.replace,
            lose_data=call.lose_data,
            parallel=call.parallel,
        )
        run = dataclasses.replace(wanted, warm=warm, asks=asks, foreseen=call.foreseen)
        return await operations.run(run, display.event)

    return asyncio.run(work())


def _tell(call: Call, result: request.Result) -> None:
    """The closing lines, errors last but for the summary; with `--json` the document."""
    from runner import document  # noqa: PLC0415 - as above
    from runner.display import report, text  # noqa: PLC0415 - as above

    for line in report.failures(result.resources, result.diagnostics):
        click.echo(line, err=True)
    if call.operation in ("up", "preview"):
        _lines(report.outputs(result.outputs), to=call.stream)
    summary = text.summary(
        result.resources, duration=result.seconds, planned=call.is_planned, drift=call.operation == "drift"
    )
    held = result.refused and not call.is_planned and all(item.failure for item in result.resources)
    if not held:
        _lines([summary], to=call.stream)
    elif result.failed:
        # Where somebody is asked first, it is not yet said.
        _lines(["nothing was changed"], to=call.stream)
    if call.json:
        click.echo(
            document.render(
                document.deployment(
                    stack=call.stack,
                    engine=pulumi_cli.Engine.EMBEDDED.value,
                    resources=result.resources,
                    outputs=result.outputs,
                    diagnostics=[document.diagnostic(event) for event in result.diagnostics if event.is_for_people],
                    seconds=None if call.is_planned else result.seconds,
                    with_drift=call.operation == "drift",
                )
            )
        )


def _lines(lines: Iterable[str], *, to: TextIO) -> None:
    for line in lines:
        click.echo(line, file=to)
