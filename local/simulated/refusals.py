"""Findings as the error that users read."""

from __future__ import annotations

from collections.abc import Iterable

from local.simulated import checking
from stacks import errors


def refuse(subject: str, found: Iterable[checking.Finding], *, verb: str, next: str = "") -> None:  # noqa: A002
    """Raise VendorRefused with a problem for each finding; do nothing where there is none.

    `subject` is what was to be done to what, `verb` the word for it: created, changed, deleted.
    """
    problems = [
        errors.Problem(
            what=f"{subject}: {one.path} {one.reason}" if one.path else f"{subject}: {one.reason}",
            why=f"the vendor's API refuses it, so nothing was {verb}",
            next=one.next or next or "correct it in the program or the stack file",
        )
        for one in found
    ]
    if problems:
        raise errors.VendorRefused(*problems)
