import pytest

from runner.kubernetes import immutable, rejections
from tests.runner.kubernetes_builders import change


def manifest(api_version, kind, **more):
    return {"apiVersion": api_version, "kind": kind, **more}


def forced(of, path, **flags):
    return bool(immutable.forcing(of, (change(path),), **flags))


@pytest.mark.parametrize(
    ("api_version", "kind", "path"),
    [
        ("apps/v1", "Deployment", "spec.selector.matchLabels.app"),
        ("apps/v1", "StatefulSet", "spec.volumeClaimTemplates[0].spec.resources"),
        ("apps/v1", "StatefulSet", "spec.serviceName"),
        ("batch/v1", "Job", "spec.template.spec.containers[0].image"),
        ("v1", "Pod", "spec.containers[0].image"),
        ("v1", "PersistentVolumeClaim", "spec.storageClassName"),
        ("v1", "PersistentVolume", "spec.csi.volumeHandle"),
        ("v1", "Service", "spec.clusterIP"),
        ("v1", "Secret", "type"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding", "roleRef.name"),
        ("storage.k8s.io/v1", "StorageClass", "parameters.type"),
        ("example.test/v1", "Anything", "metadata.namespace"),
    ],
)
def test_these_changes_replace(api_version, kind, path):
    assert forced(manifest(api_version, kind), path)


@pytest.mark.parametrize(
    ("api_version", "kind", "path"),
    [
        ("apps/v1", "Deployment", "spec.template.spec.containers[0].image"),
        ("apps/v1", "StatefulSet", "spec.replicas"),
        ("v1", "PersistentVolumeClaim", "spec.resources.requests.storage"),
        ("v1", "PersistentVolume", "spec.persistentVolumeReclaimPolicy"),
        ("v1", "Service", "spec.clusterIPs"),
        ("example.test/v1", "Deployment", "spec.selector"),
        ("v1", "Pod", "metadata.labels.a"),
    ],
)
def test_these_changes_do_not(api_version, kind, path):
    assert not forced(manifest(api_version, kind), path)


@pytest.mark.parametrize(("kind", "flag"), [("ConfigMap", "config_map_mutable"), ("Secret", "secret_mutable")])
def test_data_replaces_unless_it_is_declared_mutable(kind, flag):
    assert forced(manifest("v1", kind), "data.key")
    assert not forced(manifest("v1", kind), "data.key", **{flag: True})
    assert forced(manifest("v1", kind, immutable=True), "data.key", **{flag: True})


def test_a_whole_part_that_holds_a_fixed_field_replaces():
    assert forced(manifest("apps/v1", "Deployment"), "spec")


def test_a_program_can_name_more_paths():
    assert forced(manifest("v1", "Service"), "spec.ports[1].port", extra=("spec.ports[*].port",))
    assert not forced(manifest("v1", "Service"), "spec.ports[1].name", extra=("spec.ports[*].port",))
    assert forced(manifest("v1", "Service"), "spec.anything", extra=("*",))


def refusal(message, code=422):
    return rejections.rejected("it", code=code, body={"message": message, "reason": "Invalid"})


@pytest.mark.parametrize(
    "message",
    [
        "spec.selector: Invalid value: field is immutable",
        "Pod is invalid: pod updates may not change fields other than image",
        "updates to statefulset spec for fields other than 'replicas' are forbidden",
        "StorageClass is invalid: updates to parameters are forbidden.",
        "cannot change roleRef",
    ],
)
def test_the_servers_words_for_immutable_are_known(message):
    assert immutable.refused_as_immutable(refusal(message), manifest=manifest("apps/v1", "StatefulSet"))


def test_other_refusals_are_errors():
    of = manifest("apps/v1", "Deployment")
    assert not immutable.refused_as_immutable(refusal("spec.replicas: must be non-negative"), manifest=of)
    assert not immutable.refused_as_immutable(refusal("field is immutable", code=403), manifest=of)


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("postgresql.cnpg.io/v1", "Cluster"),
        ("v1", "PersistentVolumeClaim"),
        ("snapshot.storage.k8s.io/v1", "VolumeSnapshot"),
    ],
)
def test_what_may_hold_data_is_never_replaced_on_the_servers_word_alone(api_version, kind):
    assert not immutable.refused_as_immutable(refusal("field is immutable"), manifest=manifest(api_version, kind))
