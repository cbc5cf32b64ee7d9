"""What a history of statuses amounts to: ready and failed only for the change that is awaited, and in time."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.kubernetes import histories, readiness, stuck
from tests.runner.kubernetes_builders import condition, object_of

READY = "jsonpath={.status.phase}=Running"


def database(status=None, *, wait_for=READY, patience=20, generation=2, **metadata):
    """Like MongoDB's: its status says no generation."""
    failed = [{"when": "jsonpath={.status.phase}=Failed", "message": ".status.message", "patience": patience}]
    annotations = {"pulumi.com/waitFor": wait_for, "paasport.dev/failed-when": json.dumps(failed)}
    metadata = {"annotations": annotations, "generation": generation} | metadata
    return object_of("db.example/v1", "Database", metadata=metadata, **({"status": status} if status else {}))


def running(**more):
    return database({"phase": "Running"} | more)


def pending():
    return database({"phase": "Pending", "message": "not yet"})


def failed(message="no password"):
    return database({"phase": "Failed", "message": message})


def judged(history, item, at, **more):
    return history.judged(item, at=at, **more)


def test_a_new_object_is_ready_at_once():
    history = histories.History(database(), changed=False)
    assert judged(history, running(), 0.1).ready


def test_what_was_running_before_a_change_is_not_believed_at_first():
    history = histories.History(running(), changed=True)
    assert judged(history, running(), 0) == readiness.Readiness(ready=False, reason=histories.DOUBT)
    assert history.due(0) == 20
    assert not judged(history, running(), 19.9).ready
    assert judged(history, running(), 20).ready


def test_once_the_operator_has_moved_less_patience_is_needed():
    history = histories.History(running(), changed=True)
    assert not judged(history, pending(), 1).ready
    assert not judged(history, running(), 2).ready
    assert history.due(2) == 5
    assert judged(history, running(), 7).ready


def test_what_a_reconciliation_under_way_writes_last_is_not_believed():
    history = histories.History(pending(), changed=True)
    assert not judged(history, running(), 1).ready
    assert not judged(history, pending(), 2).ready
    assert not judged(history, running(), 30).ready
    assert judged(history, running(), 35).ready


def test_an_annotation_of_the_operators_is_a_move_too():
    """MongoDB's operator writes there what it has last made real."""
    history = histories.History(running(), changed=True)
    item = running()
    item["metadata"]["annotations"] |= {"mongodb.com/v1.lastSuccessfulConfiguration": "{}"}
    judged(history, item, 1)
    assert judged(history, item, 6).ready


def test_a_status_that_says_its_generation_is_believed_at_once():
    history = histories.History(running(observedGeneration=1), changed=True)
    assert not judged(history, running(observedGeneration=1), 60).ready
    assert judged(history, running(observedGeneration=2), 61).ready


def test_a_condition_that_says_its_generation_is_believed_at_once():
    wait_for = "condition=Ready"
    before = database({"conditions": [condition("Ready", observedGeneration=1)]}, wait_for=wait_for)
    after = database({"conditions": [condition("Ready", observedGeneration=2)]}, wait_for=wait_for)
    history = histories.History(before, changed=True)
    assert not judged(history, before, 60).ready
    assert judged(history, after, 61).ready


def test_a_field_outside_of_the_status_is_believed_at_once():
    hooks = database(wait_for="jsonpath={.webhooks[0].clientConfig.caBundle}") | {
        "webhooks": [{"clientConfig": {"caBundle": "x"}}]
    }
    assert judged(histories.History(hooks, changed=True), hooks, 0).ready


def test_a_write_that_changed_no_spec_makes_nothing_stale():
    assert judged(histories.History(running(), changed=False), running(), 0).ready


def test_a_failure_must_last_as_long_as_its_operator_may_try_again():
    history = histories.History(database(), changed=False)
    assert not judged(history, failed(), 1).failed
    assert history.due(1) == 20
    assert judged(history, failed(), 21) == readiness.Readiness(
        ready=False, failed=True, reason=".status.phase is Failed (no password)"
    )


def test_a_failure_that_heals_in_between_starts_anew():
    history = histories.History(database(), changed=False)
    judged(history, failed(), 0)
    judged(history, pending(), 15)
    judged(history, failed(), 16)
    assert not judged(history, failed(), 35).failed
    assert judged(history, failed(), 36).failed


def test_a_failure_with_other_words_is_the_same_failure():
    history = histories.History(database(), changed=False)
    judged(history, failed("one"), 0)
    assert judged(history, failed("two"), 20).reason == ".status.phase is Failed (two)"


def test_a_failure_of_before_a_change_must_last_longer():
    at_once = database({"phase": "Failed"}, patience=0)
    history = histories.History(at_once, changed=True)
    assert not judged(history, at_once, 0).failed
    assert not judged(history, at_once, 19).failed
    assert judged(history, at_once, 20).failed


def test_a_failure_whose_generation_says_nothing_of_it_must_last_longer_after_a_change():
    rule = '[{"when": "condition=ReconcileSuccess=False", "undated": true}]'
    annotations = {"pulumi.com/waitFor": "condition=ReconcileSuccess", "paasport.dev/failed-when": rule}

    def broker(status):
        told = {"observedGeneration": 1, "conditions": [condition("ReconcileSuccess", status)]}
        return object_of("mq.example/v1", "Broker", metadata={"annotations": annotations, "generation": 2}, status=told)

    history = histories.History(broker("True"), changed=True)
    assert not judged(history, broker("False"), 1).failed
    assert not judged(history, broker("False"), 5).failed
    assert judged(history, broker("False"), 6).failed


def test_a_failure_without_patience_ends_at_once():
    history = histories.History(database(), changed=False)
    assert judged(history, database({"phase": "Failed"}, patience=0), 0).failed


def test_the_trouble_of_a_pod_is_a_failure_once_it_has_lasted():
    history = histories.History(database(), changed=False)
    full = stuck.Trouble(key="pod", text="pod db-0: Unschedulable: no node has memory", patience=60)
    assert not judged(history, pending(), 0, troubles=[full]).failed
    verdict = judged(history, pending(), 60, troubles=[full])
    assert verdict.failed
    assert verdict.reason.split(" - ") == [
        ".status.phase is Pending, awaited is Running",
        "not yet",
        "pod db-0: Unschedulable: no node has memory",
    ]


def test_a_trouble_that_may_pass_never_ends_a_wait():
    history = histories.History(database(), changed=False)
    crash = stuck.Trouble(key="pod", text="pod db-0: container db: CrashLoopBackOff")
    judged(history, pending(), 0, troubles=[crash])
    assert not judged(history, pending(), 9999, troubles=[crash]).failed


def test_what_is_ready_has_no_failure():
    history = histories.History(database(), changed=False)
    assert judged(history, running(), 0, troubles=[stuck.Trouble(key="pod", text="full", patience=0)]).ready


def test_a_claim_whose_storage_class_never_comes_fails():
    claim = object_of("v1", "PersistentVolumeClaim", spec={"storageClassName": "fast"}, status={"phase": "Pending"})
    history = histories.History(claim, changed=False)
    missing = readiness.Related(storage_class_missing=True)
    assert not judged(history, claim, 0, related=missing).failed
    assert judged(history, claim, 20, related=missing).reason == "its storage class fast does not exist"


# Any history. An operator without generations first writes, if anything, what it had begun with before the change, for
# less than `MOVED_SECONDS`, and then looks at the change before `UNMOVED_SECONDS` are over.

phases = st.sampled_from([{"phase": "Running"}, {"phase": "Pending"}, {"phase": "Failed", "message": "old"}])
steps = st.lists(st.tuples(st.floats(0.1, 30), phases), max_size=8)


@st.composite
def histories_of_status(draw):
    """The status before a change, what is seen of it afterwards, and from when on the status is about the change."""
    before = draw(phases)
    first = draw(st.floats(0, histories.UNMOVED_SECONDS - 0.2))
    old = [(0.0, before)]
    if draw(st.booleans()):
        written = draw(phases)
        lasts = draw(st.floats(0, histories.MOVED_SECONDS - 0.2))
        old.append((first, written))
        first = min(first + lasts, histories.UNMOVED_SECONDS - 0.1) if written == before else first + lasts
    new, at = [], first + 0.01
    # That the operator has looked shows: it says something else than what stood there, if only for a moment.
    new.append((at, {"phase": "Pending", "message": "about the change"}))
    for lasts, status in draw(steps):
        at += lasts
        new.append((at, {**status, "message": "new"}))
    return before, old, new


def seen(old, new, *, until):
    """The status at every moment at which anybody looks: when something happens, and ten times a second."""
    changes = sorted(
        [*((at, False, status) for at, status in old), *((at, True, status) for at, status in new)],
        key=lambda change: change[0],
    )
    moments = sorted({at for at, _, _ in changes} | {tenth / 10 for tenth in range(int(until * 10))})
    for moment in moments:
        _, is_new, status = [change for change in changes if change[0] <= moment][-1]
        yield moment, is_new, status


@given(histories_of_status(), st.integers(0, 30))
def test_no_status_of_before_a_change_ends_a_wait(history_of_status, patience):
    before, old, new = history_of_status
    history = histories.History(database(before, patience=patience), changed=True)
    for moment, is_new, status in seen(old, new, until=new[-1][0] + 60):
        verdict = history.judged(database(status, patience=patience), at=moment)
        assert not (verdict.ready and verdict.failed)
        if verdict.ready or verdict.failed:
            assert is_new
            assert status["phase"] == ("Running" if verdict.ready else "Failed")
            return
    # It ended, or is still waiting for a good reason: the last status is neither.
    assert new[-1][1]["phase"] == "Pending"


@given(histories_of_status())
def test_a_generation_in_the_status_is_believed_and_nothing_else(history_of_status):
    before, old, new = history_of_status
    history = histories.History(database({**before, "observedGeneration": 1}), changed=True)
    for moment, is_new, status in seen(old, new, until=new[-1][0] + 1):
        item = database({**status, "observedGeneration": 2 if is_new else 1})
        verdict = history.judged(item, at=moment)
        assert verdict.ready == (is_new and status["phase"] == "Running")
        assert is_new or not verdict.failed


@pytest.mark.parametrize("changed", [True, False])
@given(steps)
def test_time_alone_never_brings_what_is_not_announced(changed, history_of_status):
    """`due` says when to look again: nothing may be missed between that and the next news."""
    history = histories.History(running(), changed=changed)
    at = 0.0
    for lasts, status in history_of_status:
        verdict = history.judged(database(status), at=at)
        due = history.due(at)
        if verdict.ready or verdict.failed:
            return
        if due > lasts:
            again = history.judged(database(status), at=at + lasts * 0.99)
            assert (again.ready, again.failed) == (False, False)
        at += lasts
