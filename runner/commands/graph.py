"""`./paasport graph`: which resource depends on which, as the last `up` left it in the cluster.

A stack of the cloud is deployed by the official engine, which keeps what it knows to itself: its graph is that of a
preview, or of its kept rehearsal.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

import click

from stacks import errors

if TYPE_CHECKING:
    from runner import graph as graphs
    from stacks import files


@click.command()
@click.option(
    "--format",
    "as_format",
    type=click.Choice(["text", "mermaid", "dot", "json"]),
    default="text",
    show_default=True,
    help="How to write it; dot is for Graphviz.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.argument("stack", required=False)
@click.pass_obj
def graph(root: pathlib.Path, *, stack: str | None, as_format: str, as_json: bool) -> int:
    """Show which resource of STACK depends on which."""
    from runner import graph as graphs  # noqa: PLC0415 - `--help` need not wait for these
    from runner.commands import project  # noqa: PLC0415 - likewise

    name = project.only_stack(root, stack, command="graph")
    found = _graph(root, project.read(root, name))
    click.echo(graphs.render(found, as_format=graphs.Format("json" if as_json else as_format), stack=name))
    return 0


def _graph(root: pathlib.Path, stack: files.StackFile) -> graphs.Graph:
    """Raises EngineError where there is nothing to show."""
    from runner import graph as graphs  # noqa: PLC0415 - `--help` need not wait for these
    from runner.commands import clouds, preparation  # noqa: PLC0415 - likewise
    from runner.display import report  # noqa: PLC0415 - likewise

    if clouds.is_unrehearsed(stack):
        planned = preparation.planned(root, stack, report=_report)
        if planned.failed:
            raise errors.EngineError.of(
                f"the program of {stack.stack} cannot be planned",
                why="\n  ".join(report.failures(planned.resources, planned.diagnostics)),
                next=f"./paasport preview {stack.stack}",
            )
        return graphs.of_planned(planned.resources)
    entries = preparation.entries(root, stack, report=_report)
    if not entries:
        raise preparation.not_deployed(stack.stack)
    return graphs.of_entries(entries)


def _report(line: str) -> None:
    click.echo(line, err=True)
