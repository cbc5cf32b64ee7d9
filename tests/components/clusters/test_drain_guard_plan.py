"""Which objects draining deletes in which wave, what it waits for and what it leaves, decided from plain lists."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from components.clusters.drain_guard import objects, plan, volumes
from tests.components.clusters import drain_guard_builders as build


def deleted(*manifests: dict[str, Any], **options: Any) -> list[str]:
    return [item.label for item in plan.step(build.snapshot(*manifests), build.drain(**options)).delete]


def waited(*manifests: dict[str, Any], **options: Any) -> list[str]:
    return [held.reference.label for held in plan.step(build.snapshot(*manifests), build.drain(**options)).waiting]


# Load balancers


def test_what_has_a_load_balancer_goes_first() -> None:
    everything = (
        build.node_pool("general"),
        build.claim("data"),
        build.ingress("shop"),
        build.gateway("front"),
        build.service("web"),
    )

    assert sorted(deleted(*everything)) == ["Gateway shop/front", "Ingress shop/shop", "Service shop/web"]
    assert sorted(waited(*everything)) == ["Gateway shop/front", "Ingress shop/shop", "Service shop/web"]


@pytest.mark.parametrize("kind", ["ClusterIP", "NodePort", "ExternalName"])
def test_a_service_that_has_nothing_at_the_vendor_stays(kind: str) -> None:
    assert deleted(build.service("web", kind=kind)) == []


def test_a_service_that_was_a_load_balancer_and_is_still_held_is_waited_for() -> None:
    former = build.service("web", kind="ClusterIP", finalizers=("service.kubernetes.io/load-balancer-cleanup",))

    assert waited(former) == ["Service shop/web"]


def test_a_service_with_an_endpoint_group_of_its_own_goes_and_the_group_is_waited_for() -> None:
    standalone = build.service(
        "api", kind="ClusterIP", annotations={"cloud.google.com/neg": '{"exposed_ports": {"80": {}}}'}
    )
    group = build.manifest("networking.gke.io/v1beta1", "ServiceNetworkEndpointGroup", "k8s1-api", namespace="shop")

    assert deleted(standalone, group) == ["Service shop/api"]
    assert waited(standalone, group) == ["Service shop/api", "ServiceNetworkEndpointGroup shop/k8s1-api"]
    assert deleted(group) == []
    assert waited(group) == ["ServiceNetworkEndpointGroup shop/k8s1-api"]


def test_an_endpoint_group_for_an_ingress_leaves_its_service_alone() -> None:
    assert (
        deleted(build.service("web", kind="ClusterIP", annotations={"cloud.google.com/neg": '{"ingress":true}'})) == []
    )


def test_what_is_being_deleted_is_waited_for_and_not_deleted_again() -> None:
    going = build.service("web", finalizers=("cleanup",), deleting=True)

    assert deleted(going) == []
    assert plan.step(build.snapshot(going), build.drain()).waiting == (
        plan.Held(reference=objects.reference(going), deleting=True, finalizers=("cleanup",), note=""),
    )


# The vendor's own


@pytest.mark.parametrize(
    "own",
    [
        build.service("dns", namespace="kube-system", labels={"addonmanager.kubernetes.io/mode": "Reconcile"}),
        build.service("nginx", labels={"app.kubernetes.io/managed-by": "aks-app-routing-operator"}),
        build.service("collector", namespace="gke-managed-metrics"),
        build.service("ingress", namespace="aks-istio-ingress"),
        build.node_pool("general-purpose", classes="eks.amazonaws.com"),
        build.node_pool("default", classes="karpenter.azure.com"),
        build.manifest("eks.amazonaws.com/v1", "NodeClass", "default"),
    ],
    ids=lambda own: own["metadata"]["name"],
)
def test_the_vendor_s_own_stays_with_the_vendor(own: dict[str, Any]) -> None:
    step = plan.step(build.snapshot(own), build.drain())

    assert (step.wave, step.delete, step.waiting) == (plan.Wave.DONE, (), ())


def test_what_lies_in_a_namespace_of_the_vendor_is_its_own() -> None:
    home = build.manifest("v1", "Namespace", "shop", labels={"kubernetes.azure.com/managedby": "aks"})

    assert deleted(home, build.service("web")) == []


def test_a_load_balancer_of_the_user_s_in_kube_system_goes() -> None:
    assert deleted(build.service("traefik", namespace="kube-system")) == ["Service kube-system/traefik"]


def test_a_node_pool_of_the_user_s_with_a_built_in_name_goes() -> None:
    assert deleted(build.node_pool("general-purpose", classes="karpenter.k8s.aws")) == ["NodePool general-purpose"]


def test_nodes_of_a_built_in_pool_stay_with_it() -> None:
    pools = (
        build.node_pool("system", classes="eks.amazonaws.com"),
        build.node_pool("own", classes="eks.amazonaws.com"),
    )
    nodes = (build.node_claim("system-abc", pool="system"), build.node_claim("own-abc", pool="own"))

    assert deleted(*pools, *nodes) == ["NodePool own"]
    assert deleted(pools[0], *nodes) == ["NodeClaim own-abc"]


def test_what_is_left_to_the_vendor_is_told() -> None:
    seen = build.snapshot(
        build.node_pool("system", classes="eks.amazonaws.com"),
        build.node_pool("own", classes="eks.amazonaws.com"),
        build.service("dns", kind="ClusterIP", namespace="gke-managed-dns"),
        build.service("ingress", namespace="aks-istio-ingress"),
    )

    assert [item.label for item in plan.left_to_the_vendor(seen)] == [
        "NodePool system",
        "Service aks-istio-ingress/ingress",
    ]


# Volumes


def test_claims_go_with_their_workload_when_volumes_are_drained() -> None:
    database = build.workload("StatefulSet", "db")
    data = build.claim("data-db-0", volume="pv-1")
    seen = (database, data, build.volume("pv-1", of=data), build.pod("db-0", claims=("data-db-0",), owner=database))

    assert deleted(*seen) == ["StatefulSet shop/db", "PersistentVolumeClaim shop/data-db-0"]
    (held,) = plan.step(build.snapshot(*seen), build.drain()).waiting
    assert (held.reference.label, held.note) == ("PersistentVolumeClaim shop/data-db-0", "used by pod db-0")


def test_claims_and_workloads_stay_when_volumes_are_not_drained() -> None:
    data = build.claim("data", volume="pv-1")
    seen = (data, build.volume("pv-1", of=data), build.pod("db-0", claims=("data",)))

    assert waited(*seen, volumes=False) == []
    assert deleted(*seen, volumes=False) == []


def test_a_retained_volume_keeps_its_claim_and_its_workload() -> None:
    database = build.workload("StatefulSet", "db")
    data = build.claim("data", volume="pv-1")
    seen = (database, data, build.volume("pv-1", policy="Retain", of=data), build.pod("db-0", claims=("data",)))

    assert deleted(*seen) == []


def test_a_claim_without_a_volume_goes_and_one_whose_volume_is_lost_holds_nothing() -> None:
    assert deleted(build.claim("waiting")) == ["PersistentVolumeClaim shop/waiting"]
    assert deleted(build.claim("lost", volume="pv-gone")) == []


def test_a_workload_that_uses_no_such_claim_stays() -> None:
    other = build.claim("other")

    assert deleted(other, build.workload("StatefulSet", "db"), build.pod("db-0", claims=("else",))) == [
        "PersistentVolumeClaim shop/other"
    ]


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_uses_nothing(phase: str) -> None:
    data = build.claim("data")

    assert deleted(data, build.pod("job-1", claims=("data",), phase=phase)) == ["PersistentVolumeClaim shop/data"]


def test_the_topmost_owner_goes() -> None:
    schedule = build.workload("CronJob", "nightly")
    job = build.workload("Job", "nightly-1", owner=schedule)
    data = build.claim("data")

    assert deleted(data, schedule, job, build.pod("nightly-1-x", claims=("data",), owner=job)) == [
        "CronJob shop/nightly",
        "PersistentVolumeClaim shop/data",
    ]


def test_what_an_operator_made_the_workload_from_goes_too() -> None:
    resource = build.manifest("postgresql.cnpg.io/v1", "Cluster", "db", namespace="shop")
    database = build.workload("StatefulSet", "db", owner=resource)
    data = build.claim("data")

    assert deleted(data, database, build.pod("db-0", claims=("data",), owner=database)) == [
        "Cluster shop/db",
        "StatefulSet shop/db",
        "PersistentVolumeClaim shop/data",
    ]


def test_a_pod_of_a_node_is_never_taken_for_a_node() -> None:
    node = build.manifest("v1", "Node", "node-1")
    data = build.claim("data")

    assert deleted(data, build.pod("static", claims=("data",), owner=node)) == [
        "Pod shop/static",
        "PersistentVolumeClaim shop/data",
    ]


def test_a_pod_with_a_generic_ephemeral_volume_is_a_user_of_its_claim() -> None:
    user = build.pod("build")
    user["spec"]["volumes"] = [{"name": "scratch", "ephemeral": {}}]

    assert deleted(build.claim("build-scratch"), user) == [
        "Pod shop/build",
        "PersistentVolumeClaim shop/build-scratch",
    ]


@pytest.mark.parametrize("volumes_too", [True, False])
@pytest.mark.parametrize("phase", ["Released", "Bound"])
def test_a_volume_whose_claim_is_gone_is_waited_for(phase: str, *, volumes_too: bool) -> None:
    gone = build.claim("data", volume="pv-1")

    assert waited(build.volume("pv-1", of=gone, phase=phase), volumes=volumes_too) == ["PersistentVolume pv-1"]
    assert deleted(build.volume("pv-1", of=gone, phase=phase), volumes=volumes_too) == []


def test_a_volume_that_its_driver_could_not_delete_stops_only_who_wants_volumes_drained() -> None:
    failed = build.volume("pv-1", of=build.claim("data"), phase="Failed")
    failed["status"]["message"] = "still attached to i-0abc"

    (held,) = plan.step(build.snapshot(failed), build.drain()).waiting
    assert held.note == "still attached to i-0abc"
    assert waited(failed, volumes=False) == []
    assert [reason for _, reason in volumes.kept(build.snapshot(failed), build.drain(volumes=False))] == [
        "its driver could not delete it: still attached to i-0abc"
    ]


def test_an_unused_volume_is_waited_for_by_nobody() -> None:
    assert waited(build.volume("pv-1", phase="Available")) == []


def test_what_is_kept_is_told_with_the_reason() -> None:
    own = build.claim("own", namespace="gke-managed-metrics")
    data = build.claim("data")
    seen = build.snapshot(
        build.volume("retained", policy="Retain", of=data),
        build.volume("unused", phase="Available"),
        build.volume("vendors", of=own),
        own,
    )

    def told(**options: Any) -> dict[str, str]:
        return {item["metadata"]["name"]: why for item, why in volumes.kept(seen, build.drain(**options))}

    assert told() == {
        "retained": "its reclaim policy is Retain",
        "unused": "it has no claim",
        "vendors": "its claim is the vendor's own",
    }
    assert told(volumes=False) == {
        "retained": "its reclaim policy is Retain",
        "unused": "drain.volumes is off",
        "vendors": "drain.volumes is off",
    }


# Nodes and budgets


def test_nodes_go_after_their_pools_and_node_classes_last() -> None:
    pool = build.node_pool("general")
    node = build.node_claim("general-x", pool="general")
    classes = build.manifest("karpenter.k8s.aws/v1", "EC2NodeClass", "default")

    assert deleted(classes, node, pool) == ["NodePool general"]
    assert deleted(classes, node) == ["NodeClaim general-x"]
    assert deleted(classes) == ["EC2NodeClass default"]


def test_volumes_go_before_nodes() -> None:
    assert deleted(build.node_pool("general"), build.claim("data")) == ["PersistentVolumeClaim shop/data"]


def test_every_budget_is_deleted_when_nodes_are_drained_but_the_vendor_s_own() -> None:
    budgets = (
        build.budget("full", allowed=0),
        build.budget("roomy", allowed=3, pods=5),
        build.budget("coredns", namespace="kube-system"),
        build.budget("gmp", namespace="gke-managed-metrics"),
    )

    assert deleted(*budgets, build.node_pool("general")) == [
        "PodDisruptionBudget shop/full",
        "PodDisruptionBudget shop/roomy",
        "NodePool general",
    ]
    assert deleted(*budgets, build.service("web")) == ["Service shop/web"]
    assert deleted(*budgets) == ["PodDisruptionBudget shop/full", "PodDisruptionBudget shop/roomy"]
    assert waited(*budgets) == []


def test_no_budget_is_deleted_when_they_are_respected() -> None:
    assert deleted(build.budget("full"), build.node_pool("general"), budgets="respect") == ["NodePool general"]
    assert deleted(build.budget("full"), budgets="respect") == []


def test_a_budget_blocks_when_it_has_pods_and_allows_none_to_go() -> None:
    fresh = build.budget("fresh")
    del fresh["status"]
    seen = build.snapshot(
        build.budget("full", allowed=0, pods=2),
        build.budget("roomy", allowed=1, pods=2),
        build.budget("empty", allowed=0, pods=0),
        build.budget("coredns", allowed=0, pods=2, namespace="kube-system"),
        fresh,
    )

    assert [item.label for item in plan.blocking_budgets(seen)] == ["PodDisruptionBudget shop/full"]


# The whole


def test_pods_are_looked_at_only_where_volumes_are_drained() -> None:
    assert objects.POD in plan.kinds(build.drain())
    assert objects.POD not in plan.kinds(build.drain(volumes=False))


def test_the_stack_s_storage_classes_show_that_it_lives_on() -> None:
    assert plan.stack_s_own(build.snapshot(build.storage_class("paasport-ssd"), build.storage_class("gp3"))) == (
        "paasport-ssd",
    )
    assert plan.stack_s_own(build.snapshot(build.storage_class("gp3"))) == ()


_NAMES = strategies.sampled_from(["a", "b", "c", "default", "system", "general-purpose"])
_ANY = strategies.one_of(
    strategies.builds(build.service, _NAMES, kind=strategies.sampled_from(["LoadBalancer", "ClusterIP"])),
    strategies.builds(build.ingress, _NAMES, deleting=strategies.booleans()),
    strategies.builds(build.gateway, _NAMES),
    strategies.builds(build.claim, _NAMES, volume=strategies.sampled_from(["", "pv-a", "pv-b"])),
    strategies.builds(
        build.volume,
        strategies.sampled_from(["pv-a", "pv-b"]),
        policy=strategies.sampled_from(["Delete", "Retain"]),
        phase=strategies.sampled_from(["Bound", "Released", "Available", "Failed"]),
    ),
    strategies.builds(build.pod, _NAMES, claims=strategies.lists(_NAMES, max_size=2).map(tuple)),
    strategies.builds(build.budget, _NAMES, namespace=strategies.sampled_from(["shop", "kube-system"])),
    strategies.builds(build.node_pool, _NAMES, classes=strategies.sampled_from(["eks.amazonaws.com", "other"])),
    strategies.builds(build.node_claim, _NAMES, pool=_NAMES),
)


@hypothesis.given(manifests=strategies.lists(_ANY, max_size=12), volumes_too=strategies.booleans())
def test_repeating_steps_ends_with_nothing_left_but_what_is_kept(
    manifests: list[dict[str, Any]], *, volumes_too: bool
) -> None:
    drain = build.drain(volumes=volumes_too)
    there = {item["metadata"]["uid"]: item for item in manifests}
    retained = {
        uid for uid, item in there.items() if item.get("spec", {}).get("persistentVolumeReclaimPolicy") == "Retain"
    }
    waves = []
    for _ in range(30):
        step = plan.step(build.snapshot(*there.values()), drain)
        waves.append(list(plan.Wave).index(step.wave))
        # A wave that waits for what nobody deletes relies on a controller, which here lets go at once.
        for uid in {item.uid for item in step.delete} | {held.reference.uid for held in step.waiting}:
            there.pop(uid, None)
        if not step.waiting:
            break

    assert waves == sorted(waves)
    assert step.wave is plan.Wave.DONE
    assert retained <= set(there)
    assert not [item for item in there.values() if item["kind"] in ("Ingress", "Gateway")]
    if not volumes_too:
        assert {
            item["metadata"]["uid"] for item in manifests if item["kind"] in ("PersistentVolumeClaim", "Pod")
        } <= set(there)
