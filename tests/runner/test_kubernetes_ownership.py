"""Conflicts with other field managers, and what tells a changed object from an unchanged one."""

import pytest

from runner.kubernetes import conflicts, fingerprints, rejections
from tests.runner.kubernetes_builders import object_of


def refusal(*pairs):
    causes = [
        {"reason": "FieldManagerConflict", "field": field, "message": f'conflict with "{manager}" using apps/v1'}
        for manager, field in pairs
    ]
    body = {"reason": "Conflict", "message": "Apply failed", "details": {"causes": causes}}
    return rejections.rejected("to apply deployments/web", code=409, body=body)


def live(*managers):
    entries = [{"manager": manager, "operation": operation} for manager, operation in managers]
    return object_of("apps/v1", "Deployment", metadata={"managedFields": entries})


def test_managers_and_fields_are_named_with_how_to_take_over():
    error = refusal(("kubectl", ".spec.replicas"), ("argocd", ".spec.a"), ("argocd", ".spec.b"))
    told = str(conflicts.explained(error, conflicts.found(error)))
    assert "spec.replicas set by 'kubectl'; spec.a, spec.b set by 'argocd'" in told
    assert 'pulumi.com/patchForce: "true"' in told


@pytest.mark.parametrize(
    ("manager", "operation", "by_hand"),
    [
        ("kubectl-edit", "Update", True),
        ("argocd", "Apply", False),
        ("kube-controller-manager", "Update", False),
    ],
)
def test_only_edits_by_hand_are_taken_back(manager, operation, by_hand):
    found = conflicts.found(refusal((manager, ".spec.replicas")))
    assert conflicts.changed_by_hand(found, live=live((manager, operation))) is by_hand


def test_another_refusal_is_no_conflict():
    error = rejections.rejected("it", code=422, body={"message": "bad"})
    assert conflicts.found(error) == ()
    assert not conflicts.changed_by_hand((), live=live())


def with_metadata(**metadata):
    return {"metadata": {"resourceVersion": "5", "labels": {"a": "b"}, **metadata}}


def test_a_changed_status_is_told_from_a_changed_object():
    recorded = fingerprints.of(with_metadata(generation=1))
    later = with_metadata(generation=1, resourceVersion="9")
    assert not fingerprints.same_version(recorded, later)
    assert fingerprints.same_but_status(recorded, later)


@pytest.mark.parametrize(
    "change",
    [{"generation": 2}, {"labels": {}}, {"annotations": {"x": "y"}}, {"finalizers": ["f"]}, {"ownerReferences": [{}]}],
    ids=lambda change: next(iter(change)),
)
def test_a_change_of_spec_or_metadata_is_seen(change):
    recorded = fingerprints.of(with_metadata(generation=1))
    assert not fingerprints.same_but_status(
        recorded, with_metadata(**{"generation": 1, "resourceVersion": "9"} | change)
    )


def test_without_generations_only_the_version_counts():
    recorded = fingerprints.of(with_metadata())
    assert recorded == "5"
    assert fingerprints.same_but_status(recorded, with_metadata())
    assert not fingerprints.same_but_status(recorded, with_metadata(resourceVersion="9"))


def test_nothing_recorded_equals_nothing():
    assert not fingerprints.same_but_status("", with_metadata(generation=1))
    assert not fingerprints.same_version("", {"metadata": {}})
