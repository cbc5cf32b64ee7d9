from __future__ import annotations

import math
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from hypothesis import given, strategies

from runner.engine import values
from runner.host import wire
from stacks import errors

KEY = "4dabf18193072939515e22adb298388d"


def message(**fields: Any) -> struct_pb2.Struct:
    return json_format.ParseDict(fields, struct_pb2.Struct())


def test_whole_numbers_are_integers() -> None:
    decoded = wire.decoded(message(replicas=3, share=0.5, huge=2.0**60))

    assert decoded == {"replicas": 3, "share": 0.5, "huge": 2.0**60}
    assert [type(decoded[name]) for name in ("replicas", "share", "huge")] == [int, float, float]


def test_null_true_and_empty_parts_keep_their_kind() -> None:
    assert wire.decoded(message(none=None, yes=True, empty={}, nothing=[])) == {
        "none": None,
        "yes": True,
        "empty": {},
        "nothing": [],
    }


def test_a_secret_is_marked() -> None:
    signed = {KEY: "1b47061264138c4ac30d75fd1eb44270", "value": {"a": [1]}}

    assert wire.decoded(message(password=signed)) == {"password": values.Secret({"a": [1]})}


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        ({"value": "x"}, "x"),
        ({"value": "x", "secret": True}, values.Secret("x")),
        ({}, values.UNKNOWN),
        ({"secret": True}, values.Secret(values.UNKNOWN)),
    ],
)
def test_an_output_value_is_its_value(parts: dict[str, Any], value: Any) -> None:
    assert wire.decoded(message(a={KEY: "d0e6a833031e9bbcd3f4e8bde6ca49a4", **parts})) == {"a": value}


@pytest.mark.parametrize(
    "marker",
    [
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    ],
)
def test_what_is_not_known_yet_is_marked(marker: str) -> None:
    assert wire.decoded(message(a=[marker])) == {"a": [values.UNKNOWN]}


@pytest.mark.parametrize(
    ("parts", "value"), [({"urn": "u", "id": "i"}, "i"), ({"urn": "u", "id": ""}, values.UNKNOWN), ({"urn": "u"}, "u")]
)
def test_a_resource_is_meant_by_its_id(parts: dict[str, Any], value: Any) -> None:
    assert wire.decoded(message(a={KEY: "5cf8f73096256a8f31e491e813e4eb8e", **parts})) == {"a": value}


@pytest.mark.parametrize(
    ("signature", "named"),
    [
        ("c44067f5952c0a294b673a41bacd8c17", "an asset"),
        ("0def7320c3a5731c473e5ecbe6d01bc7", "an archive"),
        ("feedfeed", "a value of an unknown kind"),
    ],
)
def test_files_and_the_unheard_of_are_refused(signature: str, named: str) -> None:
    with pytest.raises(errors.Unsupported, match=named):
        wire.decoded(message(a={KEY: signature}))


def test_a_value_that_cannot_travel_is_named_by_its_type_only() -> None:
    with pytest.raises(TypeError, match=r"^bytes is no value of Pulumi's protocol$"):
        wire.encoded({"a": b"secret"})


plain = strategies.none() | strategies.booleans() | strategies.integers(-(2**53), 2**53) | strategies.text()
plain |= strategies.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not math.isclose(number % 1, 0))
markers = plain | strategies.just(values.UNKNOWN) | plain.map(values.Secret)
anything = strategies.recursive(
    markers, lambda inner: strategies.lists(inner) | strategies.dictionaries(strategies.text(), inner), max_leaves=20
)


@given(strategies.dictionaries(strategies.text(), anything))
def test_values_survive_the_way_there_and_back(content: dict[str, Any]) -> None:
    assert wire.decoded(wire.encoded(content)) == content
