"""What is tried again while it may still come, and for how long: against an API that refuses as often as it is told."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from runner.engine import model
from runner.kubernetes import patience, planning, readiness, rejections, turns, wanted
from tests.runner import kubernetes_builders as build

TOKEN = "kubernetes:rabbitmq.com/v1beta1:RabbitmqCluster"
MANIFEST = {
    "apiVersion": "rabbitmq.com/v1beta1",
    "kind": "RabbitmqCluster",
    "metadata": {"name": "queue", "namespace": "q"},
}
SILENT = (
    'Internal error occurred: failed calling webhook "mrabbitmqcluster-v1beta1.kb.io": failed to call webhook: Post '
    '"https://cluster-operator-webhook-service.rabbitmq-system.svc:443/mutate?timeout=10s": connect: connection refused'
)
DENIED = 'admission webhook "vrabbitmqcluster-v1beta1.kb.io" denied the request: replicas must be odd'


def refusal(message, *, code=500, reason="InternalError"):
    return rejections.rejected("RabbitmqCluster q/queue", code=code, body={"message": message, "reason": reason})


class Api:
    """An API server without objects, whose planner refuses the first requests."""

    def __init__(self, *refusals, live=None):
        self.refusals = list(refusals)
        self.live = live
        self.asked = 0
        self.api = self
        self.stack = build.stack()

    async def get(self, *_):
        return self.live

    async def refuse_foreign(self, *_, **__):
        pass

    async def plan(self, _want, _goal, *, live):
        self._ask()
        return planning.Plan(operation=model.Operation.UPDATE, live=live)

    async def apply(self, want, *, live, dry_run=False):
        self._ask()
        return {
            **want.inputs,
            "metadata": {**want.inputs["metadata"], "uid": "u-1", "generation": 1, "resourceVersion": "1"},
        }

    def _ask(self):
        self.asked += 1
        if self.refusals:
            raise self.refusals.pop(0)

    @contextlib.asynccontextmanager
    async def observing(self, *_, **__):
        yield None

    async def until_ready(self, _observation, item, **_):
        return item, readiness.READY


@pytest.fixture
def slept(monkeypatch):
    seconds = []

    async def sleep(duration):
        seconds.append(duration)

    monkeypatch.setattr(turns.asyncio, "sleep", sleep)
    return seconds


def take(api, *, preview=False, old=None):
    reports = []

    async def intend(_):
        pass

    goal = build.goal(TOKEN, "queue", MANIFEST)
    run = model.Run(preview=preview, report=reports.append, permit_replace=lambda _: None, intend=intend)
    want = wanted.wanted(goal, old=old, stack=api.stack, namespaced=True, namespace="default")
    tools = turns.Tools(planner=api, waiting=api, prefetch=None)
    turn = turns.Turn(tools=tools, goal=goal, old=old, run=run, want=want, outputs_needed=True)
    return asyncio.run(turn.take()), reports


def test_a_webhook_that_does_not_answer_yet_is_asked_again_until_it_does(slept):
    api = Api(*[refusal(SILENT)] * 9)
    outcome, reports = take(api)
    assert outcome.operation is model.Operation.CREATE
    assert api.asked == 10
    assert slept == [0.3, 0.7, 1.5, 3.0, 6.0, 10.0, 10.0, 10.0, 10.0]
    assert reports[0] == f"not accepted yet: {SILENT}"


def test_an_update_is_planned_again_when_the_operator_starts_anew(slept):
    live = {**MANIFEST, "metadata": {**MANIFEST["metadata"], "uid": "u-1"}}
    api = Api(refusal(SILENT), refusal(SILENT), live=live)
    outcome, _ = take(api)
    assert outcome.operation is model.Operation.UPDATE
    assert slept == [0.3, 0.7]


def test_a_webhook_that_never_answers_is_given_up_and_the_way_out_named(slept):
    with pytest.raises(rejections.ApiRejected, match="failed calling webhook") as caught:
        take(Api(*[refusal(SILENT)] * 100))
    assert 100 < sum(slept) < 130
    assert "why its pods do not answer" in caught.value.problems[0].next


@pytest.mark.parametrize(
    "final",
    [refusal(DENIED, code=403, reason="Forbidden"), refusal("etcdserver: request timed out")],
    ids=["no", "other"],
)
def test_an_answer_is_an_answer(slept, final):
    api = Api(final)
    with pytest.raises(rejections.ApiRejected):
        take(api)
    assert (api.asked, slept) == (1, [])


def test_a_missing_kind_is_waited_for_too_but_not_as_long(slept):
    with pytest.raises(rejections.ApiRejected):
        take(Api(*[refusal("the server could not find the requested resource", code=404, reason="NotFound")] * 100))
    assert slept == list(patience.MISSING)


def test_a_preview_does_not_wait_for_what_the_run_itself_brings(slept):
    outcome, _ = take(Api(refusal(SILENT)), preview=True)
    assert outcome.operation is model.Operation.CREATE
    assert slept == []
