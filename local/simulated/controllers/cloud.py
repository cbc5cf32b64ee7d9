"""What a vendor runs beside the clusters of an account, played on a local control plane: nodes, disks and the like.

`Cloud.listen` is the account's listener: what happens to a cluster or to a pool has happened on the control plane too
when it returns. The rest watches the control plane as the vendors' own controllers do, and only as long as the account
has a cluster: what a deleted cluster leaves behind, nobody removes. What is to be done is decided in `nodes.py` and in
the other modules whose name begins with `controllers`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final

from local import backoff, beside, reconciling, volumes
from local.simulated import account as accounts
from local.simulated import clusters, nodes, nodes_pools, values
from local.simulated.controllers import disks, draining, load_balancers, snapshots
from runner.kubernetes import client as clients
from stacks import errors

_READY_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.1
_GROWTH_SECONDS: Final = 1.0
"""What the scheduler gets to use new nodes before more are made."""

_log = logging.getLogger(__name__)


class Cloud:
    """The vendor's side of one control plane. Made by `playing`."""

    def __init__(self, client: clients.Client) -> None:
        self._client = client
        self._account: accounts.Account | None = None
        self._gone: set[tuple[str, str]] = set()
        self._grown: dict[str, int] = {}
        self._matching = asyncio.Lock()
        self._changed: list[asyncio.Event] = []

    def serve(self, account: accounts.Account) -> None:
        """Play the vendor of this account, whose listener is `listen`."""
        self._account = account

    async def listen(self, change: values.Change) -> None:
        """Let the control plane follow the account. Raises `VendorRefused` where a pool can't be emptied."""
        resource = change.resource
        key = (resource.token, resource.id)
        if snapshots.brings(resource) and change.kind != "deleting":
            await self._serve_snapshots(there=change.kind != "deleted")
        if resource.token not in nodes_pools.SOURCES:
            return
        match change.kind:
            case "deleting":
                await self._empty(resource)
                return
            case "deleted":
                self._gone.add(key)
            case _:
                self._gone.discard(key)
        await self._match_nodes(changed=resource)
        for event in self._changed:
            event.set()
        if change.kind == "deleted" and clusters.TOKENS.get(resource.token) == "aks":
            self._release_node_group(resource)

    async def watch(self) -> None:
        """Play the controllers that look at the control plane, for ever."""
        watched: tuple[tuple[Sequence[reconciling.Kind], _Act], ...] = (
            ((nodes.NODES, nodes.PODS, beside.DEPLOYMENTS), self._grow),
            ((load_balancers.SERVICES,), self._balance),
            (disks.KINDS, self._attach),
        )
        await reconciling.perform(self._client, [reconciling.Apply(manifest=volumes.CSI_DRIVER)])
        async with asyncio.TaskGroup() as group:
            for kinds, act in watched:
                wake = asyncio.Event()
                self._changed.append(wake)
                group.create_task(self._persistently(kinds, act, wake))

    async def _persistently(self, kinds: Sequence[reconciling.Kind], act: _Act, wake: asyncio.Event) -> None:
        patience = backoff.Backoff()
        while True:
            try:
                await reconciling.reconcile(self._client, kinds=kinds, act=act, wake=wake)
            except ExceptionGroup:
                _log.exception("a simulated controller failed")
            await asyncio.sleep(patience.after(0) or backoff.FIRST_SECONDS)

    def _resources(self, *, changed: values.Resource | None = None) -> list[values.Resource]:
        """The account with what has just happened, whether it is in its list already or still is."""
        if self._account is None:
            return []
        known = {(item.token, item.id): item for item in self._account.resources()}
        if changed is not None:
            known[changed.token, changed.id] = changed
        return [item for key, item in known.items() if key not in self._gone]

    async def _serve_snapshots(self, *, there: bool) -> None:
        """Bring the kinds of snapshots, or take them away with what brought them."""
        if there:
            await reconciling.perform(self._client, [reconciling.Apply(manifest=snapshots.CRD)])
        else:
            await self._client.delete("apiextensions.k8s.io/v1", "CustomResourceDefinition", snapshots.NAME)

    def _cluster(self) -> clusters.Cluster | None:
        return next(iter(clusters.found(self._resources())), None)

    async def _match_nodes(self, *, changed: values.Resource | None = None) -> None:
        async with self._matching:
            pools = nodes_pools.pools(self._resources(changed=changed))
            changes = nodes.changes(pools, await self._nodes(), more=self._grown)
            manifests = [
                nodes.manifest(pool, index=index, digits=secrets.token_hex(4)) for pool, index in changes.created
            ]
            await asyncio.gather(*(self._create(manifest) for manifest in manifests))
            for pool, name in changes.upgraded:
                await draining.drain(self._client, name, why=f"the upgrade of node pool {pool.name}")
                await self._apply_status(name, {"nodeInfo": {"kubeletVersion": pool.version}})
                await draining.uncordon(self._client, name)
            for name in changes.deleted:
                await self._client.delete("v1", "Node", name)
            await self._await_ready({manifest["metadata"]["name"] for manifest in manifests})

    async def _create(self, manifest: dict[str, Any]) -> None:
        """With its status, because kwok writes its own where it finds none; again, because an update ignores it."""
        await self._client.apply(manifest, field_manager=reconciling.FIELD_MANAGER, force=True)
        await self._apply_status(manifest["metadata"]["name"], manifest["status"])

    async def _apply_status(self, name: str, status: dict[str, Any]) -> None:
        path = f"/api/v1/nodes/{name}/status"
        body = {"status": status}
        await self._client.request("PATCH", path, json=body, content_type="application/strategic-merge-patch+json")

    async def _await_ready(self, names: set[str]) -> None:
        deadline = asyncio.get_running_loop().time() + _READY_SECONDS
        while names:
            for node in await self._nodes():
                conditions = node.get("status", {}).get("conditions") or ()
                if any(item["type"] == "Ready" and item["status"] == "True" for item in conditions):
                    names.discard(node["metadata"]["name"])
            if names and asyncio.get_running_loop().time() > deadline:
                raise errors.VendorRefused.of(
                    f"nodes did not join the cluster: {', '.join(sorted(names))}",
                    why="kwok, which plays their kubelets on this machine, did not make them Ready",
                    next="./paasport local status shows whether it runs; then try again",
                )
            await asyncio.sleep(_POLL_SECONDS if names else 0)

    async def _nodes(self) -> list[dict[str, Any]]:
        return await self._client.list("v1", "Node")

    async def _empty(self, resource: values.Resource) -> None:
        """What a vendor does first when a pool is deleted. A cluster it deletes as it is, its own nodes included."""
        if resource.token not in nodes_pools.TOKENS:
            return
        resources = self._resources(changed=resource)
        others = [item for item in resources if (item.token, item.id) != (resource.token, resource.id)]
        doomed = {pool.key for pool in nodes_pools.pools(resources)} - {pool.key for pool in nodes_pools.pools(others)}
        names = [
            node["metadata"]["name"]
            for node in await self._nodes()
            if node["metadata"].get("labels", {}).get(nodes.POOL_LABEL) in doomed
        ]
        for name in names:
            await draining.cordon(self._client, name)
        for name in names:
            await draining.drain(self._client, name, why=f"the deletion of node pool {resource.name}")

    async def _grow(self, picture: reconciling.Picture) -> None:
        pools = nodes_pools.pools(self._resources())
        tended = nodes.tended(pools, picture[beside.DEPLOYMENTS])
        wanted = nodes.growth(tended, picture[nodes.PODS], picture[nodes.NODES])
        if any(count > self._grown.get(key, 0) for key, count in wanted.items()):
            self._grown |= wanted
            await self._match_nodes()
            await asyncio.sleep(_GROWTH_SECONDS)
        elif nodes.changes(pools, picture[nodes.NODES], more=self._grown).created:
            # Of a pool whose creation was not told, because it timed out on whoever asked for it.
            await self._match_nodes()

    async def _balance(self, picture: reconciling.Picture) -> None:
        cluster, account = self._cluster(), self._account
        if cluster is None or account is None:
            return
        services = picture[load_balancers.SERVICES]
        plan = load_balancers.plan(services, cluster, account.resources())
        for resource in plan.adopted:
            account.adopt(resource)
        for released in plan.released:
            account.release(released)
        await reconciling.perform(self._client, plan.actions)

    async def _attach(self, picture: reconciling.Picture) -> None:
        cluster, account = self._cluster(), self._account
        claims, live, classes = (picture[kind] for kind in disks.KINDS)
        # Without an account the cluster is somebody else's, whose drivers are all there.
        drivers = disks.PROVISIONERS[cluster.vendor] if cluster else None
        if account is None or cluster is not None:
            actions = disks.plan(claims, live, classes, provisioners=drivers)
            await reconciling.perform(self._client, actions)
        if account is not None and cluster is not None:
            self._match_disks(account, disks.disks(live, classes, cluster))

    def _match_disks(self, account: accounts.Account, wanted: dict[str, values.Resource]) -> None:
        held = {item.name: item.id for item in account.resources() if disks.CLAIM in item.inputs}
        for name, disk in wanted.items():
            if name not in held:
                account.adopt(disk)
        for name, identifier in held.items():
            if name not in wanted:
                account.release(identifier)

    def _release_node_group(self, resource: values.Resource) -> None:
        """AKS keeps what a cluster has made in a resource group of the cluster's own, and deletes both together."""
        group = clusters.node_group(clusters.Cluster(vendor="aks", resource=resource))
        account = self._account
        for item in account.resources() if account else ():
            if item.inputs.get("resourceGroupName") == group:
                assert account
                account.release(item.id)


_Act = Callable[[reconciling.Picture], Awaitable[None]]


@contextlib.asynccontextmanager
async def playing(kubeconfig: str) -> AsyncIterator[Cloud]:
    """A cloud for the control plane of this kubeconfig, for as long as the context lasts."""
    client = await clients.Client.connect(kubeconfig)
    cloud = Cloud(client)
    watching = asyncio.create_task(cloud.watch())
    try:
        yield cloud
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await client.close()
