"""Who names whom: every reference must find its resource, and nothing that is named can be deleted. Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from local.simulated import checking, facts, identifiers, values

_HANDLES: Final = (
    "arn",
    "selfLink",
    "name",
    "email",
    "member",
    "keyId",
    "principalId",
    "identity.principalId",
    "keyUri",
    "keyUriWithVersion",
    "identities.oidcs.issuer",
    "oidcIssuerProfile.issuerURL",
    "properties.vaultUri",
)
"""Outputs by which other resources name one."""
_WORD: Final = re.compile(r"\{[^{}]+\}")


@functools.lru_cache(maxsize=4096)
def _lowered(text: str) -> str:
    return text.rstrip("/").lower()


def handles(resource: values.Resource) -> frozenset[str]:
    """Everything by which other resources may name this one, in lower case, because Azure compares so."""
    found = [resource.id, *(values.at(resource.outputs, path) for path in _HANDLES)]
    rule = facts.of(resource.token).name
    if rule is not None:
        found.append(resource.inputs.get(rule.property))
    return frozenset(_lowered(value) for value in found if isinstance(value, str) and value)


def named_by(token: str, inputs: Mapping[str, Any]) -> Iterator[tuple[facts.Reference, str, str]]:
    """The references in inputs: which one, at which path, and the text that stands there."""
    for reference in facts.of(token).references:
        for path, value in at_pattern(inputs, reference.path):
            if isinstance(value, str) and value:
                yield reference, path, value


def at_pattern(tree: Any, pattern: str, *, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value at a path in which `[]` stands for all items of a list, with its own path."""
    if not pattern:
        yield prefix, tree
        return
    head, _, rest = pattern.partition(".")
    key = head.removesuffix("[]")
    below = tree.get(key) if isinstance(tree, Mapping) else None
    path = f"{prefix}.{key}" if prefix else key
    if below is None:
        return
    if not head.endswith("[]"):
        yield from at_pattern(below, rest, prefix=path)
    elif isinstance(below, (list, tuple)):
        for index, item in enumerate(below):
            yield from at_pattern(item, rest, prefix=f"{path}[{index}]")


def missing(
    token: str, inputs: Mapping[str, Any], *, there: Collection[values.Resource], gone: Collection[str]
) -> Iterator[checking.Finding]:
    """References that find nothing. `gone` are the identifiers of what was deleted."""
    for reference, path, value in named_by(token, inputs):
        candidates = [resource for resource in there if resource.token in reference.tokens]
        if any(_lowered(value) in handles(resource) for resource in candidates):
            continue
        kinds = " or ".join(_kind(known) for known in reference.tokens)
        if not reference.foreign:
            yield checking.Finding(path, f"names {value}, and there is no such {kinds} in this account")
        elif value in gone or identifiers.is_marked(value):
            yield checking.Finding(path, f"names {value}, which is no longer there ({kinds})")
        elif not _has_shape(value, reference.tokens):
            yield checking.Finding(path, f"must name a resource of type {kinds}, and {value!r} does not look like one")


def dependants(resource: values.Resource, *, there: Collection[values.Resource]) -> list[values.Resource]:
    """Those resources that name this one, and so keep it from being deleted."""
    known = handles(resource)
    return [
        other
        for other in there
        if (other.token, other.id) != (resource.token, resource.id) and _names(other, resource.token, known)
    ]


def _names(other: values.Resource, token: str, known: frozenset[str]) -> bool:
    return any(
        token in reference.tokens and _lowered(value) in known
        for reference, _, value in named_by(other.token, other.inputs)
    )


def _has_shape(value: str, tokens: tuple[str, ...]) -> bool:
    """Whether the text looks like an identifier of one of these types, or like something that the rules do not know."""
    return any(re.fullmatch(pattern, value, re.IGNORECASE) for token in tokens for pattern in _shapes(token))


@functools.cache
def _shapes(token: str) -> tuple[str, ...]:
    known = facts.of(token)
    templates = [known.id, *(str(value) for path in _HANDLES if (value := values.at(known.outputs, path)))]
    # A name or an address says nothing about its type, and an ARN may lead to another kind of principal or policy.
    free = [r"[^/:]+", r"arn:.+", r"https://.+"] if "{name}" in known.id or known.name else []
    return (*(_pattern(template) for template in templates), *free)


def _pattern(template: str) -> str:
    """A regular expression for what a template can become, in any account."""
    whole = template.replace("{group}", "/subscriptions/{subscription}/resourceGroups/{resourceGroupName}")
    pieces = [re.escape(piece) for piece in _WORD.split(whole)]
    return ".+".join(pieces)


def _kind(token: str) -> str:
    """The type as a person says it: `aws:ec2/vpc:Vpc` is `Vpc`."""
    return token.rpartition(":")[2]
