"""What holds custom resources to the changes that their operators can make, and says what their deletion loses."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components import contracts, lifecycle
from components.operators import (
    catalogue,
    cert_manager,
    cloudnative_pg,
    etcd_operator,
    mongodb_kubernetes,
    prometheus_operator,
    rabbitmq_cluster_operator,
)
from stacks import errors
from stacks import lifecycle as rules

DATA = (
    cloudnative_pg.CLUSTER,
    etcd_operator.ETCD_CLUSTER,
    mongodb_kubernetes.COMMUNITY,
    rabbitmq_cluster_operator.CLUSTER,
)


def changed(kind: contracts.Kind, before: dict[str, Any], after: dict[str, Any]) -> rules.Verdict:
    return rules.judged(kind.rules, instance="db", before={"spec": before}, after={"spec": after})


def test_what_holds_data_and_nothing_else_says_what_is_lost() -> None:
    told = {kind.kind for entry in catalogue.OPERATORS.values() for kind in entry.kinds if kind.loses}

    assert {kind.kind for kind in DATA} <= told
    assert not told & {"Prometheus", "Alertmanager", "Backup", "Certificate", "Database", "NodeConfig"}


def test_a_resource_is_marked_with_what_is_lost_beside_its_own_annotations() -> None:
    manifest = {"metadata": {"name": "db", "annotations": {"own": "1"}}, "spec": {}}

    assert lifecycle.marked(manifest, cloudnative_pg.CLUSTER) == {
        "metadata": {
            "name": "db",
            "annotations": {
                "own": "1",
                "paasport.dev/deletion-loses": "databases and roles",
                "paasport.dev/volumes-when-deleted": "deleted",
            },
        },
        "spec": {},
    }
    assert lifecycle.marked(manifest, prometheus_operator.PROMETHEUS) == manifest
    assert lifecycle.marked(manifest, None) == manifest


def volume(path: str, size: str) -> dict[str, Any]:
    """A spec with a size at the path."""
    found: Any = size
    for step in reversed(path.split(".")):
        found = {step: found}
    return dict(found)


SIZES = {
    "Cluster": "storage.size",
    "RabbitmqCluster": "persistence.storage",
    "EtcdCluster": "storageSpec.volumeSizeRequest",
    "Prometheus": "storage.volumeClaimTemplate.spec.resources.requests.storage",
}


@pytest.mark.parametrize(
    "kind",
    [
        cloudnative_pg.CLUSTER,
        rabbitmq_cluster_operator.CLUSTER,
        etcd_operator.ETCD_CLUSTER,
        prometheus_operator.PROMETHEUS,
    ],
    ids=lambda kind: kind.kind,
)
def test_a_smaller_volume_of_any_kind_is_refused(kind: contracts.Kind) -> None:
    path = SIZES[kind.kind]

    assert changed(kind, volume(path, "100Gi"), volume(path, "10Gi")).problems[0].next == (
        "write `overrides.storage: 100Gi`"
    )


@pytest.mark.parametrize(
    ("kind", "grows"),
    [(cloudnative_pg.CLUSTER, True), (rabbitmq_cluster_operator.CLUSTER, True), (etcd_operator.ETCD_CLUSTER, False)],
    ids=["postgresql", "rabbitmq", "etcd"],
)
def test_volumes_grow_where_the_operator_makes_them(kind: contracts.Kind, grows: bool) -> None:  # noqa: FBT001
    path = SIZES[kind.kind]

    assert (not changed(kind, volume(path, "10Gi"), volume(path, "100Gi")).problems) == grows


def claims(data: str) -> dict[str, Any]:
    def claim(name: str, size: str) -> dict[str, Any]:
        return {"metadata": {"name": name}, "spec": {"resources": {"requests": {"storage": size}}}}

    return {
        "statefulSet": {"spec": {"volumeClaimTemplates": [claim("data-volume", data), claim("logs-volume", "2Gi")]}}
    }


def test_the_volumes_of_a_mongodb_grow_by_hand_alone_and_the_page_is_named() -> None:
    assert changed(mongodb_kubernetes.COMMUNITY, claims("20Gi"), claims("10Gi")).problems
    (problem,) = changed(mongodb_kubernetes.COMMUNITY, claims("10Gi"), claims("20Gi")).problems
    assert 'docs/services/mongodb.md, "Grow"' in problem.next


def test_a_rabbitmq_never_loses_a_node() -> None:
    (problem,) = changed(rabbitmq_cluster_operator.CLUSTER, {"replicas": 3}, {"replicas": 1}).problems
    assert problem.what == "db has 3 nodes, and 1 are asked for"


@pytest.mark.parametrize(
    ("kind", "before", "after", "permitted"),
    [
        pytest.param(mongodb_kubernetes.COMMUNITY, {"version": "7.0.28"}, {"version": "8.0.32"}, True, id="mongodb up"),
        pytest.param(mongodb_kubernetes.COMMUNITY, {"version": "8.0.32"}, {"version": "7.0.28"}, False, id="mongodb"),
        pytest.param(mongodb_kubernetes.COMMUNITY, {"version": "6.0.5"}, {"version": "8.0.32"}, False, id="mongodb 2"),
        pytest.param(
            cloudnative_pg.CLUSTER, {"imageName": "pg:15.14-x"}, {"imageName": "pg:18.4-x"}, True, id="postgresql up"
        ),
        pytest.param(
            cloudnative_pg.CLUSTER, {"imageName": "pg:18.4-x"}, {"imageName": "pg:17.6-x"}, False, id="postgresql"
        ),
        pytest.param(
            rabbitmq_cluster_operator.CLUSTER, {"image": "r:4.2.8-m"}, {"image": "r:4.3.1-m"}, True, id="rabbitmq up"
        ),
        pytest.param(
            rabbitmq_cluster_operator.CLUSTER, {"image": "r:4.3.1-m"}, {"image": "r:4.2.8-m"}, False, id="rabbitmq"
        ),
        pytest.param(etcd_operator.ETCD_CLUSTER, {"version": "v3.5.1"}, {"version": "v3.6.9"}, True, id="etcd up"),
        pytest.param(etcd_operator.ETCD_CLUSTER, {"version": "v3.6.9"}, {"version": "v3.5.1"}, False, id="etcd"),
        pytest.param(prometheus_operator.PROMETHEUS, {"version": "v3.5.0"}, {"version": "v2.55.0"}, True, id="metrics"),
    ],
)
def test_versions_step_as_each_service_can(
    kind: contracts.Kind,
    before: dict[str, Any],
    after: dict[str, Any],
    permitted: bool,  # noqa: FBT001
) -> None:
    verdict = changed(kind, before, after)

    assert (not verdict.problems) == permitted
    assert bool(verdict.upgrade) == permitted


def test_a_restore_that_leaves_the_stack_file_is_no_change_of_what_is_fixed() -> None:
    restored = {"bootstrap": {"recovery": {"source": "origin", "database": "app", "owner": "app"}}}
    made = {"bootstrap": {"initdb": {"database": "app", "owner": "app"}}}
    renamed = {"bootstrap": {"initdb": {"database": "shop", "owner": "app"}}}

    assert changed(cloudnative_pg.CLUSTER, restored, made).problems == ()
    (problem,) = changed(cloudnative_pg.CLUSTER, made, renamed).problems
    assert problem.what == "spec.bootstrap.initdb.database of db is app, and shop is asked for"


def called(run: Any, opts: Any, *, before: Any, after: Any) -> None:
    """Call the hook of these options as an engine would."""

    def program() -> Any:
        hooks = opts().hooks.before_update
        (hook,) = hooks
        assert hook.opts.on_dry_run
        told = pulumi.ResourceHookArgs(
            urn="urn", id="id", name="db", type="t", old_inputs={"spec": before()}, new_inputs={"spec": after()}
        )
        return pulumi.Output.from_input(hook.callback(told))

    run(program)


def test_the_hook_of_a_resource_refuses_in_a_preview_too(run, project) -> None:
    def opts() -> pulumi.ResourceOptions:
        return lifecycle.guarded("db", rabbitmq_cluster_operator.CLUSTER.rules, instance="mq")

    called(run, opts, before=lambda: {"replicas": 1}, after=lambda: {"replicas": 3})
    with pytest.raises(errors.UsageError, match="mq has 3 nodes, and 1 are asked for"):
        called(run, opts, before=lambda: {"replicas": 3.0}, after=lambda: {"replicas": 1.0})


def test_a_hook_opens_what_is_secret_as_a_whole(run, project) -> None:
    def opts() -> pulumi.ResourceOptions:
        return lifecycle.guarded("db", rabbitmq_cluster_operator.CLUSTER.rules, instance="mq")

    with pytest.raises(errors.UsageError, match="mq has 3 nodes"):
        called(run, opts, before=lambda: pulumi.Output.secret({"replicas": 3}), after=lambda: {"replicas": 1})


def test_a_kind_without_rules_has_no_hook() -> None:
    assert lifecycle.guarded("db", rules.Rules(), instance="db").hooks is None


@pytest.mark.parametrize(
    ("operator", "before", "after", "why"),
    [
        (cert_manager.OPERATOR, "1.19.4", "1.21.2", "release is raised one minor at a time"),
        (cert_manager.OPERATOR, "1.22.0", "1.21.2", "release does not go back"),
        (cloudnative_pg.OPERATOR, "1.28.1", "1.30.0", "release is raised one minor at a time"),
    ],
)
def test_a_release_to_which_its_operator_has_no_step_is_refused(
    operator: contracts.Operator, before: str, after: str, why: str
) -> None:
    problem = rules.step(lifecycle.steps(operator), instance=operator.name, before=before, after=after)

    assert problem is not None
    assert problem.why.startswith(why)


def test_a_release_is_told_before_what_it_runs() -> None:
    rule = lifecycle.steps(prometheus_operator.OPERATOR)

    assert rules.told(rule, instance="prometheus-operator", before="0.85.0", after="0.93.0") == (
        "upgrade  prometheus-operator: release 0.85.0 -> 0.93.0, before what it runs"
    )
