"""`./paasport check`: every problem of the stack files at once. Asks no cluster and needs no passphrase."""

from __future__ import annotations

import pathlib

import click


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
    problems = [problem for name in stacks for problem in files.check(root, name)]
    if as_json:
        diagnostics = document.failure(problems)["diagnostics"]
        click.echo(document.render({"stacks": stacks, "diagnostics": diagnostics}))
    else:
        for problem in problems:
            click.echo(problem.render())
        click.echo(f"{_count(len(stacks), 'stack')}: {_count(len(problems), 'problem') if problems else 'no problems'}")
    return errors.UsageError.exit_code if problems else 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
