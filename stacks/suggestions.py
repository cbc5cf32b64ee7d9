"""The nearest right name for a wrong one, and lists of names as they stand in a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

LEAST_LIKENESS: Final = 65
"""Percent. Below it an offer is more confusing than the list of what there is: a part of two letters makes 60."""
LEAST_OF_THE_WHOLE: Final = 60
"""The same for names that are compared as a whole, where a part alone makes nothing."""

SLIP: Final = 0.85
"""Share of equal characters: one wrong, missing or superfluous character in a word of seven or more."""


def nearest(name: str, names: Iterable[str], *, whole: bool = False) -> str:
    """The one of `names` that `name` is most likely a slip of, or an empty text where none is near.

    A part that is alike is enough, unless the `whole` has to be.
    """
    from rapidfuzz import fuzz, process, utils  # noqa: PLC0415 - 40 ms that only an error is worth

    found = process.extractOne(
        name,
        list(names),
        scorer=fuzz.ratio if whole else fuzz.WRatio,
        processor=utils.default_process,
        score_cutoff=LEAST_OF_THE_WHOLE if whole else LEAST_LIKENESS,
    )
    return str(found[0]) if found else ""


def several(name: str, names: Iterable[str], *, most: int) -> list[str]:
    """The ones of `names` that `name` is most likely a slip of, the nearest first, and no more than `most`."""
    from rapidfuzz import fuzz, process, utils  # noqa: PLC0415 - 40 ms that only an error is worth

    found = process.extract(
        name,
        list(names),
        scorer=fuzz.WRatio,
        processor=utils.default_process,
        score_cutoff=LEAST_LIKENESS,
        limit=most,
    )
    return [str(each) for each, *_ in found]


def is_slip(name: str, *, of: str) -> bool:
    """Whether `name` is a misspelled `of`. Strict, because a name that merely resembles it is refused for this."""
    import difflib  # noqa: PLC0415 - only names that are not ours are worth it

    return name != of and difflib.SequenceMatcher(a=name, b=of).ratio() >= SLIP


def correction(name: str, names: Iterable[str]) -> str:
    """What to write instead of `name`, which is none of `names`."""
    choices = list(names)
    near = nearest(name, choices)
    return f"write `{near}`" if near else f"write one of {listed(choices)}"


def listed(names: Iterable[str], *, last: str = "") -> str:
    """Names as they stand in a sentence; `last` is the word before the last one of several, such as `or`."""
    quoted = [f"`{name}`" for name in names]
    if last and len(quoted) > 1:
        return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"
    return ", ".join(quoted)


def with_article(noun: str) -> str:
    """The noun after `a` or `an`, by its first letter: enough for the names of services."""
    return f"{'an' if noun[:1].lower() in {*'aeiou'} else 'a'} {noun}"
