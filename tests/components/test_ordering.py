"""In which order operators are installed, and what is said where there is none."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from components import contracts
from components.operators import catalogue, ordering
from stacks import errors


def entry(name, *, requires=(), conflicts=()):
    return contracts.Operator(
        name=name, version="1", crds=(), kinds=(), manifests=list, requires=tuple(requires), conflicts=tuple(conflicts)
    )


def entries(*items):
    return {item.name: item for item in items}


def names(wanted, known, present=()):
    return [item.name for item in ordering.order(wanted, catalogue=known, present=present)]


CERTIFICATES = entry("cert-manager")
SCYLLA = entry("scylla-operator", requires=["cert-manager"])
ASTARTE = entry("astarte-operator", requires=["scylla-operator", "cert-manager"])


def test_what_is_required_comes_first_and_only_once():
    known = entries(ASTARTE, CERTIFICATES, SCYLLA)
    assert names({"service iot": ["astarte-operator"]}, known) == [
        "cert-manager",
        "scylla-operator",
        "astarte-operator",
    ]


def test_nothing_wanted_needs_nothing():
    assert names({}, entries(CERTIFICATES)) == []


def test_a_missing_requirement_names_who_asks_and_what_is_missing():
    with pytest.raises(errors.PaasportError) as caught:
        names({"service db": ["scylla-operator"]}, entries(SCYLLA))
    assert [problem.what for problem in caught.value.problems] == [
        "operator scylla-operator requires operator cert-manager, which is not in the catalogue"
    ]


def test_a_service_whose_operator_is_missing_is_named():
    with pytest.raises(errors.PaasportError, match="service db requires operator scylla-operator, which is not"):
        names({"service db": ["scylla-operator"]}, {})


def test_a_cycle_is_told_along_its_requirements():
    known = entries(entry("a", requires=["b"]), entry("b", requires=["c"]), entry("c", requires=["a"]))
    with pytest.raises(errors.PaasportError) as caught:
        names({"service x": ["a"]}, known)
    (problem,) = caught.value.problems
    path = problem.what.removeprefix("operators require each other in a circle: ").split(" requires ")
    assert path[0] == path[-1]
    assert set(path) == {"a", "b", "c"}
    assert [known[name].requires for name in path[:-1]] == [(name,) for name in path[1:]]


def test_an_operator_that_requires_itself_is_a_cycle():
    with pytest.raises(errors.PaasportError, match="in a circle: a requires a"):
        names({"service x": ["a"]}, entries(entry("a", requires=["a"])))


@pytest.mark.parametrize(
    ("one", "other"),
    [(("b",), ()), ((), ("a",)), (("b",), ("a",))],
    ids=["the first says so", "the second says so", "both say so"],
)
def test_a_conflict_names_both_sides_once_whoever_declares_it(one, other):
    known = entries(entry("a", conflicts=one), entry("b", conflicts=other))
    with pytest.raises(errors.PaasportError) as caught:
        names({"service x": ["a"], "service y": ["b"]}, known)
    assert [problem.what for problem in caught.value.problems] == ["operators a and b can't be on the same cluster"]


def test_a_conflict_with_an_operator_that_is_not_wanted_does_not_matter():
    assert names({"service x": ["a"]}, entries(entry("a", conflicts=["b"]), entry("b"))) == ["a"]


def test_all_problems_are_told_at_once():
    known = entries(
        entry("a", requires=["absent"], conflicts=["b"]),
        entry("b"),
        entry("c", requires=["d"]),
        entry("d", requires=["c"]),
    )
    with pytest.raises(errors.PaasportError) as caught:
        names({"service x": ["a", "b", "c"]}, known)
    told = " | ".join(problem.what for problem in caught.value.problems)
    assert len(caught.value.problems) == 3
    assert all(part in told for part in ("absent", "a and b", "circle"))


def test_what_is_present_is_not_installed_nor_what_it_alone_requires():
    known = entries(ASTARTE, CERTIFICATES, SCYLLA)
    assert names({"service iot": ["astarte-operator"]}, known, present=["cert-manager", "scylla-operator"]) == [
        "astarte-operator"
    ]
    assert names({"service db": ["scylla-operator"]}, known, present=["scylla-operator"]) == []


def test_what_is_present_conflicts_with_what_would_be_installed():
    known = entries(entry("a", conflicts=["b"]), entry("b"))
    with pytest.raises(errors.PaasportError, match="a and b can't be on the same cluster"):
        names({"service x": ["a"]}, known, present=["b"])


def test_a_plugin_is_not_installed_where_its_operator_does_not_look_for_it():
    wanted, there = {"service db": ["barman-cloud"]}, ["cert-manager", "cloudnative-pg"]

    def order(homes):
        return ordering.order(wanted, catalogue=catalogue.OPERATORS, present=there, homes=homes)

    assert [item.name for item in order({"cert-manager": "ops"})] == ["barman-cloud"]
    with pytest.raises(errors.PaasportError, match=r"barman-cloud must live beside cloudnative-pg, .* databases here"):
        order({"cloudnative-pg": "databases"})


@strategies.composite
def acyclic_catalogues(draw):
    """Operators `o0`, `o1`... in shuffled order, each requiring some of a smaller number."""
    count = draw(strategies.integers(1, 12))
    items = [
        entry(f"o{number}", requires=[f"o{earlier}" for earlier in range(number) if draw(strategies.booleans())])
        for number in range(count)
    ]
    return entries(*draw(strategies.permutations(items)))


@hypothesis.given(known=acyclic_catalogues(), data=strategies.data())
def test_any_acyclic_catalogue_gives_each_operator_after_what_it_requires(known, data):
    wanted = data.draw(strategies.lists(strategies.sampled_from(sorted(known)), unique=True))
    order = names({"service x": wanted}, known)
    assert set(wanted) <= set(order)
    assert len(order) == len(set(order))
    for position, name in enumerate(order):
        assert set(known[name].requires) <= set(order[:position])
    unasked = set(order) - set(wanted)
    assert all(any(name in known[other].requires for other in order) for name in unasked)


@hypothesis.given(known=acyclic_catalogues(), data=strategies.data())
def test_whatever_is_present_the_rest_is_installed_in_the_same_order(known, data):
    wanted = data.draw(strategies.lists(strategies.sampled_from(sorted(known)), unique=True))
    present = data.draw(strategies.lists(strategies.sampled_from(sorted(known)), unique=True))
    order = names({"service x": wanted}, known, present)
    assert not set(order) & set(present)
    assert set(wanted) <= set(order) | set(present)
    for position, name in enumerate(order):
        assert set(known[name].requires) <= {*order[:position], *present}


@hypothesis.given(known=acyclic_catalogues(), data=strategies.data())
def test_the_order_does_not_depend_on_how_the_question_is_put(known, data):
    wanted = data.draw(strategies.permutations(sorted(known)))
    shuffled = dict(data.draw(strategies.permutations(list(known.items()))))
    assert names({"service x": wanted}, shuffled) == names({"service x": sorted(known)}, known)


@hypothesis.given(known=acyclic_catalogues(), data=strategies.data())
def test_closing_any_chain_of_requirements_is_refused(known, data):
    last = data.draw(strategies.sampled_from(sorted(known)))
    order = names({"service x": [last]}, known)
    first = data.draw(strategies.sampled_from(order))
    closed = known | {first: entry(first, requires=[*known[first].requires, last])}
    with pytest.raises(errors.PaasportError, match="circle"):
        names({"service x": [last]}, closed)


def test_the_catalogue_itself_can_be_ordered_as_a_whole():
    assert names({"everybody": list(catalogue.OPERATORS)}, catalogue.OPERATORS) == [
        "cert-manager",
        "cloudnative-pg",
        "contour",
        "etcd-operator",
        "mongodb-kubernetes",
        "prometheus-operator",
        "astarte-operator",
        "cass-operator",
        "rabbitmq-cluster-operator",
        "scylla-operator",
        "barman-cloud",
        "k8ssandra-operator",
    ]
