"""Property paths as Pulumi writes them, and the options that go by them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import properties
from runner.engine import values

Secret = values.Secret


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("name", ("name",)),
        ("vpcConfig.subnetIds[0]", ("vpcConfig", "subnetIds", "0")),
        ('tags["a/b.c"].d', ("tags", "a/b.c", "d")),
        ("pools[*].count", ("pools", "*", "count")),
        ("*", ("*",)),
        ("", ()),
    ],
)
def test_a_path_is_taken_apart(path: str, expected: tuple[str, ...]) -> None:
    assert properties.steps(path) == expected


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("a", "a", True),
        ("a", "a.b[0]", True),
        ("a.b", "a", False),
        ("a[*].c", "a[3].c.d", True),
        ("a[1]", "a[0]", False),
        ("*", "anything.at.all", True),
        ("a", "ab", False),
    ],
)
def test_a_pattern_covers_a_property_and_all_in_it(pattern: str, path: str, *, expected: bool) -> None:
    assert properties.covers([pattern], path) is expected


@pytest.mark.parametrize(
    ("new", "old", "pattern", "expected"),
    [
        pytest.param({"a": 2}, {"a": 1}, "a", {"a": 1}, id="changed"),
        pytest.param({"a": 2}, {}, "a", {}, id="added"),
        pytest.param({}, {"a": 1}, "a", {"a": 1}, id="removed"),
        pytest.param({"a": {"b": 2, "c": 2}}, {"a": {"b": 1, "c": 1}}, "a.b", {"a": {"b": 1, "c": 2}}, id="nested"),
        pytest.param({"a": 1}, {"a": 1, "b": {"c": 1}}, "b.c", {"a": 1}, id="nested in what the program left out"),
        pytest.param({"a": [1, 2]}, {"a": [3, 4]}, "a[1]", {"a": [1, 4]}, id="one item"),
        pytest.param({"a": [1, 2]}, {"a": [3, 4, 5]}, "a[*]", {"a": [3, 4, 5]}, id="all items"),
        pytest.param(
            {"a": [{"n": 1, "x": 1}, {"n": 2, "x": 2}]},
            {"a": [{"n": 8, "x": 9}]},
            "a[*].n",
            {"a": [{"n": 8, "x": 1}, {"n": 2, "x": 2}]},
            id="a property of all items",
        ),
        pytest.param({"a": {"x": 1}}, {"a": {"y": 2}}, "a.*", {"a": {"y": 2}}, id="all keys"),
        pytest.param({"a": Secret({"b": 2})}, {"a": {"b": 1}}, "a.b", {"a": Secret({"b": 1})}, id="in a secret"),
        pytest.param({"a": values.UNKNOWN}, {"a": 1}, "a", {"a": 1}, id="unknown"),
    ],
)
def test_ignored_changes(new: dict[str, Any], old: dict[str, Any], pattern: str, expected: dict[str, Any]) -> None:
    assert properties.ignoring(new, old, [pattern]) == expected


TREES = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
INPUTS = st.dictionaries(st.sampled_from("abc"), TREES, max_size=3)


@given(new=INPUTS, old=INPUTS, name=st.sampled_from("abc"))
def test_an_ignored_property_is_as_it_was_and_every_other_as_it_is_asked_for(
    new: dict[str, Any], old: dict[str, Any], name: str
) -> None:
    kept = properties.ignoring(new, old, [name])

    assert kept.get(name) == old.get(name)
    assert {key: kept[key] for key in kept if key != name} == {key: new[key] for key in new if key != name}


@given(INPUTS)
def test_ignoring_everything_changes_nothing(old: dict[str, Any]) -> None:
    assert properties.ignoring({"a": 1, "z": 2}, old, ["*"]) == old


def test_what_went_in_secret_comes_out_secret() -> None:
    given_ = {"a": Secret("x"), "b": {"c": Secret("y"), "d": 1}, "e": [Secret("z"), 2], "f": 3}

    found = properties.with_secrecy({"a": "x", "b": {"c": "y", "d": 1, "arn": "q"}, "e": ["z", 2], "f": 3}, given_)

    assert found == {"a": Secret("x"), "b": {"c": Secret("y"), "d": 1, "arn": "q"}, "e": [Secret("z"), 2], "f": 3}
    assert list(properties.secret_paths(given_)) == ["a", "b.c", "e[0]"]


def test_a_list_that_the_vendor_has_changed_is_secret_as_a_whole_where_any_of_it_was() -> None:
    assert properties.with_secrecy({"e": ["w", "z", 2]}, {"e": [Secret("z"), 2]}) == {"e": Secret(["w", "z", 2])}


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a.b[1]", 2), ("a.c", None), ("a.b[7]", None), ("s.t", Secret(3)), ("s.u", None)],
)
def test_a_value_is_found_by_its_path(path: str, expected: Any) -> None:
    assert properties.at({"a": {"b": [1, 2]}, "s": Secret({"t": 3})}, path) == expected
