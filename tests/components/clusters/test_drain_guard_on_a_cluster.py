"""Draining a real API server: load balancers, volumes, nodes, budgets, rights, and clusters that do not answer."""

from __future__ import annotations

import http.server
import json
import os
import pathlib
import stat
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from components.clusters.drain_guard import draining
from local import control_plane as control_planes
from stacks import settings
from tests.components.clusters.drain_guard_world import (
    CRDS,
    Guard,
    as_user,
    at,
    balancer,
    controller,
    definition,
    names,
    proxy,
    serving,
    unheld,
)
from tests.conftest import Kubectl, kubectl_for, until

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def guarded() -> Iterator[control_planes.ControlPlane]:
    """A control plane of these tests alone, because draining takes everything away."""
    name = f"pytest-guard-{os.getpid()}"
    try:
        yield control_planes.start(name, nodes=settings.LocalNodes(count=1), report=print)
    finally:
        control_planes.delete(name)


@pytest.fixture
def kubectl(guarded: control_planes.ControlPlane) -> Kubectl:
    return kubectl_for(guarded.kubeconfig)


@pytest.fixture
def shop(kubectl: Kubectl) -> Iterator[str]:
    """A namespace of this test alone."""
    name = f"shop-{uuid.uuid4().hex[:6]}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "services,ingresses", "--all", "-n", name, "--timeout=30s")
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def definitions(kubectl: Kubectl) -> Iterator[None]:
    """Gateway API and Karpenter, as far as an API server knows them."""
    for name, (kind, scope) in CRDS.items():
        kubectl("apply", "-f", "-", stdin=yaml.safe_dump(definition(name, kind, scope)))
    kubectl("wait", "--for=condition=Established", *(f"crd/{name}" for name in CRDS))
    yield
    kubectl("delete", "crd", *CRDS)


@pytest.fixture
def guard(guarded: control_planes.ControlPlane) -> Guard:
    return Guard(guarded.kubeconfig.read_text())


def test_a_load_balancer_is_deleted_and_waited_for(kubectl: Kubectl, shop: str, guard: Guard) -> None:
    kubectl("apply", "-f", "-", stdin=balancer("web", shop, "service.kubernetes.io/load-balancer-cleanup"))
    kubectl("create", "service", "clusterip", "inner", "--tcp=80", "-n", shop)

    with controller(kubectl, "service", "web", shop) as seen:
        lines = guard.drain()

    assert seen
    assert lines[0].startswith("shop-drain: load balancers: waiting for 1 Service (0 s of 2 min)")
    assert names(kubectl, "service", shop) == ["inner"]


def test_when_nobody_lets_go_it_stops_and_a_second_destroy_continues(kubectl: Kubectl, shop: str, guard: Guard) -> None:
    kubectl("apply", "-f", "-", stdin=balancer("web", shop, "example.com/held"))
    kubectl("create", "ingress", "front", "--rule=a.example/*=web:80", "-n", shop)

    message = guard.stopped(minutes=0)
    assert f"Service {shop}/web" in message

    message = guard.stopped(minutes=0)
    assert f"Service {shop}/web (being deleted; finalizers: " in message
    assert f"`kubectl describe service web -n {shop}`" in message
    # What it names is a command that works.
    assert "LoadBalancer" in kubectl("describe", "service", "web", "-n", shop)

    unheld(kubectl, "service", "web", shop)
    guard.drain()
    assert names(kubectl, "service,ingress", shop) == []


def test_gateways_and_nodes_go_in_order_where_their_kinds_exist(
    kubectl: Kubectl, shop: str, definitions: None, guard: Guard
) -> None:
    pool = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "general"}}
    node = {"apiVersion": "karpenter.sh/v1", "kind": "NodeClaim", "metadata": {"name": "general-x"}}
    front = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "front", "namespace": shop, "finalizers": ["example.com/held"]},
    }
    node["metadata"]["finalizers"] = ["karpenter.sh/termination"]  # type: ignore[index]
    kubectl("apply", "-f", "-", stdin="\n---\n".join(json.dumps(item) for item in (pool, node, front)))

    assert f"Gateway {shop}/front" in guard.stopped(minutes=0)
    assert names(kubectl, "nodepools") == ["general"]
    unheld(kubectl, "gateway", "front", shop)

    with controller(kubectl, "nodeclaim", "general-x", shop):
        lines = guard.drain()

    told = [line.split(": ")[1] for line in lines if "waiting" in line]
    assert told == sorted(told, key=["load balancers", "node pools", "nodes"].index)
    assert names(kubectl, "nodepools,nodeclaims") == []


def test_volumes_go_with_their_workload_and_retained_ones_are_told(kubectl: Kubectl, shop: str, guard: Guard) -> None:
    kubectl("apply", "-f", "-", stdin=_storage(shop))
    until(lambda: names(kubectl, "pods", shop) == ["archive-0", "cache-0"] and len(_volumes(kubectl, shop)) == 2)
    kept, gone = _volumes(kubectl, shop)["archive-0"], _volumes(kubectl, shop)["cache-0"]

    lines = guard.drain(volumes=True)

    assert names(kubectl, "statefulsets", shop) == ["archive"]
    assert names(kubectl, "pvc", shop) == ["data-archive-0"]
    assert gone not in names(kubectl, "pv")
    (told,) = [line for line in lines if shop in line and "kept" in line]
    assert told == (
        f"shop-drain: kept: volume {kept} of claim {shop}/data-archive-0, 1Gi,"
        f" simulated.paasport.dev {kept.removeprefix('pvc-')}: its reclaim policy is Retain"
    )
    kubectl("delete", "storageclass", "drained", "drained-retain")


def test_volumes_stay_and_are_told_when_they_are_not_to_be_drained(kubectl: Kubectl, shop: str, guard: Guard) -> None:
    kubectl("apply", "-f", "-", stdin=_storage(shop))
    until(lambda: len(_volumes(kubectl, shop)) == 2)

    lines = guard.drain(volumes=False)

    assert names(kubectl, "pvc", shop) == ["data-archive-0", "data-cache-0"]
    reasons = {line.rpartition(": ")[2] for line in lines if shop in line and "kept" in line}
    assert reasons == {"its reclaim policy is Retain", "drain.volumes is off"}
    kubectl("delete", "storageclass", "drained", "drained-retain")


def _storage(namespace: str) -> str:
    classes = [
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name},
            "provisioner": "paasport.dev/simulated",
            "reclaimPolicy": policy,
        }
        for name, policy in (("drained", "Delete"), ("drained-retain", "Retain"))
    ]
    return "\n---\n".join(
        json.dumps(item)
        for item in (
            *classes,
            _database("cache", namespace, "drained"),
            _database("archive", namespace, "drained-retain"),
        )
    )


def _database(name: str, namespace: str, storage_class: str) -> dict[str, Any]:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "db", "image": "db:1", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
        },
    }
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage_class,
        "resources": {"requests": {"storage": "1Gi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "serviceName": name,
            "template": template,
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}],
        },
    }


def _volumes(kubectl: Kubectl, namespace: str) -> dict[str, str]:
    """Bound volumes of a namespace, by their pod."""
    claims = json.loads(kubectl("get", "pvc", "-n", namespace, "-o", "json"))["items"]
    return {
        item["metadata"]["name"].removeprefix("data-"): item["spec"]["volumeName"]
        for item in claims
        if item.get("status", {}).get("phase") == "Bound"
    }


def test_budgets_are_respected_or_deleted(kubectl: Kubectl, shop: str, guard: Guard) -> None:
    kubectl("create", "deployment", "web", "--image=web:1", "-n", shop)
    kubectl("create", "poddisruptionbudget", "web", "--selector=app=web", "--min-available=1", "-n", shop)
    kubectl("apply", "-f", "-", stdin=balancer("web", shop))
    expected = ("get", "pdb", "web", "-n", shop, "-o", "jsonpath={.status.expectedPods}")
    until(lambda: kubectl(*expected) == "1")

    message = guard.stopped(budgets="respect")

    assert f"these budgets allow no disruption: PodDisruptionBudget {shop}/web" in message
    assert names(kubectl, "service,pdb", shop) == ["web", "web"]

    guard.drain(budgets="delete")
    assert names(kubectl, "service,pdb", shop) == []
    assert names(kubectl, "deployment", shop) == ["web"]


def test_the_guard_of_a_stack_that_lives_on_deletes_nothing(kubectl: Kubectl, shop: str, guard: Guard) -> None:
    storage_class = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "paasport-ssd"}}
    kubectl("apply", "-f", "-", stdin=json.dumps({**storage_class, "provisioner": "paasport.dev/simulated"}))
    kubectl("apply", "-f", "-", stdin=balancer("web", shop))

    assert "still has its storage class paasport-ssd here" in guard.stopped()

    assert names(kubectl, "service", shop) == ["web"]
    kubectl("delete", "storageclass", "paasport-ssd")


@pytest.mark.parametrize("verbs", ["", "get,list"])
def test_a_right_that_lacks_is_named(
    kubectl: Kubectl, shop: str, guarded: control_planes.ControlPlane, *, verbs: str
) -> None:
    kubectl("create", "serviceaccount", "ci", "-n", shop)
    if verbs:
        kubectl("create", "clusterrole", f"reader-{shop}", f"--verb={verbs}", "--resource=*.*")
        kubectl(
            "create",
            "clusterrolebinding",
            f"reader-{shop}",
            f"--clusterrole=reader-{shop}",
            f"--serviceaccount={shop}:ci",
        )
    kubectl("apply", "-f", "-", stdin=balancer("web", shop))
    token = kubectl("create", "token", "ci", "-n", shop).strip()

    message = Guard(as_user(guarded, {"token": token})).stopped()

    what = f"delete Service {shop}/web" if verbs else "list what it has"
    assert message.startswith(f"shop-drain: the cluster does not let you {what}: services ")
    assert f"system:serviceaccount:{shop}:ci" in message
    assert "run destroy as somebody who administers the cluster" in message
    assert token not in message
    assert names(kubectl, "service", shop) == ["web"]


def test_it_logs_in_by_a_program_and_again_when_the_token_is_no_longer_accepted(
    kubectl: Kubectl, shop: str, guarded: control_planes.ControlPlane, tmp_path: pathlib.Path
) -> None:
    kubectl("create", "serviceaccount", "admin", "-n", shop)
    kubectl("create", "clusterrolebinding", shop, "--clusterrole=cluster-admin", f"--serviceaccount={shop}:admin")
    good = kubectl("create", "token", "admin", "-n", shop).strip()
    calls = tmp_path / "calls"
    # The first token has expired by the time it is used.
    program = tmp_path / "login"
    program.write_text(
        f'#!/bin/sh\necho call >> {calls}\nif [ "$(wc -l < {calls})" = 1 ]; then token=expired; else token={good}; fi\n'
        'echo "{\\"kind\\": \\"ExecCredential\\", \\"status\\": {\\"token\\": \\"$token\\"}}"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": str(program)}}
    kubectl("apply", "-f", "-", stdin=balancer("web", shop))

    Guard(as_user(guarded, user)).drain()

    assert names(kubectl, "service", shop) == []
    assert calls.read_text() == "call\ncall\n"


@pytest.mark.parametrize("by", ["kubeconfig", "environment"])
def test_it_goes_through_a_proxy(
    kubectl: Kubectl, shop: str, guarded: control_planes.ControlPlane, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    config = yaml.safe_load(guarded.kubeconfig.read_text())
    kubectl("apply", "-f", "-", stdin=balancer("web", shop))

    with proxy() as (address, tunnelled):
        if by == "kubeconfig":
            config["clusters"][0]["cluster"]["proxy-url"] = address
        else:
            monkeypatch.setenv("HTTPS_PROXY", address)
        Guard(yaml.safe_dump(config)).drain()

    server = config["clusters"][0]["cluster"]["server"].removeprefix("https://")
    assert set(tunnelled) == {server}
    assert names(kubectl, "service", shop) == []


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "_FIRST_CONTACT_SECONDS", 0)


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        ("https://127.0.0.1:1", "Connection refused"),
        ("https://0123456789abcdef.gr7.eu-central-1.eks.invalid", "resol"),
    ],
)
def test_a_cluster_that_does_not_answer_stops_it(impatient: None, server: str, reason: str) -> None:
    message = Guard(at(server)).stopped()

    assert message.startswith(f"shop-drain: the API server {server} cannot be reached: ")
    assert reason in message
    assert "0x" not in message
    assert message.endswith("run it with PAASPORT_SKIP_DRAIN=shop-drain")


def test_a_certificate_that_is_not_the_cluster_s_stops_it(
    impatient: None, guarded: control_planes.ControlPlane
) -> None:
    server = yaml.safe_load(guarded.kubeconfig.read_text())["clusters"][0]["cluster"]["server"]

    assert "certificate verify failed" in Guard(at(server)).stopped()


@pytest.mark.parametrize(
    ("code", "body"), [(404, "<html>not found</html>"), (404, "{}"), (200, "<html>log in</html>"), (503, "")]
)
def test_what_is_no_api_server_is_not_taken_for_an_empty_cluster(impatient: None, code: int, body: str) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Handler) as port:
        assert "cannot be reached" in Guard(at(f"http://127.0.0.1:{port}")).stopped()
