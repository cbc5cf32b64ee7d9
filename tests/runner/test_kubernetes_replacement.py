"""How one object is replaced, and how it goes, against a real API server."""

import dataclasses
import time

import pytest

from runner.engine import model
from stacks import errors
from tests.runner import kubernetes_builders as build
from tests.runner import kubernetes_world as objects

pytestmark = pytest.mark.cluster

Operation = model.Operation


@pytest.fixture
def world(control_plane):
    return objects.World(control_plane.kubeconfig)


def test_an_unnamed_object_keeps_its_name_and_is_replaced_beside_the_old_one(world, namespace):
    first = world.one(objects.config_map(namespace, {"a": "1"}, name=""))
    assert first.id.startswith(f"{namespace}/settings-")
    changed = objects.config_map(namespace, {"a": "2"}, name="")
    foretold = world.preview(changed)
    old = world.entries[changed.urn]
    second = world.one(changed)
    assert (second.operation, second.superseded) == (Operation.REPLACE, old)
    assert foretold.id == second.id != first.id
    assert objects.paths(second) == [("data.a", "1", "2")]
    assert world.permitted
    assert world.read("ConfigMap", first.id.split("/")[1], namespace) is not None
    assert world.one(changed).operation is Operation.SAME


def test_a_named_object_is_deleted_before_it_is_replaced(world, namespace):
    first = world.one(objects.config_map(namespace, {"a": "1"}))
    second = world.one(objects.config_map(namespace, {"a": "2"}))
    assert (second.operation, second.superseded) == (Operation.REPLACE, None)
    assert second.uid != first.uid
    assert world.read("ConfigMap", "settings", namespace)["data"] == {"a": "2"}


def test_data_that_is_declared_mutable_is_updated(control_plane, namespace):
    world = objects.World(control_plane.kubeconfig, enableConfigMapMutable="true")
    first = world.one(objects.config_map(namespace, {"a": "1"}))
    second = world.one(objects.config_map(namespace, {"a": "2"}))
    assert (second.operation, second.uid) == (Operation.UPDATE, first.uid)


def test_a_field_that_the_server_calls_immutable_replaces(world, namespace):
    def disruption_class(value):
        inputs = {"metadata": {"name": f"class-{namespace}"}, "value": value, "globalDefault": False}
        return build.goal("kubernetes:scheduling.k8s.io/v1:PriorityClass", "class", inputs)

    world.one(disruption_class(10.0))
    changed = disruption_class(20.0)
    assert world.preview(changed).operation is Operation.REPLACE
    assert world.one(changed).operation is Operation.REPLACE
    world.delete(changed)


def test_a_protected_object_is_not_replaced(world, namespace):
    world.one(objects.config_map(namespace, {"a": "1"}))

    def forbid(_):
        raise errors.EngineError.of("it is protected")

    world.permitted = type("Never", (), {"append": staticmethod(forbid)})
    assert "it is protected" in world.failure(objects.config_map(namespace, {"a": "2"}))
    assert world.read("ConfigMap", "settings", namespace)["data"] == {"a": "1"}


def test_a_changed_name_makes_a_new_object_first(world, namespace):
    world.one(objects.config_map(namespace, {"a": "1"}, name="before"))
    old = next(iter(world.entries.values()))
    outcome = world.one(objects.config_map(namespace, {"a": "1"}, name="after"))
    assert (outcome.operation, outcome.superseded, outcome.id) == (Operation.REPLACE, old, f"{namespace}/after")


def test_a_killed_creation_is_taken_up_again(world, namespace):
    goal = objects.config_map(namespace, {"a": "1"})
    outcome = world.one(goal)
    # As an inventory is left when the engine dies between the write and its answer.
    world.entries[goal.urn] = dataclasses.replace(world.intended[-1])
    again = world.one(goal)
    assert (again.operation, again.uid) == (Operation.SAME, outcome.uid)


def test_deletion_waits_until_the_object_is_gone(world, namespace):
    goal = objects.deployment(namespace, replicas=2.0)
    world.one(goal)
    world.delete(goal)
    assert world.read("Deployment", "web", namespace, "apps/v1") is None
    left = world.api(lambda api: api.list("v1", "Pod", namespace=namespace))
    assert left == []


def test_deleting_what_is_gone_is_a_success_and_anothers_object_is_left(world, namespace):
    goal = objects.config_map(namespace, {"a": "1"})
    world.one(goal)
    entry = world.entries[goal.urn]
    world.api(lambda api: api.delete("v1", "ConfigMap", "settings", namespace))
    world.delete(goal)
    another = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": namespace}}
    world.api(lambda api: api.create(another))
    world.entries[goal.urn] = entry
    world.delete(goal)
    assert world.read("ConfigMap", "settings", namespace) is not None
    assert "left alone" in world.reports[-1]


def test_a_finalizer_that_nobody_removes_is_named(world, namespace):
    goal = objects.config_map(namespace, {"a": "1"}, finalizers=["example.test/keep"])
    world.one(goal)
    world.entries[goal.urn] = dataclasses.replace(world.entries[goal.urn], delete_timeout=1.5)
    began = time.monotonic()
    with pytest.raises(
        errors.EngineError, match=r"was not gone after 2 s: being deleted, waits for finalizers example\.test/keep"
    ):
        world.delete(goal)
    assert time.monotonic() - began < 10
    world.patch(f"/api/v1/namespaces/{namespace}/configmaps/settings", {"metadata": {"finalizers": []}})


def test_what_is_retained_is_not_deleted_for_its_replacement(world, namespace):
    first = world.one(objects.config_map(namespace, {"a": "1"}))
    changed = objects.config_map(namespace, {"a": "2"})
    changed = dataclasses.replace(changed, options=model.Options(retain_on_delete=True))
    with pytest.raises(errors.EngineError, match="retain_on_delete keeps it"):
        world.preview(changed)
    assert "retain_on_delete keeps it" in world.failure(changed)
    assert world.read("ConfigMap", "settings", namespace)["metadata"]["uid"] == first.uid


def test_nothing_is_deleted_for_a_replacement_that_the_server_would_refuse(world, namespace):
    def web(selector):
        template = {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "nginx:1"}]},
        }
        inputs = {
            "metadata": {"name": "web", "namespace": namespace, "annotations": {"pulumi.com/skipAwait": "true"}},
            "spec": {"selector": {"matchLabels": {"app": selector}}, "template": template},
        }
        return build.goal(objects.DEPLOYMENT, "web", inputs)

    first = world.one(web("web"))
    with pytest.raises(errors.EngineError, match="`selector` does not match template `labels`"):
        world.preview(web("shop"))
    assert "the API server would refuse a new one" in world.failure(web("shop"))
    assert world.read("Deployment", "web", namespace, "apps/v1")["metadata"]["uid"] == first.uid


def test_an_object_that_was_handed_to_another_stack_is_not_deleted(world, namespace):
    goal = objects.config_map(namespace, {"a": "1"})
    world.one(goal)
    path = f"/api/v1/namespaces/{namespace}/configmaps/settings"
    world.patch(path, {"metadata": {"labels": {build.LABEL: "stack-two"}}})
    world.delete(goal)
    assert world.reports == ["left alone: ConfigMap " + namespace + "/settings now belongs to another stack"]
    assert world.read("ConfigMap", "settings", namespace) is not None
