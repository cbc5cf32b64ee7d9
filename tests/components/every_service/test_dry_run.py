"""Every object of every service, size, availability and vendor, judged by a real API server that changes nothing.

Fields are checked strictly against the definitions that the operators' own releases bring. What those say nothing about
is checked as what their operators make of it: a StatefulSet.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os

import pytest

from components import isolation
from components.operators import catalogue as operators
from local import control_plane as control_planes
from runner.kubernetes import client, rejections
from stacks import settings

from . import definitions, rendering

AT_ONCE = 8
MANAGER = "paasport"
STATEFUL_SETS = {
    "MongoDBCommunity": ("spec", "statefulSet", "spec"),
    "RabbitmqCluster": ("spec", "override", "statefulSet", "spec"),
}
"""Where a custom resource has a part of the StatefulSet that its operator merges into its own."""
MISTAKES = (
    {"topologySpreadConstraints": [{"maxSkew": 0, "topologyKey": "zone", "whenUnsatisfiable": "Never"}]},
    {"containers": [{"name": "server", "resources": {"requests": {"memory": "2 GiB"}}}]},
    {"securityContexts": {}},
)
"""In a value, in a quantity and in a field's name."""
UNTYPED = {
    "MongoDBCommunity.spec.statefulSet.spec",
    # Settings of mongod, of which Kubernetes knows nothing.
    "MongoDBCommunity.spec.additionalMongodConfig",
    # Lines of cassandra.yaml, likewise.
    "K8ssandraCluster.spec.cassandra.config.cassandraYaml",
}
"""What definitions say nothing about."""


def distinct():
    """Objects that differ in anything, each with the name of an instance or of an operator that has it."""
    found = {}
    for by_name in rendering.everything().values():
        for name, objects in by_name.items():
            for item in objects:
                found.setdefault(json.dumps(item, sort_keys=True), (name, item))
    for name, operator in operators.OPERATORS.items():
        for item in operator.resources:
            found.setdefault(json.dumps(item, sort_keys=True), (name, item))
    return list(found.values())


def part(item):
    """The part of a StatefulSet in this object; None where there is none."""
    found = item
    for step in STATEFUL_SETS.get(item["kind"], ("nothing",)):
        found = found.get(step)
        if found is None:
            return None
    return found


def stateful_set(given):
    """A StatefulSet that is no more than valid, with what is given merged into it as operators do."""
    spec = copy.deepcopy(given)
    template = spec.setdefault("template", {})
    labels = {"app": "shop"}
    template["metadata"] = {**template.get("metadata", {})}
    template["metadata"]["labels"] = {**template["metadata"].get("labels", {}), **labels}
    pod = template.setdefault("spec", {})
    # A definition may demand the list, so that it is there and empty.
    pod["containers"] = pod.get("containers") or [{"name": "server"}]
    for key in ("containers", "initContainers"):
        pod[key] = [{"image": "server:1", **container} for container in pod.get(key, ())]
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {"serviceName": "shop", "selector": {"matchLabels": labels}, **spec},
    }


def defined():
    """Those whose kinds the API server can be told of."""
    return [(name, item) for name, item in distinct() if definitions.needed([item]) <= definitions.known().keys()]


def skip_where_not_all_are_defined():
    """At the end of a test, which has judged all others."""
    kinds = definitions.needed(item for _, item in distinct())
    if missing := sorted(kinds - definitions.known().keys()):
        pytest.skip(f"all but {missing}, whose definitions are not on this machine: ./paasport mirror")


@pytest.fixture(scope="module")
def cluster():
    """A control plane of its own with the namespace and the definitions: others would find them on a shared one."""
    name = f"pytest-every-service-{os.getpid()}"
    try:
        started = control_planes.start(name, nodes=settings.LocalNodes(count=1, zones=("zone-a",)), report=print)
        yield lambda work: asyncio.run(_with_client(str(started.kubeconfig), work))
    finally:
        control_planes.delete(name)


async def _with_client(kubeconfig, work):
    api = await client.Client.connect(kubeconfig)
    try:
        return await work(api)
    finally:
        await api.close()


@pytest.fixture(scope="module")
def judge(cluster):
    """Ask for objects to be applied; what is refused comes back with the reason."""
    kinds = definitions.needed(item for _, item in defined())

    async def prepare(api):
        wanted = [definitions.known()[kind] for kind in sorted(kinds)]
        for item in (isolation.namespace("shop"), *wanted):
            await api.apply(item, field_manager=MANAGER)
        for item in wanted:
            await _established(api, item)

    cluster(prepare)

    def asked(items):
        return cluster(lambda api: _refusals(api, items))

    return asked


async def _established(api, definition):
    for _ in range(600):
        found = await api.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", definition["metadata"]["name"])
        conditions = found.get("status", {}).get("conditions", ())
        if ("Established", "True") in [(each["type"], each["status"]) for each in conditions]:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"{definition['metadata']['name']} is not established")


async def _refusals(api, items):
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(item):
        async with gate:
            try:
                await api.apply(item, field_manager=MANAGER, dry_run=True)
            except rejections.ApiRejected as error:
                return f"{item['kind']} {item['metadata']['name']}: {error}"
            return ""

    return [refusal for refusal in await asyncio.gather(*map(one, items)) if refusal]


@pytest.mark.cluster
@pytest.mark.slow
def test_every_object_is_accepted(judge):
    objects = [item for _, item in defined()]
    assert len(objects) > 100
    assert judge(objects) == []
    skip_where_not_all_are_defined()


@pytest.mark.cluster
@pytest.mark.slow
def test_parts_of_stateful_sets_are_accepted_as_such(judge):
    parts = [found for _, item in distinct() if (found := part(item)) is not None]
    assert judge([stateful_set(found) for found in parts]) == []


@pytest.mark.cluster
@pytest.mark.slow
def test_an_unknown_field_is_refused_in_every_kind(judge):
    one_of_each = {item["kind"]: item for _, item in defined()}
    for kind, item in one_of_each.items():
        # Beside the fields that there are: a field of the object itself would be refused whatever the definition says.
        inner = "spec" if "spec" in item else "metadata"
        (refusal,) = judge([item | {inner: item[inner] | {"sp3c": 1}}])
        assert f".{inner}.sp3c: field not declared in schema" in refusal, kind


@pytest.mark.cluster
@pytest.mark.slow
def test_a_mistake_in_a_part_of_a_stateful_set_is_refused(judge):
    for kind in STATEFUL_SETS:
        found = next(found for _, item in distinct() if item["kind"] == kind and (found := part(item)) is not None)
        for mistake in MISTAKES:
            pod = found["template"]["spec"] | mistake
            assert judge([stateful_set(found | {"template": {"spec": pod}})]) != [], mistake


def test_whatever_definitions_say_nothing_about_is_known_here():
    """A part that the API server takes unseen needs a test of another kind."""
    kinds = definitions.known()
    items = [item for _, item in distinct() if (item["apiVersion"].rpartition("/")[0], item["kind"]) in kinds]
    found = {path for item in items for path in definitions.untyped(item)}
    expected = {path for path in UNTYPED if any(path.startswith(f"{kind}.") for _, kind in kinds)}
    assert found == expected


@pytest.mark.parametrize("kind", sorted(STATEFUL_SETS))
def test_there_are_parts_to_be_judged(kind):
    assert any(part(item) is not None for _, item in distinct() if item["kind"] == kind)
