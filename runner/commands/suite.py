"""`./paasport test`: everything that CI checks, in the order in which a mistake is cheapest to find.

A failing check does not stop the next one. pytest comes last and has the last word, because CI reads the number of
tests from its closing line.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

import click

from runner.display import text
from stacks import errors

CHECKS: Final[Mapping[str, tuple[str, ...]]] = {
    "ruff check": ("-m", "ruff", "check", "."),
    "ruff format": ("-m", "ruff", "format", "--check", "."),
    "mypy": ("-m", "mypy"),
    # import-linter has no `python -m` entry of its own.
    "lint-imports": ("-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-logo"),
}
"""Arguments for Python. The tools are those of this environment, so that none needs to be on the PATH."""


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--coverage", is_flag=True, help="Measure branch coverage into .coverage; makes the tests slower.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def test(root: pathlib.Path, *, coverage: bool, arguments: tuple[str, ...]) -> int:
    """Run ruff, mypy, lint-imports and pytest; all of them, whatever fails.

    ARGUMENTS go to pytest, for example: ./paasport test -k prune -x
    """
    failed = [name for name, command in CHECKS.items() if not check(name, command=command, root=root)]
    if failed:
        click.echo(f"failed: {', '.join(failed)}; the tests run all the same")
    if not arguments:
        build_toolchain()
    if coverage:
        click.echo("coverage goes to .coverage; read it with: .venv/bin/python -m coverage report")
    code = run(pytest_command(arguments, coverage=coverage), root=root).returncode
    return 1 if failed or code else 0


def build_toolchain() -> None:
    """Build what the tests need beforehand, because pytest's parallel workers would be silent about it for minutes."""
    from local.toolchain import binaries  # noqa: PLC0415 - a choice of tests may not need it

    try:
        binaries.ensure(report=click.echo)
    except errors.PaasportError as error:
        click.echo(f"{error}\nthe tests that need the control plane will fail")


def pytest_command(arguments: Sequence[str], *, coverage: bool) -> tuple[str, ...]:
    """How the tests are started: all on every core; a choice of them in one process, where `-x` and `--pdb` work."""
    # One more than there are cores, because tests on a cluster wait more than they work. They take from milliseconds to
    # minutes: a worker that is done takes over what another has before it.
    workers = str(len(os.sched_getaffinity(0)) + 1)
    together = arguments or (() if coverage else ("-n", workers, "--dist", "worksteal"))
    return (*(("-m", "coverage", "run") if coverage else ()), "-m", "pytest", *together)


def check(name: str, *, command: Sequence[str], root: pathlib.Path) -> bool:
    """Run one check and tell how it went in one line; what it prints is shown where it fails."""
    click.echo(f"{name:<13} ", nl=False)
    started = time.monotonic()
    process = run(command, root=root, capture=True)
    verdict = "failed" if process.returncode else "ok"
    click.echo(f"{verdict:<7} {text.seconds(time.monotonic() - started)}")
    if process.returncode:
        click.echo(process.stdout.rstrip())
    return process.returncode == 0


def run(command: Sequence[str], *, root: pathlib.Path, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Call this environment's Python in the project's folder, both output streams in their common order."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=root,
        check=False,
        text=True,
        stdout=subprocess.PIPE if capture else None,
        stderr=subprocess.STDOUT if capture else None,
    )
