"""How draining goes on, stops and tells about it, with a cluster and a clock in memory."""

from __future__ import annotations

from typing import Any

import pytest

from components.clusters.drain_guard import api, draining, login
from stacks import errors
from tests.components.clusters import drain_guard_builders as build


class Attempt:
    """One attempt to drain, and what it said."""

    def __init__(self, cluster: build.FakeCluster, **options: Any) -> None:
        self.cluster = cluster
        self.clock = build.FakeClock()
        self.lines: list[str] = []
        self.draining = draining.Draining(
            "shop-drain",
            cluster=cluster,
            server="https://1.2.3.4",
            drain=build.drain(**options),
            say=self.lines.append,
            clock=self.clock,
        )

    def work(self) -> list[str]:
        self.draining.work()
        return self.lines

    def stopped(self) -> str:
        with pytest.raises(errors.PaasportError) as caught:
            self.draining.work()
        return str(caught.value)


DONE = "shop-drain: the cluster holds nothing at its vendor any more but what is said to be kept"


def test_an_empty_cluster_is_done_at_once() -> None:
    attempt = Attempt(build.FakeCluster())

    assert attempt.work() == [DONE]
    assert attempt.clock.seconds == 0


def test_it_waits_until_the_vendor_s_controller_lets_go() -> None:
    cluster = build.FakeCluster(build.service("web", finalizers=("cleanup",)), build.node_pool("general"))

    def controller(cluster: build.FakeCluster) -> None:
        if cluster.looks == 4:
            assert cluster.deleted == ["Service shop/web"]
            cluster.release("web")

    cluster.then = controller
    attempt = Attempt(cluster)

    assert attempt.work() == [
        "shop-drain: load balancers: waiting for 1 Service (0 s of 20 min): Service shop/web",
        "shop-drain: node pools: waiting for 1 NodePool (2 s of 20 min): NodePool general",
        DONE,
    ]
    assert cluster.deleted == ["Service shop/web", "NodePool general"]


def test_progress_is_told_again_only_now_and_then() -> None:
    cluster = build.FakeCluster(build.service("web", finalizers=("cleanup",)))
    attempt = Attempt(cluster, minutes=1)

    attempt.stopped()

    assert [line.partition("(")[2].partition(")")[0] for line in attempt.lines if "waiting" in line] == [
        "0 s of 1 min",
        "30 s of 1 min",
        "1 min of 1 min",
    ]


def test_when_time_is_up_every_object_is_named_with_who_holds_it_and_what_to_do() -> None:
    cluster = build.FakeCluster(
        build.service("web", finalizers=("service.k8s.aws/resources",)), build.ingress("front", finalizers=("a", "b"))
    )
    attempt = Attempt(cluster, minutes=2)

    assert attempt.stopped() == (
        "shop-drain: after 2 min still there of the load balancers:"
        " Ingress shop/front (being deleted; finalizers: a, b),"
        " Service shop/web (being deleted; finalizers: service.k8s.aws/resources);"
        " without the cluster nobody would delete what hangs on it at the vendor, so the cluster stays for now;"
        " next: `kubectl describe ingress.networking.k8s.io front -n shop` tells why; then run destroy again, which"
        " continues (docs/drain.md has the rest)"
    )
    assert attempt.clock.seconds == 120
    assert attempt.lines[-2:] == [
        "shop-drain: still there: Ingress shop/front (being deleted; finalizers: a, b)",
        "shop-drain: still there: Service shop/web (being deleted; finalizers: service.k8s.aws/resources)",
    ]


def test_no_finalizer_is_ever_removed() -> None:
    cluster = build.FakeCluster(build.service("web", finalizers=("cleanup",)))

    Attempt(cluster, minutes=1).stopped()

    (left,) = cluster.objects.values()
    assert left["metadata"]["finalizers"] == ["cleanup"]


def test_a_second_attempt_continues_where_the_first_one_stopped() -> None:
    cluster = build.FakeCluster(build.service("web", finalizers=("cleanup",)), build.claim("data"))
    Attempt(cluster, minutes=1).stopped()
    cluster.release("web")

    second = Attempt(cluster, minutes=1)

    assert second.work()[-1] == DONE
    assert cluster.deleted == ["Service shop/web", "PersistentVolumeClaim shop/data"]


def test_workloads_go_even_where_no_garbage_collector_works() -> None:
    deployment = build.workload("Deployment", "db")
    replicas = build.workload("ReplicaSet", "db-1", owner=deployment)
    pod = build.pod("db-1-x", claims=("data",), owner=replicas)
    claim = build.claim("data", finalizers=("kubernetes.io/pvc-protection",))
    cluster = build.FakeCluster(deployment, replicas, pod, claim)

    def protection(cluster: build.FakeCluster) -> None:
        if not [item for item in cluster.objects.values() if item["kind"] == "Pod"]:
            cluster.release("data")

    cluster.then = protection

    assert Attempt(cluster).work()[-1] == DONE
    assert cluster.deleted == [
        "Deployment shop/db",
        "PersistentVolumeClaim shop/data",
        "ReplicaSet shop/db-1",
        "Pod shop/db-1-x",
    ]


def test_an_error_with_hundreds_of_objects_names_some_and_fits_in_a_header() -> None:
    many = [build.service(f"a-rather-long-name-of-a-service-{n:03}", finalizers=("x" * 60,)) for n in range(300)]
    attempt = Attempt(build.FakeCluster(*many), minutes=1)

    message = attempt.stopped()

    assert " and 292 more; without the cluster" in message
    assert len(message) < 4000
    assert "\n" not in message
    assert len([line for line in attempt.lines if "still there" in line]) == 300


def test_what_a_live_operator_makes_again_is_said_to_be() -> None:
    cluster = build.FakeCluster(build.service("web"))

    def operator(cluster: build.FakeCluster) -> None:
        if not cluster.objects:
            again = build.service("web")
            cluster.objects[again["metadata"]["uid"] + str(cluster.looks)] = again
            cluster.objects = {again["metadata"]["uid"]: again}

    cluster.then = operator

    assert (
        "Service shop/web (not deleted; no finalizers; somebody made it again 45 times)"
        in Attempt(cluster, minutes=1).stopped()
    )


def test_a_webhook_that_refuses_is_quoted_and_asked_again() -> None:
    cluster = build.FakeCluster(build.ingress("front"))
    cluster.refusals["front"] = api.Refused(500, "failed calling webhook\n validate.nginx: no endpoints")
    attempt = Attempt(cluster, minutes=1)

    assert (
        "Ingress shop/front (not deleted; no finalizers; the API server said: failed calling webhook validate.nginx:"
        " no endpoints)"
    ) in attempt.stopped()

    del cluster.refusals["front"]
    assert Attempt(cluster).work()[-1] == DONE


def test_a_right_that_lacks_stops_at_once_and_is_named() -> None:
    cluster = build.FakeCluster(build.service("web"))
    cluster.refusals["web"] = api.Refused(403, 'services "web" is forbidden: User "ci" cannot delete it')
    attempt = Attempt(cluster)

    assert attempt.stopped() == (
        'shop-drain: the cluster does not let you delete Service shop/web: services "web" is forbidden: User "ci"'
        " cannot delete it; what hangs on such objects at the vendor would be left behind; next: run destroy as somebody"
        " who administers the cluster"
    )
    assert attempt.clock.seconds == 0


def test_budgets_that_are_respected_stop_it_before_anything_is_deleted() -> None:
    cluster = build.FakeCluster(build.budget("db"), build.service("web"))
    attempt = Attempt(cluster, budgets="respect")

    assert attempt.stopped().startswith(
        "shop-drain: nothing was deleted, because these budgets allow no disruption: PodDisruptionBudget shop/db;"
    )
    assert cluster.deleted == []


def test_budgets_are_deleted_where_that_is_asked_for_even_without_nodes_of_the_cluster_s_own() -> None:
    cluster = build.FakeCluster(build.budget("db"))

    assert Attempt(cluster).work() == [DONE]
    assert cluster.deleted == ["PodDisruptionBudget shop/db"]


def test_a_guard_that_loses_its_name_while_the_stack_lives_does_not_drain_it() -> None:
    cluster = build.FakeCluster(build.storage_class("paasport-ssd"), build.service("web"))

    assert (
        Attempt(cluster)
        .stopped()
        .startswith("shop-drain: nothing was deleted, because the stack still has its storage class paasport-ssd here;")
    )
    assert cluster.deleted == []


def test_what_stays_is_told_with_the_vendor_s_own_name() -> None:
    data = build.claim("data", volume="pv-1")
    snapshot = build.manifest(
        "snapshot.storage.k8s.io/v1",
        "VolumeSnapshotContent",
        "snap-1",
        spec={"driver": "ebs.csi.aws.com"},
        status={"snapshotHandle": "snap-0abc"},
    )
    attempt = Attempt(
        build.FakeCluster(
            data,
            build.volume("pv-1", policy="Retain", of=data),
            snapshot,
            build.node_pool("system", classes="eks.amazonaws.com"),
        )
    )

    assert attempt.work() == [
        "shop-drain: kept: volume pv-1 of claim shop/data, 10Gi, ebs.csi.aws.com vol-pv-1: its reclaim policy is Retain",
        "shop-drain: kept: snapshot snap-1, ebs.csi.aws.com snap-0abc: snapshots are backups",
        "shop-drain: left to the vendor, which removes them with the cluster: NodePool system",
        DONE,
    ]


# A cluster that does not answer


@pytest.mark.parametrize(
    ("silence", "reason"),
    [
        (api.Unreachable("Name or service not known"), "Name or service not known"),
        (
            login.LoginFailed("the login program `aws` failed: SSO expired"),
            "the login program `aws` failed: SSO expired",
        ),
    ],
)
def test_a_cluster_that_does_not_answer_is_no_proof_that_it_is_gone(silence: Exception, reason: str) -> None:
    cluster = build.FakeCluster()
    cluster.silent = silence
    attempt = Attempt(cluster)

    assert attempt.stopped() == (
        f"shop-drain: the API server https://1.2.3.4 cannot be reached: {reason};"
        " nothing was drained; load balancers, disks and machines that the cluster has made would be left behind;"
        " next: connect to its network (VPN, bastion, HTTPS_PROXY), check your login, and run destroy again; only if the"
        " cluster is deleted already, run it with PAASPORT_SKIP_DRAIN=shop-drain"
    )
    assert attempt.clock.seconds == 30


def test_a_cluster_that_is_said_to_be_gone_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAASPORT_SKIP_DRAIN", "shop-drain")
    cluster = build.FakeCluster()
    cluster.silent = api.Unreachable("Name or service not known")

    assert Attempt(cluster).work() == [
        (
            "shop-drain: not drained, as you asked, because the cluster is gone (Name or service not known). Look for"
            " load balancers, disks and machines with its name among their tags at the vendor: nothing will delete them."
        )
    ]


def test_the_name_of_another_guard_skips_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAASPORT_SKIP_DRAIN", "other-drain")
    cluster = build.FakeCluster()
    cluster.silent = api.Unreachable("Name or service not known")

    assert "cannot be reached" in Attempt(cluster).stopped()


def test_a_cluster_that_answers_is_drained_whatever_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAASPORT_SKIP_DRAIN", "shop-drain")
    cluster = build.FakeCluster(build.service("web"))

    assert Attempt(cluster).work()[0] == (
        "shop-drain: PAASPORT_SKIP_DRAIN has no effect, because the cluster answers; it is drained"
    )
    assert cluster.deleted == ["Service shop/web"]


def test_a_credential_that_is_not_accepted_shows_that_the_cluster_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAASPORT_SKIP_DRAIN", "shop-drain")
    cluster = build.FakeCluster()
    cluster.silent = api.Refused(401, "Unauthorized")

    assert "does not accept your login: Unauthorized; nothing was drained" in Attempt(cluster).stopped()


def test_a_cluster_that_is_silent_for_a_while_is_asked_again() -> None:
    cluster = build.FakeCluster(build.service("web", finalizers=("cleanup",)))

    def outage(cluster: build.FakeCluster) -> None:
        cluster.silent = api.Unreachable("connection reset") if 3 <= cluster.looks <= 6 else None
        if cluster.looks == 7:
            cluster.release("web")

    cluster.then = outage

    assert Attempt(cluster).work()[-1] == DONE
