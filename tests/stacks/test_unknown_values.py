import datetime as dt
import ipaddress
import math

import pytest

from stacks import quantities, unknown

LOOKS = {
    "truth": bool,
    "equality": lambda value: value == 1,
    "inequality": lambda value: value != 1,
    "order": lambda value: value < 1,
    "order from the other side": lambda value: dt.date(2026, 1, 1) < value,
    "membership": lambda value: value in (1, 2),
    "membership of a set": lambda value: value in {1, 2},
    "membership in it": lambda value: 1 in value,
    "key of a mapping": {1: 2}.get,
    "text": str,
    "part of a text": lambda value: f"{value}",
    "length": len,
    "items": list,
    "mapping": lambda value: {**value},
    "sum": lambda value: sum([1, value]),
    "difference of days": lambda value: dt.date(2026, 1, 1) - value,
    "rounding": lambda value: math.ceil(value / 3),
    "power": lambda value: 1 << value,
    "index": lambda value: (1, 2)[value],
    "slice": lambda value: (1, 2)[:value],
    "attribute": lambda value: value.cidr,
    "method": lambda value: value.items(),
    "type": lambda value: isinstance(value, str),
    "network": ipaddress.IPv4Network,
    "quantity": quantities.value,
    "plain": unknown.known,
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_whoever_looks_at_it_learns_that_nothing_is_known(look):
    with pytest.raises(unknown.Unknowable):
        look(unknown.Unknown())


def test_a_class_pattern_looks_at_it():
    def judge(value):
        match value:
            case str():
                return "text"

    with pytest.raises(unknown.Unknowable):
        judge(unknown.Unknown())


def test_it_is_there():
    assert unknown.Unknown() is not None
    assert unknown.is_unknown(unknown.Unknown())
    assert not unknown.is_unknown(None)


def test_what_comes_of_it_is_unknown_too():
    value = unknown.Unknown()
    assert unknown.is_unknown(unknown.attempt(lambda: value + 1))
    assert unknown.attempt(lambda: 2 + 1) == 3
    with pytest.raises(ZeroDivisionError):
        unknown.attempt(lambda: 1 / 0)


def test_what_is_found_before_it_is_told():
    def found(values):
        for value in values:
            yield value + 1

    assert list(unknown.as_far_as_known(found([1, 2, unknown.Unknown(), 4]))) == [2, 3]


def test_its_places_are_found_and_filled():
    value = {"a": [1, unknown.Unknown()], "b": 2}
    assert unknown.places(value) == [("a", 1)]
    assert unknown.replaced(value, by=None) == {"a": [1, None], "b": 2}
    assert unknown.inside(value)
    assert not unknown.inside({"a": [1, None]})


@pytest.mark.parametrize(
    ("path", "places"),
    [((), [()]), (("a",), [("a",)]), (("a", 0, "b"), [("a", 0, "b")]), (("a", 5), []), (("z", "b"), [])],
)
def test_it_is_put_where_there_is_something(path, places):
    value = {"a": [{"b": 1}, 2]}
    assert unknown.places(unknown.put(value, path)) == places
    assert value == {"a": [{"b": 1}, 2]}
