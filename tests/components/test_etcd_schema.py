"""An etcd's custom resource against the schema of the very CRD that the operator's release brings."""

from __future__ import annotations

import pathlib

import jsonschema
import pytest

from components.operators import etcd_operator, sources
from stacks import locations
from tests.components import test_custom_resource_schemas as schemas
from tests.components import test_etcd

REFERENCE = pathlib.Path(__file__).parents[3] / "shared" / "releases" / "etcd-operator" / "0.2.0"


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft7Validator:
    """Of EtcdCluster, from wherever this machine has the release; no test goes to the network for it."""
    (source,) = sources.pinned(etcd_operator.OPERATOR)
    cached = locations.cache_folder() / "releases" / etcd_operator.NAME / etcd_operator.OPERATOR.version / source.file
    for path in (cached, REFERENCE / source.file):
        if path.is_file():
            return jsonschema.Draft7Validator(schemas.schema_of(path.read_text(), "EtcdCluster"))
    pytest.skip("the release is not on this machine; the first `up` of a stack with an etcd brings it")


def validate(schema, **options):
    (manifest,) = test_etcd.build(**options).custom_resources
    schema.validate(manifest)
    return manifest


@pytest.mark.parametrize("size", ["small", "medium", "large"])
@pytest.mark.parametrize("availability", ["single", "zonal"])
@pytest.mark.parametrize("monitored_by", ["", "metrics"])
def test_an_etcd_of_every_size_and_availability_is_valid(schema, size, availability, monitored_by):
    validate(schema, size=size, availability=availability, monitored_by=monitored_by)


def test_overrides_are_valid(schema):
    overrides = {"replicas": 5, "cpu": "1500m", "memory": "3Gi", "storage": "0.5Ti", "version": "3.5.21"}
    validate(schema, overrides=test_etcd.settings.EtcdOverrides(**overrides))


@pytest.mark.parametrize("mistake", [{"size": 0}, {"replicas": 3}, {"storageSpec": {"accessModes": ["ReadWriteOnce"]}}])
def test_these_checks_catch_a_mistake(schema, mistake):
    manifest = validate(schema)
    with pytest.raises(jsonschema.ValidationError):
        schema.validate(manifest | {"spec": manifest["spec"] | mistake})
