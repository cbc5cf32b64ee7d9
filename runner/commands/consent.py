"""Whether a run may begin: at once, after a question, or not at all. Pure."""

from __future__ import annotations

import enum

from stacks import errors


class Consent(enum.Enum):
    """What stands between the call and the run."""

    GIVEN = enum.auto()
    ASK = enum.auto()


def of(operation: str, *, vendor: str, stack: str, yes: bool, interactive: bool) -> Consent:
    """What this run needs. Raises UsageError where it needs a yes and there is nobody to ask.

    `up` on a local stack needs none: it creates on this machine what `destroy` removes again.
    """
    if yes or operation in ("preview", "drift") or (operation == "up" and vendor == "local"):
        return Consent.GIVEN
    if interactive:
        return Consent.ASK
    raise errors.UsageError.of(
        f"{operation} {stack} needs a yes, and there is no terminal to ask on",
        why="it deletes what the stack has created"
        if operation == "destroy"
        else "it changes a cluster that others use",
        next=f"./paasport {operation} {stack} --yes" + ("" if operation == "destroy" else f", after preview {stack}"),
    )
