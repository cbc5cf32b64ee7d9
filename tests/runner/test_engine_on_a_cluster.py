"""The whole engine on the real control plane: programs of pulumi_kubernetes, and runs that are interrupted or killed."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local import control_plane as control_planes
from runner import operations
from runner.engine import events, values

pytestmark = pytest.mark.cluster

Kubectl = Callable[..., str]

SHOP = """
import pulumi
from pulumi_kubernetes.yaml.v2 import ConfigGroup


def resource(kind, name, *, opts=None, **properties):
    # What the SDK's classes send, without the seconds that importing them takes.
    return pulumi.CustomResource(f"kubernetes:core/v1:{kind}", name, {"kind": kind, "apiVersion": "v1", **properties}, opts)


config = pulumi.Config()
name = config.require("namespace")
namespace = resource("Namespace", "shop", metadata={"name": name})
after = pulumi.ResourceOptions(depends_on=[namespace])
settings = resource("ConfigMap", "settings", metadata={"name": "settings", "namespace": name}, data={}, opts=after)
secret = {"password": config.require_secret("password")}
resource("Secret", "key", metadata={"name": "key", "namespace": name}, stringData=secret, opts=after)
ConfigGroup(
    "shelves",
    objs=[
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"shelf-{number}", "namespace": name}}
        for number in range(int(config.get("shelves") or 3))
    ],
    opts=after,
)
pulumi.export("settings", settings.id)
"""
SDK = """
import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace

config = pulumi.Config()
provider = Provider("mine", kubeconfig=config.require("kubeconfig"), enable_config_map_mutable=True)
options = pulumi.ResourceOptions(provider=provider)
namespace = Namespace("shop", metadata={"name": config.require("namespace")}, opts=options)
settings = ConfigMap(
    "settings",
    metadata={"name": "settings", "namespace": namespace.metadata.name},
    data={"color": config.require("color")},
    opts=options,
)
pulumi.export("color", settings.data["color"])
"""


class Shop:
    """A stack of its own on the control plane."""

    def __init__(self, folder: pathlib.Path, kubeconfig: pathlib.Path) -> None:
        self.folder = folder
        self.kubeconfig = kubeconfig
        self.project = f"shop-{uuid.uuid4().hex[:6]}"
        self.write(SHOP)

    def write(self, program: str) -> None:
        (self.folder / "__main__.py").write_text(textwrap.dedent(program))

    def request(self, operation: str, **config: str) -> operations.Request:
        known = {"namespace": self.project, "password": "correct-horse"} | config
        return operations.Request(
            operation=operations.Operation(operation),
            root=self.folder,
            project=self.project,
            stack="dev",
            config={f"{self.project}:{key}": value for key, value in known.items()},
            secret_keys=frozenset({f"{self.project}:password"}),
            kubeconfig=str(self.kubeconfig),
        )

    def run(self, operation: str, **config: str) -> operations.Result:
        return asyncio.run(operations.run(self.request(operation, **config), lambda _: None))


@pytest.fixture
def shop(tmp_path: pathlib.Path, control_plane: control_planes.ControlPlane) -> Iterator[Shop]:
    made = Shop(tmp_path, control_plane.kubeconfig)
    yield made
    assert not made.run("destroy").failed


def changed(result: operations.Result) -> dict[str, str]:
    return {event.name: str(event.operation) for event in result.resources if event.operation != "same"}


def inventory_version(kubectl: Kubectl, shop: Shop) -> list[str]:
    found = json.loads(kubectl("get", "secrets", "-n", "paasport-system", "-o", "json"))
    return [
        item["metadata"]["resourceVersion"]
        for item in found["items"]
        if item["metadata"]["name"].startswith(f"{shop.project}-dev")
    ]


def test_a_stack_lives_from_its_first_up_to_its_destroy(shop: Shop, kubectl: Kubectl) -> None:
    shelves = {f"shelves:{shop.project}/shelf-{number}": "create" for number in range(3)}
    first = shop.run("up")
    assert not first.failed
    assert changed(first) == {
        f"{shop.project}-dev": "create",
        "shop": "create",
        "settings": "create",
        "key": "create",
        "shelves": "create",
        **shelves,
    }
    assert first.outputs == {"settings": f"{shop.project}/settings"}

    versions = inventory_version(kubectl, shop)
    assert changed(shop.run("up")) == {}
    assert changed(shop.run("preview")) == {}
    assert inventory_version(kubectl, shop) == versions

    kubectl("delete", "configmap", "shelf-1", "-n", shop.project)
    drift = shop.run("drift")
    assert (drift.drifted, changed(drift)) == (True, {f"shelves:{shop.project}/shelf-1": "create"})
    assert changed(shop.run("up")) == {f"shelves:{shop.project}/shelf-1": "create"}

    fewer = shop.run("up", shelves="2")
    assert changed(fewer) == {f"shelves:{shop.project}/shelf-2": "delete"}

    destroyed = shop.run("destroy")
    assert not destroyed.failed
    assert inventory_version(kubectl, shop) == []
    assert kubectl("get", "namespace", shop.project, "--ignore-not-found") == ""


def test_a_stack_with_data_runs_its_program_once_where_there_is_nothing_to_do(shop: Shop, kubectl: Kubectl) -> None:
    """It is planned first, because only the program knows what would be lost; twice is for what is to be done."""
    data = 'metadata={"name": "data", "namespace": name, "annotations": {"paasport.dev/deletion-loses": "its shelves"}}'
    shop.write(
        SHOP + f'resource("ConfigMap", "data", {data}, data={{}}, opts=after)\nopen("runs", "a").write("once ")\n'
    )
    assert not shop.run("up").failed
    assert (shop.folder / "runs").read_text() == "once "

    versions = inventory_version(kubectl, shop)
    told: list[events.Event] = []
    result = asyncio.run(operations.run(shop.request("up"), told.append))
    assert (result.failed, changed(result), result.outputs) == (False, {}, {"settings": f"{shop.project}/settings"})
    assert {event.name for event in told if isinstance(event, events.Finished)} >= {"data", "settings", "shelves"}
    assert (shop.folder / "runs").read_text() == "once once "
    assert inventory_version(kubectl, shop) == versions

    kubectl("delete", "configmap", "shelf-1", "-n", shop.project)
    assert changed(shop.run("up")) == {f"shelves:{shop.project}/shelf-1": "create"}
    assert (shop.folder / "runs").read_text() == "once once once once "

    agreed = dataclasses.replace(shop.request("destroy"), lose_data=("data",))
    assert not asyncio.run(operations.run(agreed, lambda _: None)).failed


def test_the_sdk_s_own_classes_with_a_provider_of_the_program(shop: Shop) -> None:
    shop.write(SDK)
    kubeconfig = shop.kubeconfig.read_text()
    assert not shop.run("up", color="red", kubeconfig=kubeconfig).failed

    told = shop.run("up", color="blue", kubeconfig=kubeconfig)

    assert changed(told) == {"settings": "update"}
    (update,) = [event for event in told.resources if event.name == "settings"]
    assert [(change.path, change.before, change.after) for change in update.changes] == [("data.color", "red", "blue")]
    assert told.outputs == {"color": "blue"}
    # The program is gone by then: the provider comes from the inventory.
    assert not shop.run("destroy").failed


def test_what_was_exported_can_be_asked_for_later(shop: Shop) -> None:
    shop.write('import pulumi\npulumi.export("password", pulumi.Config().require_secret("password"))')
    shop.run("up")

    assert asyncio.run(operations.outputs(shop.request("up"))) == {"password": values.Secret("correct-horse")}


def test_no_secret_is_kept_in_plain_outside_of_its_own_object(shop: Shop, kubectl: Kubectl) -> None:
    shop.run("up")

    kept = kubectl("get", "secrets", "-n", "paasport-system", "-o", "yaml")
    assert "correct-horse" not in kept


WEB = """
import pulumi
from pulumi_kubernetes.yaml.v2 import ConfigGroup

name = pulumi.Config().require("namespace")
namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
never_ready = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": name},
    "spec": {"nodeSelector": {"no": "such-node"}, "containers": [{"name": "web", "image": "web:1"}]},
}
ConfigGroup("web", objs=[namespace, never_ready])
"""


def test_an_interrupted_run_ends_its_program_and_is_taken_up_again(shop: Shop, kubectl: Kubectl) -> None:
    shop.write(WEB)

    async def interrupted() -> None:
        work = asyncio.create_task(operations.run(shop.request("up"), lambda _: None))
        listing = ("get", "pods", "-A", "-o", "name", "--field-selector", f"metadata.namespace={shop.project}")
        while not await asyncio.to_thread(kubectl, *listing):  # noqa: ASYNC110 - the cluster is asked, nobody tells
            await asyncio.sleep(0.2)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(interrupted())

    assert _processes_in(shop.folder) == []
    kept = {entry.id for entry in asyncio.run(operations.entries(shop.request("up")))}
    assert {shop.project, f"{shop.project}/web"} <= kept


ENGINE = """
import asyncio, json, pathlib, sys
from runner import operations
asked = json.loads(sys.argv[1])
request = operations.Request(**{**asked, "operation": operations.Operation.UP, "root": pathlib.Path(asked["root"])})
asyncio.run(operations.run(request, lambda _: None))
"""


def test_a_killed_run_leaves_no_process_and_nothing_that_the_next_one_does_not_find(
    shop: Shop, kubectl: Kubectl
) -> None:
    asked: dict[str, Any] = {
        field: getattr(shop.request("up", shelves="300"), field) for field in ("project", "stack", "kubeconfig")
    }
    asked |= {"root": str(shop.folder), "config": dict(shop.request("up", shelves="300").config)}
    environment = {**os.environ, "PYTHONPATH": str(pathlib.Path(operations.__file__).parents[1])}
    engine = subprocess.Popen([sys.executable, "-c", ENGINE, json.dumps(asked)], env=environment)
    while "configmap/shelf-" not in kubectl("get", "configmaps", "-n", shop.project, "-o", "name"):
        assert engine.poll() is None
        time.sleep(0.02)
    engine.send_signal(signal.SIGKILL)
    engine.wait()

    made = set(kubectl("get", "configmaps", "-n", shop.project, "-o", "name").split())
    deadline = time.monotonic() + 10
    while _processes_in(shop.folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _processes_in(shop.folder) == []
    kept = {entry.id.rpartition("/")[2] for entry in asyncio.run(operations.entries(shop.request("up")))}
    assert {name.removeprefix("configmap/") for name in made} - {"kube-root-ca.crt"} <= kept

    resumed = shop.run("up", shelves="300")
    assert not resumed.failed
    assert changed(shop.run("up", shelves="300")) == {}


def _processes_in(folder: pathlib.Path) -> list[str]:
    """Programs of a project that are still running."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if f"--root {folder}" in line]


PREAMBLE = """
import pulumi
from pulumi_kubernetes.yaml.v2 import ConfigGroup


def resource(kind, name, *, opts=None, **properties):
    return pulumi.CustomResource(f"kubernetes:core/v1:{kind}", name, {"kind": kind, "apiVersion": "v1", **properties}, opts)


place = pulumi.Config().require("namespace")
namespace = resource("Namespace", "shop", metadata={"name": place})
after = pulumi.ResourceOptions(depends_on=[namespace])
shelf = {"name": "shelf", "namespace": place}
"""
MANIFEST = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": shelf}'


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ('resource("ConfigMap", "old", metadata=shelf, opts=after)', 'resource("ConfigMap", "new", metadata=shelf)'),
        (f'ConfigGroup("old", objs=[{MANIFEST}], opts=after)', f'ConfigGroup("new", objs=[{MANIFEST}], opts=after)'),
        (
            'resource("ConfigMap", "old", metadata=shelf, opts=after)',
            """pulumi.CustomResource(
                "kubernetes:core/v1:ConfigMap", "old", {}, pulumi.ResourceOptions(id=place + "/shelf"))""",
        ),
    ],
    ids=["renamed", "moved", "read"],
)
def test_an_object_that_is_still_in_the_program_is_not_deleted_under_its_old_name(
    shop: Shop, kubectl: Kubectl, before: str, now: str
) -> None:
    shop.write(PREAMBLE + before)
    assert not shop.run("up").failed
    uid = ("get", "configmap", "shelf", "-n", shop.project, "-o", "jsonpath={.metadata.uid}")
    first = kubectl(*uid)
    shop.write(PREAMBLE + now)
    for operation in ("preview", "up"):
        result = shop.run(operation)
        assert not result.failed
        assert not [event for event in result.resources if event.operation == "delete" and event.type != GROUP]
    assert kubectl(*uid) == first
    assert changed(shop.run("up")) == {}


GROUP = "kubernetes:yaml/v2:ConfigGroup"


def test_a_namespace_is_not_deleted_from_around_what_stays(shop: Shop, kubectl: Kubectl) -> None:
    shop.write(PREAMBLE.replace('"shop"', '"first"') + 'resource("ConfigMap", "shelf", metadata=shelf, opts=after)')
    assert not shop.run("up").failed
    without = PREAMBLE.replace("namespace = resource", "# ").replace("depends_on=[namespace]", "")
    shop.write(without + 'resource("ConfigMap", "shelf", metadata=shelf)')
    for operation in ("preview", "up"):
        assert any("which is to stay" in item.message for item in shop.run(operation).diagnostics)
    assert "shelf" in kubectl("get", "configmaps", "-n", shop.project, "-o", "name")


def test_a_preview_deletes_no_children_of_a_group_that_is_not_known_yet(shop: Shop) -> None:
    program = """
made = resource("ConfigMap", "{made}", metadata={{"name": "{made}", "namespace": place}}, opts=after)
ConfigGroup("group", yaml=made.metadata["uid"].apply(lambda uid: pulumi.Output.json_dumps(
    {{"apiVersion": "v1", "kind": "ConfigMap", "metadata": shelf, "data": {{"uid": uid}}}})), opts=after)
"""
    shop.write(PREAMBLE + program.format(made="a"))
    assert not shop.run("up").failed
    shop.write(PREAMBLE + program.format(made="b"))
    assert changed(shop.run("preview")) == {"a": "delete", "b": "create"}
