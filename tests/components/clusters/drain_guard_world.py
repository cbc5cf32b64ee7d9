"""What drains of a real API server meet: definitions, controllers, proxies and servers that are none."""

from __future__ import annotations

import contextlib
import http.server
import json
import select
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from components.clusters.drain_guard import draining
from local import control_plane as control_planes
from stacks import errors
from tests.components.clusters import drain_guard_builders as build
from tests.conftest import Kubectl, until

CRDS = {
    "gateways.gateway.networking.k8s.io": ("Gateway", "Namespaced"),
    "nodepools.karpenter.sh": ("NodePool", "Cluster"),
    "nodeclaims.karpenter.sh": ("NodeClaim", "Cluster"),
}


def definition(name: str, kind: str, scope: str) -> dict[str, Any]:
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


def as_user(guarded: control_planes.ControlPlane, user: dict[str, Any], **cluster: Any) -> str:
    config = yaml.safe_load(guarded.kubeconfig.read_text())
    config["users"][0]["user"] = user
    config["clusters"][0]["cluster"].update(cluster)
    return yaml.safe_dump(config)


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


def at(server: str) -> str:
    return yaml.safe_dump(
        {
            "current-context": "gone",
            "contexts": [{"name": "gone", "context": {"cluster": "gone", "user": "gone"}}],
            "clusters": [{"name": "gone", "cluster": {"server": server}}],
            "users": [{"name": "gone", "user": {}}],
        }
    )
