"""How a wait ends: with what is told about a failure, against an API that plays a status history."""

from __future__ import annotations

import asyncio
import types

import pytest

from runner.kubernetes import discovery, histories, objects, rejections, waiting
from tests.runner.kubernetes_builders import condition, object_of

FAILED_WHEN = '[{"when": "jsonpath={.status.phase}=Failed", "message": ".status.message"}]'


def database(phase, message="", *, version, generation=1):
    annotations = {"pulumi.com/waitFor": "jsonpath={.status.phase}=Running", "paasport.dev/failed-when": FAILED_WHEN}
    metadata = {"annotations": annotations, "resourceVersion": str(version), "generation": generation}
    return object_of("db.example/v1", "Database", metadata=metadata, status={"phase": phase, "message": message})


class Api:
    """Its watch is refused, so the object is read again and again: the next one of the history each time."""

    access = types.SimpleNamespace(kubectl="kubectl --context test")

    def __init__(self, *history, events=()):
        self.history = list(history)
        self.events = events

    async def get(self, _api_version, kind, *_):
        if kind != "Database":
            return None
        return self.history.pop(0) if len(self.history) > 1 else self.history[0]

    async def list(self, _api_version, kind, **_):
        return self.events if kind == "Event" else []

    async def resolve(self, api_version, kind):
        return discovery.ResourceKind(api_version=api_version, kind=kind, plural="databases", namespaced=True)

    async def watch(self, *_, **__):
        raise rejections.ApiRejected("to watch", code=403, reason="Forbidden", message="no")
        yield


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(waiting, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(histories, "MOVED_SECONDS", 0.05)
    monkeypatch.setattr(histories, "UNMOVED_SECONDS", 0.2)


def waited(api, applied, *, seconds=5.0, changed=False):
    reports = []

    async def run():
        waits = waiting.Waiting(api, label_selector="part=of")
        async with waits.observing(objects.reference(applied)) as observation:
            try:
                return await waits.until_ready(
                    observation, applied, seconds=seconds, report=reports.append, changed=changed
                )
            finally:
                await waits.close()

    _, verdict = asyncio.run(run())
    return verdict, reports


def test_a_failure_ends_a_wait_with_the_operators_words_its_events_and_where_to_look():
    event = {
        "type": "Warning",
        "reason": "Invalid",
        "message": "no user",
        "involvedObject": {"kind": "Database", "name": "thing"},
    }
    api = Api(database("Pending", version=2), database("Failed", "no password", version=3), events=[event])
    verdict, reports = waited(api, database("Pending", version=1), seconds=60)
    assert verdict.failed
    assert verdict.reason.splitlines() == [
        ".status.phase is Failed (no password)",
        "event: database thing: Invalid: no user",
        "next: kubectl --context test --namespace shop describe databases.db.example thing",
    ]
    assert reports == [".status.phase is Pending, awaited is Running"]


def test_a_time_out_says_what_was_awaited_and_where_to_look():
    verdict, _ = waited(Api(database("Pending", version=2)), database("Pending", version=1), seconds=0.1)
    assert not verdict.failed
    assert verdict.reason.splitlines() == [
        "not ready after 0 s: .status.phase is Pending, awaited is Running",
        "next: kubectl --context test --namespace shop describe databases.db.example thing",
    ]


def test_the_failure_of_before_a_change_does_not_end_a_wait_for_it():
    old = database("Failed", "old", version=1, generation=2)
    api = Api(old, database("Pending", version=2, generation=2), database("Running", version=3, generation=2))
    verdict, reports = waited(api, old, changed=True)
    assert verdict.ready
    assert verdict.reason == ""
    assert histories.DOUBT in reports


def test_a_failed_deployment_is_told_at_once():
    late = condition("Progressing", "False", reason="ProgressDeadlineExceeded", message="timed out progressing")
    status = {"observedGeneration": 1, "conditions": [late]}
    item = object_of("apps/v1", "Deployment", spec={"replicas": 1}, status=status)
    verdict, _ = waited(Api(item), item)
    assert verdict.failed
    assert verdict.reason.splitlines()[0] == (
        "condition Progressing is False (ProgressDeadlineExceeded: timed out progressing)"
    )
