"""Pydantic's errors in words that a user can act on: what is wrong, what is wanted, the nearest right name.

Knows models and error types, not files. Never repeats a value that is or may be secret.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Final

import pydantic

from stacks import confidential, findings, forms, suggestions

_KEY: Final = "[key]"
"""How pydantic ends the place of a mapping's key that is itself wrong."""

UNHEEDED: Final = "nobody looks at it, so what it says has no effect"
"""Why an unknown key is an error."""

LONGEST_QUOTE: Final = 40
"""Longer texts are described, not repeated: nobody reads them, and they may be pasted credentials."""


def findings_of(
    error: pydantic.ValidationError, model: type[pydantic.BaseModel], *, path: findings.Path, echo: bool
) -> Iterator[findings.Finding]:
    """What `error` says about a value of `model` that stands at `path`. With `echo` false no value is repeated."""
    details = error.errors(include_url=False)
    holding = {detail["loc"][:end] for detail in details for end in range(len(detail["loc"]))}
    for detail in details:
        if detail["type"] == "too_short" and detail["loc"] in holding:
            # pydantic counts only the items that are right, and the wrong ones are told already.
            continue
        steps, owner, meaning, secret = _followed(model, detail["loc"])
        place = (*path, *steps)
        mention = Mention(
            name=f"the key `{findings.spelled(place)}`"
            if detail["loc"][-1:] == (_KEY,)
            else f"`{findings.spelled(place)}`",
            value=described(detail["input"], echo=echo and not secret),
            key=str(steps[-1]) if steps else "",
            siblings=tuple(_keys(owner)) if owner else (),
            context=detail.get("ctx", {}),
            text=detail["input"] if echo and not secret and type(detail["input"]) is str else "",
        )
        what, advice = EXPLANATIONS.get(detail["type"], _other)(mention)
        why = UNHEEDED if detail["type"] == "extra_forbidden" else meaning
        yield findings.Finding(path=place, what=what, why=why, next=advice)


class Mention(typing.NamedTuple):
    """What an explanation may speak of."""

    name: str
    value: str
    """The offending value in words; the value itself only where it may be shown."""
    key: str
    siblings: tuple[str, ...]
    """The keys that may stand where `key` stands."""
    context: Mapping[str, Any]
    text: str
    """The offending text, empty where it must not be repeated."""


Explanation = Callable[[Mention], tuple[str, str]]
"""Says what is wrong, and what to do next."""


def described(value: Any, *, echo: bool) -> str:
    """What a value is, in words; the value itself only where it is short and may be shown."""
    if isinstance(value, confidential.Confidential):
        return "an encrypted value"
    if value is None or value == "":
        return "nothing" if value is None else "an empty text"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    kind = "truth value" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"the {kind} `{text}`" if echo and len(text) <= LONGEST_QUOTE and text.isprintable() else f"a {kind}"


def _must_be(wanted: str, *, advice: str) -> Explanation:
    return lambda mention: (f"{mention.name} must be {wanted}, not {mention.value}", advice)


def _text(mention: Mention) -> tuple[str, str]:
    is_plain = mention.value.startswith(("the number", "the truth value", "a number", "a truth value"))
    advice = "put the value in quotes" if is_plain else "write a text, or leave the key out"
    return f"{mention.name} must be a text, not {mention.value}", advice


def _limited(mention: Mention) -> tuple[str, str]:
    limits = {"ge": ("at least", "more"), "le": ("at most", "less")}
    limit, (words, other) = next(
        (mention.context[key], words) for key, words in limits.items() if key in mention.context
    )
    return f"{mention.name} must be {words} {limit}, not {mention.value}", f"write {limit} or {other}"


def _unknown(mention: Mention) -> tuple[str, str]:
    return f"unknown key {mention.name}", suggestions.correction(mention.key, mention.siblings)


def _missing(mention: Mention) -> tuple[str, str]:
    return f"{mention.name} is missing", f"add the key `{mention.key}`"


def _choice(mention: Mention) -> tuple[str, str]:
    choices = mention.context["expected"].replace("'", "`").replace(" or ", ", ")
    what = f"{mention.name} must be one of {choices}, not {mention.value}"
    names = [part.strip(" `") for part in choices.split(",")]
    return what, suggestions.correction(mention.text, names) if mention.text else "write one of them"


def _form(mention: Mention) -> tuple[str, str]:
    pattern = mention.context["pattern"]
    what = f"{mention.name} must be {forms.WORDS[pattern]}; it is {mention.value}"
    example = forms.EXAMPLES.get(pattern)
    return what, f"write for example `{example}`" if example else "write such a text"


def _source(mention: Mention) -> tuple[str, str]:
    what = f"{mention.name} needs exactly one of `path`, `value` and `stack`"
    return what, "say where the kubeconfig comes from with one of them, for example `path: ~/.kube/config`"


def _too_short(mention: Mention) -> tuple[str, str]:
    least = mention.context["min_length"]
    what = f"{mention.name} must {'not be empty' if least == 1 else f'have at least {least} entries'}"
    return what, f"add {'one' if least == 1 else 'the others'}, or leave the key out where it is not required"


def _too_few_characters(mention: Mention) -> tuple[str, str]:
    least = mention.context["min_length"]
    is_empty = least == 1 or mention.value == "an empty text"
    what = f"{mention.name} must {'not be empty' if is_empty else f'have at least {least} characters'}"
    return what, "fill it in, or leave the key out where it is not required"


def _too_long(mention: Mention) -> tuple[str, str]:
    return f"{mention.name} must have at most {mention.context['max_length']} characters", "shorten it"


def _zero(mention: Mention) -> tuple[str, str]:
    return f"{mention.name} must be more than zero", "write more, or leave the key out where it is not required"


def _other(mention: Mention) -> tuple[str, str]:
    return f"{mention.name} is not valid", "write it anew: stacks/schema.json has what may stand there"


_MAPPING: Final = "write its keys below it, indented, or leave it out where it is not required"

EXPLANATIONS: Final[Mapping[str, Explanation]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "literal_error": _choice,
    "int_type": _must_be("a whole number", advice="write digits alone, without quotes"),
    "bool_type": _must_be("`true` or `false`", advice="write one of the two, without quotes"),
    "no_scalar": _must_be("a text, a number or a truth value", advice="write it as one value, in the same line"),
    "no_date": _must_be("a day, such as 2026-12-18", advice="write year, month and day, with hyphens between them"),
    "string_type": _text,
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), _must_be("a mapping", advice=_MAPPING)),
    "tuple_type": _must_be("a list", advice="write `[a, b]`, or each item in a line of its own after `- `"),
    "greater_than_equal": _limited,
    "less_than_equal": _limited,
    "string_pattern_mismatch": _form,
    "string_too_short": _too_few_characters,
    "string_too_long": _too_long,
    "too_short": _too_short,
    "union_tag_not_found": _source,
    "zero_quantity": _zero,
}


def _followed(
    model: type[pydantic.BaseModel], location: tuple[str | int, ...]
) -> tuple[findings.Path, type[pydantic.BaseModel] | None, str, bool]:
    """The location without the tags of unions, the model that owns its last key, a meaning, and whether it is secret.

    The meaning is what the innermost key that is known is for, by its docstring.
    """
    steps: list[str | int] = []
    meaning = ""
    owner: type[pydantic.BaseModel] | None = None
    current: type[pydantic.BaseModel] | None = model
    secret = False
    remaining = [step for step in location if step != _KEY]
    while remaining:
        step = remaining.pop(0)
        steps.append(step)
        owner, current = current, None
        field = _keys(owner).get(str(step)) if owner else None
        if field is None:
            continue
        meaning = " ".join((field.description or "").split()).rstrip(".")
        secret = secret or _holds_secret(field.annotation)
        choices = _models(field.annotation)
        if choices and remaining and _is_collection(field.annotation):
            steps.append(remaining.pop(0))
        elif len(choices) > 1 and remaining:
            tag = str(remaining.pop(0))
            choices = [choice for choice in choices if tag in choice.model_fields]
        current = choices[0] if len(choices) == 1 else None
    return tuple(steps), owner, meaning, secret


def _is_collection(annotation: Any) -> bool:
    """Whether a value of this type is a list or a mapping of others."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (Annotated, typing.Union, types.UnionType):
        return any(_is_collection(part) for part in parts)
    return origin in (dict, tuple)


def _keys(model: type[pydantic.BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _models(annotation: Any) -> list[type[pydantic.BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in _models(part)]


def _holds_secret(annotation: Any) -> bool:
    if annotation is pydantic.SecretStr:
        return True
    fields = [field.annotation for model in _models(annotation) for field in model.model_fields.values()]
    return any(_holds_secret(part) for part in (*fields, *typing.get_args(annotation)))
