import pytest

from local import reconciling, volumes


def storage_class(name="ssd", provisioner="paasport.dev/simulated", binding="WaitForFirstConsumer", reclaim="Delete"):
    return {
        "metadata": {"name": name},
        "provisioner": provisioner,
        "volumeBindingMode": binding,
        "reclaimPolicy": reclaim,
        "mountOptions": ["noatime"],
    }


def claim(*, storage="10Gi", node="node-1", storage_class="ssd", volume="", given="", deleted=False):
    annotations = {"volume.kubernetes.io/selected-node": node} if node else {}
    metadata = {"name": "data-0", "namespace": "metrics", "uid": "c1", "annotations": annotations}
    if deleted:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage_class,
        "resources": {"requests": {"storage": storage}},
        **({"volumeName": volume} if volume else {}),
    }
    return {"metadata": metadata, "spec": spec, "status": {"capacity": {"storage": given}} if given else {}}


def volume(*, storage="10Gi", phase="Bound", reclaim="Delete", by="paasport.dev/simulated", deleted=False):
    metadata = {"name": "pvc-c1", "uid": "v1", "annotations": {"pv.kubernetes.io/provisioned-by": by}}
    if deleted:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    spec = {"capacity": {"storage": storage}, "persistentVolumeReclaimPolicy": reclaim}
    return {"metadata": metadata, "spec": spec, "status": {"phase": phase}}


def plan(claims=(), found=(), classes=None):
    return volumes.plan(list(claims), list(found), [storage_class()] if classes is None else classes)


def test_a_claim_whose_pod_is_scheduled_gets_a_volume_of_its_own():
    (action,) = plan([claim()])
    assert action.manifest == {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": "pvc-c1",
            "annotations": {"pv.kubernetes.io/provisioned-by": "paasport.dev/simulated"},
        },
        "spec": {
            "capacity": {"storage": "10Gi"},
            "accessModes": ["ReadWriteOnce"],
            "volumeMode": "Filesystem",
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": "ssd",
            "mountOptions": ["noatime"],
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "name": "data-0",
                "namespace": "metrics",
                "uid": "c1",
            },
            "csi": {"driver": "simulated.paasport.dev", "volumeHandle": "c1"},
        },
    }


@pytest.mark.parametrize(
    ("waiting", "classes"),
    [
        pytest.param(claim(node=""), [storage_class()], id="no-pod-uses-it-yet"),
        pytest.param(claim(deleted=True), [storage_class()], id="being-deleted"),
        pytest.param(claim(volume="pv-by-hand"), [storage_class()], id="names-a-volume"),
        pytest.param(claim(storage_class=""), [storage_class()], id="wants-no-class"),
        pytest.param(claim(), [storage_class(provisioner="ebs.csi.aws.com")], id="another-provisioner"),
        pytest.param(claim(), [], id="class-is-gone"),
    ],
)
def test_other_claims_get_none(waiting, classes):
    assert plan([waiting], classes=classes) == []


def test_immediate_binding_needs_no_pod():
    assert len(plan([claim(node="")], classes=[storage_class(binding="Immediate")])) == 1


def test_a_claim_gets_no_second_volume_while_its_first_is_being_bound():
    assert plan([claim()], [volume(phase="Available")]) == []


def test_the_reclaim_policy_is_that_of_the_class():
    (action,) = plan([claim()], classes=[storage_class(reclaim="Retain")])
    assert action.manifest["spec"]["persistentVolumeReclaimPolicy"] == "Retain"


def test_a_released_volume_is_deleted():
    assert plan([], [volume(phase="Released")]) == [
        reconciling.Delete(api_version="v1", kind="PersistentVolume", name="pvc-c1", uid="v1")
    ]


@pytest.mark.parametrize(
    "kept",
    [
        volume(),
        volume(phase="Released", reclaim="Retain"),
        volume(phase="Released", by="ebs.csi.aws.com"),
        volume(phase="Released", deleted=True),
    ],
    ids=["bound", "retain", "of-another-provisioner", "being-deleted-already"],
)
def test_other_volumes_stay(kept):
    assert plan([], [kept]) == []


def test_growth_reaches_the_volume_first_and_then_the_claim():
    (first,) = plan([claim(storage="20Gi", volume="pvc-c1", given="10Gi")], [volume()])
    assert (first.manifest["kind"], first.manifest["spec"], first.subresource) == (
        "PersistentVolume",
        {"capacity": {"storage": "20Gi"}},
        "",
    )
    (second,) = plan([claim(storage="20Gi", volume="pvc-c1", given="10Gi")], [volume(storage="20Gi")])
    assert (second.manifest["kind"], second.manifest["status"], second.subresource) == (
        "PersistentVolumeClaim",
        {"capacity": {"storage": "20Gi"}},
        "status",
    )
    assert plan([claim(storage="20Gi", volume="pvc-c1", given="20Gi")], [volume(storage="20Gi")]) == []


def test_growth_does_not_use_the_manager_of_the_whole_volume():
    (made,) = plan([claim()])
    (grown,) = plan([claim(storage="20Gi", volume="pvc-c1", given="10Gi")], [volume()])
    assert made.manager != grown.manager


def test_equal_sizes_in_other_words_are_no_growth():
    assert plan([claim(storage="10240Mi", volume="pvc-c1", given="10Gi")], [volume()]) == []
