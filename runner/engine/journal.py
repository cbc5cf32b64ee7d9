"""Everything that is told about a run: passed on as it happens, kept for the end, and cleared of secrets."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from runner.engine import events, values

_SHORTEST: Final = 4
"""Characters; shorter ones would mask half of every message, and are no secrets."""
_LONG: Final = 16


class Journal:
    """The events of one run. Whoever emits need not know which texts are secret: that is learnt here."""

    def __init__(self, listener: events.Listener) -> None:
        self._listener = listener
        self._finished: list[events.Finished] = []
        self._diagnostics: list[events.Diagnostic] = []
        self._secrets: set[str] = set()
        self.refused = False
        """Whether something was told that stands against the run as a whole: it must not begin, or not go on."""

    @property
    def finished(self) -> tuple[events.Finished, ...]:
        """In the order in which they finished."""
        return tuple(self._finished)

    @property
    def diagnostics(self) -> tuple[events.Diagnostic, ...]:
        """In the order in which they came."""
        return tuple(self._diagnostics)

    @property
    def failed(self) -> bool:
        """Whether anything went wrong so far."""
        return any(event.failure for event in self._finished) or any(
            event.severity is events.Severity.ERROR for event in self._diagnostics
        )

    def learn(self, value: Any) -> None:
        """Never show the texts of the secrets in `value`."""
        if isinstance(value, values.Secret):
            self._secrets.update(_texts(values.revealed(value)))
        elif isinstance(value, dict):
            for item in value.values():
                self.learn(item)
        elif isinstance(value, list):
            for item in value:
                self.learn(item)

    def emit(self, event: events.Event) -> None:
        """Pass an event on, masked."""
        match event:
            case events.Diagnostic():
                event = dataclasses.replace(event, message=self.masked(event.message))
                self._diagnostics.append(event)
            case events.Finished():
                event = dataclasses.replace(event, failure=self.masked(event.failure))
                self._finished.append(event)
            case events.Progress():
                event = dataclasses.replace(event, message=self.masked(event.message))
            case events.Started():
                pass
        self._listener(event)

    def tell(self, severity: events.Severity, message: str, *, urn: str = "") -> None:
        """Emit a diagnostic of the engine itself."""
        self.emit(events.Diagnostic(severity=severity, message=message, urn=urn))

    def masked(self, text: str) -> str:
        """The text without any secret that has been learnt."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, values.MASK)
        return text


def _texts(value: Any) -> set[str]:
    """The texts by which a secret would be recognised; of those with many lines, long words may be quoted alone."""
    if isinstance(value, dict):
        return set().union(*(_texts(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(_texts(item) for item in value))
    if not isinstance(value, str):
        return set()
    words = {word for word in value.split() if len(word) >= _LONG} if "\n" in value else set()
    return {text for text in {value, *words} if len(text) >= _SHORTEST}
