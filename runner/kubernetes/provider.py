"""Kubernetes objects as the engine's resources: `model.Provider` over server-side apply.

Connects at the first use; what happens to one object is in `turns.py`.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from runner.engine import loss, model, values
from runner.kubernetes import (
    blind,
    claims,
    client,
    configuration,
    deletion,
    identity,
    kubeconfig,
    objects,
    patience,
    planning,
    prefetch,
    secrecy,
    taken,
    turns,
    users,
    waiting,
    wanted,
    yaml_v2,
)


def from_inputs(
    inputs: Mapping[str, Any],
    *,
    stack: identity.StackIdentity,
    force_conflicts: bool = False,
    resolve: Callable[[str], str] = str,
) -> KubernetesProvider | blind.BlindProvider:
    """The provider for the inputs of a `kubernetes.Provider` resource; empty for the default one.

    Where an input is unknown, as it can be in a preview, the cluster is still to be made and everything is planned
    blindly. `resolve` gives for a kubeconfig the one to use instead. Reads the kubeconfig and sends nothing. Raises
    `UsageError` for a kubeconfig that cannot be used and `Unsupported` for options that would have to be ignored.
    """
    parsed = configuration.parse({key: value for key, value in inputs.items() if value is not values.UNKNOWN})
    if values.contains_unknown(dict(inputs)):
        return blind.BlindProvider(stack=stack, namespace=parsed.namespace)
    parsed = dataclasses.replace(parsed, kubeconfig=resolve(parsed.kubeconfig))
    kubeconfig.load(parsed.kubeconfig, context=parsed.context, cluster=parsed.cluster)
    if force_conflicts:
        parsed = dataclasses.replace(parsed, force=True)
    return KubernetesProvider(parsed, stack=stack)


class KubernetesProvider:
    """One cluster's objects. Ended by `close`."""

    def __init__(self, config: configuration.Configuration, *, stack: identity.StackIdentity) -> None:
        self._configuration = config
        self._stack = stack
        self._tools: turns.Tools | None = None
        self._connecting = asyncio.Lock()

    async def close(self) -> None:
        """End watches and connections."""
        if self._tools is not None:
            await self._tools.waiting.close()
            await self._tools.prefetch.close()
            await self._tools.planner.api.close()

    async def reconcile(
        self, goal: model.Goal, old: model.Entry | None, run: model.Run, *, outputs_needed: bool = True
    ) -> model.Outcome:
        """See `model.Provider`. With `outputs_needed` False an unchanged object is not even read.

        Raises `EngineError`, among them `ApiRejected` with the API server's own reason.
        """
        want = await self._wanted(goal, old, run)
        turn = turns.Turn(
            tools=await self._connected(), goal=goal, old=old, run=run, want=want, outputs_needed=outputs_needed
        )
        return await turn.take()

    async def delete(self, entry: model.Entry, run: model.Run) -> None:
        """See `model.Provider`. Another object that has taken the name meanwhile is left alone."""
        tools = await self._connected()
        reference = objects.from_id(entry.type, entry.id)
        live = await tools.prefetch.metadata(reference) if entry.uid else None
        if live is None or live["metadata"]["uid"] != entry.uid:
            live = await tools.planner.api.get(
                reference.api_version, reference.kind, reference.name, reference.namespace
            )
        if live is None or run.preview:
            return
        if not (live["metadata"]["uid"] == entry.uid if entry.uid else tools.planner.ours(live)):
            run.report(f"left alone: {reference} is another object than the one this stack made")
            return
        if objects.label(live, self._stack.label_key) not in ("", self._stack.label_value):
            run.report(f"left alone: {reference} now belongs to another stack")
            return
        seconds = entry.delete_timeout or deletion.SECONDS
        await deletion.delete(tools.planner.api, tools.waiting, live, seconds=seconds, report=run.report)

    async def read(
        self,
        type: str,  # noqa: A002 - Pulumi's words
        id: str,  # noqa: A002 - Pulumi's word
        inputs: Mapping[str, Any],  # noqa: ARG002 - an id says it all
    ) -> tuple[str, Mapping[str, Any]] | None:
        """See `model.Provider`; the inputs are not needed, an id says it all."""
        tools = await self._connected()
        reference = objects.from_id(type, id)
        served = await tools.planner.api.resolve(reference.api_version, reference.kind)
        namespace = reference.namespace or (self._namespace(tools) if served and served.namespaced else "")
        live = await tools.planner.api.get(reference.api_version, reference.kind, reference.name, namespace)
        if live is None:
            return None
        live["metadata"].pop("managedFields", None)
        return objects.reference(live).id, secrecy.marked(live)

    async def claims(self, namespace: str) -> tuple[loss.Claim, ...]:
        """The claims on volumes in a namespace. Raises `EngineError` where they cannot be listed."""
        return await claims.of_namespace((await self._connected()).planner.api, namespace)

    async def children(
        self,
        type: str,  # noqa: A002 - Pulumi's words
        name: str,
        inputs: Mapping[str, Any],
    ) -> tuple[tuple[yaml_v2.Child, ...], ...]:
        """The objects of a ConfigFile or ConfigGroup, in phases; see `yaml_v2.children`."""
        tools = await self._connected()
        return await yaml_v2.children(
            type,
            name,
            inputs,
            client=tools.planner.api,
            project_root=self._stack.project_root,
            namespace=self._namespace(tools),
        )

    async def taken(self, references: Iterable[objects.Reference]) -> tuple[taken.Taken, ...]:
        """Which of these objects exist already and are not the stack's; none where it may adopt what it finds."""
        if self._configuration.adopt:
            return ()
        tools = await self._connected()
        return await taken.found(tools.planner.api, references, stack=self._stack)

    async def users(
        self, *, definitions: Collection[str], classes: Collection[str], leaving: Collection[str]
    ) -> tuple[users.User, ...]:
        """What others have made of these definitions and storage classes; see `users.found`."""
        tools = await self._connected()
        return await users.found(
            tools.planner.api, definitions=definitions, classes=classes, leaving=leaving, stack=self._stack
        )

    async def _wanted(self, goal: model.Goal, old: model.Entry | None, run: model.Run) -> wanted.Wanted:
        tools = await self._connected()
        api_version, kind = objects.kind_of(goal.type)
        served = await tools.planner.api.resolve(api_version, kind)
        for seconds in () if run.preview else patience.MISSING:
            if served is not None:
                break
            run.report(f"the API server does not serve {kind} of {api_version} yet")
            await asyncio.sleep(seconds)
            served = await tools.planner.api.resolve(api_version, kind)
        return wanted.wanted(
            goal,
            old=old,
            stack=self._stack,
            namespaced=served.namespaced if served else None,
            namespace=self._namespace(tools),
        )

    def _namespace(self, tools: turns.Tools) -> str:
        return self._configuration.namespace or tools.planner.api.access.namespace

    async def _connected(self) -> turns.Tools:
        async with self._connecting:
            if self._tools is None:
                config = self._configuration
                api = await client.Client.connect(config.kubeconfig, context=config.context, cluster=config.cluster)
                try:
                    await api.version()
                except BaseException:
                    await api.close()
                    raise
                selector = f"{self._stack.label_key}={self._stack.label_value}"
                self._tools = turns.Tools(
                    planner=planning.Planner(api=api, stack=self._stack, configuration=config),
                    waiting=waiting.Waiting(api, label_selector=selector),
                    prefetch=prefetch.Prefetch(api, label_selector=selector),
                )
            return self._tools
