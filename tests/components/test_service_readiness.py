"""What custom resources are waited for: the kind's own terms, and numbers that depend on the object."""

from __future__ import annotations

import json

import pytest

from components.operators import catalogue, cloudnative_pg, etcd_operator, rabbitmq_cluster_operator
from components.services import readiness
from runner.kubernetes import readiness as engine


def terms(kind, **more):
    return json.loads(readiness.awaited(kind, **more)["pulumi.com/waitFor"])


def test_a_kinds_own_terms_are_enough_without_its_spec():
    assert terms(rabbitmq_cluster_operator.CLUSTER) == [
        "condition=AllReplicasReady",
        "condition=ClusterAvailable",
        "condition=ReconcileSuccess",
    ]
    assert readiness.awaited(rabbitmq_cluster_operator.CLUSTER)["pulumi.com/timeoutSeconds"] == "300"


def test_with_its_spec_the_numbers_must_be_reached_too():
    """The phase may be that of the cluster before it was told to grow."""
    assert terms(cloudnative_pg.CLUSTER, spec={"instances": 3}, timeout_seconds=900) == [
        "condition=Ready",
        "jsonpath={.status.phase}=Cluster in healthy state",
        "jsonpath={.status.readyInstances}=3",
    ]


def test_a_number_that_the_spec_lacks_is_a_mistake_of_the_builder():
    with pytest.raises(KeyError, match="instances"):
        readiness.awaited(cloudnative_pg.CLUSTER, spec={})


def test_a_kind_that_reports_nothing_is_not_waited_for():
    assert readiness.awaited(etcd_operator.ETCD_CLUSTER) == {}


@pytest.mark.parametrize(
    "kind", [kind for entry in catalogue.OPERATORS.values() for kind in entry.kinds], ids=lambda kind: kind.kind
)
def test_the_engine_understands_every_term(kind):
    spec = {path.rpartition(".")[2]: 3 for _, path in kind.ready_counts}
    engine.check({"metadata": {"annotations": readiness.awaited(kind, spec=spec)}})


def test_a_larger_cluster_is_not_ready_before_its_new_members_are():
    metadata = {"name": "db", "annotations": readiness.awaited(cloudnative_pg.CLUSTER, spec={"instances": 3})}
    cluster = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": metadata}
    status = {"phase": "Cluster in healthy state", "conditions": [{"type": "Ready", "status": "True"}]}
    assert not engine.assess({**cluster, "status": {**status, "readyInstances": 1}}).ready
    assert engine.assess({**cluster, "status": {**status, "readyInstances": 3}}).ready
