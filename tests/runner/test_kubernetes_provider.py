"""One object's life under the provider, against a real API server."""

import base64
import dataclasses

import pytest
import yaml

from runner.engine import model, values
from runner.kubernetes import rejections
from stacks import errors
from tests.runner import kubernetes_builders as build
from tests.runner import kubernetes_world as objects

pytestmark = pytest.mark.cluster

Operation = model.Operation


@pytest.fixture
def world(control_plane):
    return objects.World(control_plane.kubeconfig)


def test_a_preview_writes_nothing(world, namespace):
    outcome = world.preview(objects.config_map(namespace, {"a": "1"}))
    assert (outcome.operation, outcome.id) == (Operation.CREATE, f"{namespace}/settings")
    assert outcome.outputs["metadata"]["uid"] is values.UNKNOWN
    assert world.read("ConfigMap", "settings", namespace) is None
    assert world.intended == []


def test_a_new_object_is_made_and_labelled_after_the_intent_was_recorded(world, namespace):
    outcome = world.one(objects.config_map(namespace, {"a": "1"}))
    live = world.read("ConfigMap", "settings", namespace)
    assert outcome.operation is Operation.CREATE
    assert live["metadata"]["labels"] == {build.LABEL: "stack-one"}
    assert outcome.uid == live["metadata"]["uid"]
    assert [(entry.id, entry.pending) for entry in world.intended] == [(f"{namespace}/settings", True)]


def test_an_unchanged_object_is_left_alone(world, namespace):
    goal = objects.config_map(namespace, {"a": "1"})
    world.one(goal)
    before = world.read("ConfigMap", "settings", namespace)
    world.intended.clear()
    for needed in (True, False):
        assert world.one(goal, outputs_needed=needed).operation is Operation.SAME
    assert world.read("ConfigMap", "settings", namespace) == before
    assert world.intended == []


def test_outputs_are_the_live_object_without_its_bookkeeping(world, namespace):
    goal = objects.config_map(namespace, {"a": "1"})
    world.one(goal)
    outputs = world.one(goal).outputs
    assert outputs["data"] == {"a": "1"}
    assert outputs["metadata"]["uid"]
    assert "managedFields" not in outputs["metadata"]


def test_a_changed_field_is_foretold_and_done(world, namespace):
    world.one(objects.deployment(namespace))
    changed = objects.deployment(namespace, image="nginx:2")
    expected = [("spec.template.spec.containers[0].image", "nginx:1", "nginx:2")]
    assert objects.paths(world.preview(changed)) == expected
    outcome = world.one(changed)
    assert (outcome.operation, objects.paths(outcome), outcome.awaited) == (Operation.UPDATE, expected, True)
    assert outcome.outputs["status"]["updatedReplicas"] == 1
    assert world.one(changed).operation is Operation.SAME


def test_a_field_that_left_the_program_is_removed(world, namespace):
    world.one(objects.config_map(namespace, {"a": "1"}, annotations={"x": "y"}))
    outcome = world.one(objects.config_map(namespace, {"a": "1"}))
    assert objects.paths(outcome) == [("metadata.annotations", {"x": "y"}, None)]
    assert "annotations" not in world.read("ConfigMap", "settings", namespace)["metadata"]


def test_a_change_by_hand_is_drift_and_mended(world, namespace):
    goal = objects.deployment(namespace)
    world.one(goal)
    world.patch(f"/apis/apps/v1/namespaces/{namespace}/deployments/web", {"spec": {"replicas": 3}})
    foretold = world.preview(goal)
    assert (foretold.operation, foretold.drifted) == (Operation.UPDATE, True)
    assert objects.paths(foretold) == [("spec.replicas", 3, 1)]
    assert world.one(goal, outputs_needed=False).drifted
    assert world.read("Deployment", "web", namespace, "apps/v1")["spec"]["replicas"] == 1
    assert world.one(goal).operation is Operation.SAME


def test_what_others_add_is_no_drift(world, namespace):
    goal = objects.config_map(namespace, {"a": "1"})
    world.one(goal)
    world.patch(f"/api/v1/namespaces/{namespace}/configmaps/settings", {"metadata": {"annotations": {"x": "y"}}})
    assert world.one(goal).operation is Operation.SAME


def test_an_object_deleted_by_others_is_made_again(world, namespace):
    goal = objects.config_map(namespace, {"a": "1"})
    world.one(goal)
    world.api(lambda api: api.delete("v1", "ConfigMap", "settings", namespace))
    outcome = world.one(goal, outputs_needed=False)
    assert (outcome.operation, outcome.drifted) == (Operation.CREATE, True)


def test_a_field_of_another_applier_is_not_taken(world, namespace):
    goal = objects.deployment(namespace)
    world.one(goal)
    theirs = world.read("Deployment", "web", namespace, "apps/v1")
    theirs = {key: theirs[key] for key in ("apiVersion", "kind")} | {
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"replicas": 4},
    }
    world.api(lambda api: api.apply(theirs, field_manager="argocd", force=True))
    message = world.failure(goal)
    assert "spec.replicas set by 'argocd'" in message
    assert 'pulumi.com/patchForce: "true"' in message
    goal.inputs["metadata"]["annotations"] = {"pulumi.com/patchForce": "true"}
    assert world.one(goal).outputs["spec"]["replicas"] == 1


def test_ignored_changes_are_left_to_others(world, namespace):
    goal = objects.deployment(namespace)
    ignoring = dataclasses.replace(goal, options=model.Options(ignore_changes=("spec.replicas",)))
    world.one(ignoring)
    world.patch(f"/apis/apps/v1/namespaces/{namespace}/deployments/web", {"spec": {"replicas": 2}})
    outcome = world.one(ignoring)
    assert (outcome.operation, outcome.outputs["spec"]["replicas"]) == (Operation.SAME, 2)


def test_an_object_made_by_others_is_not_taken_over(world, namespace):
    existing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": namespace}}
    world.api(lambda api: api.create(existing))
    goal = objects.config_map(namespace, {"a": "1"})
    for preview in (True, False):
        assert "exists already and was not made by this stack" in world.failure(goal, preview=preview)
    imported = dataclasses.replace(goal, options=model.Options(import_id=f"{namespace}/settings"))
    assert world.one(imported).outputs["data"] == {"a": "1"}


def test_an_object_of_another_stack_is_refused_with_the_name_of_that_stack(world, namespace, control_plane):
    goal = objects.config_map(namespace, {"a": "1"})
    world.one(goal)
    message = objects.World(control_plane.kubeconfig, stack="two").failure(goal)
    assert "belongs to another stack: stack-one" in message


def test_secrets_are_masked_in_changes_and_sealed_in_outputs(world, namespace):
    def secret(value):
        inputs = {
            "metadata": {"name": "login", "namespace": namespace},
            "stringData": {"password": values.Secret(value)},
        }
        return build.goal("kubernetes:core/v1:Secret", "login", inputs)

    outcome = world.one(secret("hunter2!"))
    assert outcome.outputs["data"] == {"password": values.Secret("aHVudGVyMiE=")}
    changed = world.preview(secret("hunter3!"))
    assert objects.paths(changed) == [("data.password", "[secret]", "[secret]")]
    assert "hunter" not in repr(outcome) + repr(changed) + repr(world.entries)


def test_a_refused_secret_is_not_repeated(world, namespace):
    goal = objects.deployment(
        namespace, schedulerName=values.Secret("Hunter Number Two"), restartPolicy=values.Secret("Hunter2!")
    )
    message = world.failure(goal)
    assert "restartPolicy" in message
    assert "Hunter" not in message


def test_readiness_is_awaited_and_told(world, namespace):
    outcome = world.one(objects.deployment(namespace, replicas=2.0))
    assert outcome.awaited is True
    assert outcome.outputs["status"]["availableReplicas"] == 2
    assert any("of 2 pods" in report for report in world.reports)


def test_an_object_that_does_not_become_ready_fails_with_the_reason_and_is_awaited_again(world, namespace):
    goal = objects.deployment(namespace, nodeSelector={"no": "such-node"})
    goal.inputs["metadata"]["annotations"] = {"pulumi.com/timeoutSeconds": "3"}
    outcome = world.one(goal)
    assert outcome.awaited is False
    assert "0 of 1 pods available" in outcome.failure
    assert "Unschedulable" in outcome.failure
    again = world.one(goal, outputs_needed=False)
    assert (again.operation, again.awaited) == (Operation.SAME, False)


def test_a_plan_finds_at_rest_what_a_run_would_neither_write_nor_wait_for(world, namespace):
    goal = objects.deployment(namespace)
    world.one(goal)
    assert world.preview(goal).at_rest is True
    world.patch(f"/apis/apps/v1/namespaces/{namespace}/deployments/web", {"metadata": {"labels": {"seen": "by-hand"}}})
    # Nothing of it is the program's.
    same = world.preview(goal)
    assert (same.operation, same.at_rest) == (Operation.SAME, True)
    # What the program says in other words has to be applied once.
    other = objects.deployment(namespace, terminationGracePeriodSeconds=30.0)
    same = world.preview(other)
    assert (same.operation, same.at_rest) == (Operation.SAME, False)


def test_a_plan_does_not_find_at_rest_what_is_not_ready_any_more(world, namespace):
    """Nobody but this test writes the status of an Ingress here."""
    wait = "jsonpath={.status.loadBalancer.ingress[0].ip}=10.0.0.1"
    metadata = {"name": "web", "namespace": namespace, "annotations": {"pulumi.com/waitFor": wait}}
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    inputs = {"metadata": metadata, "spec": {"defaultBackend": backend}}
    goal = build.goal("kubernetes:networking.k8s.io/v1:Ingress", "web", inputs)
    path = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses/web/status"

    assert world.one(dataclasses.replace(goal, options=model.Options(create_timeout=0.5))).awaited is False
    assert world.preview(goal).at_rest is False
    world.patch(path, {"status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}})
    assert world.preview(goal).at_rest is False
    assert world.one(goal).awaited is True
    assert world.preview(goal).at_rest is True
    world.patch(path, {"status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.2"}]}}})
    same = world.preview(goal)
    assert (same.operation, same.at_rest) == (Operation.SAME, False)


def test_a_custom_expectation_is_awaited(world, namespace):
    goal = objects.config_map(namespace, {"a": "1"}, annotations={"pulumi.com/waitFor": "jsonpath={.data.a}=2"})
    short = dataclasses.replace(goal, options=model.Options(create_timeout=0.5))
    outcome = world.one(short)
    assert (outcome.awaited, ".data.a is 1, awaited is 2" in outcome.failure) == (False, True)


def test_an_expectation_that_is_not_understood_is_refused_before_anything_is_written(world, namespace):
    message = world.failure(objects.config_map(namespace, {}, annotations={"pulumi.com/waitFor": "soon"}))
    assert "waitFor" in message
    assert world.intended == []


def test_objects_wait_for_the_namespace_and_the_kind_of_the_same_run(world, namespace):
    place, group = f"{namespace}-inner", f"{namespace}.test"
    definition = build.goal(
        "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
        "definition",
        {
            "metadata": {"name": f"things.{group}"},
            "spec": {
                "group": group,
                "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
                "scope": "Namespaced",
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "schema": {
                            "openAPIV3Schema": {
                                "type": "object",
                                "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
                            }
                        },
                    }
                ],
            },
        },
    )
    thing = build.goal(
        f"kubernetes:{group}/v1:Thing", "thing", {"metadata": {"name": "t", "namespace": place}, "spec": {"size": 3.0}}
    )
    home = build.goal("kubernetes:core/v1:Namespace", "home", {"metadata": {"name": place}})
    assert world.preview(thing).operation is Operation.CREATE
    outcomes = world.up(thing, home, definition)
    assert [outcome.operation for outcome in outcomes] == [Operation.CREATE] * 3
    assert outcomes[0].outputs["spec"] == {"size": 3}

    refused = world.entries[definition.urn]
    with pytest.raises(errors.EngineError, match=f"1 objects of it exist: {place}/t"):
        world.delete(definition)
    world.entries[definition.urn] = refused
    for goal in (thing, definition, home):
        world.delete(goal)
    assert world.read("Namespace", place, "") is None


def test_a_missing_namespace_is_foretold_as_to_come(world):
    assert world.preview(objects.config_map("not-there-yet", {"a": "1"})).operation is Operation.CREATE


def test_the_servers_own_reason_reaches_the_user(world, namespace):
    message = world.failure(objects.deployment(namespace, replicas=-1.0), preview=True)
    assert "deployments/web in namespace" in message
    assert "must be greater than or equal to 0" in message


def test_unknown_inputs_are_foretold_without_asking(world, namespace):
    world.one(objects.deployment(namespace))
    outcome = world.preview(objects.deployment(namespace, image=values.UNKNOWN))
    assert outcome.operation is Operation.UPDATE
    assert objects.paths(outcome) == [("spec.template.spec.containers[0].image", "nginx:1", "[unknown]")]


def test_existing_objects_can_be_read(world, namespace):
    async def read(served):
        found = await served.read("kubernetes:core/v1:Namespace", namespace, {})
        return found, await served.read("kubernetes:core/v1:Namespace", "no-such-namespace", {})

    found, absent = world._run(read)
    assert (found[0], found[1]["metadata"]["name"], absent) == (namespace, namespace, None)


def test_a_name_that_is_none_is_refused_by_the_server(world, namespace):
    with pytest.raises(rejections.ApiRejected, match="a lowercase RFC 1123 subdomain"):
        world.up(objects.config_map(namespace, {"a": "1"}, name="Not a name?"), preview=True)


def test_who_may_only_see_one_namespace_can_work_there(world, namespace, control_plane):
    async def restricted(api):
        place = {"namespace": namespace, "name": "worker"}
        rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
        subject = {"kind": "ServiceAccount", **place}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "worker"}
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": place}
        rbac = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": place}
        await api.create(account)
        await api.create({**rbac, "kind": "Role", "rules": rules})
        await api.create({**rbac, "kind": "RoleBinding", "roleRef": role, "subjects": [subject]})
        token = await api.create({**account, "spec": {}}, subresource="token")
        return yaml.safe_dump(
            {
                "current-context": "c",
                "clusters": [
                    {
                        "name": "c",
                        "cluster": {
                            "server": api.access.server,
                            "certificate-authority-data": base64.b64encode(api.access.authority).decode(),
                        },
                    }
                ],
                "users": [{"name": "c", "user": {"token": token["status"]["token"]}}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c", "namespace": namespace}}],
            }
        )

    confined = objects.World(world.api(restricted))
    goal = objects.deployment(namespace)
    assert confined.one(goal).awaited is True
    assert confined.one(goal, outputs_needed=False).operation is Operation.SAME
    confined.delete(goal)
    assert world.read("Deployment", "web", namespace, "apps/v1") is None
    elsewhere = build.goal(objects.CONFIG_MAP, "x", {"metadata": {"name": "x", "namespace": "kube-system"}})
    assert "cannot get resource" in confined.failure(elsewhere)
