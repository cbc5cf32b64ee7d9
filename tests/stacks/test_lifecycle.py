"""Which changes of a running service can be made, whatever service it is."""

from __future__ import annotations

import dataclasses
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from stacks import lifecycle

SIZE = lifecycle.Volume(path=".spec.storage.size", setting="overrides.storage")
VERSION = lifecycle.Version(path=".spec.version", software="MongoDB", series="major", within="one member at a time")


def resource(size: Any = "10Gi", **spec: Any) -> dict[str, Any]:
    return {"spec": {"storage": {"size": size}, **spec}}


def judged(before: dict[str, Any], after: dict[str, Any], **rules: Any) -> lifecycle.Verdict:
    return lifecycle.judged(lifecycle.Rules(**rules), instance="documents", before=before, after=after)


def test_a_smaller_volume_is_refused_with_both_sizes() -> None:
    (problem,) = judged(resource("100Gi"), resource("10Gi"), volumes=(SIZE,)).problems

    assert problem.what == "the volumes of documents have 100Gi, and 10Gi is asked for (spec.storage.size)"
    assert problem.next == "write `overrides.storage: 100Gi`"


@pytest.mark.parametrize(("before", "after"), [("1Gi", "1024Mi"), ("1Gi", "1073741824"), ("10Gi", "11Gi")])
def test_the_same_size_in_other_words_and_a_larger_one_are_no_shrinking(before: str, after: str) -> None:
    assert judged(resource(before), resource(after), volumes=(SIZE,)) == lifecycle.Verdict()


def test_a_volume_that_grows_by_hand_first_is_refused_and_says_how() -> None:
    rule = dataclasses.replace(SIZE, growth=lifecycle.Growth.BEFOREHAND, how='docs/db.md, "Grow"')

    (problem,) = judged(resource("10Gi"), resource("20Gi"), volumes=(rule,)).problems

    assert problem.what == "the volumes of documents have 10Gi, and 20Gi is asked for"
    assert problem.next == ('write `overrides.storage: 10Gi`; or first make them grow by hand: docs/db.md, "Grow"')
    assert judged(resource("20Gi"), resource("20Gi"), volumes=(rule,)) == lifecycle.Verdict()


def test_a_volume_that_never_grows_says_what_to_do_instead() -> None:
    rule = lifecycle.Volume(path=SIZE.path, growth=lifecycle.Growth.NEVER, how="make a larger instance")

    (problem,) = judged(resource("10Gi"), resource("20Gi"), volumes=(rule,)).problems

    assert problem.next == "undo the change, which keeps 10Gi; or make a larger instance"


def test_a_volume_that_grows_by_hand_afterwards_is_a_note() -> None:
    rule = dataclasses.replace(SIZE, growth=lifecycle.Growth.AFTERWARDS, how="docs/metrics.md")

    verdict = judged(resource("10Gi"), resource("20Gi"), volumes=(rule,))

    assert verdict.problems == ()
    assert verdict.notes == (
        "documents: volumes that exist stay 10Gi until they are made to grow by hand: docs/metrics.md",
    )


def test_items_of_a_list_are_known_by_their_names_whatever_their_order() -> None:
    def claims(**sizes: str) -> dict[str, Any]:
        return {"claims": [{"metadata": {"name": name}, "size": size} for name, size in sizes.items()]}

    rule = lifecycle.Volume(path=".claims[*].size")

    assert judged(claims(data="9Gi", logs="1Gi"), claims(logs="1Gi", data="9Gi"), volumes=(rule,)).problems == ()
    (problem,) = judged(claims(data="9Gi", logs="2Gi"), claims(logs="1Gi", data="9Gi"), volumes=(rule,)).problems
    assert "(claims[logs].size)" in problem.what
    named = lifecycle.Volume(path=".claims[data].size")
    assert judged(claims(data="9Gi", logs="2Gi"), claims(logs="1Gi", data="9Gi"), volumes=(named,)).problems == ()


def test_fewer_of_what_is_never_taken_away_is_refused() -> None:
    rule = lifecycle.Count(path=".spec.replicas", noun="nodes", setting="overrides.replicas")

    (problem,) = judged(resource(replicas=3.0), resource(replicas=1.0), counts=(rule,)).problems

    assert problem.what == "documents has 3 nodes, and 1 are asked for"
    assert problem.next == "write `overrides.replicas: 3`"
    assert judged(resource(replicas=1), resource(replicas=3), counts=(rule,)).problems == ()


def test_a_fixed_field_is_refused_unless_it_was_not_there() -> None:
    rule = lifecycle.Fixed(path=".spec.storage.class", why="volumes stay on their class")
    before, after = ({"spec": {"storage": {"class": name}}} for name in ("fast", "slow"))

    (problem,) = judged(before, after, fixed=(rule,)).problems

    assert problem.what == "spec.storage.class of documents is fast, and slow is asked for"
    assert judged({}, after, fixed=(rule,)).problems == ()
    assert judged(before, {}, fixed=(rule,)).problems == ()


def test_an_item_that_is_never_taken_out_is_known_by_its_name() -> None:
    def racks(*names: str) -> dict[str, Any]:
        return {"spec": {"racks": [{"name": name, "members": 1} for name in names]}}

    rule = lifecycle.Kept(path=".spec.racks", noun="rack", why="its nodes have data")

    (problem,) = judged(racks("a", "b"), racks("b", "c"), kept=(rule,)).problems

    assert problem.what == "documents has the rack a, which is to go"
    assert problem.why == "it cannot: its nodes have data"
    assert judged(racks("a", "b"), racks("c", "b", "a"), kept=(rule,)).problems == ()
    assert judged(racks("a"), {"spec": {}}, kept=(rule,)).problems == ()


@pytest.mark.parametrize(
    ("before", "after", "can_be_made"),
    [
        ("2025.3.1", "2025.4.5", True),
        ("2025.4.5", "2026.1.3", True),
        ("2025.3.1", "2026.1.3", False),
        ("2025.4.5", "2026.0.1", False),
        ("2026.1.3", "2026.2.0", True),
        ("2026.1.3", "2025.4.5", False),
    ],
)
def test_the_order_says_which_series_follows_the_last_of_a_year(before: str, after: str, *, can_be_made: bool) -> None:
    rule = lifecycle.Version(path=".spec.version", software="ScyllaDB", order=("2025.3", "2025.4", "2026.1"))

    verdict = judged(resource(version=before), resource(version=after), version=rule)

    assert (verdict.problems == ()) is can_be_made


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        pytest.param("8.0.4", "8.0.12", "MongoDB 8.0.4 -> 8.0.12, one member at a time", id="a patch"),
        pytest.param("8.0.12", "8.0.4", "MongoDB 8.0.12 -> 8.0.4, one member at a time", id="a patch back"),
        pytest.param("7.0.28", "8.0.17", "MongoDB 7.0.28 -> 8.0.17, one member at a time", id="the next major"),
    ],
)
def test_a_step_that_can_be_made_is_told_in_one_line(before: str, after: str, line: str) -> None:
    verdict = judged(resource(version=before), resource(version=after), version=VERSION)

    assert verdict == lifecycle.Verdict(upgrade=f"upgrade  documents: {line}")


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        pytest.param("6.0.1", "8.0.17", "MongoDB is raised one major at a time", id="a major is left out"),
        pytest.param("8.0.17", "7.0.28", "MongoDB does not go back to an older series", id="back"),
    ],
)
def test_a_step_that_cannot_be_made_is_refused(before: str, after: str, why: str) -> None:
    verdict = judged(resource(version=before), resource(version=after), version=VERSION)

    (problem,) = verdict.problems
    assert problem.what == f"documents runs MongoDB {before}, and {after} is asked for"
    assert problem.why.startswith(why)
    assert verdict.upgrade == ""


@pytest.mark.parametrize(
    ("before", "after", "permitted"),
    [
        ("4.2.8", "4.3.0", True),
        ("4.2.8", "4.4.0", False),
        ("4.3.0", "4.2.8", False),
        ("4.9.1", "5.0.0", True),
        ("4.9.1", "5.1.0", False),
        ("v3.5.1", "v3.6.9", True),
        ("v3.6.9", "v3.5.30", False),
    ],
)
def test_by_minor_the_next_series_is_the_next_minor_or_the_first_of_the_next_major(
    before: str,
    after: str,
    permitted: bool,  # noqa: FBT001
) -> None:
    rule = lifecycle.Version(path=".", software="RabbitMQ")

    assert (lifecycle.step(rule, instance="mq", before=before, after=after) is None) == permitted


def test_a_version_is_found_in_the_name_of_an_image() -> None:
    rule = lifecycle.Version(
        path=".spec.imageName",
        software="PostgreSQL",
        pattern=r":(\d+)\.(\d+)",
        series="major",
        skips=True,
        within="standbys first",
        between="offline",
    )

    def told(before: str, after: str) -> str:
        names = [f"ghcr.io:443/cnpg/postgresql:{version}-standard-trixie" for version in (before, after)]
        return lifecycle.told(rule, instance="pg", before=names[0], after=names[1])

    assert told("18.3", "18.4") == "upgrade  pg: PostgreSQL 18.3 -> 18.4, standbys first"
    assert told("15.14", "18.4") == "upgrade  pg: PostgreSQL 15.14 -> 18.4, offline"
    assert told("18.4", "18.4") == ""


@pytest.mark.parametrize("value", [None, {"secret": "x"}, ["10Gi"], True, "much", object()])
def test_what_is_not_yet_known_or_no_size_is_not_judged(value: Any) -> None:
    assert judged(resource("10Gi"), resource(value), volumes=(SIZE,)).problems == ()
    assert judged(resource(value), resource("10Gi"), volumes=(SIZE,)).problems == ()


def test_all_that_is_wrong_is_told_at_once() -> None:
    verdict = judged(
        resource("10Gi", version="8.0.17", replicas=3),
        resource("5Gi", version="7.0.28", replicas=1),
        volumes=(SIZE,),
        counts=(lifecycle.Count(path=".spec.replicas", noun="nodes"),),
        version=VERSION,
    )

    assert len(verdict.problems) == 3


SIZES = strategies.builds(
    lambda number, unit: f"{number}{unit}",
    strategies.integers(1, 5000),
    strategies.sampled_from(["Mi", "Gi", "M", "G"]),
)
BYTES = {"Mi": 2**20, "Gi": 2**30, "M": 10**6, "G": 10**9}


def in_bytes(size: str) -> int:
    number = size.rstrip("MGi")
    return int(number) * BYTES[size.removeprefix(number)]


@hypothesis.given(strategies.lists(SIZES, min_size=1, max_size=12), strategies.sampled_from(lifecycle.Growth))
def test_whatever_is_asked_for_in_whatever_order_no_volume_ever_shrinks(
    sizes: list[str], growth: lifecycle.Growth
) -> None:
    rule = dataclasses.replace(SIZE, growth=growth)
    live, largest = sizes[0], in_bytes(sizes[0])
    for wanted in sizes[1:]:
        if not judged(resource(live), resource(wanted), volumes=(rule,)).problems:
            live = wanted
        assert in_bytes(live) >= largest
        largest = in_bytes(live)


@hypothesis.given(strategies.lists(strategies.tuples(strategies.integers(1, 6), strategies.integers(0, 4)), min_size=1))
def test_whatever_is_asked_for_in_whatever_order_no_series_is_left_out_or_returned_to(
    versions: list[tuple[int, int]],
) -> None:
    rule = dataclasses.replace(VERSION, series="minor")
    live = versions[0]
    for wanted in versions[1:]:
        before, after = (f"{major}.{minor}.0" for major, minor in (live, wanted))
        if lifecycle.step(rule, instance="db", before=before, after=after) is None:
            assert wanted in (live, (live[0], live[1] + 1), (live[0] + 1, 0))
            live = wanted
