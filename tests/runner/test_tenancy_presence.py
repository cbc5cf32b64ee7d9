"""What a stack says its cluster has and the cluster has not: one problem for each, with what to do."""

from __future__ import annotations

from runner.tenancy import presence
from stacks import operators


def of(name, **versions):
    served = {group.replace("_", "."): tuple(found) for group, found in versions.items()}
    return [
        (problem.what, problem.next)
        for problem in presence.of_operator(name, operators.APIS[name], served, stack="shop-dev")
    ]


def test_an_operator_that_is_there_in_the_right_version_is_no_problem():
    assert of("prometheus-operator", monitoring_coreos_com=["v1", "v1alpha1"]) == []


def test_an_operator_that_is_not_there_is_one_problem():
    assert of("prometheus-operator", monitoring_coreos_com=[]) == [
        (
            "prometheus-operator is not on the cluster: its API server serves nothing of monitoring.coreos.com",
            "let its owner install it, or take `prometheus-operator` out of paasport:cluster.has.operators",
        )
    ]


def test_an_operator_of_another_age_is_told_with_what_it_serves_and_what_is_needed():
    assert of("rabbitmq-cluster-operator", rabbitmq_com=["v1", "v1beta2"]) == [
        (
            (
                "the rabbitmq-cluster-operator on the cluster does not fit: "
                "its API server serves rabbitmq.com in v1 and v1beta2, not in v1beta1"
            ),
            "let its owner upgrade it to a release that serves v1beta1",
        )
    ]


def test_every_version_of_a_group_is_looked_for():
    assert of("scylla-operator", scylla_scylladb_com=["v1", "v1alpha1"]) == []
    [(what, _)] = of("scylla-operator", scylla_scylladb_com=["v1"])
    assert what.endswith("scylla.scylladb.com in v1, not in v1alpha1")


def test_missing_storage_classes_are_one_problem():
    [problem] = presence.of_classes(["paasport-ssd", "paasport-ssd-retain"], stack="shop-dev")
    assert problem.what == "the cluster has no storage classes paasport-ssd, paasport-ssd-retain"
    assert "stacks/Pulumi.shop-dev.yaml" in problem.why
    assert list(presence.of_classes([], stack="shop-dev")) == []
