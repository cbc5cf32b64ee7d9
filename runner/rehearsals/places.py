"""Where rehearsals live: one throwaway control plane for each stack, with the simulated account's file beside it.

What happens in a rehearsal is in `playing.py`. Nothing here touches a stack's own control plane or state.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
from collections.abc import Callable, Iterator
from typing import Final

import pydantic

from local import control_plane, layout, locks, records
from stacks import errors, forms, locations

_SUFFIX: Final = "-rehearsal"
_RECORD: Final = "rehearsal.json"
_ACCOUNT: Final = "account.json"
_LOCK: Final = "rehearsal.lock"

Report = Callable[[str], None]
"""Takes one line about what is being done."""


class Interrupted(errors.PaasportError):
    """A rehearsal that was ended by a signal, and is removed. Exit code as shells give it."""

    exit_code = 130


class Record(pydantic.BaseModel):
    """What marks a control plane as a rehearsal's; lies in its folder."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    stack: str
    """The stack that is or was rehearsed."""
    deployer: str = ""
    """The principal that deploys, as the vendor writes it; empty where no vendor is asked who it is."""
    kept: bool = False
    """Whether it was left on purpose. Otherwise it is removed by the next rehearsal once its own has ended."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """The files and the control plane of one stack's rehearsal."""

    stack: str
    control_plane: str
    """Its name, for `./paasport local kubectl NAME -- ...`."""

    @property
    def folder(self) -> pathlib.Path:
        """The control plane's own folder, so that deleting the one deletes all."""
        return layout.of(self.control_plane).folder

    @property
    def kubeconfig(self) -> pathlib.Path:
        """Of the control plane's administrator."""
        return locations.control_plane_kubeconfig(self.control_plane)

    @property
    def account(self) -> pathlib.Path:
        """The simulated account's file; there once the account has changed."""
        return self.folder / _ACCOUNT

    @property
    def record(self) -> Record | None:
        """What marks it as a rehearsal's; None where it is none."""
        return records.read(self.folder / _RECORD, Record)

    @property
    def is_under_way(self) -> bool:
        """Whether a process is at it now."""
        return locks.held(self.folder / _LOCK)


def place(stack: str) -> Place:
    """Where this stack is rehearsed."""
    return Place(stack=stack, control_plane=stack[: forms.LONGEST_CONTROL_PLANE_NAME - len(_SUFFIX)] + _SUFFIX)


def kept(stack: str) -> Place | None:
    """The rehearsal of this stack that was left behind with `--keep` and still runs; None where there is none."""
    found = place(stack)
    record = found.record
    if record is None or not record.kept or record.stack != stack:
        return None
    running = control_plane.status(found.control_plane).condition is control_plane.Condition.RUNNING
    return found if running else None


@contextlib.contextmanager
def begun(stack: str, *, deployer: str = "", report: Report) -> Iterator[Place]:
    """A place for a new rehearsal, with no trace of an earlier one; removed at the end unless it was kept meanwhile.

    Also removes what killed rehearsals of any stack have left. Raises `UsageError` where the stack is being rehearsed
    at this moment, or where a control plane has the name that is no rehearsal's.
    """
    sweep(report=report)
    found = place(stack)
    _refuse_others(found)
    descriptor = _locked(found)
    if found.record is not None:
        report(f"removing the kept rehearsal of {stack}")
        control_plane.delete(found.control_plane)
        # The lock's file went with it.
        os.close(descriptor)
        descriptor = _locked(found)
    try:
        records.write(found.folder / _RECORD, Record(stack=stack, deployer=deployer))
        yield found
    finally:
        record = found.record
        if record is None or not record.kept:
            control_plane.delete(found.control_plane)
        os.close(descriptor)


def _locked(found: Place) -> int:
    """A descriptor that holds the place's lock. Raises `UsageError` where another process does."""
    descriptor = locks.acquire(found.folder / _LOCK)
    if descriptor is None:
        raise _under_way(found.stack)
    return descriptor


def keep(found: Place) -> None:
    """Let the rehearsal stay when its process ends."""
    record = found.record
    assert record
    records.write(found.folder / _RECORD, record.model_copy(update={"kept": True}))


def sweep(*, report: Report) -> None:
    """Remove the rehearsals whose process was killed."""
    folder = locations.control_planes_folder()
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        if _is_abandoned(entry) and (descriptor := locks.acquire(entry / _LOCK)) is not None:
            try:
                # Another process may have removed it meanwhile, and even have begun anew.
                if _is_abandoned(entry):
                    report(f"removing what a killed rehearsal has left: {entry.name}")
                    control_plane.delete(entry.name)
            finally:
                os.close(descriptor)


def _is_abandoned(folder: pathlib.Path) -> bool:
    """Whether a rehearsal was there that nobody wanted to keep; one that is under way holds its lock."""
    record = records.read(folder / _RECORD, Record)
    return record is not None and not record.kept


def _refuse_others(found: Place) -> None:
    record = found.record
    if found.is_under_way:
        raise _under_way(found.stack)
    if record is not None and record.stack != found.stack:
        raise errors.UsageError.of(
            f"the control plane {found.control_plane} is that of a kept rehearsal of {record.stack}",
            why="the names of both stacks are equal as far as a control plane's name goes",
            next=f"./paasport local delete {found.control_plane}",
        )
    if record is None and found.control_plane in control_plane.names():
        raise errors.UsageError.of(
            f"there is a control plane {found.control_plane}, and it is no rehearsal's",
            why="the rehearsal would delete what is on it",
            next=f"./paasport local delete {found.control_plane} if nobody needs it, or rename the stack",
        )


def _under_way(stack: str) -> errors.PaasportError:
    return errors.UsageError.of(
        f"{stack} is being rehearsed by another process",
        why="two rehearsals of one stack would share its control plane",
        next=f"wait for it, then ./paasport rehearse {stack}",
    )
