"""Placeholders in a maker's YAML: `${name}` in the place of a value, or within a text. Pure.

All there is of a language: no expressions, no conditions, no loops, so that nothing in a declaration can do more than
be a value. A placeholder that is the whole of a value keeps its type; one that comes to nothing there leaves its key
out. `$${` stands for `${` itself. Rejected: Jinja and the like, whose programs nobody could check before they run.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from stacks import findings, suggestions

NAME: Final = r"[A-Za-z][A-Za-z0-9-]*(?:\.[A-Za-z][A-Za-z0-9-]*)*"
"""What a placeholder may be called: words with dots between them."""
_TOKEN: Final = re.compile(rf"(?P<dollars>\$+)\{{(?:(?P<name>{NAME})\}})?")


class Kind(enum.Enum):
    """What a placeholder stands for."""

    PLAIN = "plain"
    """A text, a number or a truth value."""
    STRUCTURE = "structure"
    """A list or a mapping: never within a text."""
    SECRET = "secret"  # noqa: S105 - it names a kind
    """A password."""


Scope = Mapping[str, Kind]
"""The placeholders that are known somewhere."""


@dataclasses.dataclass(frozen=True)
class Placeholder:
    """One `${name}`."""

    name: str


class Malformed(ValueError):
    """A text has `${` where no placeholder follows."""


def parse(text: str) -> tuple[str | Placeholder, ...]:
    """The text's parts: no two texts in a row, and none is empty. Raises Malformed."""
    parts: list[str | Placeholder] = []
    plain, end = "", 0
    for match in _TOKEN.finditer(text):
        # As many dollar signs as are written twice stand for themselves; one that is left begins a placeholder.
        doubled, single = divmod(len(match["dollars"]), 2)
        plain += text[end : match.start()] + "$" * doubled
        if not single:
            end = match.end("dollars")
            continue
        if match["name"] is None:
            raise Malformed(text[match.start() :])
        parts += [*([plain] if plain else []), Placeholder(match["name"])]
        plain, end = "", match.end()
    plain += text[end:]
    return (*parts, plain) if plain else tuple(parts)


def escaped(text: str) -> str:
    """The text as it is to be written, so that it comes out as it is."""
    return re.sub(r"\$+(?=\{)", lambda match: match[0] * 2, text)


def names(value: Any) -> set[str]:
    """The placeholders anywhere in a value; what is malformed has none."""
    found: set[str] = set()
    for _, text in _texts(value, path=()):
        try:
            found |= {part.name for part in parse(text) if isinstance(part, Placeholder)}
        except Malformed:
            continue
    return found


def check(value: Any, *, scope: Scope, path: findings.Path) -> Iterator[findings.Finding]:
    """Everything that is wrong with the placeholders in a value, each at its own path."""
    for place, text in _texts(value, path=path):
        yield from _text_problems(text, scope=scope, path=place)
    for place in _keys_with_placeholders(value, path=path):
        what = f"`{findings.spelled(place)}` has a placeholder in a key"
        yield findings.Finding(
            path=place, what=what, why="only values are filled in", next="write the key without `${`"
        )


def render(value: Any, *, values: Mapping[str, Any], join: Callable[[Sequence[Any]], Any]) -> Any:
    """The value with its placeholders filled in.

    `join` makes one text of several parts, each of which is a text or what only the engine knows. Raises KeyError and
    Malformed for what `check` refuses.
    """
    if isinstance(value, Mapping):
        filled = {key: render(item, values=values, join=join) for key, item in value.items()}
        return {key: item for key, item in filled.items() if not _is_left_out(value[key], item)}
    if isinstance(value, list | tuple):
        rendered = [(item, render(item, values=values, join=join)) for item in value]
        return [item for written, item in rendered if not _is_left_out(written, item)]
    if not isinstance(value, str):
        return value
    parts = [values[part.name] if isinstance(part, Placeholder) else part for part in parse(value)]
    if len(parts) == 1:
        return parts[0]
    return join([_as_text(part) for part in parts])


def _is_left_out(written: Any, filled: Any) -> bool:
    return filled is None and written is not None


def _as_text(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _text_problems(text: str, *, scope: Scope, path: findings.Path) -> Iterator[findings.Finding]:
    shown = findings.spelled(path)
    try:
        parts = parse(text)
    except Malformed:
        yield findings.Finding(
            path=path,
            what=f"`{shown}` has `${{` without a name and `}}` after it",
            why="a placeholder is a name of letters, digits, hyphens and dots: no expressions",
            next="write for example `${name}`, or `$${` for the two characters themselves",
        )
        return
    for part in parts:
        if not isinstance(part, Placeholder):
            continue
        if part.name not in scope:
            yield _unknown(part.name, scope=scope, path=path)
        elif scope[part.name] is Kind.STRUCTURE and len(parts) > 1:
            yield findings.Finding(
                path=path,
                what=f"`{shown}` has `${{{part.name}}}` within a text",
                why="it stands for a list or a mapping",
                next=f"write `${{{part.name}}}` as the whole value",
            )


def _unknown(name: str, *, scope: Scope, path: findings.Path) -> findings.Finding:
    near = suggestions.nearest(name, scope)
    known = ", ".join(f"`${{{each}}}`" for each in sorted(scope))
    is_secret = name.partition(".")[0] == "password"
    why = (
        "passwords are written into Secrets and connections only: `secrets`, `connection` and `env`"
        if is_secret
        else f"there are {known}"
    )
    return findings.Finding(
        path=path,
        what=f"`{findings.spelled(path)}` has the unknown placeholder `${{{name}}}`",
        why=why,
        next=f"write `${{{near}}}`" if near and not is_secret else "write one of those that there are",
    )


def _texts(value: Any, *, path: findings.Path) -> Iterator[tuple[findings.Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, path=(*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _texts(item, path=(*path, index))


def _keys_with_placeholders(value: Any, *, path: findings.Path) -> Iterator[findings.Path]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if _TOKEN.search(str(key)):
                yield (*path, key)
            yield from _keys_with_placeholders(item, path=(*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _keys_with_placeholders(item, path=(*path, index))
