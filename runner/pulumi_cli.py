"""The other engine: the official `pulumi` command on the same stack, found on the PATH and never installed by us.

Decides when it is used and how it is called (pure), and calls it (thin). It inherits the terminal, so that its own
display, questions and JSON reach the user unchanged.
"""

from __future__ import annotations

import enum
import pathlib
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from runner import named
from stacks import errors


class Engine(enum.StrEnum):
    """Who runs the program."""

    EMBEDDED = "embedded"
    PULUMI = "pulumi"


REAL: Final = frozenset({"up", "destroy", "drift"})
ONLY_PULUMI: Final[Mapping[str, frozenset[str]]] = {"eks": REAL, "gke": REAL, "aks": REAL}
"""By vendor, the operations that the embedded engine never does: it simulates clouds, it does not reach them."""

COMMAND: Final[Mapping[str, tuple[str, ...]]] = {
    "up": ("up",),
    "preview": ("preview",),
    "destroy": ("destroy",),
    "drift": ("refresh", "--preview-only", "--expect-no-changes"),
}
"""Our operations in Pulumi's words."""

WITHOUT_YES: Final = frozenset({"preview", "drift"})
"""Operations that change nothing: Pulumi knows no `--yes` for them, or must not be given it."""

EXIT_CODES: Final[Mapping[int, int]] = {0: 0, 2: 2, 6: 2, 8: 130}
"""Pulumi's exit codes that have one of ours: 2 configuration, 6 no such stack, 8 cancelled. Anything else is 1.

https://www.pulumi.com/docs/iac/cli/exit-codes/
"""
UNEXPECTED_CHANGES: Final = 7
"""Pulumi's exit code where `--expect-no-changes` was disappointed."""


def engine_for(vendor: str, *, operation: str, asked: Engine | None) -> Engine:
    """The engine for this operation. Raises UsageError where the embedded one is asked for and must not be taken."""
    if operation in ONLY_PULUMI.get(vendor, frozenset()):
        if asked is Engine.EMBEDDED:
            raise errors.UsageError(
                errors.Problem(
                    what=f"{operation} on the vendor {vendor} is not done by the embedded engine",
                    why="it only simulates a cloud's resources: nothing real would be changed or looked at",
                    next="leave out --engine embedded; or see what would happen with preview, or with rehearse",
                )
            )
        return Engine.PULUMI
    return asked or Engine.EMBEDDED


def arguments(
    operation: str, *, stack: str, root: pathlib.Path, yes: bool, json: bool, diff: bool, targets: Sequence[str]
) -> list[str]:
    """What `pulumi` is called with, without its own name."""
    flags = {"--yes": yes and operation not in WITHOUT_YES, "--json": json, "--diff": diff}
    return [
        *COMMAND[operation],
        *("--stack", stack, "--cwd", str(root)),
        *(flag for flag, given in flags.items() if given),
        *(part for target in named.globs(targets) for part in ("--target", target)),
    ]


def plan_arguments(*, stack: str, root: pathlib.Path, targets: Sequence[str]) -> list[str]:
    """What `pulumi` is called with to tell what `up` would do, as one JSON document.

    Unchanged resources are shown too: the user may have named one, and a cluster's version is in its state.
    """
    wanted = (part for target in named.globs(targets) for part in ("--target", target))
    flags = ("--json", "--show-sames", "--non-interactive")
    return ["preview", "--stack", stack, "--cwd", str(root), *flags, *wanted]


def output_arguments(*, stack: str, root: pathlib.Path, json: bool, show_secrets: bool) -> list[str]:
    """What `pulumi` is called with to print a stack's outputs."""
    flags = {"--json": json, "--show-secrets": show_secrets}
    chosen = (flag for flag, given in flags.items() if given)
    return ["stack", "output", "--stack", stack, "--cwd", str(root), *chosen]


def exit_code(code: int, *, operation: str) -> int:
    """Our exit code for Pulumi's."""
    if operation == "drift" and code == UNEXPECTED_CHANGES:
        return 3
    return EXIT_CODES.get(code, 1)


def run(command: Sequence[str], *, operation: str) -> int:
    """Call `pulumi`, wait for it, and return our exit code. Raises UsageError where there is none."""
    process = subprocess.Popen([_program(), *command])
    while True:
        try:
            return exit_code(process.wait(), operation=operation)
        except KeyboardInterrupt:
            # The terminal sent the signal to pulumi too; it cancels in good order, and we wait for it.
            continue


def told(command: Sequence[str]) -> tuple[int, str]:
    """Call `pulumi` and return its own exit code and what it prints on standard output. Raises as `run` does."""
    process = subprocess.run([_program(), *command], check=False, stdout=subprocess.PIPE, text=True)
    return process.returncode, process.stdout


def missing() -> tuple[errors.Problem, ...]:
    """The problem that there is no `pulumi`; nothing where there is one."""
    if shutil.which("pulumi"):
        return ()
    return (
        errors.Problem(
            what="the pulumi command is not on the PATH",
            why="the engine `pulumi` is the official command line, which comes from no package registry",
            next="install it as https://www.pulumi.com/docs/install/ says, then run this command again",
        ),
    )


def _program() -> str:
    program = shutil.which("pulumi")
    if program is None:
        raise errors.UsageError(*missing())
    return program
