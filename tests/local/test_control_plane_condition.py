import pytest

from local import control_plane, records

READY = records.State(phase=records.Phase.READY)
STARTING = records.State(phase=records.Phase.STARTING, message="etcd ended and is started again")
FAILED = records.State(phase=records.Phase.FAILED, message="no space left")


@pytest.mark.parametrize(
    ("state", "supervised", "processes", "problem", "expected"),
    [
        pytest.param(READY, True, 5, "", ("running", ""), id="all-well"),
        pytest.param(READY, True, 5, "no answer", ("broken", "no answer"), id="api-server-hangs"),
        pytest.param(STARTING, True, 4, "no answer", ("starting", "etcd ended and is started again"), id="repairing"),
        pytest.param(None, True, 0, "no answer", ("starting", ""), id="supervisor-just-started"),
        pytest.param(
            READY, False, 5, "", ("broken", "its supervisor does not run, some of its processes do"), id="orphaned"
        ),
        pytest.param(FAILED, False, 0, "no answer", ("broken", "no space left"), id="last-start-failed"),
        pytest.param(READY, False, 0, "no answer", ("stopped", ""), id="everything-killed"),
        pytest.param(None, False, 0, "no answer", ("stopped", ""), id="stopped"),
    ],
)
def test_condition_follows_from_what_was_found(state, supervised, processes, problem, expected):
    found = control_plane.judge(state, supervised=supervised, processes=processes, problem=problem)
    assert found == (control_plane.Condition(expected[0]), expected[1])
