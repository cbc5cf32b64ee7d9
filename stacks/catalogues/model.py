"""What a catalogue from outside this project comes to, for all layers. Types only."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from stacks import errors, findings
from stacks.catalogues import declarations, places
from stacks.services import instance


@dataclasses.dataclass(frozen=True, kw_only=True)
class Service:
    """A service that stack files can name besides the built-in ones."""

    name: str
    model: type[instance.Instance]
    """Its settings."""
    operators: tuple[str, ...]
    """Names of the operators that it needs, built-in ones included; the first one is for its resource."""
    folder: pathlib.Path
    """The catalogue that it is of."""
    declaration: declarations.Service | None = None
    """What its YAML says; None for one in Python."""
    entry: Any = None
    """Its `contracts.Service` where it is one in Python, which this layer only passes on."""
    images: tuple[str, ...] = ()
    """What an instance runs besides what its operators' releases name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Operator:
    """An operator that such services bring."""

    name: str
    version: str
    namespace: str
    requires: tuple[str, ...]
    folder: pathlib.Path
    declaration: declarations.Operator | None = None
    entry: Any = None
    """Its `contracts.Operator` where it is one in Python."""

    @property
    def lock(self) -> pathlib.Path:
        """The file that pins its release."""
        return self.folder / places.LOCK_FILE


@dataclasses.dataclass(frozen=True, kw_only=True)
class Play:
    """What is played for an operator where no container runs: one kind of its resources."""

    operator: str
    namespace: str
    """Where the operator lives: it is played while a Deployment of its is available."""
    api_version: str
    kind: str
    after: float
    """Seconds."""
    status: Mapping[str, Any]
    observes_generation: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All that a stack's `paasport:catalogue` brings, as far as it is right."""

    services: Mapping[str, Service] = dataclasses.field(default_factory=dict)
    operators: Mapping[str, Operator] = dataclasses.field(default_factory=dict)
    plays: tuple[Play, ...] = ()
    problems: tuple[errors.Problem, ...] = ()
    """What is wrong in the maker's own files."""
    found: tuple[findings.Finding, ...] = ()
    """What is wrong with the key in the stack file."""
    unread: bool = False
    """Whether nobody has looked what there is."""

    @property
    def is_sound(self) -> bool:
        """Whether it is known which services it has."""
        return not self.problems and not self.found and not self.unread

    @property
    def namespaces(self) -> frozenset[str]:
        """Which its operators live in."""
        return frozenset(operator.namespace for operator in self.operators.values())

    def needed(self, service: str) -> Iterator[str]:
        """Names of the operators that one of its services needs, and of those that its own operators require."""
        pending, seen = list(self.services[service].operators), set[str]()
        while pending:
            name = pending.pop(0)
            if name not in seen:
                seen.add(name)
                yield name
                pending += self.operators[name].requires if name in self.operators else ()
