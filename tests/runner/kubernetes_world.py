"""A stack of single objects under the real provider, and what it remembers between runs."""

import asyncio

import pytest

from runner.engine import model
from runner.kubernetes import client, provider
from stacks import errors
from tests.runner import kubernetes_builders as build

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


class World:
    """A stack's memory between runs, and what happened in them."""

    def __init__(self, kubeconfig, *, stack="one", **inputs):
        self.inputs = {"kubeconfig": str(kubeconfig), **inputs}
        self.stack = build.stack(stack)
        self.entries = {}
        self.intended = []
        self.reports = []
        self.permitted = []

    def up(self, *goals, **how):
        return self._run(lambda served: asyncio.gather(*(self._reconcile(served, goal, **how) for goal in goals)))

    def preview(self, goal):
        return self.up(goal, preview=True)[0]

    def one(self, goal, **how):
        return self.up(goal, **how)[0]

    def delete(self, goal):
        entry = self.entries.pop(goal.urn)
        return self._run(lambda served: served.delete(entry, self._context(preview=False)))

    def failure(self, goal, **how):
        with pytest.raises(errors.EngineError) as caught:
            self.up(goal, **how)
        return str(caught.value)

    def api(self, work):
        async def run():
            api = await client.Client.connect(self.inputs["kubeconfig"])
            try:
                return await work(api)
            finally:
                await api.close()

        return asyncio.run(run())

    def read(self, kind, name, namespace, api_version="v1"):
        return self.api(lambda api: api.get(api_version, kind, name, namespace))

    def patch(self, path, body, manager="kubectl-edit"):
        return self.api(
            lambda api: api.request(
                "PATCH", path, json=body, content_type="application/merge-patch+json", params={"fieldManager": manager}
            )
        )

    def _run(self, work):
        async def run():
            served = provider.from_inputs(self.inputs, stack=self.stack)
            try:
                return await work(served)
            finally:
                await served.close()

        return asyncio.run(run())

    async def _reconcile(self, served, goal, *, preview=False, **how):
        outcome = await served.reconcile(goal, self.entries.get(goal.urn), self._context(preview=preview), **how)
        if not preview:
            self.entries[goal.urn] = build.entry(goal, outcome)
        return outcome

    def _context(self, *, preview):
        async def intend(entry):
            self.intended.append(entry)

        return model.Run(
            preview=preview, report=self.reports.append, permit_replace=self.permitted.append, intend=intend
        )


def config_map(namespace, data, *, name="settings", **metadata):
    inputs = {"metadata": {"namespace": namespace, **metadata}, "data": data}
    if name:
        inputs["metadata"]["name"] = name
    return build.goal(CONFIG_MAP, "settings", inputs)


def deployment(namespace, *, replicas=1.0, image="nginx:1", **more):
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": image}], **more}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return build.goal(DEPLOYMENT, "web", {"metadata": {"name": "web", "namespace": namespace}, "spec": spec})


def paths(outcome):
    return [(change.path, change.before, change.after) for change in outcome.changes]
