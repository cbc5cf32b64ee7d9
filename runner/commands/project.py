"""What the commands need of the project: its stacks, read with the passphrase that the user gives."""

from __future__ import annotations

import getpass
import os
import pathlib
import sys

from stacks import errors, files


def read(root: pathlib.Path, stack: str) -> files.StackFile:
    """The stack's file, valid and decrypted. Raises StackFileError with all its problems, or UsageError."""
    return files.read(root, stack, passphrase=lambda: passphrase(stack))


def check(root: pathlib.Path, stack: str) -> None:
    """Raise StackFileError where the stack's file is wrong for any engine, and UsageError where there is none."""
    problems = files.check(root, stack)
    if problems:
        raise errors.StackFileError(*problems)


def passphrase(stack: str) -> str | None:
    """The passphrase of the environment; where it has none, the user's on a terminal, and None elsewhere."""
    given = files.passphrase_from_environment(os.environ)
    if given is not None or not can_ask():
        return given
    return getpass.getpass(f"passphrase of {stack}: ", stream=sys.stderr)


def can_ask() -> bool:
    """Whether somebody sits at a terminal and sees a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def only_stack(root: pathlib.Path, given: str | None, *, command: str) -> str:
    """The stack that is meant: the given one, or the only one that there is. Raises UsageError where there are more."""
    names = files.names(root)
    if given is not None:
        return given
    if len(names) == 1:
        return names[0]
    raise errors.UsageError.of(
        f"say which stack is meant: {', '.join(names)}" if names else "there is no stack yet",
        why="the project has several" if names else "a stack is a file Pulumi.<stack>.yaml",
        next=f"./paasport {command} {names[0]}" if names else "write stacks/Pulumi.NAME.yaml, as README.md says",
    )
