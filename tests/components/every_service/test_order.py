"""Whatever services a stack names, in whatever order: what must be there first is there first, and goes last."""

from __future__ import annotations

import dataclasses
import graphlib
import json

import hypothesis
import pytest
from hypothesis import strategies

from components.clusters import catalogue as clusters
from components.operators import catalogue as operators
from runner.engine import deletion

from . import lives, rendering, stacks

BY_KUBERNETES = {"default", "kube-system"}


def complete(drawn):
    """With what each uses of the same stack, where that is not among them, and named where several could be meant."""
    found = {variant.service: variant for variant in drawn}
    for variant in drawn:
        for role, possible in variant.options.USES.items():
            service = next((each for each in possible if each in found), possible[0])
            used = found.get(service) or next(each for each in rendering.variants() if each.service == service)
            found[service] = told(used, rendering.FOR_OTHERS.get(service, {}))
            found[variant.service] = told(found[variant.service], {role: lives.name(service)})
    return list(found.values())


def told(variant, update):
    return dataclasses.replace(variant, options=variant.options.model_copy(update=update))


services = (
    strategies.lists(
        strategies.sampled_from(rendering.variants()), unique_by=lambda variant: variant.service, min_size=1
    )
    .map(complete)
    .flatmap(strategies.permutations)
)
"""Any of the catalogue, in any order."""


class Order:
    """What one program says about which of its objects comes before which."""

    def __init__(self, wanted, found, folder):
        self.wanted = wanted
        self.found, self.objects = found, stacks.items(found, folder=folder)
        self._needs = {item.urn: item.dependencies for item in found.registrations}
        self._by_urn = {item.urn: item for item in found.registrations}
        self._closures = {}
        steps = deletion.plan(stacks.entries(found, self.objects)).steps
        self._deleted = {step.entry.urn: place for place, step in enumerate(steps)}

    def all_before(self, urn):
        """Everything that a registration waits for, directly or through others."""
        if urn not in self._closures:
            # What is only read has no needs of its own.
            found = set(self._needs.get(urn, ()))
            self._closures[urn] = found.union(*(self.all_before(other) for other in found))
        return self._closures[urn]

    def is_before(self, earlier, later):
        """Whether an object is made before another, and deleted after it."""
        if earlier.by.urn == later.by.urn:
            made = earlier.position < later.position
        else:
            made = earlier.by.urn in self.all_before(later.by.urn)
        return made and self._deleted[stacks.urn_of(earlier)] > self._deleted[stacks.urn_of(later)]

    def inside(self, *types):
        """Objects that components of these types have registered."""
        return [item for item in self.objects if self._by_urn[item.by.parent].type.split(":")[1] in types]


@pytest.fixture
def ordered(run, project, monkeypatch):
    """Deploy services and tell the order; the same fixture serves all examples, as nothing of one stays for another."""
    monkeypatch.setattr(clusters, "create", stacks.Cluster)

    def deploy(variants):
        named = {lives.name(variant.service): variant.options for variant in variants}
        return Order(variants, run(stacks.program(named)), project)

    return deploy


def whatever(*, examples):
    return hypothesis.settings(
        max_examples=examples,
        suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow],
    )


def texts(value):
    if isinstance(value, dict):
        return {text for item in value.values() for text in texts(item)}
    if isinstance(value, list):
        return {text for item in value for text in texts(item)}
    return {value} if isinstance(value, str) else set()


def assert_namespaces_come_first(order):
    namespaces = {item.name: item for item in order.objects if item.kind == "Namespace"}
    inside = [item for item in order.objects if item.namespace and item.namespace not in BY_KUBERNETES]
    assert inside
    for item in inside:
        assert order.is_before(namespaces[item.namespace], item), (item.namespace, item.kind, item.name)


def assert_definitions_come_before_operators_and_those_before_what_they_make(order):
    by_group = {crd.partition(".")[2]: entry.name for entry in operators.OPERATORS.values() for crd in entry.crds}
    registered = {item.name: item for item in order.found.registrations if item.type.endswith(":ConfigGroup")}
    definitions = [item for item in order.objects if item.kind == stacks.DEFINITION]
    for item in order.objects:
        operator = by_group.get(item.group)
        if operator is None:
            continue
        made = registered[operator]
        for definition in definitions:
            if definition.name.partition(".")[2] == item.group:
                assert order.is_before(definition, item), (item.kind, item.name)
        (file,) = [one for one in order.found.registrations if one.name == f"{operator}-crds"]
        assert file.urn in order.all_before(item.by.urn)
        assert file.urn in order.all_before(made.urn)
        assert item.by.urn == made.urn or made.urn in order.all_before(item.by.urn), (item.kind, item.name)


def assert_operators_come_after_those_that_they_require(order):
    registered = {item.name: item for item in order.found.registrations if item.type.endswith(":ConfigGroup")}
    for name in operators.OPERATORS.keys() & registered.keys():
        for required in operators.OPERATORS[name].requires:
            assert registered[required].urn in order.all_before(registered[name].urn)


def assert_secrets_come_before_who_reads_them(order):
    own = order.inside("services")
    secrets = [item for item in own if item.kind == "Secret" and item.by.custom and not item.name.endswith("-binding")]
    readers = [item for item in own if item.by.custom and item.kind != "Secret"]
    for secret in secrets:
        found = [item for item in readers if item.namespace == secret.namespace and secret.name in texts(item.manifest)]
        for item in found:
            assert order.is_before(secret, item), (secret.name, item.kind)
    for certificate in (item for item in own if item.kind == "Certificate"):
        name = certificate.manifest["spec"]["secretName"]
        for item in readers:
            if item.namespace == certificate.namespace and name in texts(item.manifest):
                assert order.is_before(certificate, item), (name, item.kind)


def assert_grants_come_before_what_uses_the_store(order):
    """A first pod that may not read a backup gives up. Jobs at night come late enough."""
    grants = [item for item in order.found.registrations if item.type == stacks.GRANT]
    assert len(grants) == len([one for one in order.wanted if one.options.uses_backups])
    for grant in grants:
        used = [item for item in order.inside("services") if item.by.custom and grant.name.startswith(item.namespace)]
        data = [item for item in used if item.kind != "Secret"]
        assert data
        assert all(grant.urn in order.all_before(item.by.urn) for item in data)


def assert_there_is_no_cycle(order):
    graph = {item.urn: {*item.dependencies, *filter(None, [item.parent])} for item in order.found.registrations}
    graphlib.TopologicalSorter(graph).prepare()


@hypothesis.given(wanted=services)
@whatever(examples=25)
def test_what_must_be_there_first_is_there_first_and_goes_last(ordered, wanted):
    order = ordered(wanted)
    assert_there_is_no_cycle(order)
    assert_namespaces_come_first(order)
    assert_definitions_come_before_operators_and_those_before_what_they_make(order)
    assert_operators_come_after_those_that_they_require(order)
    assert_secrets_come_before_who_reads_them(order)
    assert_grants_come_before_what_uses_the_store(order)


def written(order):
    """All registrations and what each waits for, without what is drawn anew for every program."""
    names = {item.urn: (item.type, item.name) for item in order.found.registrations}
    return {
        (item.type, item.name): (
            json.dumps(item.inputs, sort_keys=True) if item.type.endswith(":ConfigGroup") else sorted(item.inputs),
            sorted(names[urn] for urn in item.dependencies if urn in names),
        )
        for item in order.found.registrations
    }


@hypothesis.given(wanted=services)
@whatever(examples=10)
def test_the_order_in_a_stack_file_decides_nothing(ordered, wanted):
    by_name = sorted(wanted, key=lambda variant: variant.name)
    assert written(ordered(wanted)) == written(ordered(by_name))
