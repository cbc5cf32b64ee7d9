"""Draining a real API server: load balancers, volumes, nodes, budgets, rights, and clusters that do not answer."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import pathlib
import select
import socket
import stat
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from components.clusters.drain_guard import draining
from local import control_plane as control_planes
from stacks import errors, settings
from tests.components.clusters import drain_guard_builders as build
from tests.conftest import Kubectl, kubectl_for, until

pytestmark = pytest.mark.cluster

CRDS = {
    "gateways.gateway.networking.k8s.io": ("Gateway", "Namespaced"),
    "nodepools.karpenter.sh": ("NodePool", "Cluster"),
    "nodeclaims.karpenter.sh": ("NodeClaim", "Cluster"),
}


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
        kubectl("apply", "-f", "-", stdin=yaml.safe_dump(_definition(name, kind, scope)))
    kubectl("wait", "--for=condition=Established", *(f"crd/{name}" for name in CRDS))
    yield
    kubectl("delete", "crd", *CRDS)


def _definition(name: str, kind: str, scope: str) -> dict[str, Any]:
    plural, _, group = name.partition(".")
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": name,
            # The API server asks for it in groups of the Kubernetes project.
            "annotations": {"api-approved.kubernetes.io": "unapproved, a test"},
        },
        "spec": {
            "group": group,
            "scope": scope,
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"},
            "versions": [version],
        },
    }


class Guard:
    """Drains the control plane, and keeps what it says."""

    def __init__(self, kubeconfig: str) -> None:
        self.kubeconfig = kubeconfig
        self.lines: list[str] = []

    def drain(self, **options: Any) -> list[str]:
        drain = build.drain(**{"minutes": 2, **options})
        draining.run("shop-drain", kubeconfig=self.kubeconfig, drain=drain, say=self.lines.append)
        return self.lines

    def stopped(self, **options: Any) -> str:
        with pytest.raises(errors.PaasportError) as caught:
            self.drain(**options)
        return str(caught.value)


@pytest.fixture
def guard(guarded: control_planes.ControlPlane) -> Guard:
    return Guard(guarded.kubeconfig.read_text())


def names(kubectl: Kubectl, kind: str, namespace: str = "") -> list[str]:
    place = ("-n", namespace) if namespace else ()
    return [item.rpartition("/")[2] for item in kubectl("get", kind, *place, "-o", "name").split()]


def balancer(name: str, namespace: str, *finalizers: str) -> str:
    metadata = {"name": name, "namespace": namespace, "finalizers": list(finalizers)}
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    return json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})


def unheld(kubectl: Kubectl, kind: str, name: str, namespace: str) -> None:
    kubectl("patch", kind, name, "-n", namespace, "--type=merge", "-p", '{"metadata": {"finalizers": null}}')


@contextlib.contextmanager
def controller(kubectl: Kubectl, kind: str, name: str, namespace: str) -> Iterator[list[str]]:
    """Lets go of an object some time after somebody has deleted it, as a vendor's controller does."""
    seen: list[str] = []

    def work() -> None:
        asked = (
            "get",
            kind,
            name,
            "-n",
            namespace,
            "--ignore-not-found",
            "-o",
            "jsonpath={.metadata.deletionTimestamp}",
        )
        seen.append(until(lambda: kubectl(*asked)))
        unheld(kubectl, kind, name, namespace)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield seen
    finally:
        thread.join()


# What is released


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


# What stops it


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


# Ways to reach it


def as_user(guarded: control_planes.ControlPlane, user: dict[str, Any], **cluster: Any) -> str:
    config = yaml.safe_load(guarded.kubeconfig.read_text())
    config["users"][0]["user"] = user
    config["clusters"][0]["cluster"].update(cluster)
    return yaml.safe_dump(config)


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


@contextlib.contextmanager
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy that tunnels, and remembers where to."""
    tunnelled: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            tunnelled.append(self.path)
            host, _, port = self.path.partition(":")
            with socket.create_connection((host, int(port))) as other:
                self.send_response(200)
                self.end_headers()
                ends = {self.connection: other, other: self.connection}
                while True:
                    for ready in select.select(list(ends), [], [])[0]:
                        data = ready.recv(65536)
                        if not data:
                            return
                        ends[ready].sendall(data)

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Handler) as port:
        yield f"http://127.0.0.1:{port}", tunnelled


@contextlib.contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "_FIRST_CONTACT_SECONDS", 0)


def at(server: str) -> str:
    return yaml.safe_dump(
        {
            "current-context": "gone",
            "contexts": [{"name": "gone", "context": {"cluster": "gone", "user": "gone"}}],
            "clusters": [{"name": "gone", "cluster": {"server": server}}],
            "users": [{"name": "gone", "user": {}}],
        }
    )


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
