import pytest

from runner.engine import model, values
from runner.kubernetes import wanted
from stacks import errors
from tests.runner import kubernetes_builders as build

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


def want(inputs, *, old="", namespaced=True, **options):
    goal = build.goal(CONFIG_MAP, "settings", inputs, **options)
    entry = model.Entry(urn=goal.urn, type=goal.type, id=old, custom=True) if old else None
    return wanted.wanted(goal, old=entry, stack=build.stack(), namespaced=namespaced, namespace="home")


def test_the_object_gets_kind_namespace_and_label():
    manifest = want({"metadata": {"name": "a", "labels": {"x": "y"}}, "data": {"k": "v"}}).manifest
    assert manifest == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "home", "labels": {"x": "y", build.LABEL: "stack-one"}},
        "data": {"k": "v"},
    }


def test_kinds_without_namespaces_get_none():
    found = want({"metadata": {"name": "a", "namespace": "shop"}}, namespaced=False)
    assert "namespace" not in found.manifest["metadata"]
    assert found.reference.id == "a"


def test_an_unnamed_object_is_named_and_marked():
    found = want({})
    assert found.autonamed
    assert found.manifest["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert want({}, old="home/settings-12345678").reference.name == "settings-12345678"


def test_secrets_are_opened_only_in_what_is_sent():
    found = want({"metadata": {"name": "a"}, "data": {"k": values.Secret("s3cr3t")}})
    assert found.manifest["data"] == {"k": "s3cr3t"}
    assert "s3cr3t" not in repr(found)
    assert found.inputs["data"]["k"] == values.Secret("s3cr3t")


def test_secret_metadata_can_still_be_named_and_labelled():
    found = want({"metadata": values.Secret({"name": "a", "labels": {"x": "y"}})})
    assert found.reference.id == "home/a"
    assert found.manifest["metadata"]["labels"] == {"x": "y", build.LABEL: "stack-one"}


@pytest.mark.parametrize(
    "inputs",
    [{"metadata": values.UNKNOWN}, {"metadata": {"name": values.UNKNOWN}}],
    ids=["metadata", "name"],
)
def test_an_unknown_name_is_no_name(inputs):
    found = want(inputs)
    assert found.reference.name == ""
    assert not found.known


def test_generated_names_are_refused():
    with pytest.raises(errors.Unsupported, match="generateName"):
        want({"metadata": {"generateName": "a-"}})


@pytest.mark.parametrize("name", ["../secrets/x", "a/b", "..", "a%2fb"])
def test_names_that_would_be_another_path_are_refused(name):
    with pytest.raises(errors.EngineError, match="which no object can have"):
        want({"metadata": {"name": name}})
    with pytest.raises(errors.EngineError, match="which no object can have"):
        want({"metadata": {"name": "a", "namespace": name}})


def test_ignored_paths_take_the_live_value():
    found = want(
        {"metadata": {"name": "a", "annotations": {"keep": "1", "x": "mine"}}, "data": {"k": "v", "gone": "x"}},
        ignore_changes=("data.k", "data.gone", 'metadata.annotations["x"]'),
    )
    live = {"metadata": {"annotations": {"x": "theirs"}}, "data": {"k": "live"}}
    manifest = found.over(live).manifest
    assert manifest["data"] == {"k": "live"}
    assert manifest["metadata"]["annotations"] == {"keep": "1", "x": "theirs"}


def test_ignored_paths_reach_into_lists():
    inputs = {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 1}, {"port": 2}]}}
    live = {"spec": {"ports": [{"port": 8}, {"port": 9}, {"port": 10}]}}
    assert want(inputs, ignore_changes=("spec.ports[1].port",)).over(live).manifest["spec"]["ports"] == [
        {"port": 1},
        {"port": 9},
    ]
    assert want(inputs, ignore_changes=("spec.ports[*].port",)).over(live).manifest["spec"]["ports"] == [
        {"port": 8},
        {"port": 9},
    ]


def test_a_new_object_is_made_with_what_is_ignored_later():
    found = want({"metadata": {"name": "a"}, "data": {"k": "v"}}, ignore_changes=("data",))
    assert found.over(None).manifest["data"] == {"k": "v"}


def test_an_object_in_an_unknown_namespace_is_not_yet_any_object():
    assert not want({"metadata": {"name": "a", "namespace": values.UNKNOWN}}, old="home/a").reference.name
