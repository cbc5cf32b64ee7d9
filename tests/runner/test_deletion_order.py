from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, strategies

from runner.engine import deletion, model
from stacks import errors

NAMESPACE = "kubernetes:core/v1:Namespace"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
WEBHOOK = "kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration"


def urn(name: str, type: str = CONFIG_MAP) -> str:  # noqa: A002
    return f"urn:pulumi:dev::shop::{type}::{name}"


def entry(name: str, type: str = CONFIG_MAP, *, id: str = "", **fields: Any) -> model.Entry:  # noqa: A002
    return model.Entry(urn=urn(name, type), type=type, id=id or name, custom=True, **fields)


def generations(*entries: model.Entry) -> list[set[str]]:
    """In words: the names of each generation."""
    return [{item.urn.rpartition("::")[2] for item in group} for group in deletion.plan(entries).generations]


def acting(*entries: model.Entry) -> set[str]:
    return {step.entry.urn.rpartition("::")[2] for step in deletion.plan(entries).steps if step.acts}


def test_dependents_go_first() -> None:
    assert generations(entry("a"), entry("b", dependencies=(urn("a"),))) == [{"b"}, {"a"}]


def test_children_go_before_their_parent() -> None:
    parent = model.Entry(urn=urn("group", "x:y:Group"), type="x:y:Group", id="", custom=False)

    assert generations(parent, entry("a", parent=parent.urn)) == [{"a"}, {"group"}]


def test_a_provider_goes_after_everything_that_it_manages() -> None:
    provider = entry("p", "pulumi:providers:kubernetes")

    assert generations(provider, entry("a", provider=f"{provider.urn}::id")) == [{"a"}, {"p"}]


def test_what_nothing_orders_goes_at_a_time() -> None:
    assert generations(entry("a"), entry("b"), entry("c")) == [{"a", "b", "c"}]


def component(name: str, **fields: Any) -> model.Entry:
    return model.Entry(urn=urn(name, "x:y:Group"), type="x:y:Group", id="", custom=False, **fields)


def test_a_webhook_of_a_component_goes_before_the_workloads_of_that_component_and_not_of_others() -> None:
    operator, part, shop = (
        component("operator"),
        component("part", parent=urn("operator", "x:y:Group")),
        component("shop"),
    )
    checks = entry("checks", WEBHOOK, parent=part.urn)
    answers, inside = (entry(name, DEPLOYMENT, parent=above.urn) for name, above in (("own", operator), ("in", part)))
    other, alone = entry("other", DEPLOYMENT, parent=shop.urn), entry("alone", DEPLOYMENT)

    steps = deletion.plan([operator, part, shop, checks, answers, inside, other, alone]).steps

    place = {step.entry.urn: number for number, step in enumerate(steps)}
    waits = {step.entry.urn for step in steps if place[checks.urn] in step.after}
    assert {answers.urn, inside.urn, alone.urn} <= waits
    assert other.urn not in waits


def test_a_namespace_goes_after_what_is_in_it() -> None:
    assert generations(entry("shop", NAMESPACE), entry("a", id="shop/a"), entry("b", id="other/b")) == [
        {"a", "b"},
        {"shop"},
    ]


def test_a_definition_goes_after_its_custom_resources() -> None:
    crd = entry("prometheuses.monitoring.coreos.com", CRD)
    resource = entry("metrics", "kubernetes:monitoring.coreos.com/v1:Prometheus", id="shop/metrics")

    assert generations(crd, resource) == [{"metrics"}, {"prometheuses.monitoring.coreos.com"}]


def test_a_webhook_goes_before_the_workload_that_answers_it() -> None:
    assert generations(entry("operator", DEPLOYMENT, id="ns/operator"), entry("checks", WEBHOOK)) == [
        {"checks"},
        {"operator"},
    ]


def test_the_program_s_order_wins_over_the_order_of_kinds() -> None:
    # Absurd, but it is what the program says: the namespace needs something inside of it.
    namespace = entry("shop", NAMESPACE, dependencies=(urn("a"),))

    assert generations(namespace, entry("a", id="shop/a")) == [{"shop"}, {"a"}]


def test_what_goes_with_another_is_forgotten_after_it_and_not_deleted() -> None:
    namespace = entry("shop", NAMESPACE)
    inside = entry("a", id="shop/a", deleted_with=namespace.urn, dependencies=(namespace.urn,))

    assert generations(namespace, inside) == [{"shop"}, {"a"}]
    assert acting(namespace, inside) == {"shop"}


def test_what_needs_something_that_goes_with_another_is_deleted_before_that_other() -> None:
    namespace = entry("shop", NAMESPACE)
    inside = entry("a", id="shop/a", deleted_with=namespace.urn)

    assert generations(namespace, inside, entry("b", dependencies=(inside.urn,))) == [{"b"}, {"shop"}, {"a"}]


def test_what_goes_with_something_that_stays_is_deleted_by_itself() -> None:
    holder = entry("a", retain_on_delete=True)

    assert acting(holder, entry("b", deleted_with=holder.urn)) == {"b"}


def test_what_is_retained_and_what_is_no_object_is_not_deleted() -> None:
    component = model.Entry(urn=urn("group", "x:y:Group"), type="x:y:Group", id="", custom=False)

    assert acting(component, entry("a", retain_on_delete=True), entry("p", "pulumi:providers:kubernetes")) == set()


def test_every_protected_entry_is_named() -> None:
    with pytest.raises(errors.EngineError, match=r"a \(.*ConfigMap\), c \(.*ConfigMap\): protected"):
        deletion.plan([entry("a", protect=True), entry("b"), entry("c", protect=True)])


def test_a_replaced_object_and_its_successor_are_both_deleted() -> None:
    old, new = entry("a", id="a-1"), entry("a", id="a-2")

    assert [item.id for item in deletion.plan([old, new]).generations[0]] == ["a-2", "a-1"]


def test_entries_that_need_what_is_to_go_are_found() -> None:
    staying = entry("b", dependencies=(urn("a"),))

    assert deletion.dependents([entry("a"), staying, entry("c")], {urn("a")}) == (staying,)


NAMES = [f"r{number}" for number in range(7)]
TYPES = dict(zip(NAMES, itertools.cycle([CONFIG_MAP, NAMESPACE, DEPLOYMENT, CRD, WEBHOOK]), strict=False))


@strategies.composite
def any_entries(draw: strategies.DrawFn) -> list[model.Entry]:
    """Any graph at all, cycles included: what several partial runs leave behind need not be one program's order."""
    known = strategies.sampled_from([urn(name, TYPES[name]) for name in NAMES])
    optional = known | strategies.just("")
    return [
        entry(
            name,
            TYPES[name],
            id=draw(strategies.sampled_from([name, f"{NAMES[1]}/{name}"])),
            dependencies=tuple(draw(strategies.lists(known, max_size=3))),
            parent=draw(optional),
            deleted_with=draw(optional),
            retain_on_delete=draw(strategies.booleans()),
        )
        for name in draw(strategies.lists(strategies.sampled_from(NAMES), unique=True))
    ]


@strategies.composite
def programs(draw: strategies.DrawFn) -> list[model.Entry]:
    """What one program can register: everything refers to what was registered before it."""
    found: list[model.Entry] = []
    for name in NAMES:
        earlier = strategies.sampled_from([*(item.urn for item in found), ""])
        found.append(
            entry(
                name,
                TYPES[name],
                id=draw(strategies.sampled_from([name, f"{NAMES[1]}/{name}"])),
                dependencies=tuple(filter(None, draw(strategies.lists(earlier, max_size=3)))),
                parent=draw(earlier),
                deleted_with=draw(earlier),
                retain_on_delete=draw(strategies.booleans()),
            )
        )
    return found


@given(any_entries())
def test_every_entry_has_its_turn_once_and_waits_only_for_earlier_ones(entries: list[model.Entry]) -> None:
    steps = deletion.plan(entries).steps

    assert sorted(step.entry.urn for step in steps) == sorted(item.urn for item in entries)
    assert all(other < place for place, step in enumerate(steps) for other in step.after)


@given(programs())
def test_nothing_is_deleted_before_what_needs_it(entries: list[model.Entry]) -> None:
    steps = deletion.plan(entries).steps
    places = {step.entry.urn: place for place, step in enumerate(steps)}
    acts = {step.entry.urn for step in steps if step.acts}

    for step in steps:
        for needed in {*step.entry.dependencies, step.entry.parent} - {"", step.entry.urn}:
            # What goes with another is no longer there to need anything once that one is deleted.
            if step.entry.urn in acts and needed in acts:
                assert places[step.entry.urn] in steps[places[needed]].after
