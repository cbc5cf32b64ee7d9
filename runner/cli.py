"""The command line: finds the command, and is the one place where a failure becomes text and an exit code.

Imports click and nothing heavier, and a command's module only when that command is called, so that `--help` is
immediate. Exit codes: 0 done, 1 failed, 2 the call or a stack file is wrong, 3 drift found, 130 interrupted.
"""

from __future__ import annotations

import errno
import importlib
import os
import pathlib
import shlex
import signal
import sys
import types
from collections.abc import Sequence
from typing import Final

import click

from stacks import errors

PROGRAM: Final = "./paasport"
PROJECT_ROOT: Final = pathlib.Path(__file__).resolve().parents[1]
INTERRUPTED: Final = 130
"""As shells report a program that SIGINT ended."""

COMMANDS: Final = {
    "up": ("runner.commands.deploy", "Create or change what a stack describes, until it is ready."),
    "preview": ("runner.commands.deploy", "Show what `up` would do, field by field, and change nothing."),
    "destroy": ("runner.commands.deploy", "Delete everything that a stack has created."),
    "drift": ("runner.commands.deploy", "Find what somebody else has changed since the last `up`."),
    "rehearse": ("runner.commands.rehearse", "Play a stack's whole life on this machine, its vendor simulated."),
    "outputs": ("runner.commands.outputs", "Print a stack's outputs: addresses, names, passwords."),
    "stacks": ("runner.commands.listing", "List the stacks with their vendors, environments and services."),
    "check": ("runner.commands.check", "Report every problem of the stack files, with lines."),
    "graph": ("runner.commands.graph", "Show which resource depends on which."),
    "doctor": ("runner.commands.doctor", "Look at this machine and say what is missing."),
    "mirror": ("runner.commands.mirror", "Put operators' releases and a list of images into a folder."),
    "test": ("runner.commands.suite", "Run the linters, the type checker and the tests."),
    "local": ("runner.commands.local", "Start, stop and use this machine's control planes."),
}
"""Module and short help of each command, in the order of `--help`. The help stands here because reading it from the
modules would import all of them."""


class Commands(click.Group):
    """The commands of the table, each imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command of this name: the object of the same name in its module."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with the nearest right name among commands that are not imported."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - likewise
        """The list of commands from the table, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """One service, every vendor's Kubernetes.

    The shortest way in: ./paasport up local-dev

    Exit codes: 0 done, 1 failed, 2 the call or a stack file is wrong, 3 drift found, 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None, *, root: pathlib.Path = PROJECT_ROOT) -> int:
    """Run one command of the project at `root` and return its exit code. Every failure ends here."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        result = commands.main(args=arguments, prog_name=PROGRAM, standalone_mode=False, obj=root)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return errors.UsageError.exit_code
    except click.ClickException as error:
        return _fail(_usage_error(error), arguments)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _interrupted(arguments)
    except BrokenPipeError:
        # The reader has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the one place where a failure becomes text
        return _fail(_known(error), arguments)
    return result if isinstance(result, int) else 0


def _usage_error(error: click.ClickException) -> errors.UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else PROGRAM
    return errors.UsageError(errors.Problem(what=error.format_message().rstrip("."), next=f"{path} --help"))


def _known(error: Exception) -> errors.PaasportError:
    """The error in the shape that users are shown; what nobody foresaw becomes a defect with a log file."""
    if isinstance(error, errors.PaasportError):
        return error
    if isinstance(error, ExceptionGroup):
        foreseen, others = error.split(errors.PaasportError)
        if foreseen is not None and others is None:
            return _merged(foreseen)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return errors.PaasportError(
            errors.Problem(
                what=f"no space left on the disk of {error.filename or 'this machine'}",
                next=f"{PROGRAM} doctor shows how much each cache takes; free some and run the command again",
            )
        )
    return _defect(error)


def _merged(group: ExceptionGroup[errors.PaasportError]) -> errors.PaasportError:
    """One error with the problems of all, which keeps the class of the first."""
    flat: list[errors.PaasportError] = []
    pending: list[BaseException] = [group]
    while pending:
        item = pending.pop(0)
        if isinstance(item, BaseExceptionGroup):
            pending = [*item.exceptions, *pending]
        elif isinstance(item, errors.PaasportError):
            flat.append(item)
    return type(flat[0])(*(problem for error in flat for problem in error.problems))


def _defect(error: Exception) -> errors.PaasportError:
    if os.environ.get("PAASPORT_DEBUG") == "1":
        raise error
    from runner import defects  # noqa: PLC0415 - only needed once something is broken

    log = defects.record(error)
    return errors.PaasportError(
        errors.Problem(
            what=f"a defect in paasport: {type(error).__name__}",
            next=f"report it with {log}" if log else "PAASPORT_DEBUG=1 shows where",
        )
    )


def _fail(error: errors.PaasportError, arguments: Sequence[str]) -> int:
    """Tell the problems on stderr, and with `--json` on stdout too, as the one document."""
    for problem in error.problems:
        click.echo(f"error: {problem.render()}", err=True)
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "--json" in own:
        from runner import document  # noqa: PLC0415 - not needed by a call without --json

        click.echo(document.render(document.failure(error.problems)))
    return error.exit_code


def _interrupted(arguments: Sequence[str]) -> int:
    problem = errors.Problem(
        what="interrupted; what is done stays done and is remembered",
        next=f"{PROGRAM} {shlex.join(arguments)} goes on where this stopped",
    )
    click.echo(err=True)
    _fail(errors.PaasportError(problem), arguments)
    return INTERRUPTED


def end_as_interrupted(number: int, frame: types.FrameType | None) -> None:
    """Let SIGTERM, which CI sends to a job that it cancels, end a run as orderly as Ctrl-C does.

    Whatever handles SIGINT at that moment is called: while the engine runs, that is asyncio's own handler. Raising
    SIGINT itself was rejected, because a shell lets its background jobs ignore that.
    """
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):
        raise KeyboardInterrupt
    handler(number, frame)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end_as_interrupted)
    sys.exit(main())
