"""The guard as a part of a stack, under the embedded engine: recorded by up, unchanged by the next, drained by destroy."""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
import uuid
from collections.abc import Iterator

import pytest

from local import control_plane as control_planes
from runner import operations
from stacks import settings
from tests.conftest import Kubectl, kubectl_for

pytestmark = pytest.mark.cluster

ROOT = pathlib.Path(__file__).parents[3]
PROGRAM = """
import pulumi
from components.clusters import drain_guard
from stacks import resolution

config = pulumi.Config()
drain_guard.guard(
    "shop-drain",
    kubeconfig=config.require("kubeconfig"),
    drain=resolution.Drain(volumes=True, disruption_budgets="delete", minutes=int(config.require("minutes"))),
    opts=pulumi.ResourceOptions(),
)
"""


@pytest.fixture(scope="module")
def guarded() -> Iterator[control_planes.ControlPlane]:
    """A control plane of these tests alone, because draining takes everything away."""
    name = f"pytest-stack-{os.getpid()}"
    try:
        yield control_planes.start(name, nodes=settings.LocalNodes(count=1), report=print)
    finally:
        control_planes.delete(name)


@pytest.fixture
def kubectl(guarded: control_planes.ControlPlane) -> Kubectl:
    return kubectl_for(guarded.kubeconfig)


class Stack:
    """A stack with nothing but a guard."""

    def __init__(self, folder: pathlib.Path, kubeconfig: pathlib.Path) -> None:
        self.folder = folder
        self.kubeconfig = kubeconfig
        self.project = f"shop-{uuid.uuid4().hex[:6]}"
        (folder / "__main__.py").write_text(PROGRAM)
        for package in ("components", "stacks"):
            (folder / package).symlink_to(ROOT / package)

    def request(self, operation: str, **config: str) -> operations.Request:
        known = {"kubeconfig": self.kubeconfig.read_text(), "minutes": "0", **config}
        return operations.Request(
            operation=operations.Operation(operation),
            root=self.folder,
            project=self.project,
            stack="dev",
            config={f"{self.project}:{key}": value for key, value in known.items()},
            kubeconfig=str(self.kubeconfig),
        )

    def run(self, operation: str, **config: str) -> operations.Result:
        return asyncio.run(operations.run(self.request(operation, **config), lambda _: None))


@pytest.fixture
def stack(tmp_path: pathlib.Path, guarded: control_planes.ControlPlane) -> Stack:
    return Stack(tmp_path, guarded.kubeconfig)


def guard_of(result: operations.Result) -> tuple[str, str]:
    """What was done with the guard, and why it failed."""
    (event,) = [event for event in result.resources if event.name == "shop-drain"]
    return str(event.operation), event.failure


def balancers(*finalizers: str) -> str:
    return "\n---\n".join(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {
                    "name": f"a-service-with-quite-a-long-name-{number}",
                    "namespace": "default",
                    "finalizers": list(finalizers),
                },
                "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
            }
        )
        for number in range(12)
    )


def test_a_guard_lives_from_up_to_a_destroy_that_is_taken_up_again(stack: Stack, kubectl: Kubectl) -> None:
    assert guard_of(stack.run("up")) == ("create", "")
    assert guard_of(stack.run("up")) == ("same", "")
    assert guard_of(stack.run("preview")) == ("same", "")
    assert guard_of(stack.run("up", minutes="1")) == ("update", "")
    assert guard_of(stack.run("up")) == ("update", "")
    kubectl("apply", "-f", "-", stdin=balancers("example.com/held"))

    stopped = stack.run("destroy")

    operation, failure = guard_of(stopped)
    assert (operation, stopped.failed) == ("delete", True)
    assert "shop-drain: after 0 min still there of the load balancers: Service default/a-service-with-" in failure
    assert " and 4 more; " in failure
    assert "then run destroy again, which continues" in failure
    assert "Traceback" not in failure
    assert any("shop-drain: still there: Service default/" in item.message for item in stopped.diagnostics)

    kubectl("apply", "-f", "-", stdin=balancers())
    finished = stack.run("destroy")

    assert not finished.failed
    assert any("holds nothing at its vendor any more" in item.message for item in finished.diagnostics)


def test_a_kubeconfig_with_a_secret_never_reaches_the_inventory(stack: Stack, kubectl: Kubectl) -> None:
    text = stack.kubeconfig.read_text().replace("client-key:", "token: hunter2\n    client-key:")

    result = stack.run("up", kubeconfig=text)

    assert "users[0].user.token, which would be kept in the stack's state" in guard_of(result)[1]
    assert "hunter2" not in repr((guard_of(result), result.diagnostics))
    assert [entry.urn for entry in asyncio.run(operations.entries(stack.request("up"))) if "drain" in entry.urn] == []
