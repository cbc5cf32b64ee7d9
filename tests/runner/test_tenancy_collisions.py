"""What is told where a group's objects are on the cluster already: one problem, whose they are, and what to write."""

from __future__ import annotations

import pytest

from runner.engine import model
from runner.kubernetes import objects, taken
from runner.tenancy import collisions

PLATFORM = "urn:pulumi:shop-dev::paasport::paasport:index:Platform"
FILE = "kubernetes:yaml/v2:ConfigFile"
GROUP = "kubernetes:yaml/v2:ConfigGroup"


def provider(vendor="Existing"):
    return f"{PLATFORM}$paasport:clusters:{vendor}$pulumi:providers:kubernetes::shared::0815"


def group(name, *, parent, type_=GROUP):
    above = f"{PLATFORM}${parent}" if parent else f"{PLATFORM}::paasport"
    below = above.rpartition("::")[0]
    return model.Goal(urn=f"{below}${type_}::{name}", type=type_, name=name, custom=False, inputs={}, parent=above)


def existing(kind, *names, owner="", api_version="v1"):
    return [
        taken.Taken(
            reference=objects.Reference(api_version=api_version, kind=kind, namespace="", name=name), owner=owner
        )
        for name in names
    ]


def told(goal, found, *, vendor="Existing", total=12):
    return collisions.refusal(goal, found, total=total, provider=provider(vendor))


DEFINITIONS = ("alertmanagers.monitoring.coreos.com", "prometheuses.monitoring.coreos.com")
CRDS = group("prometheus-operator-crds", parent="paasport:operators:Operator::prometheus-operator", type_=FILE)
OPERATOR = group("prometheus-operator", parent="paasport:operators:Operator::prometheus-operator")


@pytest.mark.parametrize(("owner", "maker"), [("platform", "the stack platform"), ("", "somebody else")])
def test_an_operator_is_told_once_with_who_has_installed_it(owner, maker):
    problem = told(CRDS, existing("CustomResourceDefinition", *DEFINITIONS, owner=owner))
    assert problem.what == (
        f"prometheus-operator is on this cluster already, installed by {maker}: "
        "CustomResourceDefinition alertmanagers.monitoring.coreos.com and 1 more of its objects are there"
    )
    assert problem.next == (
        "list `prometheus-operator` under paasport:cluster.has.operators in stacks/Pulumi.shop-dev.yaml; "
        "where nothing but its definitions is left of it, delete these"
    )


@pytest.mark.parametrize(("vendor", "is_said"), [("Existing", True), ("Local", True), ("Eks", False)])
def test_a_key_is_only_named_where_a_stack_file_may_have_it(vendor, is_said):
    problem = told(CRDS, existing("CustomResourceDefinition", DEFINITIONS[0]), vendor=vendor)
    assert ("paasport:cluster.has" in problem.next) is is_said


def test_a_namespace_that_is_there_ahead_of_its_operator_is_not_taken_for_the_operator():
    problem = told(OPERATOR, existing("Namespace", "prometheus-operator"))
    assert problem.what == (
        "1 of the 12 objects of prometheus-operator exist already and were not made by this stack: "
        "Namespace prometheus-operator (somebody else)"
    )


def test_storage_classes_are_one_problem():
    classes = group("shared-storage", parent="paasport:clusters:Existing::shared")
    problem = told(classes, existing("StorageClass", "paasport-ssd", "paasport-ssd-retain", owner="platform"))
    assert problem.what == (
        "the storage classes paasport-ssd, paasport-ssd-retain are on this cluster already, made by the stack platform"
    )
    assert problem.next == "write `storageClasses: true` under paasport:cluster.has in stacks/Pulumi.shop-dev.yaml"


def test_two_instances_of_one_name_are_told_with_both_stacks():
    metrics = group("metrics", parent="paasport:services:Prometheus::metrics")
    problem = told(metrics, existing("Namespace", "metrics", owner="platform"))
    assert problem.what == (
        "`metrics` of the stack shop-dev cannot be made: "
        "the namespace metrics is that of `metrics` of the stack platform"
    )
    assert problem.next == (
        "give the instance another name in stacks/Pulumi.shop-dev.yaml, or that one in stacks/Pulumi.platform.yaml"
    )


def test_a_namespace_of_nobody_s_stack_is_told_too():
    metrics = group("metrics", parent="paasport:services:Prometheus::metrics")
    problem = told(metrics, existing("Namespace", "metrics"))
    assert problem.what.endswith("the namespace metrics exists already, made by somebody else")
    assert problem.next == "give the instance another name in stacks/Pulumi.shop-dev.yaml"


def test_a_group_of_any_program_is_told_with_its_first_objects_and_all_makers():
    settings = group("settings", parent="")
    found = [*existing("ConfigMap", "a", "b", owner="one"), *existing("ConfigMap", "c", "d")]
    problem = told(settings, found, total=4)
    assert problem.what == (
        "4 of the 4 objects of settings exist already and were not made by this stack: "
        "ConfigMap a, ConfigMap b, ConfigMap c and 1 more (the stack one and somebody else)"
    )
