"""The commands that run a stack's program: `up`, `preview`, `destroy` and `drift`. Only their flags are here."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import click

PARALLEL = 64
"""Resources at a time, most of which wait for readiness rather than for the API server."""


def _flags(function: Callable[..., int]) -> Callable[..., int]:
    """The stack and the flags that all four have in common."""
    for decorate in (
        click.option(
            "--parallel",
            type=click.IntRange(min=1),
            default=PARALLEL,
            show_default=True,
            metavar="N",
            help="How many resources are worked on at a time.",
        ),
        click.option(
            "--engine",
            type=click.Choice(["embedded", "pulumi"]),
            help="Who runs the program; pulumi is the official command line. [default: as the vendor needs]",
        ),
        click.option(
            "--target",
            "targets",
            multiple=True,
            metavar="RESOURCE",
            help="Only this resource: a name, a URN, or a pattern with *. May be given more than once.",
        ),
        click.option("--diff", is_flag=True, help="Show every changed field with its whole value."),
        click.option("--json", is_flag=True, help="Print one JSON document (docs/cli.md) instead."),
        click.argument("stack"),
        click.pass_obj,
    ):
        function = decorate(function)
    return function


_replace = click.option(
    "--replace",
    "replace",
    multiple=True,
    metavar="RESOURCE",
    help="Permit that this cluster, pool, provider or store of data is replaced. May be given more than once.",
)
_lose_data = click.option(
    "--yes-lose-data",
    "lose_data",
    multiple=True,
    metavar="NAME",
    help="Permit that this service instance is deleted or replaced with its data. May be given more than once.",
)
_yes = click.option("--yes", "-y", is_flag=True, help="Do not ask.")


@click.command()
@_yes
@_lose_data
@_replace
@_flags
def up(root: pathlib.Path, /, **flags: Any) -> int:
    """Create or change what STACK describes, and wait until it is ready."""
    return _run("up", root, **flags)


@click.command()
@_lose_data
@_replace
@_flags
def preview(root: pathlib.Path, /, **flags: Any) -> int:
    """Show what `up STACK` would do, field by field, and change nothing."""
    return _run("preview", root, yes=True, **flags)


@click.command()
@_yes
@_lose_data
@_flags
def destroy(root: pathlib.Path, /, **flags: Any) -> int:
    """Delete everything that STACK has created. A local control plane stays; `local delete` removes it."""
    return _run("destroy", root, **flags)


@click.command()
@_flags
def drift(root: pathlib.Path, /, **flags: Any) -> int:
    """Find what somebody else has changed since the last `up STACK`. Exit code 3 where there is something."""
    return _run("drift", root, yes=True, **flags)


def _run(operation: str, root: pathlib.Path, /, **flags: Any) -> int:
    from runner.commands import run  # noqa: PLC0415 - `--help` of these commands needs none of it

    return run.run(root, run.Call(operation=operation, **flags))
