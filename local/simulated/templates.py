"""Texts with words in braces, from which the data files make identifiers and outputs.

| word | becomes |
|---|---|
| `{hex:17}` | digits that follow from stack, type and name, marked as made here |
| `{hash:17:word}`, `{HASH:17:word}` | other hexadecimal digits, which follow from the word too |
| `{digits:21:word}`, `{int:9:word}` | decimal digits; as text, as a number |
| `{guid:word}`, `{time:word}`, `{ip:word}` | a UUID, a time, an address |
| `{host:path}` | the input at the path without `https://` |
| `{agent:path}` | the account of the Google service that the input names |
| `{whole:variable}` | the variable as a number |
| `{path}`, `{path|default}` | a variable (`region`, `id`, `name`, …) or else the input at the path |

A template that is a single word keeps the type of what it stands for.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from local.simulated import identifiers, values

_WORD: Final = re.compile(r"\{([^{}]+)\}")
_AGENTS: Final = {"container": "container-engine-robot", "gkebackup": "gcp-sa-gkebackup", "pubsub": "gcp-sa-pubsub"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Words:
    """What the words of a template stand for, for one resource."""

    seed: tuple[str, ...]
    """Stack, token, name and the number of those that had the name before: what made-up digits follow from."""
    variables: Mapping[str, Any]
    inputs: Mapping[str, Any]

    def having(self, **variables: Any) -> Words:
        """The same with more variables."""
        return dataclasses.replace(self, variables={**self.variables, **variables})

    def render(self, template: Any) -> Any:
        """The template with its words replaced; dictionaries and lists in depth, without what stands for nothing."""
        if isinstance(template, Mapping):
            rendered = {key: self.render(item) for key, item in template.items()}
            return {key: item for key, item in rendered.items() if item is not None}
        if isinstance(template, list):
            return [self.render(item) for item in template]
        if not isinstance(template, str):
            return template
        whole = _WORD.fullmatch(template)
        return self._word(whole[1]) if whole else _WORD.sub(lambda found: self._text(found[1]), template)

    def _text(self, word: str) -> str:
        value = self._word(word)
        return "" if value is None else str(value)

    def _word(self, word: str) -> Any:
        kind, *arguments = word.split(":")
        if arguments and kind in _MADE_UP:
            return _MADE_UP[kind](self, *arguments)
        path, _, default = word.partition("|")
        if path in self.variables:
            return self.variables[path]
        found = values.at(self.inputs, path)
        return default or None if found is None else found

    def _host(self, path: str) -> str:
        return self._text(path).removeprefix("https://")

    def _agent(self, path: str) -> str:
        service = self._text(path).partition(".")[0]
        return _AGENTS.get(service, f"gcp-sa-{service}")


_MADE_UP: Final[Mapping[str, Callable[..., Any]]] = {
    "hex": lambda words, length: identifiers.marked(*words.seed, length=int(length)),
    "hash": lambda words, length, label: identifiers.digest(*words.seed, label, length=int(length)),
    "HASH": lambda words, length, label: identifiers.digest(*words.seed, label, length=int(length)).upper(),
    "digits": lambda words, length, label: identifiers.digits(*words.seed, label, length=int(length)),
    "int": lambda words, length, label: int(identifiers.digits(*words.seed, label, length=int(length))),
    "guid": lambda words, label: identifiers.guid(*words.seed, label),
    "time": lambda words, label: identifiers.moment(*words.seed, label),
    "ip": lambda words, label: identifiers.address(*words.seed, label),
    "host": Words._host,  # noqa: SLF001 - a word of this class
    "agent": Words._agent,  # noqa: SLF001 - likewise
    "whole": lambda words, variable: int(words.variables[variable]),
}
