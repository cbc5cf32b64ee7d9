"""The vendor's side of a real control plane, with an account that is only a list."""

import asyncio
import contextlib
import functools
import inspect

import pytest

from local.simulated import values
from local.simulated.controllers import cloud, draining
from runner.kubernetes import client as clients
from stacks import errors
from tests.local.simulated import handed_out as made

pytestmark = pytest.mark.cluster

# Only what tolerates it comes there: other tests use the same control plane.
TAINT = {"key": "test", "value": "cloud", "effect": "NO_SCHEDULE"}
LABELS = {"pool": "of-a-test"}


class Account:
    """As much of an account as the controllers use."""

    def __init__(self, *resources):
        self.there = list(resources)

    def resources(self):
        return tuple(self.there)

    def adopt(self, resource):
        self.there.append(resource)

    def release(self, identifier):
        self.there = [item for item in self.there if item.id != identifier]

    def tokens(self):
        return {item.token.rpartition(":")[2] for item in self.there}


def on_a_cluster(test):
    """Run the test with the control plane's client, a cloud of two nodes on it and a namespace, and clean up."""

    @functools.wraps(test)
    def run(control_plane, namespace, monkeypatch):
        monkeypatch.setattr(draining, "PATIENCE_SECONDS", 0.5)

        async def work():
            client = await clients.Client.connect(str(control_plane.kubeconfig))
            try:
                await beside(client)
            finally:
                await client.close()

        async def beside(client):
            config = {"machineType": "n4-standard-4", "labels": LABELS, "taints": [TAINT]}
            pool = made.gke_pool(nodeConfig=config)
            account = Account(made.gke(), pool)
            async with cloud.playing(str(control_plane.kubeconfig)) as vendor:
                vendor.serve(account)
                await vendor.listen(values.Change(kind="created", resource=pool))
                try:
                    await test(client, vendor, account, namespace)
                finally:
                    await vendor.listen(values.Change(kind="deleted", resource=pool))

        asyncio.run(asyncio.wait_for(work(), 120))

    run.__signature__ = inspect.Signature(
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for name in ("control_plane", "namespace", "monkeypatch")
    )
    return run


async def until(question):
    async with asyncio.timeout(30):
        while not (answer := await question()):  # noqa: ASYNC110 - it may be anything that becomes true
            await asyncio.sleep(0.1)
    return answer


async def nodes(client):
    return await client.list("v1", "Node", label_selector="pool=of-a-test")


def change(account, kind, **changes):
    pool = next(item for item in account.there if item.token.endswith(":NodePool"))
    config = {"machineType": "n4-standard-4", "labels": LABELS, "taints": [TAINT]}
    changed = made.gke_pool(nodeConfig=config, **changes)
    account.there[account.there.index(pool)] = changed
    return values.Change(kind=kind, resource=changed)


def workload(namespace):
    labels = {"app": "web"}
    pod = {
        "nodeSelector": LABELS,
        "tolerations": [{"key": "test", "operator": "Exists"}],
        "containers": [{"name": "web", "image": "registry.invalid/web:1"}],
    }
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    metadata = {"name": "web", "namespace": namespace}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def budget(namespace):
    spec = {"maxUnavailable": 0, "selector": {"matchLabels": {"app": "web"}}}
    metadata = {"name": "web", "namespace": namespace}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec}


async def running(client, namespace, *manifests):
    for manifest in manifests:
        await client.apply(manifest, field_manager="test")

    async def is_ready():
        deployment = await client.get("apps/v1", "Deployment", "web", namespace)
        return deployment["status"].get("readyReplicas")

    await until(is_ready)


@on_a_cluster
async def test_a_pool_is_there_with_ready_nodes_once_the_account_has_it(client, vendor, account, namespace):
    found = await nodes(client)
    assert [node["status"]["nodeInfo"]["kubeletVersion"] for node in found] == ["v1.35.3-gke.1000000"] * 2
    conditions = [item for node in found for item in node["status"]["conditions"] if item["type"] == "Ready"]
    assert [item["status"] for item in conditions] == ["True", "True"]


@on_a_cluster
async def test_an_upgrade_moves_pods_and_keeps_the_nodes(client, vendor, account, namespace):
    await running(client, namespace, workload(namespace))
    before = {node["metadata"]["uid"] for node in await nodes(client)}
    await vendor.listen(change(account, "updated", version="1.36"))
    found = await nodes(client)
    assert {node["status"]["nodeInfo"]["kubeletVersion"] for node in found} == {"v1.36.0"}
    assert {node["metadata"]["uid"] for node in found} == before
    assert not any(node["spec"].get("unschedulable") for node in found)


@on_a_cluster
async def test_a_budget_that_allows_no_disruption_stops_upgrade_and_deletion(client, vendor, account, namespace):
    await running(client, namespace, workload(namespace), budget(namespace))

    async def is_in_force():
        found = await client.get("policy/v1", "PodDisruptionBudget", "web", namespace)
        return found.get("status", {}).get("expectedPods")

    await until(is_in_force)
    with pytest.raises(errors.VendorRefused, match=r"PodEvictionFailure: the upgrade .* could not evict .*/web-"):
        await vendor.listen(change(account, "updated", version="1.36"))
    with pytest.raises(errors.VendorRefused, match="PodEvictionFailure: the deletion"):
        await vendor.listen(change(account, "deleting", version="1.36"))
    await client.delete("policy/v1", "PodDisruptionBudget", "web", namespace)
    await vendor.listen(change(account, "deleting", version="1.36"))


@on_a_cluster
async def test_pods_without_a_place_make_the_pool_grow(client, vendor, account, namespace):
    crowd = workload(namespace)
    crowd["spec"]["replicas"] = 3
    (container,) = crowd["spec"]["template"]["spec"]["containers"]
    container["resources"] = {"requests": {"cpu": "3"}}
    await running(client, namespace, crowd)

    async def has_grown():
        return len(await nodes(client)) == 3

    await until(has_grown)


@on_a_cluster
async def test_a_load_balancer_is_in_the_account_until_its_service_goes(client, vendor, account, namespace):
    metadata = {"name": "web", "namespace": namespace}
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    await client.apply({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}, field_manager="t")

    async def is_there():
        return account.tokens() >= {"ForwardingRule", "Firewall"}

    await until(is_there)
    await client.delete("v1", "Service", "web", namespace)

    async def is_gone():
        return not account.tokens() & {"ForwardingRule", "Firewall"} and not await client.get(
            "v1", "Service", "web", namespace
        )

    await until(is_gone)


@on_a_cluster
async def test_what_a_deleted_cluster_leaves_behind_nobody_removes(client, vendor, account, namespace):
    metadata = {"name": "web", "namespace": namespace}
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    await client.apply({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}, field_manager="t")

    async def is_there():
        return "ForwardingRule" in account.tokens()

    await until(is_there)
    cluster = account.there.pop(0)
    await vendor.listen(values.Change(kind="deleted", resource=cluster))
    await client.delete("v1", "Service", "web", namespace)
    await asyncio.sleep(1)
    assert "ForwardingRule" in account.tokens()
    # Its finalizer has nobody left either; the namespace could not go.
    with contextlib.suppress(errors.PaasportError):
        path = f"/api/v1/namespaces/{namespace}/services/web"
        body = {"metadata": {"finalizers": None}}
        await client.request("PATCH", path, json=body, content_type="application/merge-patch+json")
