"""A ScyllaDB's custom resources against the schemas of the very CRDs that the operator's release brings."""

from __future__ import annotations

import pathlib

import jsonschema
import pytest

from components.operators import scylla_operator, sources
from stacks import locations
from tests.components import test_custom_resource_schemas as schemas
from tests.components import test_scylla

REFERENCE = pathlib.Path(__file__).parents[3] / "shared" / "releases" / "scylla-operator" / "1.21.1"


def release() -> str:
    """From wherever this machine has it; no test goes to the network for it."""
    (source,) = sources.pinned(scylla_operator.OPERATOR)
    cached = locations.cache_folder() / "releases" / scylla_operator.NAME / scylla_operator.VERSION / source.file
    for path in (cached, REFERENCE / source.file):
        if path.is_file():
            return path.read_text()
    pytest.skip("the release is not on this machine; the first `up` of a stack with a ScyllaDB brings it")


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(schemas.schema_of(release(), "ScyllaCluster"))


def validate(schema, **options):
    (manifest,) = test_scylla.build(**options).custom_resources
    schema.validate(manifest)
    return manifest


@pytest.mark.parametrize("size", ["small", "medium", "large"])
@pytest.mark.parametrize("availability", ["single", "zonal"])
@pytest.mark.parametrize("nodes", ["dedicated", "shared"])
def test_a_scylladb_of_every_size_and_availability_is_valid(schema, size, availability, nodes):
    validate(schema, size=size, availability=availability, nodes=nodes)


def test_overrides_are_valid(schema):
    overrides = {"replicas": 5, "cpu": "2", "memory": "6Gi", "storage": "0.5Ti", "version": "2025.1.9"}
    validate(schema, overrides=test_scylla.settings.ScyllaOverrides(**overrides))


def test_the_tuning_is_valid():
    jsonschema.Draft7Validator(schemas.schema_of(release(), "NodeConfig")).validate(scylla_operator.TUNING)


@pytest.mark.parametrize("mistake", [{"version": 2026}, {"replicas": 3}, {"datacenter": {"racks": [{"members": "1"}]}}])
def test_these_checks_catch_a_mistake(schema, mistake):
    manifest = validate(schema)
    with pytest.raises(jsonschema.ValidationError):
        schema.validate(manifest | {"spec": manifest["spec"] | mistake})
