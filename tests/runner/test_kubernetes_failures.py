"""The annotation by which an object says that it has failed: what is read from it, and what is refused."""

import json

import pytest

from runner.kubernetes import failures
from stacks import errors
from tests.runner.kubernetes_builders import condition, object_of


def annotated(text, **parts):
    annotations = {"paasport.dev/failed-when": text}
    return object_of("db.example/v1", "Database", generation=2, metadata={"annotations": annotations}, **parts)


def only(**entry):
    (failure,) = failures.of(annotated(json.dumps([entry])))
    return failure


def database(*conditions, **status):
    return object_of("db.example/v1", "Database", generation=2, status={"conditions": list(conditions), **status})


def test_an_object_without_the_annotation_never_says_so():
    assert failures.of(database()) == ()


def test_a_condition_is_told_with_its_reason_and_message():
    failure = only(when="condition=Reconciled=False")
    item = database(condition("Reconciled", "False", reason="Failed", message='secrets "absent"\n  not found'))
    assert failure.said(item) == 'condition Reconciled is False (Failed: secrets "absent" not found)'
    assert failure.said(database(condition("Reconciled"))) == ""
    assert failure.said(database()) == ""


def test_a_field_is_told_with_the_words_that_stand_elsewhere():
    failure = only(when="jsonpath={.status.phase}=Failed", message=".status.message")
    assert failure.said(database(phase="Failed", message="no password")) == ".status.phase is Failed (no password)"
    assert failure.said(database(phase="Failed")) == ".status.phase is Failed"
    assert failure.said(database(phase="Pending", message="no password")) == ""


def test_only_words_that_are_looked_for_count():
    failure = only(when="condition=Issuing=False", saying="Failed")
    assert (
        failure.said(database(condition("Issuing", "False", reason="Failed"))) == "condition Issuing is False (Failed)"
    )
    assert failure.said(database(condition("Issuing", "False", reason="Issued"))) == ""


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(database(condition("Ready", "False", observedGeneration=1)), id="of the condition"),
        pytest.param(database(condition("Ready", "False"), observedGeneration=1), id="of the status"),
    ],
)
def test_an_older_generation_counts_for_nothing(item):
    assert only(when="condition=Ready=False").said(item) == ""


def test_an_older_generation_of_a_field_counts_for_nothing():
    failure = only(when="jsonpath={.status.applied}=false")
    assert failure.said(database(applied=False, observedGeneration=1)) == ""
    assert failure.said(database(applied=False, observedGeneration=2)) == ".status.applied is false"


def test_an_operator_that_writes_the_generation_once_all_is_done_says_earlier_that_it_failed():
    """RabbitMQ's, which refuses to remove nodes: the generation stays that of before."""
    failure = only(when="condition=ReconcileSuccess=False", undated=True)
    refused = condition("ReconcileSuccess", "False", reason="UnsupportedOperation")
    assert failure.said(database(refused, observedGeneration=1))
    assert failure.said(database({**refused, "observedGeneration": 1}, observedGeneration=1)) == ""


def test_what_is_said_while_all_is_well_is_no_failure():
    failure = only(when="jsonpath={.status.error}", message=".status.error", unless="None")
    assert failure.said(database(error="None")) == ""
    assert failure.said(database()) == ""
    assert failure.said(database(error="no datacenter")) == ".status.error is there (no datacenter)"


def test_children_are_named_by_kind():
    failure = only(when="condition=Ready=False", child="cert-manager.io/v1/CertificateRequest", patience=30)
    assert failure.child_kind == ("cert-manager.io/v1", "CertificateRequest")
    assert failure.patience == 30


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("soon", "Expecting value"),
        ('{"when": "condition=Ready"}', "it is no list"),
        ('[{"patience": 3}]', "when: Field required"),
        ('[{"when": "condition=Ready", "patience": "3"}]', "patience: Input should be a valid integer"),
        ('[{"when": "condition=Ready", "until": 3}]', "until: Extra inputs are not permitted"),
        ('[{"when": "condition=Ready", "child": "Pod"}]', "child: String should match pattern"),
        ('[{"when": "whenever"}]', "when: String should match pattern"),
        ('[{"when": "jsonpath=.status[="}]', "is no path that is understood here"),
        ('[{"when": "condition=Ready", "message": ".status["}]', "is no path that is understood here"),
    ],
)
def test_what_is_not_understood_is_refused(text, reason):
    with pytest.raises(errors.EngineError) as caught:
        failures.of(annotated(text))
    assert reason in str(caught.value)
