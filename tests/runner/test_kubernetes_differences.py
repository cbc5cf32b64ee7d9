from hypothesis import given
from hypothesis import strategies as st

from runner.engine import values
from runner.kubernetes import differences
from tests.runner.kubernetes_builders import change


def object_with(**parts):
    return {"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}, **parts}


def between(before, after):
    return differences.between(object_with(**before), object_with(**after))


def test_what_the_server_writes_by_itself_is_no_difference():
    before = object_with(status={"a": 1})
    after = object_with(status={"a": 2})
    after["metadata"] = {"name": "a", "uid": "u", "resourceVersion": "9", "generation": 3, "managedFields": [1]}
    assert differences.between(before, after) == ()


def test_fields_are_told_with_both_sides():
    assert between({"spec": {"a": 1, "b": 2}}, {"spec": {"a": 9, "c": 3}}) == (
        change("spec.a", 1, 9),
        change("spec.b", 2, None),
        change("spec.c", None, 3),
    )


def test_keys_that_are_no_words_are_quoted():
    assert between({}, {"data": {"app.conf": "x"}})[0].path == "data"
    assert between({"data": {"app.conf": "x"}}, {"data": {"app.conf": "y"}}) == (change('data["app.conf"]', "x", "y"),)


def test_an_item_inserted_among_named_ones_is_one_change():
    one, two, new = ({"name": name, "image": "i"} for name in ("one", "two", "new"))
    assert between({"spec": [one, two]}, {"spec": [new, one, two]}) == (change("spec[0]", None, new),)


def test_a_change_inside_a_named_item_is_told_by_its_present_position():
    before = [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]
    after = [{"name": "b", "image": "2"}, {"name": "a", "image": "1"}]
    assert between({"c": before}, {"c": after}) == (change("c[0].image", "1", "2"),)


def test_plain_lists_of_another_length_are_told_as_a_whole():
    assert between({"args": ["a", "b"]}, {"args": ["b"]}) == (change("args", ["a", "b"], ["b"]),)
    assert between({"args": ["a", "b"]}, {"args": ["a", "c"]}) == (change("args[1]", "b", "c"),)


def test_null_is_absent_but_empty_is_not():
    assert between({"spec": {"a": None}}, {"spec": {}}) == ()
    # An empty rule of a NetworkPolicy lets everything in, no rule lets nothing in.
    assert between({"ingress": []}, {"ingress": [{}]}) == (change("ingress[0]", None, {}),)


def test_secrets_are_compared_but_never_shown():
    assert between({"p": values.Secret("one")}, {"p": values.Secret("two")}) == (change("p", values.MASK, values.MASK),)
    assert between({"p": values.Secret("one")}, {"p": "one"}) == ()
    assert between({}, {"p": {"q": values.Secret("two")}}) == (change("p", None, {"q": values.MASK}),)


def test_a_manifest_is_compared_only_in_its_own_fields():
    live = object_with(spec={"a": 1, "defaulted": True, "list": [{"name": "x", "v": 1, "more": 2}]})
    manifest = object_with(spec={"a": 2, "list": [{"name": "x", "v": 1}]})
    assert differences.of_manifest(live, manifest) == (change("spec.a", 1, 2),)


def test_what_is_only_known_later_is_a_change():
    assert differences.of_manifest(object_with(spec={"a": 1}), object_with(spec={"a": values.UNKNOWN})) == (
        change("spec.a", 1, "[unknown]"),
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
    max_leaves=12,
)


@given(json_values)
def test_an_object_never_differs_from_itself(spec):
    assert between({"spec": spec}, {"spec": spec}) == ()


@given(json_values, json_values)
def test_no_difference_means_equal_but_for_nulls(one, other):
    if not between({"spec": one}, {"spec": other}):
        assert _without_nulls(one) == _without_nulls(other)


def _without_nulls(value):
    if isinstance(value, dict):
        kept = {key: _without_nulls(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return repr(value) if isinstance(value, bool) else value
