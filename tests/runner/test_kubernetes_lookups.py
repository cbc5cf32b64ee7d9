"""Why what is waited for is not ready: whose pods are looked at."""

from __future__ import annotations

import asyncio

import pytest

from runner.kubernetes import lookups, objects
from tests.runner.kubernetes_builders import condition


class Api:
    """A cluster with one pod that cannot be scheduled, and its labels `app=kv`."""

    async def list(self, _api_version, kind, *, namespace, label_selector="", field_selector=""):
        if (kind, namespace, label_selector, field_selector) != ("Pod", "kv", "app=kv", ""):
            return []
        unschedulable = condition("PodScheduled", "False", reason="Unschedulable", message="no node has memory")
        return [{"metadata": {"name": "kv-1"}, "status": {"conditions": [unschedulable]}}]


@pytest.mark.parametrize(
    ("api_version", "kind", "expected"),
    [
        ("apps/v1", "StatefulSet", "pod kv-1: Unschedulable: no node has memory"),
        ("policy/v1", "PodDisruptionBudget", "pod kv-1: Unschedulable: no node has memory"),
        ("v1", "ConfigMap", ""),
    ],
)
def test_kinds_that_select_pods_are_explained_by_them(api_version, kind, expected):
    reference = objects.Reference(api_version=api_version, kind=kind, namespace="kv", name="kv")
    item = {"spec": {"selector": {"matchLabels": {"app": "kv"}}}}
    assert asyncio.run(lookups.Lookups(Api()).why(reference, item)) == expected
