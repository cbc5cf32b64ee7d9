import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.kubernetes import readiness
from stacks import errors
from tests.runner.kubernetes_builders import condition, object_of

WAIT_FOR = "pulumi.com/waitFor"


def deployment(*, generation=2, observed=2, replicas=3, conditions=None, **status):
    counts = {"updatedReplicas": replicas, "availableReplicas": replicas} | status
    told = conditions if conditions is not None else [condition("Available"), progressing()]
    status = {"observedGeneration": observed, "conditions": told, **counts}
    return object_of("apps/v1", "Deployment", generation=generation, spec={"replicas": replicas}, status=status)


def progressing(reason="NewReplicaSetAvailable", status="True", message=""):
    return condition("Progressing", status, reason=reason, message=message)


def stateful_set(strategy=None, **status):
    full = {"replicas": 2, "readyReplicas": 2, "updatedReplicas": 2, "currentRevision": "b", "updateRevision": "b"}
    spec = {"replicas": 2, "updateStrategy": strategy or {}}
    return object_of("apps/v1", "StatefulSet", spec=spec, status={"observedGeneration": 1, **full, **status})


def prometheus(available=2, reconciled=2, *, reconciled_status="True", kind="Prometheus", **more):
    conditions = [
        condition("Available", observedGeneration=available),
        condition("Reconciled", reconciled_status, observedGeneration=reconciled, **more),
    ]
    return object_of("monitoring.coreos.com/v1", kind, generation=2, status={"conditions": conditions})


def simple(api_version, kind, *, spec=None, **status):
    return object_of(api_version, kind, spec=spec or {}, status=status)


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(deployment(), id="deployment"),
        pytest.param(deployment(replicas=0), id="deployment of none"),
        pytest.param(deployment(conditions=[condition("Available")]), id="deployment without deadline"),
        pytest.param(stateful_set(), id="stateful set"),
        pytest.param(
            stateful_set({"type": "OnDelete"}, updatedReplicas=0, updateRevision="c"), id="stateful set OnDelete"
        ),
        pytest.param(
            stateful_set({"rollingUpdate": {"partition": 1}}, updatedReplicas=1, updateRevision="c"),
            id="stateful set with a partition",
        ),
        pytest.param(
            simple(
                "apps/v1",
                "DaemonSet",
                observedGeneration=1,
                desiredNumberScheduled=2,
                updatedNumberScheduled=2,
                numberAvailable=2,
            ),
            id="daemon set",
        ),
        pytest.param(simple("batch/v1", "Job", conditions=[condition("Complete")]), id="job"),
        pytest.param(simple("batch/v1", "Job", spec={"suspend": True}), id="suspended job"),
        pytest.param(
            simple("v1", "Pod", conditions=[condition("PodScheduled"), condition("Initialized"), condition("Ready")]),
            id="pod",
        ),
        pytest.param(simple("v1", "Pod", phase="Succeeded"), id="pod that has ended well"),
        pytest.param(simple("v1", "Service", spec={"type": "ClusterIP"}), id="service"),
        pytest.param(
            simple("v1", "Service", spec={"type": "LoadBalancer"}, loadBalancer={"ingress": [{"ip": "1.2.3.4"}]}),
            id="load balancer",
        ),
        pytest.param(simple("v1", "PersistentVolumeClaim", phase="Bound"), id="claim"),
        pytest.param(simple("v1", "PersistentVolume", phase="Available"), id="volume"),
        pytest.param(simple("v1", "Namespace", phase="Active"), id="namespace"),
        pytest.param(object_of("v1", "Secret", type="Opaque"), id="secret"),
        pytest.param(
            simple(
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                conditions=[condition("NamesAccepted"), condition("Established")],
            ),
            id="definition",
        ),
        pytest.param(
            simple("apiregistration.k8s.io/v1", "APIService", conditions=[condition("Available")]), id="api service"
        ),
        pytest.param(prometheus(), id="prometheus"),
        pytest.param(prometheus(kind="Alertmanager"), id="alertmanager"),
        pytest.param(object_of("example.test/v1", "Unknown"), id="a kind without a rule"),
    ],
)
def test_these_are_ready(item):
    assert readiness.assess(item) == readiness.READY


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (deployment(observed=1), "its controller has not yet seen the change"),
        (object_of("apps/v1", "Deployment", spec={}), "its controller has not yet seen it"),
        (deployment(updatedReplicas=1), "1 of 3 pods of the new version"),
        (deployment(availableReplicas=2), "2 of 3 pods available"),
        (
            deployment(conditions=[progressing("ReplicaSetUpdated"), condition("Available")]),
            "condition Progressing is True (ReplicaSetUpdated)",
        ),
        (stateful_set(readyReplicas=1), "1 of 2 pods ready"),
        (stateful_set(updateRevision="c"), "the new revision is not yet the current one"),
        (simple("batch/v1", "Job", active=1), "1 pods at work"),
        (
            simple(
                "v1", "Pod", conditions=[condition("PodScheduled", "False", reason="Unschedulable", message="no room")]
            ),
            "condition PodScheduled is False (Unschedulable: no room)",
        ),
        (simple("v1", "Service", spec={"type": "LoadBalancer"}), "no load balancer address yet"),
        (
            simple("v1", "PersistentVolumeClaim", spec={"storageClassName": "fast"}, phase="Pending"),
            "no volume of storage class fast bound yet",
        ),
        (
            object_of("v1", "Secret", type="kubernetes.io/service-account-token"),
            "no token yet; its ServiceAccount must exist",
        ),
        (simple("v1", "Namespace", phase="Terminating"), "phase Terminating"),
        (
            prometheus(reconciled_status="False", reason="ReconciliationFailed", message='secrets "absent" not found'),
            'condition Reconciled is False (ReconciliationFailed: secrets "absent" not found)',
        ),
        (prometheus(available=1), "condition Available: still that of an older generation"),
        (prometheus(reconciled=1), "condition Reconciled: still that of an older generation"),
    ],
)
def test_these_are_not_and_say_what_is_awaited(item, reason):
    assert readiness.assess(item) == readiness.Readiness(ready=False, reason=reason)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (
            simple("batch/v1", "Job", conditions=[condition("Failed", reason="BackoffLimitExceeded")]),
            "condition Failed is True (BackoffLimitExceeded)",
        ),
        (simple("v1", "Pod", phase="Failed", reason="Evicted"), "Evicted"),
        (simple("v1", "PersistentVolumeClaim", phase="Lost"), "its volume is lost"),
        (
            simple(
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                conditions=[condition("NamesAccepted", "False", reason="ListKindConflict")],
            ),
            "condition NamesAccepted is False (ListKindConflict)",
        ),
    ],
)
def test_these_have_failed_for_good(item, reason):
    assert readiness.assess(item) == readiness.Readiness(ready=False, failed=True, reason=reason)


def test_a_claim_that_waits_for_its_first_pod_is_ready():
    claim = simple("v1", "PersistentVolumeClaim", spec={"storageClassName": "ssd"}, phase="Pending")
    later = readiness.Related(storage_class={"volumeBindingMode": "WaitForFirstConsumer"})
    at_once = readiness.Related(storage_class={"volumeBindingMode": "Immediate"})
    assert readiness.assess(claim, later).ready
    assert not readiness.assess(claim, at_once).ready


def annotated(item, **annotations):
    return {**item, "metadata": {**item["metadata"], "annotations": annotations}}


def test_what_is_not_to_be_awaited_is_ready_at_once():
    assert readiness.assess(annotated(deployment(observed=1), **{"pulumi.com/skipAwait": "true"})).ready


def test_wait_for_overrules_the_rule_of_the_kind():
    item = annotated(deployment(availableReplicas=0), **{WAIT_FOR: "jsonpath={.status.updatedReplicas}=3"})
    assert readiness.assess(item).ready


def test_wait_for_needs_the_present_generation_as_well():
    item = annotated(deployment(observed=1), **{WAIT_FOR: "condition=Available"})
    assert not readiness.assess(item).ready


def test_what_the_operator_says_meanwhile_is_shown():
    rule = '[{"when": "jsonpath={.status.phase}=Failed", "message": ".status.message"}]'
    item = simple("example.test/v1", "Database", phase="Pending", message="no\n  certificate")
    wanted = {WAIT_FOR: "jsonpath={.status.phase}=Running", "paasport.dev/failed-when": rule}
    verdict = readiness.assess(annotated(item, **wanted))
    assert verdict.reason == ".status.phase is Pending, awaited is Running - no certificate"


def test_annotations_are_checked_before_anything_is_written():
    with pytest.raises(errors.EngineError, match="waitFor"):
        readiness.check(annotated(deployment(), **{WAIT_FOR: "soon"}))
    with pytest.raises(errors.EngineError, match="timeoutSeconds: '5m' is not a number"):
        readiness.check(annotated(deployment(), **{"pulumi.com/timeoutSeconds": "5m"}))


@pytest.mark.parametrize(
    ("item", "option", "seconds"),
    [
        (deployment(), None, 600.0),
        (deployment(), 30.0, 30.0),
        (annotated(deployment(), **{"pulumi.com/timeoutSeconds": "45"}), 30.0, 45.0),
        (simple("v1", "PersistentVolumeClaim"), None, 300.0),
    ],
)
def test_how_long_is_waited(item, option, seconds):
    assert readiness.seconds(item, option=option) == seconds


counts = st.integers(0, 4)
statuses = st.fixed_dictionaries(
    {"observedGeneration": st.integers(0, 5)},
    optional=dict.fromkeys(
        ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas", "desiredNumberScheduled"), counts
    )
    | {
        "conditions": st.lists(
            st.builds(
                condition,
                st.sampled_from(["Available", "Progressing", "Reconciled", "Ready"]),
                st.sampled_from(["True", "False", "Unknown"]),
                reason=st.sampled_from(["NewReplicaSetAvailable", "Other"]),
                observedGeneration=st.integers(0, 5),
            ),
            max_size=4,
        )
    },
)
kinds = st.sampled_from(
    [
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("monitoring.coreos.com/v1", "Prometheus"),
    ]
)


@given(kinds, statuses, st.integers(1, 5), counts)
def test_no_history_of_status_makes_an_unseen_generation_ready(kind, status, generation, replicas):
    item = object_of(*kind, generation=generation, spec={"replicas": replicas}, status=status)
    verdict = readiness.assess(item)
    if kind[1] == "Prometheus":
        told = {one["type"]: one for one in reversed(status.get("conditions", []))}
        seen = all(told.get(name, {}).get("observedGeneration") == generation for name in ("Available", "Reconciled"))
    else:
        seen = status["observedGeneration"] >= generation
    assert not verdict.ready or seen
    assert verdict.ready == (verdict.reason == "")


@given(statuses, st.integers(1, 5))
def test_wait_for_never_believes_an_older_generation(status, generation):
    item = object_of("example.test/v1", "Database", generation=generation, status=status)
    ready = readiness.assess(annotated(item, **{WAIT_FOR: "condition=Ready"})).ready
    assert not ready or status["observedGeneration"] >= generation
