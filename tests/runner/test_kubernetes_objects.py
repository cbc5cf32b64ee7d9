import pytest

from runner.engine import values
from runner.kubernetes import objects
from stacks import errors


@pytest.mark.parametrize(
    ("token", "api_version", "kind"),
    [
        ("kubernetes:core/v1:Namespace", "v1", "Namespace"),
        ("kubernetes:apps/v1:Deployment", "apps/v1", "Deployment"),
        ("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "rbac.authorization.k8s.io/v1", "ClusterRole"),
        ("kubernetes:monitoring.coreos.com/v1:Prometheus", "monitoring.coreos.com/v1", "Prometheus"),
    ],
)
def test_a_token_and_its_kind_belong_together(token, api_version, kind):
    assert objects.kind_of(token) == (api_version, kind)
    assert objects.token_of(api_version, kind) == token


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("kubernetes:core/v1:ConfigMapPatch", "patches"),
        ("kubernetes:core/v1:ConfigMapList", "a list"),
        ("kubernetes:helm.sh/v3:Release", "Helm"),
        ("kubernetes:kustomize/v2:Directory", "kustomize"),
        ("kubernetes:yaml/v2:ConfigGroup", "a group"),
        ("kubernetes:helm.sh/v4:Chart", "Helm"),
        ("aws:s3:Bucket", "no type of a Kubernetes object"),
    ],
)
def test_what_is_no_single_object_is_refused(token, why):
    with pytest.raises(errors.Unsupported, match=why):
        objects.kind_of(token)


def test_ids_hold_the_namespace_where_there_is_one():
    assert objects.from_id("kubernetes:core/v1:Pod", "shop/web").id == "shop/web"
    assert objects.from_id("kubernetes:core/v1:Node", "n1") == objects.Reference(
        api_version="v1", kind="Node", namespace="", name="n1"
    )


def test_whole_floats_become_integers_also_inside_secrets():
    value = {"a": 2.0, "b": [1.5, 3.0], "c": values.Secret({"d": 4.0}), "e": True}
    assert repr(objects.normalised(value)["a"]) == "2"
    assert objects.normalised(value) == {"a": 2, "b": [1.5, 3], "c": values.Secret({"d": 4}), "e": True}
    assert type(objects.normalised(value)["c"].value["d"]) is int


def test_a_made_up_name_is_the_same_in_preview_and_up():
    first = objects.autoname("Web", old_name="", seed=b"s")
    assert first == objects.autoname("Web", old_name="", seed=b"s")
    assert first.startswith("web-")
    assert len(first) == len("web-") + 8


@pytest.mark.parametrize(
    ("old", "kept"),
    [
        ("web-0a1b2c3d", True),
        ("web", False),
        ("web-0a1b2c3", False),
        ("web-0a1b2c3dd", False),
        ("other-0a1b2c3d", False),
    ],
)
def test_an_old_made_up_name_is_kept_and_a_given_one_is_not(old, kept):
    assert (objects.autoname("web", old_name=old, seed=b"s") == old) is kept


def test_a_very_long_name_leaves_room_for_the_digits():
    assert len(objects.autoname("x" * 400, old_name="", seed=b"s")) == 253


def test_lists_of_any_kind_are_flattened():
    inner = {"kind": "ConfigMapList", "items": [{"kind": "ConfigMap", "metadata": {"name": "b"}}]}
    document = {"kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "a"}}, inner]}
    assert [item["metadata"]["name"] for item in objects.flattened(document)] == ["a", "b"]


def test_the_hash_of_inputs_depends_on_values_and_key_but_not_on_order():
    first = objects.inputs_hash({"a": 1, "b": "x"}, key=b"k")
    assert first == objects.inputs_hash({"b": "x", "a": 1}, key=b"k")
    assert first != objects.inputs_hash({"a": 2, "b": "x"}, key=b"k")
    assert first != objects.inputs_hash({"a": 1, "b": "x"}, key=b"other")


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("spec.containers[0].image", ["spec", "containers", "0", "image"]),
        ('metadata.labels["a.b/c"]', ["metadata", "labels", "a.b/c"]),
        ("spec.ports[*].port", ["spec", "ports", "*", "port"]),
    ],
)
def test_paths_are_taken_apart(path, steps):
    assert objects.steps(path) == steps


def test_annotations_are_found_whatever_is_around_them():
    secret = {"metadata": {"annotations": values.Secret({"a": "b"})}}
    unknown = {"metadata": {"annotations": {"a": values.UNKNOWN}}}
    assert (objects.annotation(secret, "a"), objects.annotation(unknown, "a")) == ("b", "")
