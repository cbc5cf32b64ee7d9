"""`./paasport check`: every problem of the stack files at once. Asks no cluster and needs no passphrase."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from stacks import settings


@click.command()
@click.option("--all", "everything", is_flag=True, help="Every stack; the same as naming none.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.argument("stack", required=False)
@click.pass_obj
def check(root: pathlib.Path, *, stack: str | None, everything: bool, as_json: bool) -> int:
    """Report every problem of STACK's file, or of all stack files, with lines."""
    from runner import document  # noqa: PLC0415 - `--help` need not wait for it
    from stacks import errors, files  # noqa: PLC0415 - likewise

    if stack and everything:
        what = f"both {stack} and --all were given"
        raise errors.UsageError.of(what, why="one stack or all of them is meant", next="leave one of them out")
    stacks = [stack] if stack else files.names(root)
    found = {name: files.check(root, name) for name in stacks}
    problems = [problem for own in found.values() for problem in own]
    shortcomings = [text for name, own in found.items() if not own for text in lacking(files.inspect(root, name), name)]
    if as_json:
        diagnostics = [*document.failure(problems)["diagnostics"], *map(document.warning, shortcomings)]
        click.echo(document.render({"stacks": stacks, "diagnostics": diagnostics}))
    else:
        for line in (*(problem.render() for problem in problems), *(f"warning: {text}" for text in shortcomings)):
            click.echo(line)
        click.echo(f"{_count(len(stacks), 'stack')}: {_count(len(problems), 'problem') if problems else 'no problems'}")
    return errors.UsageError.exit_code if problems else 0


def lacking(wanted: settings.Settings, stack: str) -> list[str]:
    """What services of a stack do without."""
    return [
        f"{stack}: {name}: {service.service} lacks what others have: {'; '.join(service.LACKS)}"
        for name, service in wanted.services.items()
        if service.LACKS
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
