"""A MongoDB's custom resource against the schema of the very CRD that the operator's release brings.

The schema takes `spec.statefulSet.spec` unread: that part is held to Kubernetes' own types.
"""

from __future__ import annotations

import collections.abc
import re
import types
import typing

import jsonschema
import pulumi
import pytest
from pulumi_kubernetes import apps

from components.operators import mongodb_kubernetes
from components.services import catalogue
from stacks.services import instance
from tests.components import mongodb_objects, service_objects
from tests.components import test_custom_resource_schemas as schemas
from tests.components.operators import published

STATEFUL_SET = apps.v1.StatefulSetSpecArgsDict
NIGHTLY = instance.Backups()
NAMES = {"Output": pulumi.Output, "T": typing.Any}
"""What `pulumi.Input` names without bringing it along."""


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft7Validator:
    """Of MongoDBCommunity."""
    definition = published.definitions(mongodb_kubernetes.NAME).get(mongodb_kubernetes.COMMUNITY.crd)
    if definition is None:
        pytest.skip("the release is not on this machine: ./paasport mirror")
    (version,) = definition["spec"]["versions"]
    return jsonschema.Draft7Validator(schemas.strict(version["schema"]["openAPIV3Schema"], root=True))


def mistakes(value, wanted, path=""):
    """Paths at which a value is not what a type of the Kubernetes SDK has; required fields are not looked for."""
    if typing.is_typeddict(wanted):
        fields = {_camel(name): hint for name, hint in typing.get_type_hints(wanted, localns=NAMES).items()}
        for key, item in value.items():
            yield from mistakes(item, fields[key], f"{path}/{key}") if key in fields else [f"{path}/{key}"]
    elif typing.get_origin(wanted) in (typing.Union, types.UnionType):
        found = [[*mistakes(value, each, path)] for each in typing.get_args(wanted) if _could_be(value, each)]
        yield from min(found, key=len) if found else [path]
    elif typing.get_origin(wanted) is collections.abc.Sequence:
        for at, item in enumerate(value):
            yield from mistakes(item, typing.get_args(wanted)[0], f"{path}/{at}")
    elif typing.get_origin(wanted) is collections.abc.Mapping:
        for key, item in value.items():
            yield from mistakes(item, typing.get_args(wanted)[1], f"{path}/{key}")


def _could_be(value, wanted):
    if typing.is_typeddict(wanted):
        return isinstance(value, dict)
    origin = typing.get_origin(wanted) or wanted
    if origin in (typing.Union, types.UnionType):
        return any(_could_be(value, each) for each in typing.get_args(wanted))
    if not isinstance(origin, type) or issubclass(origin, pulumi.Output | collections.abc.Awaitable):
        return False
    return isinstance(value, origin) and not (origin is collections.abc.Sequence and isinstance(value, str))


def _camel(name):
    head, *rest = name.rstrip("_").split("_")
    return head + "".join({"fs": "FS", "ip": "IP", "uid": "UID"}.get(part, part.title()) for part in rest)


def validate(schema, **options):
    (manifest,) = mongodb_objects.build(**options).custom_resources
    schema.validate(manifest)
    assert [*mistakes(manifest["spec"]["statefulSet"]["spec"], STATEFUL_SET)] == []
    return manifest


@pytest.mark.parametrize("size", ["small", "medium", "large"])
@pytest.mark.parametrize("availability", ["single", "zonal"])
@pytest.mark.parametrize("more", [{}, {"monitored_by": "metrics"}, {"backups": NIGHTLY}])
def test_a_mongodb_of_every_size_and_availability_is_valid(schema, run, size, availability, more):
    run(lambda: validate(schema, size=size, availability=availability, **more) and None)


def test_overrides_are_valid(schema):
    overrides = {"replicas": 5, "cpu": "1500m", "memory": "3Gi", "storage": "0.5Ti", "version": "7.0.30"}
    overrides["feature_compatibility_version"] = "6.0"
    validate(schema, overrides=mongodb_objects.settings.MongodbOverrides(**overrides))


@pytest.mark.parametrize(
    "mistake",
    [{"members": "three"}, {"replicas": 3}, {"users": [{"name": "app"}]}, {"security": {"tls": {"on": True}}}],
)
def test_these_checks_catch_a_mistake(schema, mistake):
    manifest = validate(schema)
    with pytest.raises(jsonschema.ValidationError):
        schema.validate(manifest | {"spec": manifest["spec"] | mistake})


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"replica": 3}, "/replica"),
        ({"replicas": "three"}, "/replicas"),
        ({"template": {"spec": {"serviceAccount_name": "x"}}}, "/template/spec/serviceAccount_name"),
        ({"template": {"spec": {"containers": {"name": "mongod"}}}}, "/template/spec/containers"),
        (
            {"template": {"spec": {"containers": [{"resources": {"request": {}}}]}}},
            "/template/spec/containers/0/resources/request",
        ),
        (
            {"volumeClaimTemplates": [{"spec": {"resources": {"requests": {"storage": 5}}}}]},
            "/volumeClaimTemplates/0/spec/resources/requests/storage",
        ),
    ],
)
def test_a_mistake_in_the_part_that_the_api_does_not_read_is_caught(wrong, path):
    assert [*mistakes(wrong, STATEFUL_SET)] == [path]


@pytest.mark.parametrize("kind", ["PodMonitor", "PrometheusRule"])
def test_what_makes_a_prometheus_watch_it_is_valid(kind):
    found = published.definitions("prometheus-operator")
    names = {"PodMonitor": "podmonitors", "PrometheusRule": "prometheusrules"}
    definition = found.get(f"{names[kind]}.monitoring.coreos.com")
    if definition is None:
        pytest.skip("the release is not on this machine; the toolchain's build brings it")
    manifest = service_objects.one(mongodb_objects.build(monitored_by="metrics", availability="zonal").shared, kind)
    (version,) = definition["spec"]["versions"]
    jsonschema.Draft7Validator(schemas.strict(version["schema"]["openAPIV3Schema"], root=True)).validate(manifest)


def test_alerts_are_named_for_the_service():
    found = mongodb_objects.rules(availability="zonal")
    assert all(re.fullmatch("Mongodb[A-Z][A-Za-z]+", name) for name in found)
    assert catalogue.SERVICES["mongodb"].type == "Mongodb"
