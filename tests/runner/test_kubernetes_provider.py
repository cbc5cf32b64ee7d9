"""One object's life under the provider, against a real API server."""

import asyncio
import base64
import dataclasses
import time

import pytest
import yaml

from runner.engine import model, values
from runner.kubernetes import client, provider, rejections
from stacks import errors
from tests.runner import kubernetes_builders as build

pytestmark = pytest.mark.cluster

Operation = model.Operation
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


class World:
    """A stack's memory between runs, and what happened in them."""

    def __init__(self, kubeconfig, *, stack="one", **inputs):
        self.inputs = {"kubeconfig": str(kubeconfig), **inputs}
        self.stack = build.stack(stack)
        self.entries = {}
        self.intended = []
        self.reports = []
        self.permitted = []

    def up(self, *goals, **how):
        return self._run(lambda served: asyncio.gather(*(self._reconcile(served, goal, **how) for goal in goals)))

    def preview(self, goal):
        return self.up(goal, preview=True)[0]

    def one(self, goal, **how):
        return self.up(goal, **how)[0]

    def delete(self, goal):
        entry = self.entries.pop(goal.urn)
        return self._run(lambda served: served.delete(entry, self._context(preview=False)))

    def failure(self, goal, **how):
        with pytest.raises(errors.EngineError) as caught:
            self.up(goal, **how)
        return str(caught.value)

    def api(self, work):
        async def run():
            api = await client.Client.connect(self.inputs["kubeconfig"])
            try:
                return await work(api)
            finally:
                await api.close()

        return asyncio.run(run())

    def read(self, kind, name, namespace, api_version="v1"):
        return self.api(lambda api: api.get(api_version, kind, name, namespace))

    def patch(self, path, body, manager="kubectl-edit"):
        return self.api(
            lambda api: api.request(
                "PATCH", path, json=body, content_type="application/merge-patch+json", params={"fieldManager": manager}
            )
        )

    def _run(self, work):
        async def run():
            served = provider.from_inputs(self.inputs, stack=self.stack)
            try:
                return await work(served)
            finally:
                await served.close()

        return asyncio.run(run())

    async def _reconcile(self, served, goal, *, preview=False, **how):
        outcome = await served.reconcile(goal, self.entries.get(goal.urn), self._context(preview=preview), **how)
        if not preview:
            self.entries[goal.urn] = build.entry(goal, outcome)
        return outcome

    def _context(self, *, preview):
        async def intend(entry):
            self.intended.append(entry)

        return model.Run(
            preview=preview, report=self.reports.append, permit_replace=self.permitted.append, intend=intend
        )


@pytest.fixture
def world(control_plane):
    return World(control_plane.kubeconfig)


def config_map(namespace, data, *, name="settings", **metadata):
    inputs = {"metadata": {"namespace": namespace, **metadata}, "data": data}
    if name:
        inputs["metadata"]["name"] = name
    return build.goal(CONFIG_MAP, "settings", inputs)


def deployment(namespace, *, replicas=1.0, image="nginx:1", **more):
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": image}], **more}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return build.goal(DEPLOYMENT, "web", {"metadata": {"name": "web", "namespace": namespace}, "spec": spec})


def paths(outcome):
    return [(change.path, change.before, change.after) for change in outcome.changes]


def test_a_preview_writes_nothing(world, namespace):
    outcome = world.preview(config_map(namespace, {"a": "1"}))
    assert (outcome.operation, outcome.id) == (Operation.CREATE, f"{namespace}/settings")
    assert outcome.outputs["metadata"]["uid"] is values.UNKNOWN
    assert world.read("ConfigMap", "settings", namespace) is None
    assert world.intended == []


def test_a_new_object_is_made_and_labelled_after_the_intent_was_recorded(world, namespace):
    outcome = world.one(config_map(namespace, {"a": "1"}))
    live = world.read("ConfigMap", "settings", namespace)
    assert outcome.operation is Operation.CREATE
    assert live["metadata"]["labels"] == {build.LABEL: "stack-one"}
    assert outcome.uid == live["metadata"]["uid"]
    assert [(entry.id, entry.pending) for entry in world.intended] == [(f"{namespace}/settings", True)]


def test_an_unchanged_object_is_left_alone(world, namespace):
    goal = config_map(namespace, {"a": "1"})
    world.one(goal)
    before = world.read("ConfigMap", "settings", namespace)
    world.intended.clear()
    for needed in (True, False):
        assert world.one(goal, outputs_needed=needed).operation is Operation.SAME
    assert world.read("ConfigMap", "settings", namespace) == before
    assert world.intended == []


def test_outputs_are_the_live_object_without_its_bookkeeping(world, namespace):
    goal = config_map(namespace, {"a": "1"})
    world.one(goal)
    outputs = world.one(goal).outputs
    assert outputs["data"] == {"a": "1"}
    assert outputs["metadata"]["uid"]
    assert "managedFields" not in outputs["metadata"]


def test_a_changed_field_is_foretold_and_done(world, namespace):
    world.one(deployment(namespace))
    changed = deployment(namespace, image="nginx:2")
    expected = [("spec.template.spec.containers[0].image", "nginx:1", "nginx:2")]
    assert paths(world.preview(changed)) == expected
    outcome = world.one(changed)
    assert (outcome.operation, paths(outcome), outcome.awaited) == (Operation.UPDATE, expected, True)
    assert outcome.outputs["status"]["updatedReplicas"] == 1
    assert world.one(changed).operation is Operation.SAME


def test_a_field_that_left_the_program_is_removed(world, namespace):
    world.one(config_map(namespace, {"a": "1"}, annotations={"x": "y"}))
    outcome = world.one(config_map(namespace, {"a": "1"}))
    assert paths(outcome) == [("metadata.annotations", {"x": "y"}, None)]
    assert "annotations" not in world.read("ConfigMap", "settings", namespace)["metadata"]


def test_a_change_by_hand_is_drift_and_mended(world, namespace):
    goal = deployment(namespace)
    world.one(goal)
    world.patch(f"/apis/apps/v1/namespaces/{namespace}/deployments/web", {"spec": {"replicas": 3}})
    foretold = world.preview(goal)
    assert (foretold.operation, foretold.drifted) == (Operation.UPDATE, True)
    assert paths(foretold) == [("spec.replicas", 3, 1)]
    assert world.one(goal, outputs_needed=False).drifted
    assert world.read("Deployment", "web", namespace, "apps/v1")["spec"]["replicas"] == 1
    assert world.one(goal).operation is Operation.SAME


def test_what_others_add_is_no_drift(world, namespace):
    goal = config_map(namespace, {"a": "1"})
    world.one(goal)
    world.patch(f"/api/v1/namespaces/{namespace}/configmaps/settings", {"metadata": {"annotations": {"x": "y"}}})
    assert world.one(goal).operation is Operation.SAME


def test_an_object_deleted_by_others_is_made_again(world, namespace):
    goal = config_map(namespace, {"a": "1"})
    world.one(goal)
    world.api(lambda api: api.delete("v1", "ConfigMap", "settings", namespace))
    outcome = world.one(goal, outputs_needed=False)
    assert (outcome.operation, outcome.drifted) == (Operation.CREATE, True)


def test_a_field_of_another_applier_is_not_taken(world, namespace):
    goal = deployment(namespace)
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
    goal = deployment(namespace)
    ignoring = dataclasses.replace(goal, options=model.Options(ignore_changes=("spec.replicas",)))
    world.one(ignoring)
    world.patch(f"/apis/apps/v1/namespaces/{namespace}/deployments/web", {"spec": {"replicas": 2}})
    outcome = world.one(ignoring)
    assert (outcome.operation, outcome.outputs["spec"]["replicas"]) == (Operation.SAME, 2)


def test_an_object_made_by_others_is_not_taken_over(world, namespace):
    existing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": namespace}}
    world.api(lambda api: api.create(existing))
    goal = config_map(namespace, {"a": "1"})
    for preview in (True, False):
        assert "exists already and was not made by this stack" in world.failure(goal, preview=preview)
    imported = dataclasses.replace(goal, options=model.Options(import_id=f"{namespace}/settings"))
    assert world.one(imported).outputs["data"] == {"a": "1"}


def test_an_object_of_another_stack_is_refused_with_both_names(world, namespace, control_plane):
    goal = config_map(namespace, {"a": "1"})
    world.one(goal)
    message = World(control_plane.kubeconfig, stack="two").failure(goal)
    assert "is stack-one, not stack-two" in message


def test_an_unnamed_object_keeps_its_name_and_is_replaced_beside_the_old_one(world, namespace):
    first = world.one(config_map(namespace, {"a": "1"}, name=""))
    assert first.id.startswith(f"{namespace}/settings-")
    changed = config_map(namespace, {"a": "2"}, name="")
    foretold = world.preview(changed)
    old = world.entries[changed.urn]
    second = world.one(changed)
    assert (second.operation, second.superseded) == (Operation.REPLACE, old)
    assert foretold.id == second.id != first.id
    assert paths(second) == [("data.a", "1", "2")]
    assert world.permitted
    assert world.read("ConfigMap", first.id.split("/")[1], namespace) is not None
    assert world.one(changed).operation is Operation.SAME


def test_a_named_object_is_deleted_before_it_is_replaced(world, namespace):
    first = world.one(config_map(namespace, {"a": "1"}))
    second = world.one(config_map(namespace, {"a": "2"}))
    assert (second.operation, second.superseded) == (Operation.REPLACE, None)
    assert second.uid != first.uid
    assert world.read("ConfigMap", "settings", namespace)["data"] == {"a": "2"}


def test_data_that_is_declared_mutable_is_updated(control_plane, namespace):
    world = World(control_plane.kubeconfig, enableConfigMapMutable="true")
    first = world.one(config_map(namespace, {"a": "1"}))
    second = world.one(config_map(namespace, {"a": "2"}))
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
    world.one(config_map(namespace, {"a": "1"}))

    def forbid(_):
        raise errors.EngineError.of("it is protected")

    world.permitted = type("Never", (), {"append": staticmethod(forbid)})
    assert "it is protected" in world.failure(config_map(namespace, {"a": "2"}))
    assert world.read("ConfigMap", "settings", namespace)["data"] == {"a": "1"}


def test_a_changed_name_makes_a_new_object_first(world, namespace):
    world.one(config_map(namespace, {"a": "1"}, name="before"))
    old = next(iter(world.entries.values()))
    outcome = world.one(config_map(namespace, {"a": "1"}, name="after"))
    assert (outcome.operation, outcome.superseded, outcome.id) == (Operation.REPLACE, old, f"{namespace}/after")


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
    assert paths(changed) == [("data.password", "[secret]", "[secret]")]
    assert "hunter" not in repr(outcome) + repr(changed) + repr(world.entries)


def test_a_refused_secret_is_not_repeated(world, namespace):
    goal = deployment(
        namespace, schedulerName=values.Secret("Hunter Number Two"), restartPolicy=values.Secret("Hunter2!")
    )
    message = world.failure(goal)
    assert "restartPolicy" in message
    assert "Hunter" not in message


def test_readiness_is_awaited_and_told(world, namespace):
    outcome = world.one(deployment(namespace, replicas=2.0))
    assert outcome.awaited is True
    assert outcome.outputs["status"]["availableReplicas"] == 2
    assert any("of 2 pods" in report for report in world.reports)


def test_an_object_that_does_not_become_ready_fails_with_the_reason_and_is_awaited_again(world, namespace):
    goal = deployment(namespace, nodeSelector={"no": "such-node"})
    goal.inputs["metadata"]["annotations"] = {"pulumi.com/timeoutSeconds": "3"}
    outcome = world.one(goal)
    assert outcome.awaited is False
    assert "0 of 1 pods available" in outcome.failure
    assert "Unschedulable" in outcome.failure
    again = world.one(goal, outputs_needed=False)
    assert (again.operation, again.awaited) == (Operation.SAME, False)


def test_a_custom_expectation_is_awaited(world, namespace):
    goal = config_map(namespace, {"a": "1"}, annotations={"pulumi.com/waitFor": "jsonpath={.data.a}=2"})
    short = dataclasses.replace(goal, options=model.Options(create_timeout=0.5))
    outcome = world.one(short)
    assert (outcome.awaited, ".data.a is 1, awaited is 2" in outcome.failure) == (False, True)


def test_an_expectation_that_is_not_understood_is_refused_before_anything_is_written(world, namespace):
    message = world.failure(config_map(namespace, {}, annotations={"pulumi.com/waitFor": "soon"}))
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
    assert world.preview(config_map("not-there-yet", {"a": "1"})).operation is Operation.CREATE


def test_the_servers_own_reason_reaches_the_user(world, namespace):
    message = world.failure(deployment(namespace, replicas=-1.0), preview=True)
    assert "deployments/web in namespace" in message
    assert "must be greater than or equal to 0" in message


def test_unknown_inputs_are_foretold_without_asking(world, namespace):
    world.one(deployment(namespace))
    outcome = world.preview(deployment(namespace, image=values.UNKNOWN))
    assert outcome.operation is Operation.UPDATE
    assert paths(outcome) == [("spec.template.spec.containers[0].image", "nginx:1", "[unknown]")]


def test_a_killed_creation_is_taken_up_again(world, namespace):
    goal = config_map(namespace, {"a": "1"})
    outcome = world.one(goal)
    # As an inventory is left when the engine dies between the write and its answer.
    world.entries[goal.urn] = dataclasses.replace(world.intended[-1])
    again = world.one(goal)
    assert (again.operation, again.uid) == (Operation.SAME, outcome.uid)


def test_deletion_waits_until_the_object_is_gone(world, namespace):
    goal = deployment(namespace, replicas=2.0)
    world.one(goal)
    world.delete(goal)
    assert world.read("Deployment", "web", namespace, "apps/v1") is None
    left = world.api(lambda api: api.list("v1", "Pod", namespace=namespace))
    assert left == []


def test_deleting_what_is_gone_is_a_success_and_anothers_object_is_left(world, namespace):
    goal = config_map(namespace, {"a": "1"})
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
    goal = config_map(namespace, {"a": "1"}, finalizers=["example.test/keep"])
    world.one(goal)
    world.entries[goal.urn] = dataclasses.replace(world.entries[goal.urn], delete_timeout=1.5)
    began = time.monotonic()
    with pytest.raises(
        errors.EngineError, match=r"was not gone after 2 s: being deleted, waits for finalizers example\.test/keep"
    ):
        world.delete(goal)
    assert time.monotonic() - began < 10
    world.patch(f"/api/v1/namespaces/{namespace}/configmaps/settings", {"metadata": {"finalizers": []}})


def test_existing_objects_can_be_read(world, namespace):
    async def read(served):
        found = await served.read("kubernetes:core/v1:Namespace", namespace, {})
        return found, await served.read("kubernetes:core/v1:Namespace", "no-such-namespace", {})

    found, absent = world._run(read)
    assert (found[0], found[1]["metadata"]["name"], absent) == (namespace, namespace, None)


def test_a_name_that_is_none_is_refused_by_the_server(world, namespace):
    with pytest.raises(rejections.ApiRejected, match="a lowercase RFC 1123 subdomain"):
        world.up(config_map(namespace, {"a": "1"}, name="Not a name?"), preview=True)


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

    confined = World(world.api(restricted))
    goal = deployment(namespace)
    assert confined.one(goal).awaited is True
    assert confined.one(goal, outputs_needed=False).operation is Operation.SAME
    confined.delete(goal)
    assert world.read("Deployment", "web", namespace, "apps/v1") is None
    elsewhere = build.goal(CONFIG_MAP, "x", {"metadata": {"name": "x", "namespace": "kube-system"}})
    assert "cannot get resource" in confined.failure(elsewhere)


def test_what_is_retained_is_not_deleted_for_its_replacement(world, namespace):
    first = world.one(config_map(namespace, {"a": "1"}))
    changed = config_map(namespace, {"a": "2"})
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
        return build.goal(DEPLOYMENT, "web", inputs)

    first = world.one(web("web"))
    with pytest.raises(errors.EngineError, match="`selector` does not match template `labels`"):
        world.preview(web("shop"))
    assert "the API server would refuse a new one" in world.failure(web("shop"))
    assert world.read("Deployment", "web", namespace, "apps/v1")["metadata"]["uid"] == first.uid


def test_an_object_that_was_handed_to_another_stack_is_not_deleted(world, namespace):
    goal = config_map(namespace, {"a": "1"})
    world.one(goal)
    path = f"/api/v1/namespaces/{namespace}/configmaps/settings"
    world.patch(path, {"metadata": {"labels": {build.LABEL: "stack-two"}}})
    world.delete(goal)
    assert world.reports == ["left alone: ConfigMap " + namespace + "/settings now belongs to another stack"]
    assert world.read("ConfigMap", "settings", namespace) is not None
