"""Whatever is told says what is wrong, why it matters, and what to do next."""

import ast
import pathlib
import re
import typing

import pydantic
import pytest

from stacks import forms, settings

from . import conftest

PLACES = [*(conftest.ROOT / "stacks").rglob("*.py"), *(conftest.ROOT / "runner" / "commands").rglob("*.py")]
TELLING = re.compile(
    r"(.*\.)?(finding|Finding|Problem)|(errors\.)?\w*(Error|Unreachable|Unsupported|Refused)\.of|source\.problem"
)


def calls(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and TELLING.fullmatch(ast.unparse(node.func)):
            yield node


@pytest.mark.parametrize("path", PLACES, ids=[path.relative_to(conftest.ROOT).as_posix() for path in PLACES])
def test_every_problem_says_why_and_what_to_do_next(path: pathlib.Path):
    silent = [
        f"{path.name}:{node.lineno}"
        for node in calls(path)
        if not {"why", "next"} <= {keyword.arg for keyword in node.keywords}
        # Values of a mapping are passed on as they are, and what is told is in it.
        and not any(keyword.arg is None for keyword in node.keywords)
    ]
    assert silent == []


def test_the_test_above_looks_at_problems():
    assert sum(1 for path in PLACES for _ in calls(path)) > 100


def patterns(annotation, seen):
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        if annotation not in seen:
            seen.add(annotation)
            for field in annotation.model_fields.values():
                yield from (item.pattern for item in field.metadata if getattr(item, "pattern", None))
                yield from patterns(field.annotation, seen)
        return
    for part in (*typing.get_args(annotation), *getattr(annotation, "metadata", ())):
        if getattr(part, "pattern", None):
            yield part.pattern
        for inner in getattr(part, "metadata", ()):
            if getattr(inner, "pattern", None):
                yield inner.pattern
        yield from patterns(part, seen)


def test_every_form_of_a_text_has_words_and_an_example():
    used = set(patterns(settings.Settings, set()))
    assert len(used) > 15
    assert used <= forms.WORDS.keys() & forms.EXAMPLES.keys()


@pytest.mark.parametrize(("form", "example"), forms.EXAMPLES.items(), ids=forms.EXAMPLES.values())
def test_every_example_has_its_form(form, example):
    for text in example.split("` or `"):
        assert re.fullmatch(form, text.strip('"'))
