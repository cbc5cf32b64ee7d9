"""`./paasport rehearse`: play a stack's whole life on this machine. Shows what `runner.rehearsals.playing` finds."""

from __future__ import annotations

import pathlib
import sys
from typing import TYPE_CHECKING, Final, TextIO

import click

if TYPE_CHECKING:
    from runner.engine import events
    from runner.rehearsals import playing

FAULTS: Final = ("throttle", "conflict", "create-fails-once", "timeout")
"""As in `local.simulated.faults`, which `--help` need not wait for; a test compares them."""


@click.command()
@click.option("--keep", is_flag=True, help="Leave cluster and account to look at and to preview against.")
@click.option(
    "--fault",
    "faults",
    type=click.Choice(FAULTS),
    multiple=True,
    help="What goes wrong at the simulated vendor. May be given more than once.",
)
@click.option("--verbose", "-v", is_flag=True, help="Show every resource.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@click.argument("stack")
@click.pass_obj
def rehearse(
    root: pathlib.Path, stack: str, *, keep: bool, faults: tuple[str, ...], verbose: bool, as_json: bool
) -> int:
    """Deploy, upgrade and destroy STACK on this machine, with its vendor simulated.

    The Kubernetes API is real, and what the stack makes on it is waited for; no cloud account is asked for anything,
    and neither the stack nor your kubeconfig is touched.
    """
    from runner import document  # noqa: PLC0415 - `--help` needs none
    from runner.commands import project  # noqa: PLC0415 - likewise
    from runner.rehearsals import places, playing, reports  # noqa: PLC0415 - `--help` needs none

    asked = playing.Asked(root=root, stack=project.read(root, stack), faults=faults, keep=keep)
    stream = sys.stderr if as_json else sys.stdout

    def tell(line: str) -> None:
        click.echo(line, file=stream)

    try:
        with places.begun(stack, deployer=_deployer(asked), report=tell) as place:
            report = playing.rehearse(asked, place, tell=tell, listener=_listener(verbose=verbose, stream=stream))
            if keep:
                places.keep(place)
    except KeyboardInterrupt:
        # Not as other commands end: nothing is left that the next call could go on with.
        raise places.Interrupted.of(
            "interrupted; the rehearsal is removed", next=f"./paasport rehearse {stack}"
        ) from None
    for line in reports.summary(report):
        tell(line)
    if keep:
        for line in reports.look(place.control_plane, stack=stack):
            tell(line)
    if as_json:
        click.echo(document.render(reports.rendered(report)))
    return 1 if report.problems else 0


def _deployer(asked: playing.Asked) -> str:
    """Whose credentials a real deployment would have."""
    from stacks import managed  # noqa: PLC0415 - likewise

    cluster = asked.stack.settings.cluster
    return cluster.access.deployer if isinstance(cluster, managed.ManagedCluster) else ""


def _listener(*, verbose: bool, stream: TextIO) -> events.Listener:
    """Shows every resource, or only what the program and its providers have to say, warnings once: runs are many."""
    from runner.display import lines  # noqa: PLC0415 - likewise
    from runner.engine import events  # noqa: PLC0415 - likewise

    shown = lines.Lines(stream, planned=False, show_changes=verbose, full_changes=False)
    warned: set[str] = set()

    def listen(event: events.Event) -> None:
        if isinstance(event, events.Diagnostic) and event.severity is events.Severity.WARNING:
            if event.message in warned:
                return
            warned.add(event.message)
        if verbose or isinstance(event, events.Diagnostic):
            shown.event(event)

    return listen
