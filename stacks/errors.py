"""The one error tree: every failure a user can meet is one of these, and no traceback reaches them.

The tree lives in the lowest layer so that settings, components, the runner and the local control plane raise the same
shapes and one place renders them. An error carries problems rather than a sentence, because all problems of a file are
reported at once.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong, told the way a user can act on."""

    what: str
    """What is wrong, in one sentence without a full stop. Never contains a secret."""
    why: str = ""
    """Why it matters: the consequence if nothing changes. Empty where `what` already says it."""
    next: str = ""
    """The next command or edit. Empty only where there is truly nothing to do."""
    file: str = ""
    """Path relative to the project, or empty where the problem is in no file."""
    line: int = 0
    """1-based line in `file`; 0 means unknown."""
    column: int = 0
    """1-based column in `file`; 0 means unknown."""

    @property
    def place(self) -> str:
        """`file:line:column` as editors and terminals make clickable, as far as it is known."""
        parts = [self.file, *(str(number) for number in (self.line, self.column) if number)]
        return ":".join(parts) if self.file else ""

    def render(self) -> str:
        """The problem as the lines a terminal shows."""
        head = f"{self.place}: {self.what}" if self.place else self.what
        return "\n  ".join([head, *(part for part in (self.why, f"next: {self.next}" if self.next else "") if part)])


class PaasportError(Exception):
    """Anything that stops a command and that the user is told about. Exit code 1: it was tried and failed."""

    exit_code = 1

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(problem.render() for problem in problems))

    @classmethod
    def of(cls, what: str, *, why: str = "", next: str = "") -> PaasportError:  # noqa: A002 - the word users read
        """The error with the one problem that most failures are."""
        return cls(Problem(what=what, why=why, next=next))


class UsageError(PaasportError):
    """The call or a stack file is wrong; nothing was written. Exit code 2."""

    exit_code = 2


class StackFileError(UsageError):
    """A stack file that cannot be used: every problem in it, with lines."""


class ClusterUnreachable(UsageError):
    """The API server named by a kubeconfig cannot be talked to, before anything was written."""


class ToolchainError(PaasportError):
    """The local control plane's binaries could not be built or fetched."""


class ControlPlaneError(PaasportError):
    """A local control plane could not be started, repaired or stopped."""


class ReleaseError(PaasportError):
    """An operator's release manifests could not be had or are not the pinned ones."""


class EngineError(PaasportError):
    """A deployment by the embedded engine failed."""


class Refused(EngineError):
    """A change that cannot be made, or a loss that nobody has agreed to: told before anything of the run is written."""


class Unsupported(EngineError):
    """The program uses something that the embedded engine does not implement and therefore refuses."""


class VendorRefused(EngineError):
    """A vendor's API, simulated on this machine, did not accept what it was asked for."""
