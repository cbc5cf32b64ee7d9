"""`./paasport graph`: which resource depends on which, as the last `up` left it in the cluster."""

from __future__ import annotations

import pathlib

import click


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
    from runner.commands import preparation, project  # noqa: PLC0415 - likewise

    name = project.only_stack(root, stack, command="graph")
    entries = preparation.entries(root, project.read(root, name), report=_report)
    if not entries:
        raise preparation.not_deployed(name)
    click.echo(
        graphs.render(graphs.of_entries(entries), as_format=graphs.Format("json" if as_json else as_format), stack=name)
    )
    return 0


def _report(line: str) -> None:
    click.echo(line, err=True)
