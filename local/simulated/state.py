"""What an account remembers, and its file: JSON, replaced as a whole, without secrets."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import tempfile
from collections.abc import Iterable, Mapping
from typing import Any, Final

from local.simulated import values
from stacks import errors

MASK: Final = "[secret]"
_FORMAT: Final = 1


@dataclasses.dataclass(kw_only=True)
class Entry:
    """A resource and what only the account knows about it."""

    resource: values.Resource
    generation: int = 0
    """How many of the same name there were before."""
    unconfirmed: bool = False
    """Whether its creation has failed for whoever asked, although it is there."""
    adopted: bool = False
    """Whether a controller inside the cluster made it."""
    secret_paths: tuple[str, ...] = ()
    """Where values stand that are kept out of the file."""


@dataclasses.dataclass(kw_only=True)
class State:
    """Everything in an account."""

    entries: list[Entry] = dataclasses.field(default_factory=list)
    generations: dict[str, int] = dataclasses.field(default_factory=dict)
    """How many resources of a type and name were made so far, by `<token> <name>`."""
    gone: set[str] = dataclasses.field(default_factory=set)
    """Identifiers of what was deleted."""
    failed: set[str] = dataclasses.field(default_factory=set)
    """Creations that an injected fault has hit already."""

    @property
    def resources(self) -> tuple[values.Resource, ...]:
        """The resources in the order of their creation."""
        return tuple(entry.resource for entry in self.entries)

    def find(self, token: str, identifier: str) -> Entry | None:
        """The entry with this identifier."""
        found = (one for one in self.entries if one.resource.token == token and one.resource.id == identifier)
        return next(found, None)

    def latest(self, token: str, name: str) -> Entry | None:
        """The entry that was made last for this resource of the program."""
        found = (one for one in reversed(self.entries) if one.resource.token == token and one.resource.name == name)
        return next(found, None)


def load(path: pathlib.Path) -> State:
    """The state in the file; a new one where there is none. Raises VendorRefused for a file that can't be read."""
    try:
        return _state(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return State()
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise errors.VendorRefused.of(
            f"the simulated account's file {path} can't be read ({type(fault).__name__})",
            why="it says which resources there are",
            next=f"delete {path} to begin with an empty account",
        ) from None


def save(state: State, path: pathlib.Path) -> None:
    """Write the state beside the file and put it in its place, so that a reader sees the old or the new one."""
    stored = {
        "format": _FORMAT,
        "resources": [_stored(entry) for entry in state.entries],
        "generations": state.generations,
        "gone": sorted(state.gone),
        "failed": sorted(state.failed),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        # At once: the encoder that writes piece by piece is Python, and ten times slower.
        file.write(json.dumps(stored, separators=(",", ":")))
    try:
        pathlib.Path(file.name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(file.name)  # noqa: PTH108 - the same name as above
        raise


def masked(value: Any, paths: Iterable[str], *, path: str = "") -> Any:
    """The value with `[secret]` at every path that is listed, and below it."""
    listed = tuple(paths)
    if path in listed:
        return MASK
    if isinstance(value, Mapping):
        return {key: masked(item, listed, path=values.below(path, str(key))) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(item, listed, path=f"{path}[{index}]") for index, item in enumerate(value)]
    return value


def _state(stored: Mapping[str, Any]) -> State:
    if stored["format"] != _FORMAT:
        raise ValueError(stored["format"])
    return State(
        entries=[_entry(one) for one in stored["resources"]],
        generations=dict(stored["generations"]),
        gone=set(stored["gone"]),
        failed=set(stored["failed"]),
    )


def _stored(entry: Entry) -> dict[str, Any]:
    resource = entry.resource
    return {
        "token": resource.token,
        "name": resource.name,
        "id": resource.id,
        "inputs": masked(resource.inputs, entry.secret_paths),
        "outputs": masked(resource.outputs, entry.secret_paths),
        "provider": dict(resource.provider),
        "generation": entry.generation,
        "unconfirmed": entry.unconfirmed,
        "adopted": entry.adopted,
        "secretPaths": list(entry.secret_paths),
    }


def _entry(stored: Mapping[str, Any]) -> Entry:
    fields = ("token", "name", "id", "inputs", "outputs", "provider")
    return Entry(
        resource=values.Resource(**{field: stored[field] for field in fields}),
        generation=stored["generation"],
        unconfirmed=stored["unconfirmed"],
        adopted=stored["adopted"],
        secret_paths=tuple(stored["secretPaths"]),
    )
