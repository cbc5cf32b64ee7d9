from runner.kubernetes import stuck
from tests.runner.kubernetes_builders import condition


def pod(name="web-1", **status):
    return {"metadata": {"name": name}, "status": status}


def waiting(reason, message="", **more):
    return {"name": "main", "state": {"waiting": {"reason": reason, "message": message}}, **more}


def event(reason, message, name="web-5d9", time="2026-01-01T00:00:00Z"):
    return {
        "reason": reason,
        "message": message,
        "lastTimestamp": time,
        "involvedObject": {"kind": "ReplicaSet", "name": name},
    }


def test_an_unschedulable_pod_is_told_with_the_schedulers_words():
    found = pod(conditions=[condition("PodScheduled", "False", reason="Unschedulable", message="0/3 nodes: no memory")])
    assert stuck.explained([found], []) == "pod web-1: Unschedulable: 0/3 nodes: no memory"


def test_an_image_that_cannot_be_had_is_told():
    found = pod(containerStatuses=[waiting("ImagePullBackOff", 'Back-off pulling image "x"')])
    assert stuck.explained([found], []) == 'pod web-1: container main: ImagePullBackOff: Back-off pulling image "x"'


def test_a_crashing_container_is_told_with_its_last_end():
    crashed = waiting("CrashLoopBackOff", lastState={"terminated": {"reason": "Error", "exitCode": 3}})
    assert (
        stuck.explained([pod(containerStatuses=[crashed])], [])
        == "pod web-1: container main: CrashLoopBackOff; last end: Error, exit code 3"
    )


def test_a_container_that_is_merely_being_created_is_no_trouble():
    assert stuck.explained([pod(containerStatuses=[waiting("ContainerCreating")])], []) == ""


def test_several_stuck_pods_are_counted():
    pods = [pod(f"web-{n}", containerStatuses=[waiting("ErrImagePull")]) for n in range(3)]
    assert stuck.explained(pods, []) == "pod web-0: container main: ErrImagePull (and 2 more)"


def test_without_pods_the_newest_telling_event_explains():
    events = [
        event("FailedCreate", "old quota"),
        event("FailedCreate", "exceeded quota", time="2026-01-02T00:00:00Z"),
        event("ScalingReplicaSet", "scaled", time="2026-01-03T00:00:00Z"),
    ]
    assert stuck.explained([], events) == "replicaset web-5d9: FailedCreate: exceeded quota"


def test_only_events_of_the_workload_are_looked_at():
    mine, other = event("FailedCreate", "a"), event("FailedCreate", "b", name="other-1")
    assert stuck.about("web", [mine, other]) == [mine]


def test_a_long_message_is_cut():
    found = pod(conditions=[condition("PodScheduled", "False", reason="Unschedulable", message="x" * 999)])
    assert len(stuck.explained([found], [])) == 240


def test_pods_are_found_by_the_workloads_selector():
    assert stuck.selector({"spec": {"selector": {"matchLabels": {"b": "2", "a": "1"}}}}) == "a=1,b=2"
    assert stuck.selector({"spec": {"selector": None}}) == ""


def trouble(found):
    (one,) = stuck.troubles([found])
    return one


def test_what_waiting_does_not_mend_counts_as_a_failure_after_a_while():
    assert trouble(pod(containerStatuses=[waiting("InvalidImageName")])).patience == 0
    assert trouble(pod(containerStatuses=[waiting("ErrImagePull")])).patience == 60
    assert trouble(pod(conditions=[condition("PodScheduled", "False", reason="Unschedulable")])).patience == 60


def test_what_may_wait_for_something_else_never_does():
    assert trouble(pod(containerStatuses=[waiting("CrashLoopBackOff")])).patience is None
    assert trouble(pod(phase="Failed", reason="Evicted")).patience is None


def test_reasons_that_take_turns_are_one_trouble():
    first, second = (trouble(pod(containerStatuses=[waiting(each)])) for each in ("ErrImagePull", "ImagePullBackOff"))
    assert first.key == second.key
    assert first.text != second.text
