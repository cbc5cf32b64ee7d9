"""What `start` and the supervisor tell each other: the wanted `Spec` and the observed `State`, each one JSON file.

Files, not a socket: they outlive both sides, can be read while nobody runs, and need no protocol.
"""

from __future__ import annotations

import enum
import hashlib
import os
import pathlib
from typing import Final, TypeVar

import pydantic

from stacks import settings

_SUPERVISOR: Final = (
    "local/*.py",
    "local/operators/*.py",
    "local/toolchain/*.py",
    "runner/kubernetes/*.py",
    "stacks/catalogues/*.py",
    "requirements.txt",
)
_Record = TypeVar("_Record", bound=pydantic.BaseModel)


class _Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Spec(_Model):
    """What is wanted of a control plane."""

    nodes: settings.LocalNodes | None
    """Its simulated nodes; None where somebody else plays its cloud, and makes nodes, volumes and addresses."""
    binaries: dict[str, pathlib.Path]
    """Program name -> file in the toolchain's cache, whose path changes with its content."""
    code: str
    """Digest of the supervisor's own source: one that runs older code is replaced."""


class Phase(enum.StrEnum):
    """Where a supervisor is with its control plane."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    FAILED = "failed"


class Beside(_Model):
    """A Deployment whose program runs beside the cluster, because simulated nodes run no containers."""

    namespace: str
    deployment: str
    program: str
    """Name of the toolchain's binary."""
    pid: int = 0
    """0 while it does not run."""
    restarts: int = 0
    address: str = ""
    """Where it listens, `127.0.0.1:port`."""
    problem: str = ""
    """Why it does not run, or not as its Deployment says. Empty when all is well."""


class State(_Model):
    """What the supervisor found and did."""

    phase: Phase
    message: str = ""
    """For FAILED: why, with the last lines of the log in question."""
    notes: tuple[str, ...] = ()
    """What the user should know about this start: ports that moved, data that were replaced."""
    spec: Spec | None = None
    """The spec that is in force; None until the first one is."""
    address: str = ""
    """`127.0.0.1:port` of the API server."""
    nodes_ready: int = 0
    """Nodes whose condition Ready is True, of whatever kind."""
    beside: tuple[Beside, ...] = ()


def read(path: pathlib.Path, record: type[_Record]) -> _Record | None:
    """The record, or None where there is none or one of another version of this program."""
    try:
        return record.model_validate_json(path.read_bytes())
    except (FileNotFoundError, pydantic.ValidationError):
        return None


def write(path: pathlib.Path, record: _Record) -> None:
    """Replace the record at once, so that nobody reads half of it."""
    replace(path, record.model_dump_json(indent=2))


def replace(path: pathlib.Path, text: str) -> None:
    """Replace a text file at once; only the user may read it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def code_digest() -> str:
    """Of what a supervisor is made of, so that an upgraded project replaces running supervisors."""
    root = pathlib.Path(__file__).parents[1]
    digest = hashlib.sha256()
    for pattern in _SUPERVISOR:
        for file in sorted(root.glob(pattern)):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
