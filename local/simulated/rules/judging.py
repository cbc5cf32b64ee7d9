"""What a rule is given and how the rules of a type are found.

A rule is a pure function of a `Case`; it yields what is wrong. A module of rules has up to four tables from tokens to
rules: `CHECKS` (inputs alone, also in a preview, so UNKNOWN may stand anywhere), `CREATIONS`, `UPDATES`, `DELETIONS`.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from local.simulated import checking, references, sdk, values

Stage = Literal["CHECKS", "CREATIONS", "UPDATES", "DELETIONS"]

_MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    "aws": ("aws_network", "aws_identity", "eks_cluster", "eks_parts"),
    "gcp": ("gcp_network", "gcp_identity", "gke"),
    "azure-native": ("azure_network", "azure_identity", "azure_templates", "aks"),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One call to the vendor's API, to be judged."""

    token: str
    inputs: Mapping[str, Any]
    """What is asked for; on deletion what the resource was made with."""
    before: values.Resource | None = None
    """The resource as it is; None on creation."""
    there: Collection[values.Resource] = ()
    """Everything in the account."""
    gone: Collection[str] = ()
    """Identifiers of what was deleted."""
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    provider: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def value(self, path: str) -> Any:
        """The input at a path; None where it is not given or not known yet."""
        found = values.at(self.inputs, path)
        return None if found is values.UNKNOWN else found

    def text(self, path: str) -> str:
        """The input at a path where it is text, or nothing."""
        found = self.value(path)
        return found if isinstance(found, str) else ""

    def flag(self, path: str) -> bool | None:
        """The input at a path where it is true or false."""
        found = self.value(path)
        return found if isinstance(found, bool) else None

    def number(self, path: str) -> float | None:
        """The input at a path where it is a number."""
        found = self.value(path)
        return found if isinstance(found, (int, float)) and not isinstance(found, bool) else None

    def items(self, path: str) -> list[tuple[str, Any]]:
        """The known values at a path with `[]`, with their own paths."""
        return [(at, item) for at, item in references.at_pattern(self.inputs, path) if item is not values.UNKNOWN]

    def given(self, path: str) -> bool:
        """Whether there is anything at a path, known or not."""
        return values.at(self.inputs, path) is not None

    def named(self, path: str, token: str) -> values.Resource | None:
        """The resource of a type that the input at a path names; None where it is outside of the stack."""
        return self.find(token, self.text(path))

    def find(self, token: str, handle: str) -> values.Resource | None:
        """The resource of a type with this identifier, ARN or name."""
        wanted = handle.rstrip("/").lower()
        found = [one for one in self.there if one.token == token and wanted in references.handles(one)]
        return found[0] if wanted and found else None

    def every(self, token: str, **equal: Any) -> list[values.Resource]:
        """The resources of a type whose inputs are equal to these."""
        return [
            one
            for one in self.there
            if one.token == token and all(one.inputs.get(key) == value for key, value in equal.items())
        ]


Rule = Callable[[Case], Iterable[checking.Finding]]


def judged(case: Case, *stages: Stage) -> Iterator[checking.Finding]:
    """What the rules of these stages say about the case."""
    for module in _modules(sdk.vendor(case.token)):
        for stage in stages:
            for rule in getattr(module, stage, {}).get(case.token, ()):
                yield from rule(case)


def one_of(path: str, *allowed: str) -> Rule:
    """The rule that a text is one of a few, where the SDK's type says only that it is text."""

    def rule(case: Case) -> Iterator[checking.Finding]:
        for at, value in case.items(path):
            if isinstance(value, str) and value not in allowed:
                nearest = sdk.nearest(value, dict.fromkeys(allowed))
                yield checking.Finding(
                    at, f"must be one of {', '.join(allowed)}", f"the nearest is {nearest}" if nearest else ""
                )

    return rule


def between(path: str, lowest: float, highest: float) -> Rule:
    """The rule that a number lies within bounds."""

    def rule(case: Case) -> Iterator[checking.Finding]:
        for at, value in case.items(path):
            if isinstance(value, (int, float)) and not isinstance(value, bool) and not lowest <= value <= highest:
                yield checking.Finding(at, f"must be between {lowest:g} and {highest:g}, and is {value:g}")

    return rule


@functools.cache
def _modules(package: str) -> tuple[Any, ...]:
    return tuple(importlib.import_module(f"local.simulated.rules.{name}") for name in _MODULES[package])
