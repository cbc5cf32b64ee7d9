"""`./paasport outputs`: what a stack has to tell, as its last `up` left it in the cluster.

The outputs of a stack of the cloud are those of its kept rehearsal; without one the official engine has them.
"""

from __future__ import annotations

import pathlib

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--show-secrets", is_flag=True, help="Show secret values instead of [secret].")
@click.argument("stack", required=False)
@click.pass_obj
def outputs(root: pathlib.Path, *, stack: str | None, as_json: bool, show_secrets: bool) -> int:
    """Print the outputs of STACK: addresses, names, and secrets where --show-secrets asks for them."""
    from runner import document, pulumi_cli  # noqa: PLC0415 - `--help` need not wait for these
    from runner.commands import clouds, preparation, project  # noqa: PLC0415 - likewise
    from runner.display import text  # noqa: PLC0415 - likewise
    from runner.engine import values  # noqa: PLC0415 - likewise

    name = project.only_stack(root, stack, command="outputs")
    file = project.read(root, name)
    if clouds.is_unrehearsed(file):
        command = pulumi_cli.output_arguments(stack=name, root=root, json=as_json, show_secrets=show_secrets)
        return pulumi_cli.run(command, operation="outputs")
    found = dict(preparation.outputs(root, file, report=_report))
    shown = values.revealed(found) if show_secrets else values.masked(found)
    if as_json:
        click.echo(document.render({"stack": name, "outputs": shown}))
    else:
        for line in text.outputs(shown):
            click.echo(line)
    return 0


def _report(line: str) -> None:
    click.echo(line, err=True)
