"""What happens during a run, as it happens: the engine emits, a display listens. Data only."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from typing import Any

from runner.engine import model


class Severity(enum.StrEnum):
    """How loudly a diagnostic is shown."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Started:
    """A resource's turn has come; its operation is not yet known."""

    urn: str
    type: str
    name: str
    parent: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Progress:
    """What a started resource waits for."""

    urn: str
    message: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finished:
    """A resource is done, or in a preview planned. Also sent for deletions, which have no `Started` of the program."""

    urn: str
    type: str
    name: str
    parent: str
    operation: model.Operation
    seconds: float
    inputs: Any = None
    """Masked; None for a deletion."""
    changes: tuple[model.FieldChange, ...] = ()
    drifted: bool = False
    simulated: bool = False
    """True where it exists on this machine only: a vendor's resource, and the vendor was not asked."""
    dependencies: tuple[str, ...] = ()
    """URNs of what it needs."""
    failure: str = ""
    """Empty on success."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """A message of the program, of a provider or of the engine."""

    severity: Severity
    message: str
    urn: str = ""

    @property
    def is_for_people(self) -> bool:
        """False for the SDK's own log lines, dozens in every run."""
        return self.severity is not Severity.DEBUG


Event = Started | Progress | Finished | Diagnostic
Listener = Callable[[Event], None]
