"""What a stack file says of a cluster that others use too."""

from __future__ import annotations

import pytest

from components.clusters import storage
from components.operators import catalogue
from stacks import errors, operators, settings, shared

EXISTING = {
    "vendor": "existing",
    "name": "shared",
    "kubeconfig": {"path": "~/.kube/config"},
    "storage": {"provisioner": "ebs.csi.aws.com"},
}


def parsed(has, *, cluster=EXISTING, **services):
    config = {"paasport:cluster": {**cluster, "has": has}, "paasport:services": services}
    return settings.parse(config)


def problems(has, *, cluster=EXISTING):
    try:
        parsed(has, cluster=cluster)
    except errors.StackFileError as error:
        return [(problem.what, problem.next) for problem in error.problems]
    return []


def test_the_operators_that_a_file_can_name_are_those_of_the_catalogue():
    assert set(operators.APIS) == set(catalogue.OPERATORS)
    for name in catalogue.OPERATORS:
        required = operators.REQUIRES[name]
        assert problems({"operators": [name, *required]}) == []


@pytest.mark.parametrize("entry", catalogue.OPERATORS.values(), ids=list(catalogue.OPERATORS))
def test_what_is_known_of_an_operator_without_the_catalogue_is_what_the_catalogue_says(entry):
    assert set(operators.APIS[entry.name]) == {kind.api_version for kind in entry.kinds}


def test_the_storage_classes_are_those_that_every_cluster_gets():
    made = storage.classes("ebs.csi.aws.com", is_default=False)
    assert list(shared.STORAGE_CLASSES) == [item["metadata"]["name"] for item in made]


@pytest.mark.parametrize("vendor", ["local", "existing"])
def test_a_cluster_has_nothing_unless_it_is_said(vendor):
    cluster = EXISTING if vendor == "existing" else {"vendor": "local"}
    wanted = settings.parse({"paasport:cluster": cluster})
    assert wanted.cluster.has == shared.Contents(operators=(), operator_namespaces={}, storage_classes=False)


def test_what_is_there_is_not_installed():
    mongodb, prometheus = {"service": "mongodb"}, {"service": "prometheus"}
    wanted = parsed({"operators": ["cert-manager"]}, docs=mongodb, metrics=prometheus)
    assert operators.needed(wanted) == {"mongodb-kubernetes", "prometheus-operator"}
    assert operators.relied_on(wanted) == {"cert-manager"}


def test_what_is_there_and_not_needed_is_no_problem_and_not_relied_on():
    """It is a fact about the cluster, which stays one when the last service that needed it goes."""
    wanted = parsed({"operators": ["prometheus-operator"]})
    assert operators.relied_on(wanted) == frozenset()


def test_a_misspelled_operator_gets_the_right_name():
    [(what, advice)] = problems({"operators": ["cert-manger"]})
    assert what == "`paasport:cluster.has.operators[0]` names the operator `cert-manger`, which no service knows"
    assert advice == "write `cert-manager`"


def test_a_misspelled_operator_gets_the_right_name_where_its_namespace_stands_too():
    has = {"operators": ["cert-manager"], "operatorNamespaces": {"cert-manger": "ops"}}
    assert [advice for _, advice in problems(has)] == ["write `cert-manager`"]


def test_an_operator_is_not_there_without_what_it_requires():
    assert problems({"operators": ["rabbitmq-cluster-operator"]}) == [
        (
            "`paasport:cluster.has.operators[0]` says that rabbitmq-cluster-operator is there, but not cert-manager",
            "add `cert-manager` to `paasport:cluster.has.operators`",
        )
    ]


def test_the_namespace_of_an_operator_that_is_not_there_would_be_without_effect():
    [(what, advice)] = problems({"operatorNamespaces": {"cert-manager": "ops"}})
    place = "`paasport:cluster.has.operatorNamespaces.cert-manager`"
    assert what == f"{place} says where cert-manager lives, but not that it is there"
    assert advice == "add `cert-manager` to `paasport:cluster.has.operators`, or remove the namespace"


def test_parameters_of_classes_that_are_not_made_here_would_be_without_effect():
    storage = {"provisioner": "ebs.csi.aws.com", "parameters": {"type": "gp3"}}
    [(what, _)] = problems({"storageClasses": True}, cluster={**EXISTING, "storage": storage})
    assert what == "`paasport:cluster.storage.parameters` is for storage classes that this stack does not make"
    assert problems({"storageClasses": False}, cluster={**EXISTING, "storage": storage}) == []


def test_a_cluster_that_the_stack_makes_itself_has_nothing_of_others():
    with pytest.raises(errors.StackFileError, match=r"unknown key `paasport:cluster\.has`"):
        settings.parse({"paasport:cluster": {"vendor": "eks", "has": {"operators": ["cert-manager"]}}})


def test_one_wrong_key_hides_no_other():
    has = {"operators": ["cert-manger", "barman-cloud"], "storageClasses": "on", "classes": True}
    told = " | ".join(what for what, _ in problems(has))
    assert "has.operators[0]" in told
    assert "`paasport:cluster.has.storageClasses` must be `true` or `false`" in told
    assert "unknown key `paasport:cluster.has.classes`" in told
