"""The language of placeholders: what it is, what it refuses, and that nothing else is in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stacks.catalogues import templates

PLAIN, STRUCTURE = templates.Kind.PLAIN, templates.Kind.STRUCTURE
SCOPE = {"name": PLAIN, "size.cpu": PLAIN, "spread": STRUCTURE}
VALUES = {"name": "web", "servers": 3, "flag": True, "nothing": None, "list": [1], "size.cpu": "500m"}

NAMES = st.from_regex(rf"\A{templates.NAME}\Z")
TEXTS = st.text(max_size=30)


def rendered(value):
    return templates.render(value, values=VALUES, join="".join)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("plain", ("plain",)),
        ("${name}", (templates.Placeholder("name"),)),
        ("a-${size.cpu}-b", ("a-", templates.Placeholder("size.cpu"), "-b")),
        ("$${name} costs $5", ("${name} costs $5",)),
        ("$$${name}", ("$", templates.Placeholder("name"))),
        ("$$$${name}", ("$${name}",)),
        ("$HOME $$ $", ("$HOME $$ $",)),
    ],
)
def test_a_text_is_taken_apart(text, parts):
    assert templates.parse(text) == parts


@pytest.mark.parametrize("text", ["${", "${}", "${a b}", "${1}", "${a.}", "${a}${", "${a + 1}", "${ a }", "${a|b}"])
def test_there_are_no_expressions(text):
    with pytest.raises(templates.Malformed):
        templates.parse(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${servers}", 3),
        ("${flag}", True),
        ("${list}", [1]),
        ("${servers} of ${name}", "3 of web"),
        ("${flag}!", "true!"),
        ("<${nothing}>", "<>"),
        ({"a": ["${name}", 1, None], "b": {"c": "${size.cpu}"}}, {"a": ["web", 1, None], "b": {"c": "500m"}}),
        ({"kept": "x", "gone": "${nothing}"}, {"kept": "x"}),
        (["${nothing}", "x"], ["x"]),
    ],
)
def test_values_are_filled_in_and_whole_ones_keep_their_type(value, expected):
    assert rendered(value) == expected


@pytest.mark.parametrize(
    ("value", "path", "what", "advice"),
    [
        ("${nmae}", (), "`s` has the unknown placeholder `${nmae}`", "write `${name}`"),
        (
            {"a": ["${size.cpus}"]},
            ("a", 0),
            "`s.a[0]` has the unknown placeholder `${size.cpus}`",
            "write `${size.cpu}`",
        ),
        ("over ${spread}", (), "`s` has `${spread}` within a text", "write `${spread}` as the whole value"),
        ("${name", (), "`s` has `${` without a name and `}` after it", "write for example `${name}`, or `$${` for the"),
        ({"${name}": 1}, ("${name}",), '`s["${name}"]` has a placeholder in a key', "write the key without `${`"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_write(value, path, what, advice):
    (found,) = templates.check(value, scope=SCOPE, path=("s",))
    assert (found.path, found.what) == (("s", *path), what)
    assert found.next.startswith(advice)


def test_an_unknown_placeholder_is_told_with_all_that_there_are():
    (found,) = templates.check("${zzz}", scope=SCOPE, path=())
    assert found.why == "there are `${name}`, `${size.cpu}`, `${spread}`"


def test_a_password_where_none_may_be_is_told_where_it_may():
    (found,) = templates.check("${password.admin}", scope=SCOPE, path=())
    assert found.why == "passwords are written into Secrets and connections only: `secrets`, `connection` and `env`"


@given(TEXTS)
def test_an_escaped_text_comes_out_as_it_is(text):
    assert templates.parse(templates.escaped(text)) == ((text,) if text else ())


@given(st.lists(st.one_of(TEXTS.map(lambda text: text.rstrip("$")), NAMES.map(templates.Placeholder)), max_size=6))
def test_what_is_written_is_what_is_read(parts):
    written = "".join(templates.escaped(part) if isinstance(part, str) else f"${{{part.name}}}" for part in parts)
    read = "".join(part if isinstance(part, str) else f"<{part.name}>" for part in templates.parse(written))
    assert read == "".join(part if isinstance(part, str) else f"<{part.name}>" for part in parts)


@given(st.text(alphabet="${}ab.1 ", max_size=20))
def test_any_text_is_either_read_or_refused_and_never_both(text):
    refused = list(templates.check(text, scope={}, path=()))
    try:
        parts = templates.parse(text)
    except templates.Malformed:
        assert len(refused) == 1
        return
    assert [found for found in refused if "without a name" in found.what] == []
    assert len(refused) == len([part for part in parts if not isinstance(part, str)])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="abc", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="abc", max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_what_has_no_placeholder_stays_as_it_is(value):
    assert templates.render(value, values={}, join="".join) == value
    assert list(templates.check(value, scope={}, path=())) == []
    assert templates.names(value) == set()
