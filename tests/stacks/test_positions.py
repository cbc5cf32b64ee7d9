import pytest

from stacks import errors, positions


def read(text):
    return positions.read(text if isinstance(text, bytes) else text.encode(), file="f.yaml")


def problems(text):
    try:
        found = read(text).problems
    except errors.StackFileError as error:
        found = error.problems
    assert found
    assert all(problem.file == "f.yaml" and problem.why and problem.next for problem in found)
    return [(problem.line, problem.column, problem.what) for problem in found]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("''", ""),
        ("3", 3),
        ("-3", -3),
        ('"3"', "3"),
        ("!!str 3", "3"),
        ("!!int 3", 3),
        ("3.5", 3.5),
        ("1e3", 1000.0),
        ("010", "010"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("0x10", "0x10"),
        ("2026-01-31", "2026-01-31"),
        (".inf", ".inf"),
        ("9" * 5000, "9" * 5000),
        ("|\n  a\n  b\n", "a\nb\n"),
        ("[a, {b: c}]", ["a", {"b": "c"}]),
        ("1: x", {"1": "x"}),
        ("", None),
        ("[&a x, *a]", ["x", "x"]),
        ("\ufeffa: b", {"a": "b"}),
    ],
)
def test_scalars_are_read_as_pulumi_reads_them(text, value):
    found = read(text).value
    assert (found, type(found)) == (value, type(value))


def test_every_key_and_item_has_its_place():
    document = read("a: 1\nb:\n  - x\n  - {c: 2}\n")
    assert document.places == {
        ("a",): (1, 1),
        ("b",): (2, 1),
        ("b", 0): (3, 5),
        ("b", 1): (4, 5),
        ("b", 1, "c"): (4, 6),
    }


def test_what_is_not_there_is_located_at_what_encloses_it():
    document = read("a:\n  b: 1\n")
    assert document.locate(("a", "b")) == (2, 3)
    assert document.locate(("a", "missing", "deeper")) == (1, 1)
    assert document.locate(("missing",)) == (0, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a: 1\nb: 2\na: 3\n", [(3, 1, "the key `a` stands here a second time")], id="same key twice"),
        pytest.param("? [x]\n: 1\n", [(1, 3, "a key must be a text")], id="list as key"),
        pytest.param("a: !foo 1", [(1, 4, "the tag `!foo` is not supported")], id="tag of a scalar"),
        pytest.param("a: !foo {}", [(1, 4, "the tag `!foo` is not supported")], id="tag of a mapping"),
        pytest.param("<<: {a: 1}", [(1, 1, "the merge key `<<` is not supported")], id="merge key"),
        pytest.param("a: &x [*x]", [(1, 4, "an anchor contains its own alias")], id="endless alias"),
        pytest.param("a: *b", [(1, 4, "the YAML is broken: found undefined alias 'b'")], id="alias of nothing"),
        pytest.param("a: b: c", [(1, 5, "the YAML is broken: mapping values are not allowed here")], id="two colons"),
        pytest.param("a: 1\nb\n", [(2, 2, "the YAML is broken: could not find expected ':'")], id="no colon"),
        pytest.param(
            "\ta: 1", [(1, 1, "the YAML is broken: found character '\\t' that cannot start any token")], id="tab"
        ),
        pytest.param(
            b"a: 1\nb: \xff",
            [(2, 4, "this is not text in UTF-8, or has a character that YAML does not allow")],
            id="no UTF-8",
        ),
        pytest.param(
            "a: 1\nb: \x07",
            [(2, 4, "this is not text in UTF-8, or has a character that YAML does not allow")],
            id="control character",
        ),
        pytest.param("[" * 1000, [(0, 0, "the file is nested too deeply")], id="too deep"),
    ],
)
def test_what_cannot_be_read_is_told_with_line_and_column(text, expected):
    assert problems(text) == expected


def test_all_doubled_keys_are_told_at_once():
    assert [place[:2] for place in problems("a: 1\na: 2\nb:\n  c: 1\n  c: 2\n")] == [(2, 1), (5, 3)]


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("a: {b: 1, c: 2, b: 3}", {("a", "b")}),
        ("a: [x, !foo 1]", {("a", 1)}),
        ("a: {<<: {b: 1}, c: 2}", {("a",)}),
        ("a: &x [*x]", {("a", 0)}),
        ("? [x]\n: 1\na: 1\n", set()),
        ("[" + "x, " * 20_000 + "x]", {()}),
    ],
)
def test_what_a_problem_is_about_is_said_to_be_unread(text, unread):
    assert read(text).unread == unread


def test_broken_yaml_is_shown_with_a_mark():
    with pytest.raises(errors.StackFileError) as caught:
        read("config:\n  a: {b: 1\n  c: 2\n")
    assert "f.yaml:3:4: the YAML is broken" in str(caught.value)
    assert "\n    c: 2\n     ^\n" in str(caught.value)


def test_anchors_cannot_multiply_a_small_file_without_end():
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert [what for *_, what in problems("\n".join(lines))] == ["the file has more than 20000 values"]
