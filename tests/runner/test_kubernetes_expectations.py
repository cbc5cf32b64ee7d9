import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.kubernetes import expectations
from stacks import errors
from tests.runner.kubernetes_builders import condition, object_of

ITEM = object_of(
    "x/v1",
    "X",
    status={
        "phase": "Running",
        "ready": 3,
        "ok": True,
        "nothing": None,
        "a.b": "dotted",
        "nodes": [{"name": "one", "state": "up"}, {"name": "two", "state": "down"}],
        "conditions": [condition("Ready", "False", reason="Starting", message="two of\nthree"), condition("Synced")],
    },
)


def missing(text, item=ITEM):
    return [one.missing(item) for one in expectations.parse(text)]


@pytest.mark.parametrize(
    "text",
    [
        "condition=Synced",
        "condition=synced=true",
        "condition=Ready=False",
        "jsonpath={.status.phase}=Running",
        "jsonpath=.status.phase=Running",
        "jsonpath={.status.phase}",
        "jsonpath={$.status.phase}",
        "jsonpath={status.phase}=Running",
        "jsonpath={.status.ready}=3",
        "jsonpath={.status.ok}=true",
        "jsonpath={.status.nodes[0].state}=up",
        "jsonpath={.status.nodes[-1].state}=down",
        "jsonpath={.status.nodes[*].state}=down",
        r"jsonpath={.status.a\.b}=dotted",
        "jsonpath={.status['a.b']}=dotted",
        'jsonpath={.status.nodes[?(@.name=="two")].state}=down',
        'jsonpath=.status.conditions[?(@.type=="Synced")].status=True',
        '["condition=Synced", "jsonpath={.status.phase}=Running"]',
    ],
)
def test_these_hold(text):
    assert set(missing(text)) == {""}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("condition=Ready", "condition Ready is False (Starting: two of three)"),
        ("condition=Absent", "condition Absent: not reported yet"),
        ("jsonpath={.status.phase}=Done", ".status.phase is Running, awaited is Done"),
        ("jsonpath={.status.absent}", ".status.absent: not there yet"),
        ("jsonpath={.status.nothing}", ".status.nothing: not there yet"),
        ("jsonpath={.status.nodes[7].state}=up", ".status.nodes[7].state: not there yet"),
        ("jsonpath={.status.phase.deeper}=x", ".status.phase.deeper: not there yet"),
    ],
)
def test_these_do_not_and_say_why(text, told):
    assert missing(text) == [told]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ready",
        "condition=",
        "condition=a b",
        "jsonpath=",
        "jsonpath={.a",
        "jsonpath={.a}b",
        "jsonpath={.a[}",
        "jsonpath={..a}",
        "jsonpath={.a[1:2]}",
        "[",
        "[]",
        "[1]",
        '["condition=Ready", "x"]',
        '{"a": 1}',
    ],
)
def test_these_are_refused_with_how_it_is_written(text):
    with pytest.raises(errors.EngineError, match="next: write condition=Ready"):
        expectations.parse(text)


def test_a_condition_of_an_older_generation_does_not_count():
    item = object_of("x/v1", "X", generation=2, status={"conditions": [condition("Ready", observedGeneration=1)]})
    assert missing("condition=Ready", item) == ["condition Ready: still that of an older generation"]


fields = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_-]{0,8}", fullmatch=True)
steps = st.lists(
    st.tuples(st.just("field"), fields) | st.tuples(st.just("at"), st.integers(0, 2)), min_size=1, max_size=5
)
texts = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=8)


@given(fields, steps, texts, st.booleans())
def test_whatever_path_is_built_is_found_again(first, rest, value, braces):
    path, item = "", value
    for kind, step in [("field", first), *rest]:
        path += f".{step}" if kind == "field" else f"[{step}]"
    for kind, step in reversed([("field", first), *rest]):
        item = {step: item} if kind == "field" else [None] * step + [item]
    text = f"jsonpath={{{path}}}={value}" if braces else f"jsonpath={path}={value}"
    (found,) = expectations.parse(text)
    assert found == expectations.Field(path=path, value=value)
    assert found.missing(item) == ""


@given(st.lists(st.sampled_from(["condition=Ready", "condition=Synced=False", "jsonpath={.a}=b"]), min_size=1))
def test_a_list_is_as_many_expectations_as_it_has_items(parts):
    assert len(expectations.parse(json.dumps(parts))) == len(parts)


@given(st.text(max_size=30))
def test_any_text_is_either_understood_or_refused_in_words(text):
    try:
        found = expectations.parse(text)
    except errors.EngineError:
        return
    assert all(one.missing({"status": {}, "metadata": {}}) is not None for one in found)
