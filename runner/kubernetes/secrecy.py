"""Which parts of an object must never be shown. Pure.

The API server returns what it was given, so whatever was secret in the inputs is secret in the object; and the data of
a Secret always is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runner.engine import values

_SHORTEST: Final = 6
"""Characters from which a secret is recognised inside a longer text; shorter ones would mask ordinary words."""


def marked(item: Any, *, inputs: Any = None) -> Any:
    """`item` with `values.Secret` around all that must not be shown; `inputs` are what the program gave for it.

    Recognised by place and, for texts, by value: an admission webhook may move what it was given.
    """
    found = item
    if values.contains_secret(inputs):
        texts = frozenset(_texts(inputs, inside=False))
        found = _by_place(_by_value(item, texts=texts), inputs)
    if isinstance(found, dict) and found.get("kind") == "Secret" and found.get("apiVersion") == "v1":
        return {key: _sealed(part) if key in ("data", "stringData") else part for key, part in found.items()}
    return found


def opened(value: Any) -> Any:
    """A secret mapping as a mapping of secrets, so that its keys can be worked with; anything else as it is."""
    if isinstance(value, values.Secret) and isinstance(value.value, Mapping):
        return _sealed(value.value)
    return value


def scrubbed(text: str, *, inputs: Any) -> str:
    """A message of the API server without the secrets of the object it is about."""
    for secret in sorted(_texts(inputs, inside=False), key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, values.MASK)
    return text


def _sealed(part: Any) -> Any:
    if isinstance(part, Mapping):
        return {key: value if isinstance(value, values.Secret) else values.Secret(value) for key, value in part.items()}
    return part


def _texts(value: Any, *, inside: bool) -> list[str]:
    """All texts inside secrets."""
    if isinstance(value, values.Secret):
        return _texts(value.value, inside=True)
    if isinstance(value, str):
        return [value] if inside and value else []
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part, inside=inside)]


def _by_value(value: Any, *, texts: frozenset[str]) -> Any:
    if isinstance(value, str):
        hit = value in texts or any(len(text) >= _SHORTEST and text in value for text in texts)
        return values.Secret(value) if hit else value
    if isinstance(value, dict):
        return {key: _by_value(part, texts=texts) for key, part in value.items()}
    if isinstance(value, list):
        return [_by_value(part, texts=texts) for part in value]
    return value


def _by_place(value: Any, inputs: Any) -> Any:
    if isinstance(value, values.Secret):
        return value
    if isinstance(inputs, values.Secret):
        return values.Secret(values.revealed(value))
    if isinstance(value, dict) and isinstance(inputs, Mapping):
        return {key: _by_place(part, inputs.get(key)) for key, part in value.items()}
    if isinstance(value, list) and isinstance(inputs, list):
        rest: list[Any] = [None] * max(0, len(value) - len(inputs))
        return [_by_place(part, given) for part, given in zip(value, [*inputs, *rest], strict=False)]
    return value
